//! What nix's connect(2) has no address for.

use std::os::fd::{AsFd, AsRawFd as _};

use nix::errno::Errno;

/// Undo the connect(2) of a datagram socket, and the choice of a source that came with it: a
/// connect to `AF_UNSPEC`.
pub(crate) fn disconnect(socket: impl AsFd) -> nix::Result<()> {
    let unspecified = libc::sockaddr {
        sa_family: libc::AF_UNSPEC as libc::sa_family_t,
        sa_data: [0; 14],
    };
    let length = size_of_val(&unspecified) as libc::socklen_t;
    // SAFETY: the address has the length that is told and outlives the call.
    let result =
        unsafe { libc::connect(socket.as_fd().as_raw_fd(), &raw const unspecified, length) };
    Errno::result(result).map(drop)
}
