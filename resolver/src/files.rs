//! Reading the configuration: the file that wins for the namespace, each time it has changed.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hostsfile::{Answer, Excerpt, Hosts, Line};
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

/// A hosts file, ready for one question.
pub(crate) enum HostsFile {
    /// Its content, and whether so much is asked of it that an index is worth while.
    Kept(Arc<Hosts>, Asked),
    /// The open file, to be read no further than the answer takes.
    Passing(File),
}

impl HostsFile {
    /// What `then` makes of the answer to a lookup by name, and of whether glibc would have read
    /// bytes twice on the way to it.
    pub(crate) fn lookup<T>(
        &self,
        name: &[u8],
        family: hostsfile::Family,
        multi: bool,
        then: impl FnOnce(Option<Answer<'_>>, bool) -> T,
    ) -> Result<T, Unread> {
        match self {
            HostsFile::Kept(hosts, asked) => {
                if *asked == Asked::Often {
                    hosts.index_names();
                }
                let answer = hosts.lookup(name, family, multi);
                let last = answer.as_ref().and_then(|answer| answer.lines().next());
                let overrun = overrun(hosts, last.filter(|_| !multi));
                Ok(then(answer, overrun))
            }
            HostsFile::Passing(file) => {
                let excerpt = Excerpt::lookup(file, name, family, multi).map_err(opened)?;
                Ok(then(excerpt.answer(), excerpt.overrun().is_some()))
            }
        }
    }

    /// The same for the name of an address.
    pub(crate) fn reverse<T>(
        &self,
        address: IpAddr,
        then: impl FnOnce(Option<Line<'_>>, bool) -> T,
    ) -> Result<T, Unread> {
        match self {
            HostsFile::Kept(hosts, asked) => {
                if *asked == Asked::Often {
                    hosts.index_addresses();
                }
                let line = hosts.reverse(address);
                Ok(then(line, overrun(hosts, line.as_ref())))
            }
            HostsFile::Passing(file) => {
                let excerpt = Excerpt::reverse(file, address).map_err(opened)?;
                Ok(then(excerpt.lines().next(), excerpt.overrun().is_some()))
            }
        }
    }
}

/// Whether glibc would have read bytes of a line twice by the time it is done with `last`, or with
/// the file.
fn overrun(hosts: &Hosts, last: Option<&Line<'_>>) -> bool {
    hosts
        .overrun()
        .is_some_and(|number| last.is_none_or(|last| number <= last.number))
}

/// How often a file has been asked while it stayed as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    AFewTimes,
    Often,
}

/// The hosts file last asked, with what tells whether it is still the same.
///
/// A large file is read as a stream for each of the first few questions, which is the quickest way
/// to a single answer. Then it is kept, with an index: that costs as much as those few together.
#[derive(Debug, Default)]
pub(crate) struct HostsCache(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    signature: Signature,
    questions: usize,
    hosts: Option<Arc<Hosts>>,
}

impl HostsCache {
    /// How many questions are a few.
    const FEW: usize = 2;

    /// In bytes, from what size on a file is not kept for a few questions.
    const LARGE: u64 = 256 << 10;

    /// The namespace's hosts file and its path, as [`read`] gives other files.
    pub(crate) fn read(
        &self,
        etc: &Etc,
        trace: &mut Trace,
    ) -> Result<Result<(HostsFile, PathBuf), Unread>, netns::Error> {
        let (path, origin) = etc.winner("hosts")?;
        let hosts = open(&path).and_then(|file| self.ready(file, trace).map_err(opened));
        trace.push(looked_for(
            "hosts",
            path.clone(),
            origin,
            hosts.as_ref().err(),
        ));
        Ok(hosts.map(|hosts| (hosts, path)))
    }

    fn ready(&self, mut file: File, trace: &mut Trace) -> io::Result<HostsFile> {
        let metadata = file.metadata()?;
        let signature = Signature::of(&metadata);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = match last.take() {
            Some(known) if known.signature == signature => known,
            _ => Known {
                signature,
                questions: 0,
                hosts: None,
            },
        };
        known.questions += 1;
        let asked = if known.questions > HostsCache::FEW {
            Asked::Often
        } else {
            Asked::AFewTimes
        };
        let large = metadata.is_file() && metadata.len() > HostsCache::LARGE;
        let hosts = match &known.hosts {
            Some(hosts) => HostsFile::Kept(hosts.clone(), asked),
            None if large && asked == Asked::AFewTimes => HostsFile::Passing(file),
            None => {
                let hosts = Arc::new(if large {
                    Hosts::from_file(&file)?
                } else {
                    Hosts::from_bytes(content(&mut file, trace)?)
                });
                // A file that was written while it was read is read again next time.
                if Signature::of(&file.metadata()?) == known.signature {
                    known.hosts = Some(hosts.clone());
                } else {
                    known.questions = 0;
                }
                HostsFile::Kept(hosts, asked)
            }
        };
        *last = Some(known);
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
    const LIMIT: u64 = 1 << 20;
    let kind = file.metadata()?.file_type();
    let limit = if kind.is_file() { u64::MAX } else { LIMIT };
    // Room for most such files, so that they are read at once.
    let mut content = Vec::with_capacity(4 << 10);
    file.take(limit).read_to_end(&mut content)?;
    if kind.is_fifo() || content.len() as u64 == limit {
        trace.depart(Departure::Endless);
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

#[cfg(test)]
mod tests;
