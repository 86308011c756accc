//! Reading the configuration: the file that wins for the namespace, again when it has changed.

mod hosts;
mod signature;
mod small;

use std::ffi::OsStr;
use std::fs::{File, FileType};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
#[cfg(test)]
use std::path::PathBuf;

use netns::{EtcFiles, Winner};
use nix::errno::Errno;

use crate::departure::Departure;
use crate::trace::{FileLookup, FileOrigin, Step, Trace};
pub(crate) use hosts::{HostsCache, HostsFile};
use signature::Signature;
pub(crate) use small::SmallFiles;

/// The files of `/etc` as a lookup sees them.
pub(crate) enum Etc {
    /// Those of a namespace.
    Namespace(EtcFiles),
    /// Those of any directory.
    #[cfg(test)]
    Directory(PathBuf),
}

impl Etc {
    fn winner(&self, name: &str) -> Result<Winner, netns::Error> {
        match self {
            Etc::Namespace(etc) => etc.winner(OsStr::new(name)),
            #[cfg(test)]
            Etc::Directory(path) => Ok(Winner::Host(path.join(name))),
        }
    }

    /// Whether that would be the same now, which takes less to tell.
    fn is_won_by(&self, winner: &Winner) -> bool {
        match self {
            Etc::Namespace(etc) => etc.is_won_by(winner),
            #[cfg(test)]
            Etc::Directory(_) => true,
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

/// The bytes of a file that the user's environment names, if it can be read. It is the same
/// inside and outside the namespace.
pub(crate) fn read_elsewhere(path: &[u8], trace: &mut Trace) -> Option<Vec<u8>> {
    let mut file = open(Path::new(OsStr::from_bytes(path))).ok()?;
    let kind = file.metadata().ok()?.file_type();
    content(&mut file, kind, trace).ok()
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

/// All of a file; of what is none but of another kind, such as a device that never ends, no more
/// than any such configuration has.
fn content(file: &mut File, kind: FileType, trace: &mut Trace) -> io::Result<Vec<u8>> {
    const LIMIT: u64 = 1 << 20;
    let limit = if kind.is_file() { u64::MAX } else { LIMIT };
    // Room for most such files, so that they are read at once.
    let mut content = Vec::with_capacity(4 << 10);
    file.take(limit).read_to_end(&mut content)?;
    if kind.is_fifo() || content.len() as u64 == limit {
        trace.depart(Departure::Endless);
    }
    Ok(content)
}

fn looked_for(name: &'static str, winner: &Winner, error: Option<&Unread>) -> Step {
    Step::File(FileLookup {
        name,
        path: winner.path().to_owned(),
        origin: match winner {
            Winner::Namespace(_) => FileOrigin::Namespace,
            Winner::Host(_) => FileOrigin::Host,
        },
        error: error.map(|unread| unread.errno().desc().to_owned()),
    })
}
