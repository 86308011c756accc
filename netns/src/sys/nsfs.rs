//! What a descriptor of a namespace refers to, and which namespace a thread is in. References:
//! ioctl_ns(2), socket(7).

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use libc::c_int;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

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

/// A number that no other network namespace has had since the machine was started, of the one that
/// this thread is in: unlike an inode it is not given again. `SO_NETNS_COOKIE`, since Linux 5.14.
pub(crate) fn network_cookie() -> nix::Result<u64> {
    let socket = socket(
        AddressFamily::Unix,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    let mut cookie = 0u64;
    let mut length = size_of::<u64>() as libc::socklen_t;
    // SAFETY: the buffer has the length that is told, and both outlive the call.
    Errno::result(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    })?;
    Ok(cookie)
}
