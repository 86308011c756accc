//! Up to when a cover of `/etc` shows what the host has there.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, readlinkat};
use nix::sys::stat::{FileStat, stat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use crate::ETC;
use crate::view::record::RECORD;

/// The link in the record that has it.
const SEEN: &str = "seen";

/// When entries of the host's `/etc` last came or went, which a cover of it does not follow.
pub(super) struct Stamp(Option<String>);

impl Stamp {
    /// As it is now. It counts for nothing if it is so young that something could still happen
    /// within the same tick of the file system's clock.
    pub(super) fn of_host() -> Stamp {
        const TICK: Duration = Duration::from_millis(100);
        let is_old = |stat: &FileStat| {
            let seconds = Duration::from_secs(stat.st_mtime.max(stat.st_ctime).unsigned_abs());
            let nanoseconds = stat.st_mtime_nsec.max(stat.st_ctime_nsec).unsigned_abs();
            let changed = UNIX_EPOCH + seconds + Duration::from_nanos(nanoseconds);
            changed + TICK < SystemTime::now()
        };
        let stat = stat(ETC).ok().filter(is_old);
        Stamp(stat.as_ref().map(Stamp::text))
    }

    fn text(stat: &FileStat) -> String {
        let FileStat {
            st_mtime,
            st_mtime_nsec,
            st_ctime,
            st_ctime_nsec,
            ..
        } = stat;
        format!("{st_mtime}.{st_mtime_nsec}/{st_ctime}.{st_ctime_nsec}")
    }

    /// Note it in the view that this thread is in.
    pub(super) fn write(&self) -> nix::Result<()> {
        let path = Path::new(RECORD).join(SEEN);
        match unlinkat(AT_FDCWD, &path, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
        match &self.0 {
            None => Ok(()),
            // Another command may do the same.
            Some(text) => match symlinkat(text.as_str(), AT_FDCWD, &path) {
                Err(Errno::EEXIST) => Ok(()),
                result => result,
            },
        }
    }

    /// Whether the one that is noted is that of the directory.
    pub(super) fn is_of(record: impl AsFd, host: &FileStat) -> bool {
        readlinkat(record, SEEN).is_ok_and(|text| text == *Stamp::text(host))
    }
}
