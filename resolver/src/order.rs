//! The order of addresses: RFC 3484 section 6, as glibc 2.36 goes about it.
//!
//! Sources: glibc `sysdeps/posix/getaddrinfo.c` (`rfc3484_sort`, and the end of `getaddrinfo`),
//! `sysdeps/unix/sysv/linux/check_pf.c` and `check_native.c`, `stdlib/msort.c`.
//!
//! Nothing here asks the kernel. What glibc asks, and a caller must find out in the namespace:
//!
//! * **Addresses of interfaces** ([`Interfaces`]): one netlink dump, `RTM_GETADDR` for all
//!   families. Of each message glibc takes the attribute `IFA_ADDRESS`, and `IFA_LOCAL` only where
//!   there is none: for a point-to-point interface that is the *peer*. The same dump answers
//!   `AI_ADDRCONFIG`.
//! * **A source for each destination** ([`Candidate::source`]): connect(2) of a UDP socket to the
//!   destination with its scope and port 0, then getsockname(2); no source if either fails. One
//!   socket serves all destinations, in their order, and is reset by a connect to `AF_UNSPEC`
//!   between two of them. It has the family of the first destination; at the first IPv6
//!   destination an IPv4 socket is replaced by an IPv6 one, which then serves IPv4 too and gives
//!   sources such as `::ffff:192.0.2.1`. Pass them as they are. Where that connect fails with
//!   `EAFNOSUPPORT` (`net.ipv6.bindv6only`), an IPv4 socket takes over. A destination equal to the
//!   one before it has the same source.
//! * **Tunnels**: the link types of `RTM_GETLINK`, for rule 7, and only where the rules before it
//!   do not decide between sources on two interfaces.

mod direct;
mod interfaces;

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr};

use conf::gai_conf::GaiConf;

use crate::address::Address;
use crate::trace::Ordered;

pub(crate) use direct::direct_first;
pub(crate) use interfaces::Interfaces;

/// `IFA_F_*` of linux/if_addr.h: the flags that matter.
const OPTIMISTIC: u8 = 0x04;
const HOME_ADDRESS: u8 = 0x10;
const DEPRECATED: u8 = 0x20;

/// A destination to be put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The destination.
    pub(crate) address: Address,
    /// The source address that the kernel would use, as getsockname(2) gave it: a mapped one for an
    /// IPv4 destination if the socket was an IPv6 one. None if it cannot be reached.
    pub(crate) source: Option<IpAddr>,
}

/// Puts the candidates in glibc's order, and says of each why it stands before the next.
///
/// `is_native` says of an interface, by its index, whether it is one and no tunnel: not of type
/// `ARPHRD_TUNNEL` (768), `ARPHRD_TUNNEL6` (769) or `ARPHRD_SIT` (776).
///
/// The comparison is not transitive, so the order depends on how it is reached: by a merge sort. It
/// also depends on the hints: for a program that names no socket type, glibc sorts three entries an
/// address, which in rare cases comes out differently. The order here is that for one socket type.
pub(crate) fn order(
    candidates: Vec<Candidate>,
    interfaces: &Interfaces,
    conf: &GaiConf,
    is_native: &mut dyn FnMut(u32) -> bool,
) -> Vec<Ordered> {
    let destinations: Vec<_> = candidates
        .into_iter()
        .map(|candidate| Destination::new(candidate, interfaces, conf))
        .collect();
    let mut compare = |a: usize, b: usize| {
        let (ordering, rule) = destinations[a].compare(&destinations[b], is_native);
        // Rule 10: as the services gave them.
        if ordering.is_eq() {
            (a.cmp(&b), "rule 10: order of the lookup")
        } else {
            (ordering, rule)
        }
    };
    let mut order: Vec<usize> = (0..destinations.len()).collect();
    merge_sort(&mut order, &mut |a, b| compare(a, b).0);

    let mut rules: Vec<_> = order
        .windows(2)
        .map(|pair| Some(compare(pair[0], pair[1]).1))
        .collect();
    rules.push(None);
    order
        .into_iter()
        .zip(rules)
        .map(|(index, rule)| {
            let destination = &destinations[index];
            let source = destination.source.as_ref().map(|source| source.ip);
            Ordered {
                address: destination.address.clone(),
                source,
                rule,
            }
        })
        .collect()
}

/// glibc's merge sort: the first half is the smaller one if they differ, and its element comes
/// first unless it is greater.
fn merge_sort(items: &mut [usize], compare: &mut impl FnMut(usize, usize) -> Ordering) {
    let length = items.len();
    if length <= 1 {
        return;
    }
    let (first, second) = items.split_at_mut(length / 2);
    merge_sort(first, compare);
    merge_sort(second, compare);
    let mut merged = Vec::with_capacity(length);
    let (mut first, mut second) = (&*first, &*second);
    while let ([a, rest_of_first @ ..], [b, rest_of_second @ ..]) = (first, second) {
        if compare(*a, *b).is_le() {
            merged.push(*a);
            first = rest_of_first;
        } else {
            merged.push(*b);
            second = rest_of_second;
        }
    }
    merged.extend_from_slice(first);
    merged.extend_from_slice(second);
    items.copy_from_slice(&merged);
}

/// A destination with all that the rules look at.
struct Destination {
    address: Address,
    scope: i32,
    label: i32,
    precedence: i32,
    source: Option<Source>,
}

/// A source address with all that the rules look at.
struct Source {
    ip: IpAddr,
    scope: i32,
    label: i32,
    /// Of the interface that has it; None if none is known to.
    interface: Option<u32>,
    prefix_len: u8,
    deprecated: bool,
    home: bool,
}

impl Source {
    fn new(raw: IpAddr, destination: IpAddr, interfaces: &Interfaces, conf: &GaiConf) -> Source {
        let entry = interfaces.of_source(raw);
        let has = |flags| entry.is_some_and(|entry| entry.flags & flags != 0);
        let ip = match raw {
            IpAddr::V6(ip) if destination.is_ipv4() => ip.to_canonical(),
            other => other,
        };
        Source {
            ip,
            scope: scope(ip, conf),
            label: conf.label(ip),
            interface: entry.map(|entry| entry.index),
            prefix_len: entry.map_or(0, |entry| entry.prefix_len),
            deprecated: has(DEPRECATED | OPTIMISTIC),
            home: has(HOME_ADDRESS),
        }
    }
}

impl Destination {
    fn new(candidate: Candidate, interfaces: &Interfaces, conf: &GaiConf) -> Destination {
        let Candidate { address, source } = candidate;
        let ip = address.ip;
        Destination {
            address,
            scope: scope(ip, conf),
            label: conf.label(ip),
            precedence: conf.precedence(ip),
            source: source.map(|source| Source::new(source, ip, interfaces, conf)),
        }
    }

    /// Less if `self` comes before `other` by a rule, which is named too; equal if none decides.
    fn compare(
        &self,
        other: &Destination,
        is_native: &mut dyn FnMut(u32) -> bool,
    ) -> (Ordering, &'static str) {
        let (source_a, source_b) = match (&self.source, &other.source) {
            (Some(a), Some(b)) => (a, b),
            (None, None) => return self.compare_unreachable(other),
            (a, b) => {
                return (
                    preferred(a.is_some(), b.is_some()),
                    "rule 1: usable destination",
                );
            }
        };
        // Each rule speaks only where those before it do not, and rule 7 asks the kernel.
        let mut ordering = preferred(self.scope == source_a.scope, other.scope == source_b.scope);
        if ordering.is_ne() {
            return (ordering, "rule 2: matching scope");
        }
        ordering = preferred(!source_a.deprecated, !source_b.deprecated);
        if ordering.is_ne() {
            return (ordering, "rule 3: source not deprecated");
        }
        ordering = preferred(source_a.home, source_b.home);
        if ordering.is_ne() {
            return (ordering, "rule 4: home address");
        }
        ordering = preferred(self.label == source_a.label, other.label == source_b.label);
        if ordering.is_ne() {
            return (ordering, "rule 5: matching label");
        }
        ordering = other.precedence.cmp(&self.precedence);
        if ordering.is_ne() {
            return (ordering, "rule 6: higher precedence");
        }
        // The same interface is no difference. A source without one counts as a tunnel.
        if source_a.interface != source_b.interface {
            let mut native = |source: &Source| source.interface.is_some_and(&mut *is_native);
            ordering = preferred(native(source_a), native(source_b));
            if ordering.is_ne() {
                return (ordering, "rule 7: native transport");
            }
        }
        ordering = self.scope.cmp(&other.scope);
        if ordering.is_ne() {
            return (ordering, "rule 8: smaller scope");
        }
        let (a, b) = common_bits(self.address.ip, source_a, other.address.ip, source_b);
        (b.cmp(&a), "rule 9: longest matching prefix")
    }

    /// Without sources, only what is known of the destinations counts.
    fn compare_unreachable(&self, other: &Destination) -> (Ordering, &'static str) {
        match other.precedence.cmp(&self.precedence) {
            Ordering::Equal => (self.scope.cmp(&other.scope), "rule 8: smaller scope"),
            ordering => (ordering, "rule 6: higher precedence"),
        }
    }
}

/// Less if only the first has what is preferred.
fn preferred(a: bool, b: bool) -> Ordering {
    b.cmp(&a)
}

/// RFC 3484 section 3.1 in numbers: 2 link-local, 5 site-local, 14 global; multicast carries its
/// own.
fn scope(ip: IpAddr, conf: &GaiConf) -> i32 {
    let ip = match ip {
        IpAddr::V4(ip) => return conf.scope_v4(ip),
        IpAddr::V6(ip) => ip,
    };
    let [first, second, ..] = ip.octets();
    match (first, second & 0xc0) {
        (0xff, _) => i32::from(second & 0x0f),
        (0xfe, 0x80) => 2,
        (0xfe, 0xc0) => 5,
        _ if ip.is_loopback() => 2,
        _ => 14,
    }
}

/// How many leading bits each destination has in common with its source: rule 9, for destinations
/// of one family.
///
/// IPv4 counts within the source's subnet only. With IPv6, glibc counts in the first word of 32
/// bits in which either of the two pairs differs, and not the words before it.
fn common_bits(a: IpAddr, source_a: &Source, b: IpAddr, source_b: &Source) -> (u32, u32) {
    match (a, source_a.ip, b, source_b.ip) {
        (IpAddr::V4(a), IpAddr::V4(ip_a), IpAddr::V4(b), IpAddr::V4(ip_b)) => (
            common_bits_v4(a, ip_a, source_a.prefix_len),
            common_bits_v4(b, ip_b, source_b.prefix_len),
        ),
        (IpAddr::V6(a), IpAddr::V6(ip_a), IpAddr::V6(b), IpAddr::V6(ip_b)) => {
            let differing_a = u128::from(a) ^ u128::from(ip_a);
            let differing_b = u128::from(b) ^ u128::from(ip_b);
            let word = (differing_a | differing_b).leading_zeros() / 32;
            // Four equal words in both: no difference.
            let bits = |differing: u128| match word {
                4 => 0,
                word => ((differing >> (96 - 32 * word)) as u32).leading_zeros(),
            };
            (bits(differing_a), bits(differing_b))
        }
        _ => (0, 0),
    }
}

/// glibc shifts all ones by 32 less the length of the prefix, and by 32 shifts not at all: without
/// a known prefix only the source itself is in its subnet.
fn common_bits_v4(destination: Ipv4Addr, source: Ipv4Addr, prefix_len: u8) -> u32 {
    let mask = u32::MAX.wrapping_shl(32u32.wrapping_sub(prefix_len.into()));
    let differing = u32::from(destination) ^ u32::from(source);
    if differing & mask == 0 {
        differing.leading_zeros()
    } else {
        0
    }
}

#[cfg(test)]
mod tests;
