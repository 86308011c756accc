//! Which file wins: `/etc/netns/NAME/F` where there is one, else `/etc/F` (ip-netns(8)).
//!
//! The view, the resolver and every checker ask [`EtcFiles`], so they cannot disagree. An entry
//! that is there but cannot stand in for the host's is an error, never a reason to fall back on
//! the host's file.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, lstat, stat};

use crate::printable::printable;
use crate::sys::access::readable;
use crate::{Error, Name, file_kind};

/// The directory that holds one directory of overrides a namespace.
pub const OVERRIDES: &str = "/etc/netns";

/// The host's configuration, and where programs in a view look for it.
pub const ETC: &str = "/etc";

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
        let (why, advice) = match stat(&path) {
            Ok(stat) if kind(&stat) == SFlag::S_IFDIR => {
                return Ok(EtcFiles {
                    overrides: Some(path),
                });
            }
            Ok(stat) => (
                format!("is {}, not a directory", file_kind(kind(&stat))),
                "make it a directory that holds the namespace's files, or remove it",
            ),
            Err(Errno::ENOENT) if lstat(&path).is_err() => {
                return Ok(EtcFiles { overrides: None });
            }
            Err(Errno::ENOENT) => (
                "is a dangling symlink".to_owned(),
                "create the directory it points to, or remove it",
            ),
            Err(errno) => (
                format!("cannot be looked at: {}", errno.desc()),
                "mend that, or remove it",
            ),
        };
        Err(Error::Override {
            path,
            why,
            advice: advice.to_owned(),
        })
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
        if let Some(directory) = &self.overrides
            && let Some(entry) = Override::open(directory, file)?
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

    /// Every entry of `/etc/netns/NAME`, checked, in byte order of the names.
    ///
    /// # Errors
    /// [`Error::Override`] for the first one that cannot stand in for the host's.
    pub fn overrides(&self) -> Result<Vec<Override>, Error> {
        let Some(directory) = &self.overrides else {
            return Ok(Vec::new());
        };
        let failed = |error: io::Error| Error::Override {
            path: directory.clone(),
            why: format!("cannot be read: {error}"),
            advice: "make it readable, or remove it".into(),
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort_unstable();
        let mut overrides = Vec::with_capacity(names.len());
        for name in names {
            overrides.extend(Override::open(directory, &name)?);
        }
        Ok(overrides)
    }
}

impl EtcFiles {
    /// The entry as it is now, for one that was replaced since it was opened.
    pub(crate) fn reopen(&self, entry: &Override) -> Result<Option<Override>, Error> {
        match &self.overrides {
            Some(directory) => Override::open(directory, &entry.name),
            None => Ok(None),
        }
    }
}

/// What an override may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory, which replaces the host's; they are not merged.
    Directory,
}

/// An entry of `/etc/netns/NAME` that can stand in for the one of that name in `/etc`: a file or
/// a directory, perhaps through symlinks, that the caller may read.
#[derive(Debug)]
pub struct Override {
    pub(crate) name: OsString,
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    /// `O_PATH`, symlinks followed.
    pub(crate) fd: OwnedFd,
}

impl Override {
    /// None if there is no such entry, or it went away meanwhile as editors' temporary files do.
    fn open(directory: &Path, name: &OsStr) -> Result<Option<Override>, Error> {
        let path = directory.join(name);
        let error = |why: String, advice: &str| Error::Override {
            path: path.clone(),
            why,
            advice: advice.to_owned(),
        };
        let fd = match open(&path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::ENOENT) => {
                return match fs::read_link(&path) {
                    Ok(target) => Err(error(
                        format!("is a dangling symlink to {}", printable(&target)),
                        "create its target, or remove it",
                    )),
                    Err(_) => Ok(None),
                };
            }
            Err(Errno::ELOOP) => {
                return Err(error(
                    "is a loop of symlinks".into(),
                    "make it a file, or remove it",
                ));
            }
            Err(errno) => {
                return Err(error(
                    format!("cannot be opened: {}", errno.desc()),
                    "mend that, or remove it",
                ));
            }
        };
        let stat = fstat(&fd).map_err(|errno| {
            error(
                format!("cannot be looked at: {}", errno.desc()),
                "mend that, or remove it",
            )
        })?;
        let kind = match kind(&stat) {
            SFlag::S_IFREG => Kind::File,
            SFlag::S_IFDIR => Kind::Directory,
            other => {
                return Err(error(
                    format!("is {}", file_kind(other)),
                    "only files and directories can go over /etc: replace or remove it",
                ));
            }
        };
        readable(&fd).map_err(|errno| {
            error(
                format!("cannot be read: {}", errno.desc()),
                "give the caller read permission, or remove it",
            )
        })?;
        Ok(Some(Override {
            name: name.to_owned(),
            path,
            kind,
            fd,
        }))
    }

    /// The name it has in `/etc/netns/NAME` and takes in `/etc`.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Its path below `/etc/netns`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The path it takes over.
    pub fn target(&self) -> PathBuf {
        Path::new(ETC).join(&self.name)
    }

    /// The error that this entry cannot be put in place.
    pub(crate) fn refused(&self, why: impl Into<String>, advice: &str) -> Error {
        Error::Override {
            path: self.path.clone(),
            why: why.into(),
            advice: advice.to_owned(),
        }
    }
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & libc::S_IFMT)
}
