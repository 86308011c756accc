//! The source address the kernel would use for a destination, in the namespace of the calling
//! thread: the end of glibc's getaddrinfo, `try_connect` in `sysdeps/posix/getaddrinfo.c`.

mod known;
mod probes;

use std::net::{IpAddr, Ipv4Addr};

use conf::gai_conf::GaiConf;
use netns::interfaces;

use crate::address::Address;
use crate::block_on::with_probes;
use crate::order::{self, Candidate, Interfaces};
use crate::trace::Ordered;
pub(crate) use known::KnownInterfaces;
pub(crate) use probes::Probes;

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
    let candidates = with_probes(|probes| probes.candidates(addresses));
    order::order(candidates, interfaces, conf, &mut is_native)
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
