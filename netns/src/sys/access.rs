//! May this process read a file? Reference: faccessat2(2).

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd};

use nix::NixPath as _;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag};

use crate::file_id::file_type;

/// Whether the effective user may read the regular file of this name in a directory, or read and
/// search it if it is a directory; the error says why not. `stat` is what it was found to be.
///
/// What its mode lets everyone do is not asked for again. The kernel could still refuse it, by an
/// entry of an access control list that is about this user.
pub(crate) fn readable(directory: impl AsFd, name: &OsStr, stat: &FileStat) -> nix::Result<()> {
    let (mode, everyone) = if file_type(stat) == SFlag::S_IFDIR {
        (libc::R_OK | libc::X_OK, 0o555)
    } else {
        (libc::R_OK, 0o444)
    };
    if stat.st_mode & everyone == everyone {
        return Ok(());
    }
    let fd = directory.as_fd().as_raw_fd();
    let flags = libc::AT_EACCESS;
    // SAFETY: the path is NUL-terminated and outlives the call; the rest are integers.
    let result = name.with_nix_path(|path| unsafe {
        libc::syscall(libc::SYS_faccessat2, fd, path.as_ptr(), mode, flags)
    })?;
    match Errno::result(result) {
        Ok(_) => Ok(()),
        // Before Linux 5.8, or behind a filter that does not know the call: open it.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
            openat(directory, name, flags, Mode::empty()).map(drop)
        }
        Err(errno) => Err(errno),
    }
}
