//! Up to when the farms of a pinned view show what the host has in the directories they cover.

use std::fmt::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, readlinkat};
use nix::sys::stat::{FileStat, fstat, stat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use crate::ETC;
use crate::host_resolvers::HOST_RESOLVERS;
use crate::view::farm;
use crate::view::record::{Mounted, RECORD};

/// The link in the record that has it.
const SEEN: &str = "seen";

/// For each directory of the host that a farm may cover, a line: which directory it is, and when
/// entries of it last came or went, which a farm does not follow.
#[derive(Debug)]
pub(super) struct Stamp(String);

impl Stamp {
    /// As it is now.
    pub(super) fn of_host() -> Stamp {
        let mut text = String::new();
        for directory in directories() {
            if let Ok(stat) = stat(directory) {
                write_line(&mut text, directory, &stat);
            }
        }
        Stamp(text)
    }

    /// Note it in the view that this thread is in.
    pub(super) fn write(&self) -> nix::Result<()> {
        let path = Path::new(RECORD).join(SEEN);
        match unlinkat(AT_FDCWD, &path, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
        // Another command may do the same.
        match symlinkat(self.0.as_str(), AT_FDCWD, &path) {
            Err(Errno::EEXIST) => Ok(()),
            result => result,
        }
    }

    /// Whether the view with this root directory and record shows what the host has now.
    ///
    /// `now` is the host's of a moment ago. `healed` is what it had when the farms were last tended,
    /// if that was after what is noted.
    pub(super) fn of_view(
        root: &OwnedFd,
        record: &Mounted,
        now: &Stamp,
        healed: Option<&Stamp>,
    ) -> nix::Result<Freshness> {
        let noted = match healed {
            Some(stamp) => stamp.0.clone(),
            None => match readlinkat(record, SEEN) {
                Ok(text) => text.to_str().unwrap_or_default().to_owned(),
                Err(Errno::ENOENT) => String::new(),
                Err(errno) => return Err(errno),
            },
        };
        for directory in directories() {
            let farm = farm::host_of(root.as_fd(), directory)?;
            let seen = match &farm {
                Some(host) => fstat(host)?,
                // Without a cover it is the directory itself, with the overrides on its entries.
                None if directory == Path::new(ETC) => stat(directory)?,
                None => continue,
            };
            let mut line = String::new();
            write_line(&mut line, directory, &seen);
            let line = line.trim_end();
            let Some(of_host) = now.line_of(directory) else {
                return Ok(Freshness::OtherDirectory);
            };
            if identity(of_host) != identity(line) {
                return Ok(Freshness::OtherDirectory);
            }
            let is_noted = |noted: &str| match healed {
                Some(_) => settled(noted) == settled(line),
                None => noted == line && !line.ends_with(YOUNG),
            };
            if farm.is_some() && !noted.lines().any(is_noted) {
                return Ok(Freshness::Stale);
            }
        }
        Ok(Freshness::Fresh)
    }

    fn line_of(&self, directory: &Path) -> Option<&str> {
        let directory = directory.to_str()?;
        self.0
            .lines()
            .find(|line| line.split(' ').next() == Some(directory))
    }
}

/// How a view stands to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// Entries have come or gone.
    Stale,
    /// The host has another directory there, or none.
    OtherDirectory,
}

/// Which directory a line is about.
fn identity(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    Some((words.next()?, words.next()?))
}

fn directories() -> impl Iterator<Item = &'static Path> {
    let masks = HOST_RESOLVERS.iter().map(|resolver| resolver.directory);
    [ETC].into_iter().chain(masks).map(Path::new)
}

/// At the end of a line about a directory that has changed so lately that something could still
/// happen within the same tick of the file system's clock: it counts for nothing later.
const YOUNG: &str = " young";

fn settled(line: &str) -> &str {
    line.strip_suffix(YOUNG).unwrap_or(line)
}

fn write_line(text: &mut String, directory: &Path, stat: &FileStat) {
    const TICK: Duration = Duration::from_millis(100);
    let FileStat {
        st_dev,
        st_ino,
        st_mtime,
        st_mtime_nsec,
        st_ctime,
        st_ctime_nsec,
        ..
    } = stat;
    let since_epoch = |seconds: i64, nanoseconds: i64| {
        UNIX_EPOCH
            + Duration::from_secs(seconds.unsigned_abs())
            + Duration::from_nanos(nanoseconds.unsigned_abs())
    };
    let modified = since_epoch(*st_mtime, *st_mtime_nsec);
    let changed = since_epoch(*st_ctime, *st_ctime_nsec);
    let is_young = modified.max(changed) + TICK > SystemTime::now();
    let young = if is_young { YOUNG } else { "" };
    let directory = directory.display();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{directory} {st_dev}.{st_ino} {st_mtime}.{st_mtime_nsec} {st_ctime}.{st_ctime_nsec}{young}"
    );
}
