//! Files as they are told apart: by device and inode, with the times at which they changed.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::sys::stat::{FileStat, SFlag, fstat, lstat, stat};

/// What is known of a file without opening it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File(FileStat);

impl File {
    /// The file that this process gets by opening `path`.
    pub(crate) fn at(path: &Path) -> nix::Result<File> {
        stat(path).map(File)
    }

    /// The entry of that name itself, a symlink too.
    pub(crate) fn entry(path: &Path) -> nix::Result<File> {
        lstat(path).map(File)
    }

    /// The file that a descriptor refers to.
    pub(crate) fn of(fd: impl AsFd) -> nix::Result<File> {
        fstat(fd).map(File)
    }

    /// Device and inode: what makes two files the same.
    pub(crate) fn id(&self) -> (u64, u64) {
        (self.0.st_dev, self.0.st_ino)
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.is(SFlag::S_IFDIR)
    }

    pub(crate) fn is_regular(&self) -> bool {
        self.is(SFlag::S_IFREG)
    }

    pub(crate) fn is_socket(&self) -> bool {
        self.is(SFlag::S_IFSOCK)
    }

    /// When the file was written, renamed, or got other attributes last (`st_ctime`). That is also
    /// when a file came to a name by rename(2), which leaves its time of modification as it was.
    pub(crate) fn changed(&self) -> Option<SystemTime> {
        time(self.0.st_ctime, self.0.st_ctime_nsec)
    }

    /// When the content was written last, for a directory when an entry came or went
    /// (`st_mtime`).
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        time(self.0.st_mtime, self.0.st_mtime_nsec)
    }

    fn is(&self, kind: SFlag) -> bool {
        self.0.st_mode & SFlag::S_IFMT.bits() == kind.bits()
    }
}

fn time(seconds: i64, nanoseconds: i64) -> Option<SystemTime> {
    let since_1970 = Duration::new(seconds.try_into().ok()?, nanoseconds.try_into().ok()?);
    Some(SystemTime::UNIX_EPOCH + since_1970)
}
