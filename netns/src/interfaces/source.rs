//! The source address that the kernel would use for a destination.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, connect, getsockname, getsockopt, socket,
    sockopt,
};

use crate::sys::socket::disconnect;

/// A datagram socket to ask with, in the namespace of the thread that has opened it: connect(2) and
/// getsockname(2), which send nothing.
#[derive(Debug)]
pub struct SourceProbe {
    socket: OwnedFd,
    is_used: bool,
}

impl SourceProbe {
    /// For IPv4 destinations.
    ///
    /// # Errors
    /// Of socket(2).
    pub fn ipv4() -> nix::Result<SourceProbe> {
        SourceProbe::of(AddressFamily::Inet)
    }

    /// For IPv6 destinations.
    ///
    /// # Errors
    /// Of socket(2): `EAFNOSUPPORT` where there is no IPv6.
    pub fn ipv6() -> nix::Result<SourceProbe> {
        SourceProbe::of(AddressFamily::Inet6)
    }

    fn of(family: AddressFamily) -> nix::Result<SourceProbe> {
        let socket = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
        let is_used = false;
        Ok(SourceProbe { socket, is_used })
    }

    /// Whether the kernel has bound the socket to an interface on its own, as it does for a program
    /// that `ip vrf exec` has started. That holds for the first [`SourceProbe::source_for`] only.
    pub fn is_bound_to_interface(&self) -> bool {
        getsockopt(&self.socket, sockopt::BindToDevice).is_ok_and(|name| !name.is_empty())
    }

    /// From now on it is as if there had been a destination already.
    pub fn release(&mut self) {
        self.is_used = true;
    }

    /// The source for this destination. The port does not matter.
    ///
    /// # Errors
    /// Of connect(2), if the destination cannot be reached.
    pub fn source_for(&mut self, destination: SocketAddr) -> nix::Result<IpAddr> {
        if self.is_used {
            // Or the source stays that of the destination before.
            let _ = disconnect(&self.socket);
        }
        self.is_used = true;
        connect(self.socket.as_raw_fd(), &SockaddrStorage::from(destination))?;
        let name = getsockname::<SockaddrStorage>(self.socket.as_raw_fd())?;
        match (name.as_sockaddr_in(), name.as_sockaddr_in6()) {
            (Some(name), _) => Ok(name.ip().into()),
            (_, Some(name)) => Ok(name.ip().into()),
            _ => Err(Errno::EAFNOSUPPORT),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV6;

    use super::*;

    /// What the first destination of a socket of its own gets.
    fn alone(open: fn() -> nix::Result<SourceProbe>, to: SocketAddr) -> nix::Result<IpAddr> {
        open()?.source_for(to)
    }

    #[test]
    fn a_destination_does_not_depend_on_the_one_before() {
        let loopback = crate::interfaces::index_of(b"lo").unwrap_or(1);
        let to = |ip: &str, scope| match ip.parse().unwrap() {
            IpAddr::V6(ip) => SocketAddrV6::new(ip, 0, 0, scope).into(),
            ip => SocketAddr::new(ip, 0),
        };
        let ipv4 = [
            "127.0.0.9",
            "192.0.2.1",
            "127.8.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ];
        let ipv6 = [
            to("::1", 0),
            to("2001:db8::1", 0),
            // The scope binds the socket to the interface, even where the address is out of reach.
            to("fe80::1", loopback),
            to("fe80::1", 0),
            to("::ffff:127.0.0.9", 0),
            to("ff02::1", loopback),
            to("ff02::1", 0),
            to("::1", 0),
        ];
        for (open, destinations) in [
            (
                SourceProbe::ipv4 as fn() -> _,
                ipv4.map(|ip| to(ip, 0)).to_vec(),
            ),
            (SourceProbe::ipv6, ipv6.to_vec()),
        ] {
            let Ok(mut probe) = open() else {
                // A kernel without IPv6.
                continue;
            };
            for first in &destinations {
                for second in &destinations {
                    let _ = probe.source_for(*first);
                    let source = probe.source_for(*second);
                    assert_eq!(source, alone(open, *second), "{second} after {first}");
                }
            }
        }
    }
}
