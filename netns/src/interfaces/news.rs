//! News of addresses: the multicast groups of rtnetlink(7).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};

/// `RTMGRP_IPV4_IFADDR` and `RTMGRP_IPV6_IFADDR` of linux/rtnetlink.h.
const GROUPS: u32 = 0x10 | 0x100;

/// What tells whether addresses have come, gone or changed, in the namespace of the thread that has
/// opened it.
#[derive(Debug)]
pub struct AddressNews(OwnedFd);

impl AddressNews {
    /// From now on.
    ///
    /// # Errors
    /// Of the netlink socket.
    pub fn open() -> io::Result<AddressNews> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            SockProtocol::NetlinkRoute,
        )?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
        Ok(AddressNews(socket))
    }

    /// Whether there are any that have not been taken yet, by any process that has this from
    /// fork(2). True also where that cannot be told.
    pub fn take(&self) -> bool {
        let mut any = false;
        loop {
            // What it says does not matter, so that it may be cut.
            match recv(self.0.as_raw_fd(), &mut [0; 64], MsgFlags::empty()) {
                Err(Errno::EAGAIN) => return any,
                // Some were lost.
                Ok(_) | Err(Errno::ENOBUFS | Errno::EINTR) => any = true,
                Err(_) => return true,
            }
        }
    }
}
