//! May this process read a file? Reference: faccessat2(2).

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd};

use nix::NixPath as _;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// Whether the effective user may read the regular file of this name in a directory, or read and
/// search it if it is a directory; the error says why not.
pub(crate) fn readable(directory: impl AsFd, name: &OsStr, is_directory: bool) -> nix::Result<()> {
    let fd = directory.as_fd().as_raw_fd();
    let mode = if is_directory {
        libc::R_OK | libc::X_OK
    } else {
        libc::R_OK
    };
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
