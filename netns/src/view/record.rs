//! What a view keeps with it, on a tmpfs of its own at [`RECORD`]: which view it is and which
//! overrides are in place, for those who look for views to heal, and the host's `/etc` without
//! overrides, for views made from within. It is mounted first, while `/etc` is the host's, and the
//! link that makes it a record is written last.
//!
//! The mount point is a directory below `/run`, the tmpfs is private to the view:
//!
//! ```text
//! /run/netns-exec/view/record -> netns-exec/1/bind/mask/alpha
//! /run/netns-exec/view/overrides/hosts -> /etc/netns/alpha/hosts
//! /run/netns-exec/view/etc/
//! /run/netns-exec/view/staging/
//! ```
//!
//! Who reads it is privileged, and who wrote it need not be its maker: so it counts only where one
//! of our own file systems is mounted, and is reached without a symlink.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, Flock, FlockArg, OFlag, openat, readlinkat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, mkdir, symlinkat, unlinkat};

use super::tree::{Tree, bind, is_mounted, open_directory, unmount_all};
use super::{Etc, HostResolvers, Options, tmpfs};
use crate::error::errno_of;
use crate::etc::names_in;
use crate::sys::mount::is_mount_root;
use crate::{ETC, Error, Name, Process};

/// Where the record is mounted.
pub(super) const RECORD: &str = "/run/netns-exec/view";

/// The link in it that says which view it is.
const TEXT: &str = "record";
/// The directory of links to the overrides that are in place.
const OVERRIDES: &str = "overrides";
/// The directory that is the host's `/etc`.
const HOST_ETC: &str = "etc";

/// A directory in which farms grow, made when it is needed.
const STAGING: &str = "staging";

/// The file that who heals the view has locked.
const LOCK: &str = "lock";

/// The first part of the text, which also says what the rest looks like.
const FORMAT: &str = "netns-exec/1";

/// Which view it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// How overrides come over `/etc` in it.
    pub etc: Etc,
    /// What became of the host's daemons.
    pub host_resolvers: HostResolvers,
    /// Whose overrides it shows.
    pub name: Option<Name>,
}

impl Record {
    /// The view that a process is in. None if it is in none that netns-exec has made.
    ///
    /// # Errors
    /// EACCES for other users' processes, ENOENT or ESRCH when it is gone.
    pub fn of(process: &Process) -> nix::Result<Option<Record>> {
        match Mounted::below(process.root()?)? {
            Some(record) => record.read(),
            // Without it, or without the process.
            None => process.mount_namespace().map(|_| None),
        }
    }

    pub(super) fn new(options: Options, name: Option<&Name>) -> Record {
        Record {
            etc: options.etc,
            host_resolvers: options.host_resolvers,
            name: name.cloned(),
        }
    }

    fn parse(text: &[u8]) -> Option<Record> {
        let rest = text.strip_prefix(FORMAT.as_bytes())?;
        let mut parts = rest.strip_prefix(b"/")?.splitn(3, |byte| *byte == b'/');
        let etc = match parts.next()? {
            b"bind" => Etc::Bind,
            b"sealed" => Etc::Sealed,
            _ => return None,
        };
        let host_resolvers = match parts.next()? {
            b"mask" => HostResolvers::Mask,
            b"keep" => HostResolvers::Keep,
            _ => return None,
        };
        let name = match parts.next()? {
            b"" => None,
            name => Some(Name::new(OsStr::from_bytes(name)).ok()?),
        };
        Some(Record {
            etc,
            host_resolvers,
            name,
        })
    }

    fn text(&self) -> OsString {
        let etc = match self.etc {
            Etc::Bind => "bind",
            Etc::Sealed => "sealed",
        };
        let host_resolvers = match self.host_resolvers {
            HostResolvers::Mask => "mask",
            HostResolvers::Keep => "keep",
        };
        let name = self.name.as_ref().map_or(OsStr::new(""), Name::as_os_str);
        let mut text = OsString::from(format!("{FORMAT}/{etc}/{host_resolvers}/"));
        text.push(name);
        text
    }
}

/// A record that is mounted but does not say yet which view it is of.
#[derive(Debug)]
pub(super) struct Blank(());

impl Blank {
    /// Mount it, with what is at `/etc` now.
    pub(super) fn mount() -> nix::Result<Blank> {
        let record = Path::new(RECORD);
        match tmpfs::put_on(record) {
            Err(Errno::ENOENT) => {
                make_mount_point(record)?;
                tmpfs::put_on(record)
            }
            result => result,
        }?;
        let mode = Mode::from_bits_truncate(0o755);
        let host_etc = record.join(HOST_ETC);
        mkdir(&host_etc, mode)?;
        bind(Path::new(ETC), &host_etc)?;
        mkdir(&record.join(OVERRIDES), mode)?;
        Ok(Blank(()))
    }

    /// A directory in which nothing is until then.
    pub(super) fn free_directory(&self) -> PathBuf {
        Path::new(RECORD).join(OVERRIDES)
    }

    /// Write which view it is, and the names and sources of the overrides that are in place.
    pub(super) fn write<'a>(
        &self,
        view: &Record,
        overrides: impl Iterator<Item = (&'a OsStr, PathBuf)>,
    ) -> nix::Result<()> {
        let record = Path::new(RECORD);
        let directory = record.join(OVERRIDES);
        for (name, source) in overrides {
            symlinkat(&source, AT_FDCWD, &directory.join(name))?;
        }
        symlinkat(view.text().as_os_str(), AT_FDCWD, &record.join(TEXT))
    }
}

/// A record that is mounted.
pub(super) struct Mounted(OwnedFd);

impl AsFd for Mounted {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Mounted {
    /// Of the view whose root directory is `root`. None if it is no view.
    pub(super) fn below(root: impl AsFd) -> nix::Result<Option<Mounted>> {
        Ok(tmpfs::find(root, RECORD)?.map(Mounted))
    }

    /// Of the view that this thread is in.
    pub(super) fn here() -> nix::Result<Option<Mounted>> {
        Mounted::below(open_root()?)
    }

    /// What it says. None if that is of another version.
    pub(super) fn read(&self) -> nix::Result<Option<Record>> {
        match readlinkat(&self.0, TEXT) {
            Ok(text) => Ok(Record::parse(text.as_bytes())),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// The host's `/etc` without overrides.
    pub(super) fn host_etc(&self) -> nix::Result<OwnedFd> {
        let etc = tmpfs::open_below(&self.0, HOST_ETC)?;
        match is_mount_root(&etc) {
            Some(true) => Ok(etc),
            _ => Err(Errno::ENOENT),
        }
    }

    /// The overrides that are in place.
    pub(super) fn in_place(&self) -> nix::Result<InPlace> {
        tmpfs::open_below(&self.0, OVERRIDES).map(InPlace)
    }

    /// Keep others from healing the view meanwhile. Nobody but the user who has made it, and root,
    /// can open the file.
    ///
    /// # Errors
    /// EBUSY if somebody else is at it for seconds.
    pub(super) fn lock(&self) -> nix::Result<Flock<File>> {
        const PATIENCE: Duration = Duration::from_secs(10);
        const PAUSE: Duration = Duration::from_millis(2);
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let mut file = File::from(openat(&self.0, LOCK, flags, mode)?);
        let deadline = Instant::now() + PATIENCE;
        loop {
            file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(lock),
                Err((file, Errno::EWOULDBLOCK)) if Instant::now() < deadline => file,
                Err((_, Errno::EWOULDBLOCK)) => return Err(Errno::EBUSY),
                Err((_, errno)) => return Err(errno),
            };
            thread::sleep(PAUSE);
        }
    }

    /// An empty directory in which something can be made that is to be mounted elsewhere.
    pub(super) fn staging(&self) -> nix::Result<PathBuf> {
        let path = Path::new(RECORD).join(STAGING);
        match mkdirat(&self.0, STAGING, Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
        // Left behind by somebody who was killed.
        unmount_all(&path)?;
        Ok(path)
    }
}

/// The list of the overrides that are in place in a view.
pub(super) struct InPlace(OwnedFd);

impl InPlace {
    /// Their names.
    pub(super) fn names(&self) -> nix::Result<Vec<OsString>> {
        names_in(&self.0)
    }

    pub(super) fn add(&self, name: &OsStr, source: &Path) -> nix::Result<()> {
        match symlinkat(source, &self.0, name) {
            Err(Errno::EEXIST) => Ok(()),
            result => result,
        }
    }

    pub(super) fn remove(&self, name: &OsStr) -> nix::Result<()> {
        unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir)
    }
}

/// Note that an override is in place in the view that this thread is in.
pub(super) fn add(name: &OsStr, source: PathBuf) -> nix::Result<()> {
    match Mounted::here()? {
        Some(record) => record.in_place()?.add(name, &source),
        None => Ok(()),
    }
}

/// Let `/etc` be the host's again, if this process is in a view: its overrides are those of
/// another namespace. To be called in a mount namespace of our own.
pub(super) fn uncover_host_etc() -> Result<(), Error> {
    if !is_mounted(Path::new(RECORD)) {
        return Ok(()); // As nearly always.
    }
    let uncover = || match Mounted::here()? {
        None => Ok(()),
        Some(record) => Tree::of(record.host_etc()?)?.attach(open_directory(Path::new(ETC))?),
    };
    uncover().map_err(|errno| Error::system("leave the view that this process is in", errno))
}

/// The root directory of this thread.
pub(super) fn open_root() -> nix::Result<OwnedFd> {
    open_directory(Path::new("/"))
}

pub(super) fn make_mount_point(path: &Path) -> nix::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o755);
    builder.create(path).map_err(|error| errno_of(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for etc in [Etc::Bind, Etc::Sealed] {
            for host_resolvers in [HostResolvers::Mask, HostResolvers::Keep] {
                for name in [None, Some("alpha"), Some("with space"), Some("1")] {
                    let record = Record {
                        etc,
                        host_resolvers,
                        name: name.map(|name| Name::new(name).expect("a name")),
                    };
                    assert_eq!(Record::parse(record.text().as_bytes()), Some(record));
                }
            }
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "netns-exec",
            "tmpfs",
            "netns-exec/1",
            "netns-exec/1/bind",
            "netns-exec/1/bind/mask",
            "netns-exec/1/bind/else/alpha",
            "netns-exec/2/bind/mask/alpha",
            "netns-exec/1/bind/mask/a/b",
        ] {
            assert_eq!(Record::parse(text.as_bytes()), None, "{text}");
        }
    }
}
