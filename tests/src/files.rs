//! The files of a sandbox, reached from outside.
//!
//! Every path is absolute and resolved inside the sandbox (`openat2` with `RESOLVE_IN_ROOT`), so a
//! symlink of the sandbox cannot lead a test to a file of the machine. The last part of a path is
//! never followed.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::programs::broken;

/// The file tree of a sandbox. All methods panic if the operation fails.
#[derive(Debug)]
pub struct Files {
    root: OwnedFd,
}

impl Files {
    /// The tree that process `pid` has as its root.
    pub(crate) fn of_process(pid: u32) -> Files {
        Files::try_of_process(pid)
            .unwrap_or_else(|error| broken(format!("cannot open /proc/{pid}/root: {error}")))
    }

    /// The same; an error if there is no such process any more.
    pub(crate) fn try_of_process(pid: u32) -> io::Result<Files> {
        let path = format!("/proc/{pid}/root");
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let root = open(path.as_str(), flags, Mode::empty())?;
        Ok(Files { root })
    }

    /// Write a file in place (same inode), or create it with mode 0644.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = path.as_ref();
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC;
        let written = self
            .open(path, flags)
            .map(File::from)
            .and_then(|mut file| file.write_all(content.as_ref()));
        check("write", path, written);
    }

    /// Put a new file in place by rename, as editors do.
    pub fn replace(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = path.as_ref();
        let mut other = path.as_os_str().to_owned();
        other.push(".new~");
        self.write(&other, content);
        let renamed = self.place(other.as_ref()).and_then(|from| {
            let to = self.place(path)?;
            fs::rename(from.path, to.path)
        });
        check("replace", path, renamed);
    }

    /// What is in a file.
    pub fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = path.as_ref();
        let mut content = Vec::new();
        let read = self
            .open(path, OFlag::O_RDONLY)
            .and_then(|file| File::from(file).read_to_end(&mut content));
        check("read", path, read);
        content
    }

    /// Whether there is anything of that name, a dangling symlink too.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.place(path.as_ref())
            .is_ok_and(|place| place.path.symlink_metadata().is_ok())
    }

    /// The names in a directory, sorted.
    pub fn list(&self, path: impl AsRef<Path>) -> Vec<OsString> {
        let path = path.as_ref();
        let names = self.place(path).and_then(|place| {
            fs::read_dir(place.path)?
                .map(|entry| Ok(entry?.file_name()))
                .collect::<io::Result<Vec<_>>>()
        });
        let mut names = check("list", path, names);
        names.sort();
        names
    }

    /// Make a directory and those above it.
    pub fn mkdir(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        let mut above: Vec<&Path> = path.ancestors().collect();
        above.reverse();
        for directory in above.into_iter().filter(|path| path.file_name().is_some()) {
            let made = self
                .place(directory)
                .and_then(|place| fs::create_dir(place.path));
            if !matches!(&made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
                check("make directory", directory, made);
            }
        }
    }

    /// Make a symlink with any text.
    pub fn symlink(&self, text: impl AsRef<Path>, path: impl AsRef<Path>) {
        self.make("symlink", path.as_ref(), |place| symlink(text, place));
    }

    /// Make a fifo.
    pub fn fifo(&self, path: impl AsRef<Path>) {
        let mode = Mode::from_bits_truncate(0o644);
        self.make("fifo", path.as_ref(), |place| Ok(mkfifo(place, mode)?));
    }

    /// Make a socket that nobody listens on any more.
    pub fn socket(&self, path: impl AsRef<Path>) {
        self.make("socket", path.as_ref(), |place| {
            UnixListener::bind(place).map(drop)
        });
    }

    /// Connect to a socket: the id of the process that listens there.
    pub(crate) fn listener(&self, path: impl AsRef<Path>) -> io::Result<u32> {
        let place = self.place(path.as_ref())?;
        let stream = UnixStream::connect(place.path)?;
        let peer = getsockopt(&stream, PeerCredentials)?;
        Ok(peer.pid().cast_unsigned())
    }

    /// Change the permission bits.
    pub fn chmod(&self, path: impl AsRef<Path>, mode: u32) {
        let path = path.as_ref();
        let changed = self
            .open(path, OFlag::O_PATH)
            .and_then(|file| fs::set_permissions(through(&file), Permissions::from_mode(mode)));
        check("change mode of", path, changed);
    }

    /// Remove a file, a symlink, or a directory with all it holds. It need not be there.
    pub fn remove(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        let removed = self.place(path).and_then(|place| {
            if place.path.symlink_metadata()?.is_dir() {
                fs::remove_dir_all(place.path)
            } else {
                fs::remove_file(place.path)
            }
        });
        if !matches!(&removed, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            check("remove", path, removed);
        }
    }

    fn make(&self, what: &str, path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) {
        let made = self.place(path).and_then(|place| make(&place.path));
        check(&format!("make {what}"), path, made);
    }

    /// Open a file that is no symlink.
    fn open(&self, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
        self.resolve(path, flags | OFlag::O_NOFOLLOW)
    }

    /// The place of a directory entry, whether or not there is one.
    fn place(&self, path: &Path) -> io::Result<Place> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let directory = self.resolve(above, OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        let path = through(&directory).join(name);
        Ok(Place {
            path,
            _directory: directory,
        })
    }

    fn resolve(&self, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
        let mut how = OpenHow::new()
            .flags(flags | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT);
        if flags.contains(OFlag::O_CREAT) {
            how = how.mode(Mode::from_bits_truncate(0o644));
        }
        loop {
            match openat2(&self.root, path, how) {
                // A rename elsewhere came in between.
                Err(Errno::EAGAIN) => {}
                result => return Ok(result?),
            }
        }
    }
}

/// A directory entry, by way of the open directory.
struct Place {
    path: PathBuf,
    _directory: OwnedFd,
}

fn through(fd: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", fd.as_raw_fd()).into()
}

fn check<T>(action: &str, path: &Path, result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| broken(format!("cannot {action} {}: {error}", path.display())))
}
