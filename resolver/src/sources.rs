//! The source address the kernel would use for a destination, in the namespace of the calling
//! thread: the end of glibc's getaddrinfo, `try_connect` in `sysdeps/posix/getaddrinfo.c`.

mod known;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use conf::gai_conf::GaiConf;
use netns::interfaces;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrStorage, connect,
    getsockname, socket,
};

use crate::address::Address;
use crate::order::{self, Candidate, Interfaces};
use crate::trace::Ordered;
pub(crate) use known::KnownInterfaces;

/// Link types of tunnels, linux/if_arp.h: to IPv4, to IPv6, and IPv6 in IPv4.
const TUNNELS: [u16; 3] = [libc::ARPHRD_TUNNEL, libc::ARPHRD_TUNNEL6, libc::ARPHRD_SIT];

/// The addresses in the order in which glibc would give them to a program in this namespace.
pub(crate) fn order(
    addresses: Vec<Address>,
    conf: &GaiConf,
    interfaces: &Interfaces,
) -> Vec<Ordered> {
    let mut links = None;
    let mut is_native = |index| {
        let links = links.get_or_insert_with(|| interfaces::link_types().unwrap_or_default());
        links
            .iter()
            .any(|&(link, kind)| link == index && !TUNNELS.contains(&kind))
    };
    order::order(candidates(addresses), interfaces, conf, &mut is_native)
}

/// The order as far as it can be told without looking into the namespace.
pub(crate) fn order_unseen(addresses: Vec<Address>, conf: &GaiConf) -> Vec<Address> {
    let candidates = addresses
        .into_iter()
        .map(|address| Candidate {
            address,
            source: None,
        })
        .collect();
    let order = order::order(candidates, &Interfaces::unknown(), conf, &mut |_| true);
    order.into_iter().map(|entry| entry.address).collect()
}

/// The IPv4 addresses of the interfaces, with the lengths of their prefixes.
pub(crate) fn ipv4_nets() -> Vec<(Ipv4Addr, u8)> {
    let addresses = interfaces::addresses().unwrap_or_default();
    addresses
        .iter()
        .filter_map(|known| match known.local {
            IpAddr::V4(local) => Some((local, known.prefix_len)),
            IpAddr::V6(_) => None,
        })
        .collect()
}

/// Each destination with its source.
///
/// glibc uses one socket for all: an IPv6 one from the first IPv6 destination on, which gives
/// IPv4 sources in their mapped form, unless IPv6 sockets are IPv6 only.
fn candidates(addresses: Vec<Address>) -> Vec<Candidate> {
    let mut wide = false;
    let mut known: Option<(Address, Option<IpAddr>)> = None;
    let mut candidates = Vec::with_capacity(addresses.len());
    for address in addresses {
        let source = match &known {
            Some((last, source)) if *last == address => *source,
            _ => source(&address, &mut wide),
        };
        known = Some((address.clone(), source));
        candidates.push(Candidate { address, source });
    }
    candidates
}

fn source(address: &Address, wide: &mut bool) -> Option<IpAddr> {
    match address.ip {
        IpAddr::V4(ip) => {
            if *wide && ipv6_sockets_are_ipv6_only() {
                *wide = false;
            }
            let socket = udp_socket(AddressFamily::Inet)?;
            connect(
                socket.as_raw_fd(),
                &SockaddrIn::from(SocketAddrV4::new(ip, 0)),
            )
            .ok()?;
            match own_address(&socket)? {
                IpAddr::V4(source) if *wide => Some(source.to_ipv6_mapped().into()),
                source => Some(source),
            }
        }
        IpAddr::V6(ip) => {
            let socket = udp_socket(AddressFamily::Inet6);
            *wide = socket.is_some();
            let socket = socket?;
            let destination = SocketAddrV6::new(ip, 0, 0, address.scope_id());
            connect(socket.as_raw_fd(), &SockaddrIn6::from(destination)).ok()?;
            own_address(&socket)
        }
    }
}

fn udp_socket(family: AddressFamily) -> Option<impl AsRawFd> {
    socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).ok()
}

fn own_address(socket: &impl AsRawFd) -> Option<IpAddr> {
    let name = getsockname::<SockaddrStorage>(socket.as_raw_fd()).ok()?;
    match (name.as_sockaddr_in(), name.as_sockaddr_in6()) {
        (Some(name), _) => Some(name.ip().into()),
        (_, Some(name)) => Some(name.ip().into()),
        _ => None,
    }
}

/// The sysctl `net.ipv6.bindv6only` of this namespace.
fn ipv6_sockets_are_ipv6_only() -> bool {
    fs::read("/proc/sys/net/ipv6/bindv6only").is_ok_and(|value| value.starts_with(b"1"))
}
