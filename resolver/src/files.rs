//! Reading the configuration: the file that wins for the namespace, each time it has changed.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hostsfile::Hosts;
use netns::{EtcFiles, Winner};
use nix::errno::Errno;

use crate::departure::Departure;
use crate::trace::{FileLookup, FileOrigin, Step, Trace};

/// The files of `/etc` as a lookup sees them.
pub(crate) enum Etc {
    /// Those of a namespace.
    Namespace(EtcFiles),
    /// Those of any directory.
    #[cfg(test)]
    Directory(PathBuf),
}

impl Etc {
    fn winner(&self, name: &'static str) -> Result<(PathBuf, FileOrigin), netns::Error> {
        match self {
            Etc::Namespace(etc) => Ok(match etc.winner(OsStr::new(name))? {
                Winner::Namespace(path) => (path, FileOrigin::Namespace),
                Winner::Host(path) => (path, FileOrigin::Host),
            }),
            #[cfg(test)]
            Etc::Directory(path) => Ok((path.join(name), FileOrigin::Host)),
        }
    }
}

/// Why a file gave no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It cannot be opened.
    Closed(Errno),
    /// It was opened, as a directory can be, but not read.
    Open(Errno),
}

impl Unread {
    pub(crate) fn errno(self) -> Errno {
        match self {
            Unread::Closed(errno) | Unread::Open(errno) => errno,
        }
    }

    /// Whether glibc goes on without the file, as with one that is not there
    /// (`nss/nss_database.c`, `resolv/res_init.c`). What else it cannot read ends a lookup.
    pub(crate) fn is_absence(self) -> bool {
        matches!(
            self,
            Unread::Closed(
                Errno::EACCES
                    | Errno::EISDIR
                    | Errno::ELOOP
                    | Errno::ENOENT
                    | Errno::ENOTDIR
                    | Errno::EPERM
            )
        )
    }
}

/// The bytes of the file that a program in the view opens as `/etc/NAME`, or why it cannot.
///
/// # Errors
/// The outer one if the namespace's own cannot be put in place of the host's.
pub(crate) fn read(
    etc: &Etc,
    name: &'static str,
    trace: &mut Trace,
) -> Result<Result<Vec<u8>, Unread>, netns::Error> {
    let (path, origin) = etc.winner(name)?;
    let content = open(&path).and_then(|mut file| content(&mut file, trace).map_err(opened));
    trace.push(looked_for(name, path, origin, content.as_ref().err()));
    Ok(content)
}

/// The bytes of a file that the user's environment names, if it can be read. It is the same
/// inside and outside the namespace.
pub(crate) fn read_elsewhere(path: &[u8], trace: &mut Trace) -> Option<Vec<u8>> {
    let mut file = open(Path::new(OsStr::from_bytes(path))).ok()?;
    content(&mut file, trace).ok()
}

/// The hosts file last read, with what tells whether it is still the same.
#[derive(Debug, Default)]
pub(crate) struct HostsCache(Mutex<Option<(Signature, Arc<Hosts>)>>);

impl HostsCache {
    /// The namespace's hosts file and its path, as [`read`] gives other files.
    pub(crate) fn read(
        &self,
        etc: &Etc,
        trace: &mut Trace,
    ) -> Result<Result<(Arc<Hosts>, PathBuf), Unread>, netns::Error> {
        let (path, origin) = etc.winner("hosts")?;
        let hosts = open(&path).and_then(|file| self.load(file, trace).map_err(opened));
        trace.push(looked_for(
            "hosts",
            path.clone(),
            origin,
            hosts.as_ref().err(),
        ));
        Ok(hosts.map(|hosts| (hosts, path)))
    }

    fn load(&self, mut file: File, trace: &mut Trace) -> io::Result<Arc<Hosts>> {
        let signature = Signature::of(&file.metadata()?);
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, hosts)) = &*cached
            && *known == signature
        {
            return Ok(hosts.clone());
        }
        let hosts = Arc::new(Hosts::from_bytes(content(&mut file, trace)?));
        // A file that was written while it was read is read again next time.
        let unchanged = Signature::of(&file.metadata()?) == signature;
        *cached = unchanged.then(|| (signature, hosts.clone()));
        Ok(hosts)
    }
}

/// What changes when a file is written or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Signature {
    fn of(metadata: &Metadata) -> Signature {
        Signature {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Open for reading without waiting: a fifo in the host's `/etc` must not hang the caller.
fn open(path: &Path) -> Result<File, Unread> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options()
        .read(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(|error| Unread::Closed(errno(&error)))
}

fn opened(error: io::Error) -> Unread {
    Unread::Open(errno(&error))
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

/// All of a file; of what is none, such as a device that never ends, no more than any such
/// configuration has.
fn content(file: &mut File, trace: &mut Trace) -> io::Result<Vec<u8>> {
    const LIMIT: usize = 1 << 20;
    let mut content = Vec::new();
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        file.read_to_end(&mut content)?;
    } else {
        file.take(LIMIT as u64).read_to_end(&mut content)?;
        if kind.is_fifo() || content.len() == LIMIT {
            trace.depart(Departure::Endless);
        }
    }
    Ok(content)
}

fn looked_for(
    name: &'static str,
    path: PathBuf,
    origin: FileOrigin,
    error: Option<&Unread>,
) -> Step {
    Step::File(FileLookup {
        name,
        path,
        origin,
        error: error.map(|unread| unread.errno().desc().to_owned()),
    })
}
