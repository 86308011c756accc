//! What kind of namespace a descriptor refers to. Reference: ioctl_ns(2).

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use libc::c_int;
use nix::errno::Errno;

/// The `CLONE_NEW*` constant of the namespace that `fd`, a file of nsfs, refers to.
pub(crate) fn namespace_type(fd: impl AsFd) -> nix::Result<c_int> {
    // SAFETY: NS_GET_NSTYPE takes no argument and touches no memory of ours.
    Errno::result(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::NS_GET_NSTYPE) })
}

/// The user namespace that owns the namespace that `fd` refers to.
pub(crate) fn owner(fd: impl AsFd) -> nix::Result<OwnedFd> {
    // SAFETY: NS_GET_USERNS takes no argument and touches no memory of ours.
    let owner = Errno::result(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::NS_GET_USERNS) })?;
    // SAFETY: the kernel has just opened this descriptor for us and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(owner) })
}
