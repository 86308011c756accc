//! May this process read the file behind a descriptor? Reference: faccessat2(2).

use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

/// Whether the effective user may read the regular file that `fd` (`O_PATH` will do) refers to, or
/// read and search it if it is a directory; the error says why not.
pub(crate) fn readable(fd: impl AsFd, is_directory: bool) -> nix::Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    let mode = if is_directory {
        libc::R_OK | libc::X_OK
    } else {
        libc::R_OK
    };
    // SAFETY: the path is a NUL-terminated literal; the rest are integers.
    let result = unsafe {
        libc::syscall(
            libc::SYS_faccessat2,
            fd,
            c"".as_ptr(),
            mode,
            libc::AT_EMPTY_PATH | libc::AT_EACCESS,
        )
    };
    match Errno::result(result) {
        Ok(_) => Ok(()),
        // Before Linux 5.8, or behind a filter that does not know the call: open it.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let path = format!("/proc/self/fd/{fd}");
            open(
                path.as_str(),
                OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK,
                Mode::empty(),
            )
            .map(drop)
        }
        Err(errno) => Err(errno),
    }
}
