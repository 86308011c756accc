//! Which file wins: `/etc/netns/NAME/F` where there is one, else `/etc/F` (ip-netns(8)).
//!
//! The view, the resolver and every checker ask [`EtcFiles`], so they cannot disagree. An entry
//! that is there but cannot stand in for the host's is an error, never a reason to fall back on
//! the host's file.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat, lstat, stat};
use nix::unistd::{Whence, lseek};

use crate::file_id::{FileId, described, file_type};
use crate::printable::printable;
use crate::sys::access::readable;
use crate::sys::directory;
use crate::{Error, Name};

/// The directory that holds one directory of overrides a namespace.
pub const OVERRIDES: &str = "/etc/netns";

/// The host's configuration, and where programs in a view look for it.
pub const ETC: &str = "/etc";

/// How often an entry that changes under our eyes is looked at again.
const ATTEMPTS: usize = 64;

/// The files of `/etc` as a namespace sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcFiles {
    /// `/etc/netns/NAME`, if there is one.
    overrides: Option<PathBuf>,
}

/// Which of the two candidates is seen as `/etc/F`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Winner {
    /// The namespace's own file.
    Namespace(PathBuf),
    /// The host's, which may or may not exist.
    Host(PathBuf),
}

impl Winner {
    /// The path to open.
    pub fn path(&self) -> &Path {
        match self {
            Winner::Namespace(path) | Winner::Host(path) => path,
        }
    }
}

impl EtcFiles {
    /// The files of the namespace called `name`; the host's alone for one without a name.
    ///
    /// # Errors
    /// [`Error::Override`] if `/etc/netns/NAME` is there but is not a directory.
    pub fn new(name: Option<&Name>) -> Result<EtcFiles, Error> {
        let Some(name) = name else {
            return Ok(EtcFiles { overrides: None });
        };
        let path = Path::new(OVERRIDES).join(name.as_os_str());
        match stat(&path) {
            Ok(stat) if file_type(&stat) == SFlag::S_IFDIR => Ok(EtcFiles {
                overrides: Some(path),
            }),
            Ok(stat) => {
                let why = format!("is {}, not a directory", described(file_type(&stat)));
                let advice = "make it a directory that holds the namespace's files, or remove it";
                Err(Error::unusable(path, why, advice))
            }
            // The namespace has no files of its own, unless a symlink leads to what is not there,
            // such as a volume that is not mounted.
            Err(Errno::ENOENT) => {
                let is_missing = |path: &Path| stat(path) == Err(Errno::ENOENT);
                let all = Path::new(OVERRIDES);
                let link = if is_missing(all) { all } else { &path };
                if lstat(link).is_ok() && is_missing(link) {
                    let advice = "create the directory it points to, or remove it";
                    return Err(Error::unusable(link, "is a dangling symlink", advice));
                }
                Ok(EtcFiles { overrides: None })
            }
            Err(errno) => Err(failed(path, "cannot be looked at", errno)),
        }
    }

    /// `/etc/netns/NAME`, if the namespace has such a directory.
    pub fn overrides_dir(&self) -> Option<&Path> {
        self.overrides.as_deref()
    }

    /// The path that a program in the view sees as the file `/etc/FILE`.
    ///
    /// # Errors
    /// [`Error::Override`] if the namespace has an entry of that name that is not a readable file.
    pub fn winner(&self, file: &OsStr) -> Result<Winner, Error> {
        if let Some(directory) = self.open()?
            && let Some(entry) = directory.entry(file)?
        {
            if entry.kind == Kind::Directory {
                return Err(
                    entry.refused("is a directory", "put a file in its place, or remove it")
                );
            }
            return Ok(Winner::Namespace(entry.path));
        }
        Ok(Winner::Host(Path::new(ETC).join(file)))
    }

    /// Whether [`EtcFiles::winner`] still has reason to name this file, told with one system call
    /// at most. That the file itself has not changed since, the caller must know.
    pub fn is_won_by(&self, winner: &Winner) -> bool {
        match (winner, &self.overrides) {
            (Winner::Namespace(path), Some(overrides)) => path.parent() == Some(overrides),
            (Winner::Namespace(_), None) => false,
            (Winner::Host(_), None) => true,
            (Winner::Host(path), Some(overrides)) => path
                .file_name()
                .is_some_and(|file| lstat(&overrides.join(file)) == Err(Errno::ENOENT)),
        }
    }

    /// The directory of overrides, if there is one.
    pub(crate) fn open(&self) -> Result<Option<OverridesDir>, Error> {
        let Some(path) = &self.overrides else {
            return Ok(None);
        };
        match OverridesDir::open(path) {
            Ok(directory) => Ok(Some(directory)),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(failed(path.clone(), "cannot be opened", errno)),
        }
    }
}

/// `/etc/netns/NAME`, held by a descriptor: whatever happens to the path, all entries come from
/// the same directory.
#[derive(Debug)]
pub(crate) struct OverridesDir {
    fd: OwnedFd,
    path: PathBuf,
    /// Whether its end may have been reached.
    was_read: AtomicBool,
}

impl OverridesDir {
    /// That of the namespace called `name`, if there is one: in fewer steps what
    /// [`EtcFiles::new`] and [`EtcFiles::open`] do.
    pub(crate) fn of(name: Option<&Name>) -> Result<Option<OverridesDir>, Error> {
        let Some(name) = name else { return Ok(None) };
        match OverridesDir::open(&Path::new(OVERRIDES).join(name.as_os_str())) {
            Ok(directory) => Ok(Some(directory)),
            // They tell what is wrong, if anything is.
            Err(_) => EtcFiles::new(Some(name))?.open(),
        }
    }

    fn open(path: &Path) -> nix::Result<OverridesDir> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = match open(path, flags | OFlag::O_RDONLY, Mode::empty()) {
            // Its entries may be usable all the same.
            Err(Errno::EACCES) => open(path, flags | OFlag::O_PATH, Mode::empty()),
            fd => fd,
        }?;
        Ok(OverridesDir {
            fd,
            path: path.to_owned(),
            was_read: AtomicBool::new(false),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all entries, in byte order.
    pub(crate) fn names(&self) -> Result<Vec<OsString>, Error> {
        let failed = |errno| {
            // It could not be opened for reading.
            let errno = if errno == Errno::EBADF {
                Errno::EACCES
            } else {
                errno
            };
            failed(self.path.clone(), "cannot be read", errno)
        };
        if self.was_read.swap(true, Ordering::Relaxed) {
            lseek(&self.fd, 0, Whence::SeekSet).map_err(failed)?;
        }
        let mut names = directory::names(&self.fd).map_err(failed)?;
        names.sort_unstable();
        Ok(names)
    }

    /// The entry of this name, checked. None if there is none, or it went away meanwhile as
    /// editors' temporary files do.
    pub(crate) fn entry(&self, name: &OsStr) -> Result<Option<Override>, Error> {
        let path = || self.path.join(name);
        for _ in 0..ATTEMPTS {
            match fstatat(&self.fd, name, AtFlags::empty()) {
                Ok(stat) => {
                    if let Some(entry) = self.check(name, &stat)? {
                        return Ok(Some(entry));
                    }
                }
                Err(Errno::ENOENT) => match readlinkat(&self.fd, name) {
                    Err(Errno::ENOENT) => return Ok(None),
                    Ok(target) if self.leads_nowhere(name) => {
                        let why = format!("is a dangling symlink to {}", printable(&target));
                        return Err(Error::unusable(
                            path(),
                            why,
                            "create its target, or remove it",
                        ));
                    }
                    // Something else took its place between the two calls.
                    _ => {}
                },
                Err(Errno::ELOOP) => {
                    let why = "is a loop of symlinks".to_owned();
                    return Err(Error::unusable(path(), why, "make it a file, or remove it"));
                }
                Err(errno) => return Err(failed(path(), "cannot be looked at", errno)),
            }
        }
        let why = "is being replaced all the time".to_owned();
        Err(Error::unusable(
            path(),
            why,
            "try again when it is left alone",
        ))
    }

    /// An entry that can stand in for one of the host's. None if it is gone.
    fn check(&self, name: &OsStr, stat: &FileStat) -> Result<Option<Override>, Error> {
        let path = || self.path.join(name);
        let kind = match file_type(stat) {
            SFlag::S_IFREG => Kind::File,
            SFlag::S_IFDIR => Kind::Directory,
            other => {
                let why = format!("is {}", described(other));
                let advice = "only files and directories can go over /etc: replace or remove it";
                return Err(Error::unusable(path(), why, advice));
            }
        };
        match readable(&self.fd, name, stat) {
            Ok(()) => Ok(Some(Override {
                path: path(),
                target: Path::new(ETC).join(name),
                kind,
                id: FileId::of(stat),
            })),
            Err(Errno::ENOENT) => Ok(None),
            Err(Errno::EACCES) => {
                let why = "cannot be read: Permission denied".to_owned();
                let advice = "give the caller read permission, or remove it";
                Err(Error::unusable(path(), why, advice))
            }
            Err(errno) => Err(failed(path(), "cannot be read", errno)),
        }
    }

    /// What a program gets that opens the entry of this name now.
    pub(crate) fn id_of(&self, name: &OsStr) -> nix::Result<FileId> {
        fstatat(&self.fd, name, AtFlags::empty()).map(|stat| FileId::of(&stat))
    }

    /// The text of the entry, if it is a symlink.
    pub(crate) fn link(&self, name: &OsStr) -> Option<PathBuf> {
        readlinkat(&self.fd, name).ok().map(PathBuf::from)
    }

    fn leads_nowhere(&self, name: &OsStr) -> bool {
        fstatat(&self.fd, name, AtFlags::empty()) == Err(Errno::ENOENT)
    }
}

/// What an override may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A directory, which replaces the host's; they are not merged.
    Directory,
}

impl Kind {
    /// Whether the file is of this kind.
    pub(crate) fn is_of(self, stat: &FileStat) -> bool {
        let kind = match self {
            Kind::File => SFlag::S_IFREG,
            Kind::Directory => SFlag::S_IFDIR,
        };
        file_type(stat) == kind
    }
}

/// An entry of `/etc/netns/NAME` that can stand in for the one of that name in `/etc`: a file or
/// a directory, perhaps through symlinks, that the caller may read.
#[derive(Debug)]
pub(crate) struct Override {
    /// Its path below `/etc/netns`.
    pub(crate) path: PathBuf,
    /// The path it takes over.
    pub(crate) target: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) id: FileId,
}

impl Override {
    /// Its name, in `/etc/netns/NAME` as in `/etc`.
    pub(crate) fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }

    /// The error that this entry cannot be put in place.
    pub(crate) fn refused(&self, why: impl Into<String>, advice: &str) -> Error {
        Error::unusable(&self.path, why, advice)
    }

    /// The error that a system call failed at it.
    pub(crate) fn not_mounted(&self, errno: Errno) -> Error {
        let what = format!("cannot be mounted on {}", printable(&self.target));
        failed(self.path.clone(), &what, errno)
    }
}

impl AsFd for OverridesDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The names of all entries of a directory (`O_PATH` will do), in no order.
pub(crate) fn names_in(directory: impl AsFd) -> nix::Result<Vec<OsString>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    directory::names(openat(directory, ".", flags, Mode::empty())?)
}

/// A system call failed for an override. Removing the entry is never the advice for what is no
/// fault of its own: that would uncover the host's file.
fn failed(path: PathBuf, what: &str, errno: Errno) -> Error {
    let advice = match errno {
        Errno::EMFILE | Errno::ENFILE => "raise the limit of open files (ulimit -n)",
        Errno::ENOMEM | Errno::ENOSPC => "the kernel is out of memory or mounts",
        _ => "mend that, or remove it",
    };
    Error::Override {
        path,
        why: format!("{what}: {}", errno.desc()),
        advice: advice.to_owned(),
        errno: Some(errno),
    }
}
