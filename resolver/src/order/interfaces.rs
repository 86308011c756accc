//! The addresses of the namespace's interfaces, as far as the order of destinations and
//! `AI_ADDRCONFIG` depend on them: glibc `sysdeps/unix/sysv/linux/check_pf.c`.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netns::interfaces::InterfaceAddress;

/// The addresses of the namespace's interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interfaces {
    /// By address; empty where the namespace has no IPv6.
    table: Vec<InterfaceAddress>,
    ipv4: bool,
    ipv6: bool,
}

impl Interfaces {
    /// From all addresses, in the kernel's order.
    pub(crate) fn new(mut addresses: Vec<InterfaceAddress>) -> Interfaces {
        let ipv4 = addresses.iter().any(|address| match address.ip {
            IpAddr::V4(ip) => ip != Ipv4Addr::LOCALHOST,
            IpAddr::V6(_) => false,
        });
        let ipv6 = addresses.iter().any(|address| match address.ip {
            IpAddr::V4(_) => false,
            IpAddr::V6(ip) => ip != Ipv6Addr::LOCALHOST,
        });
        if ipv6 {
            addresses.sort_by_key(|address| wide(address.ip));
        } else {
            addresses.clear();
        }
        Interfaces {
            table: addresses,
            ipv4,
            ipv6,
        }
    }

    /// What glibc assumes when netlink gives no answer.
    pub(crate) fn unknown() -> Interfaces {
        Interfaces {
            table: Vec::new(),
            ipv4: true,
            ipv6: true,
        }
    }

    /// Whether there is an IPv4 address other than exactly 127.0.0.1 (`AI_ADDRCONFIG`).
    pub(crate) fn has_ipv4(&self) -> bool {
        self.ipv4
    }

    /// Whether there is an IPv6 address other than exactly ::1 (`AI_ADDRCONFIG`).
    pub(crate) fn has_ipv6(&self) -> bool {
        self.ipv6
    }

    /// The entry for a source address, as getsockname(2) gave it. An IPv4 one under 127/8 counts
    /// as 127.0.0.1, but not if it is mapped.
    ///
    /// Of several interfaces with that address, the one that bsearch(3) meets first.
    pub(super) fn of_source(&self, source: IpAddr) -> Option<&InterfaceAddress> {
        let wanted = wide(match source {
            IpAddr::V4(ip) if ip.is_loopback() => Ipv4Addr::LOCALHOST.into(),
            other => other,
        });
        let (mut low, mut high) = (0, self.table.len());
        while low < high {
            let middle = (low + high) / 2;
            match wanted.cmp(&wide(self.table[middle].ip)) {
                Ordering::Less => high = middle,
                Ordering::Greater => low = middle + 1,
                Ordering::Equal => return Some(&self.table[middle]),
            }
        }
        None
    }
}

/// An address as IPv6, IPv4 mapped.
fn wide(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}
