//! What kind of namespace a descriptor refers to. Reference: ioctl_ns(2).

use std::os::fd::{AsFd, AsRawFd};

use libc::c_int;
use nix::errno::Errno;

/// The `CLONE_NEW*` constant of the namespace that `fd`, a file of nsfs, refers to.
pub(crate) fn namespace_type(fd: impl AsFd) -> nix::Result<c_int> {
    // SAFETY: NS_GET_NSTYPE takes no argument and touches no memory of ours.
    Errno::result(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::NS_GET_NSTYPE) })
}
