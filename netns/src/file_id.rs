//! When two paths or descriptors are the same file, and what kind of file it is.

use std::os::fd::AsFd;
use std::path::Path;

use nix::sys::stat::{FileStat, SFlag, fstat, stat};

/// Device and inode: what makes two files the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Of the file that a program gets by opening `path`.
    pub(crate) fn of_path(path: &Path) -> nix::Result<FileId> {
        stat(path).map(|stat| FileId::of(&stat))
    }

    /// Of the file that a descriptor refers to.
    pub(crate) fn of_fd(fd: impl AsFd) -> nix::Result<FileId> {
        fstat(fd).map(|stat| FileId::of(&stat))
    }

    pub(crate) fn of(stat: &FileStat) -> FileId {
        FileId {
            device: stat.st_dev,
            inode: stat.st_ino,
        }
    }

    /// Whether a program that opens `path` gets this file.
    pub(crate) fn is_at(self, path: &Path) -> bool {
        FileId::of_path(path) == Ok(self)
    }
}

/// Whether it is a regular file, a directory, a fifo, ...
pub(crate) fn file_type(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & libc::S_IFMT)
}

/// A file type with its article, for messages.
pub(crate) fn described(file_type: SFlag) -> &'static str {
    match file_type {
        SFlag::S_IFREG => "a plain file",
        SFlag::S_IFDIR => "a directory",
        SFlag::S_IFLNK => "a symlink",
        SFlag::S_IFIFO => "a fifo",
        SFlag::S_IFSOCK => "a socket",
        SFlag::S_IFCHR => "a character device",
        SFlag::S_IFBLK => "a block device",
        _ => "a file of an unknown kind",
    }
}
