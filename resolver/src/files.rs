//! Reading the configuration: the file that wins for the namespace, each time it has changed.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hostsfile::Hosts;
use netns::{EtcFiles, Winner};

use crate::error::io_text;
use crate::trace::{FileLookup, FileOrigin, Step, Trace};

/// The bytes of the file that a program in the view opens as `/etc/NAME`, or why it cannot.
///
/// # Errors
/// The outer one if the namespace's own cannot be put in place of the host's.
pub(crate) fn read(
    etc: &EtcFiles,
    name: &'static str,
    trace: &mut Trace,
) -> Result<io::Result<Vec<u8>>, netns::Error> {
    let (path, origin) = winner(etc, name)?;
    let content = open(&path).and_then(|mut file| content(&mut file));
    trace.push(looked_for(name, path, origin, content.as_ref().err()));
    Ok(content)
}

/// The bytes of a file that the user's environment names, if it can be read. It is the same
/// inside and outside the namespace.
pub(crate) fn read_elsewhere(path: &[u8]) -> Option<Vec<u8>> {
    content(&mut open(Path::new(OsStr::from_bytes(path))).ok()?).ok()
}

/// The hosts file last read, with what tells whether it is still the same.
#[derive(Debug, Default)]
pub(crate) struct HostsCache(Mutex<Option<(Signature, Arc<Hosts>)>>);

impl HostsCache {
    /// The namespace's hosts file and its path, as [`read`] gives other files.
    pub(crate) fn read(
        &self,
        etc: &EtcFiles,
        trace: &mut Trace,
    ) -> Result<io::Result<(Arc<Hosts>, PathBuf)>, netns::Error> {
        let (path, origin) = winner(etc, "hosts")?;
        let hosts = open(&path).and_then(|file| self.load(file));
        trace.push(looked_for(
            "hosts",
            path.clone(),
            origin,
            hosts.as_ref().err(),
        ));
        Ok(hosts.map(|hosts| (hosts, path)))
    }

    fn load(&self, mut file: File) -> io::Result<Arc<Hosts>> {
        let signature = Signature::of(&file.metadata()?);
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, hosts)) = &*cached
            && *known == signature
        {
            return Ok(hosts.clone());
        }
        let hosts = Arc::new(Hosts::from_bytes(content(&mut file)?));
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

fn winner(etc: &EtcFiles, name: &'static str) -> Result<(PathBuf, FileOrigin), netns::Error> {
    Ok(match etc.winner(OsStr::new(name))? {
        Winner::Namespace(path) => (path, FileOrigin::Namespace),
        Winner::Host(path) => (path, FileOrigin::Host),
    })
}

/// Open for reading without waiting: a fifo in the host's `/etc` must not hang the caller.
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options()
        .read(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits())
        .open(path)
}

/// All of a file; of what is none, such as a device that never ends, no more than any such
/// configuration has.
fn content(file: &mut File) -> io::Result<Vec<u8>> {
    const LIMIT: u64 = 1 << 20;
    let mut content = Vec::new();
    if file.metadata()?.is_file() {
        file.read_to_end(&mut content)?;
    } else {
        file.take(LIMIT).read_to_end(&mut content)?;
    }
    Ok(content)
}

fn looked_for(
    name: &'static str,
    path: PathBuf,
    origin: FileOrigin,
    error: Option<&io::Error>,
) -> Step {
    Step::File(FileLookup {
        name,
        path,
        origin,
        error: error.map(io_text),
    })
}
