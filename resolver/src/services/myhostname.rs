//! The service `myhostname`: the host's own name, localhost, `_gateway` and `_outbound`, from what
//! the namespace's interfaces and routes are, as nss-myhostname(8) of systemd 252 answers.

mod kernel;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netns::interfaces::{Gateway, LocalAddress};

use super::NOT_FOUND;
use crate::address::{Address, Family};
use crate::departure::Departure;
use crate::error::Error;
use crate::lookup::Lookup;
use crate::nss::{Found, Reply};

/// `RT_SCOPE_HOST` of linux/rtnetlink.h: from here on (`RT_SCOPE_NOWHERE` is the other one) an
/// address is no way to reach the host.
const SCOPE_HOST: u8 = libc::RT_SCOPE_HOST;

/// `IFA_F_DEPRECATED` of linux/if_addr.h.
const DEPRECATED: u8 = 0x20;

/// The address of the own host name where no interface has one: it leads back to that name, which
/// 127.0.0.1 does not.
const LOCAL_IPV4: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Localhost,
    Gateway,
    Outbound,
    OwnName,
}

impl Meaning {
    /// None if the service does not know the name. The fixed names are looked for first and
    /// whatever their case, the host name byte by byte.
    fn of(name: &[u8], host_name: &[u8]) -> Option<Meaning> {
        if is_localhost(name) {
            return Some(Meaning::Localhost);
        }
        let undotted = name.strip_suffix(b".").unwrap_or(name);
        if undotted.eq_ignore_ascii_case(b"_gateway") {
            Some(Meaning::Gateway)
        } else if undotted.eq_ignore_ascii_case(b"_outbound") {
            Some(Meaning::Outbound)
        } else if name == host_name || name.strip_suffix(b".") == Some(host_name) {
            Some(Meaning::OwnName)
        } else {
            None
        }
    }

    /// The official name that goes with the addresses.
    fn canonical_name(self, host_name: &[u8]) -> &[u8] {
        match self {
            Meaning::Localhost => b"localhost",
            Meaning::Gateway => b"_gateway",
            Meaning::Outbound => b"_outbound",
            Meaning::OwnName => host_name,
        }
    }
}

/// `localhost`, `localhost.localdomain`, and all names below them, each also with a final dot.
fn is_localhost(name: &[u8]) -> bool {
    let undotted = name.strip_suffix(b".").unwrap_or(name);
    [&b"localhost"[..], b"localhost.localdomain"]
        .iter()
        .any(|known| {
            let Some(start) = undotted.len().checked_sub(known.len()) else {
                return false;
            };
            let (before, end) = undotted.split_at(start);
            end.eq_ignore_ascii_case(known) && (before.is_empty() || before.ends_with(b"."))
        })
}

/// What the kernel says of the namespace; only what the question needs is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Facts {
    /// Whether it has IPv6.
    ipv6: bool,
    addresses: Vec<LocalAddress>,
    gateways: Vec<Gateway>,
    /// For `_outbound`: the source addresses towards the gateways, each with its interface.
    sources: Vec<(IpAddr, u32)>,
}

impl Facts {
    /// Whether there is a route over several next hops, of which one may be without a gateway.
    fn next_hops(&self) -> bool {
        self.gateways.iter().any(|gateway| gateway.multipath)
    }
}

/// An address of an answer, with what it is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    ipv6: bool,
    scope: u8,
    metric: u32,
    /// Index of the interface, 0 if it is not known.
    index: u32,
    ip: IpAddr,
}

/// In the service's order: IPv4 first, the widest scope, the lowest metric, the first interface.
fn in_order(entries: impl Iterator<Item = Entry>) -> Vec<Entry> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// Whether the address is one by which others can reach the host.
fn is_reachable(address: &LocalAddress) -> bool {
    address.flags & DEPRECATED == 0 && address.scope < SCOPE_HOST
}

/// Whether the address leads back to the own host name.
fn is_own(ip: IpAddr, addresses: &[LocalAddress]) -> bool {
    addresses
        .iter()
        .any(|address| address.ip == ip && is_reachable(address))
}

/// The namespace's own addresses.
fn own_addresses(facts: &Facts, family: Family) -> Vec<Entry> {
    let usable = facts
        .addresses
        .iter()
        .filter(|address| is_reachable(address) && matches(family, address.ip));
    in_order(usable.map(|address| Entry {
        ipv6: address.ip.is_ipv6(),
        scope: address.scope,
        metric: 0,
        index: address.index,
        ip: address.ip,
    }))
}

/// The gateways of the default routes of this family.
fn gateways(facts: &Facts, family: Family) -> Vec<Entry> {
    let known = facts.gateways.iter().filter(|gateway| {
        // One family: only its routes are asked for.
        matches(family, gateway.ip) && (family != Family::Inet6 || !gateway.ipv4_route)
    });
    in_order(known.map(|gateway| Entry {
        ipv6: gateway.ip.is_ipv6(),
        scope: 0,
        metric: gateway.metric,
        // The module does not look which interface a route with several next hops takes.
        index: if gateway.multipath { 0 } else { gateway.index },
        ip: gateway.ip,
    }))
}

/// The source addresses towards those gateways.
fn outbounds(facts: &Facts) -> Vec<Entry> {
    in_order(facts.sources.iter().map(|&(ip, index)| Entry {
        ipv6: ip.is_ipv6(),
        scope: 0,
        metric: 0,
        index,
        ip,
    }))
}

fn matches(family: Family, ip: IpAddr) -> bool {
    match family {
        Family::Unspec => true,
        Family::Inet => ip.is_ipv4(),
        Family::Inet6 => ip.is_ipv6(),
    }
}

/// The addresses of a name, or none if the namespace has nothing that it stands for.
fn addresses(meaning: Meaning, family: Family, facts: &Facts) -> Vec<Entry> {
    if family == Family::Inet6 && !facts.ipv6 {
        return Vec::new();
    }
    match meaning {
        Meaning::Localhost => loopback(Ipv4Addr::LOCALHOST, family, facts),
        Meaning::Gateway => gateways(facts, family),
        Meaning::Outbound => outbounds(facts),
        Meaning::OwnName => {
            let own = own_addresses(facts, family);
            if own.is_empty() {
                loopback(LOCAL_IPV4, family, facts)
            } else {
                own
            }
        }
    }
}

/// This IPv4 address, and ::1 where there is IPv6.
fn loopback(ipv4: Ipv4Addr, family: Family, facts: &Facts) -> Vec<Entry> {
    let ipv6 = facts.ipv6.then_some(IpAddr::V6(Ipv6Addr::LOCALHOST));
    let addresses = [Some(IpAddr::V4(ipv4)), ipv6];
    let wanted = addresses
        .into_iter()
        .flatten()
        .filter(|&ip| matches(family, ip));
    let entry = |ip: IpAddr| Entry {
        ipv6: ip.is_ipv6(),
        scope: 0,
        metric: 0,
        index: 0,
        ip,
    };
    wanted.map(entry).collect()
}

/// The name of an address; None if it is not one of the namespace's.
fn name_of<'a>(ip: IpAddr, host_name: &'a [u8], facts: &Facts) -> Option<&'a [u8]> {
    let family = match ip {
        IpAddr::V4(_) => Family::Inet,
        IpAddr::V6(_) if !facts.ipv6 => return None,
        IpAddr::V6(_) => Family::Inet6,
    };
    if ip == LOCAL_IPV4 {
        Some(host_name)
    } else if ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST {
        Some(Meaning::Localhost.canonical_name(host_name))
    } else if is_own(ip, &facts.addresses) {
        Some(host_name)
    } else if gateways(facts, family)
        .iter()
        .any(|gateway| gateway.ip == ip)
    {
        Some(Meaning::Gateway.canonical_name(host_name))
    } else {
        None
    }
}

impl Lookup<'_> {
    pub(super) async fn myhostname(&mut self, name: &[u8], family: Family) -> Result<Reply, Error> {
        let host_name = kernel::host_name();
        let Some(meaning) = Meaning::of(name, &host_name) else {
            return Ok(NOT_FOUND);
        };
        let answer = move || -> (Vec<Address>, bool) {
            let facts = kernel::facts(meaning, family);
            let entries = addresses(meaning, family, &facts);
            let with_scope = |entry: &Entry| Address {
                ip: entry.ip,
                scope: kernel::scope(entry, family),
            };
            let addresses = entries.iter().map(with_scope).collect();
            (addresses, facts.next_hops())
        };
        let (addresses, next_hops) = self.target.inside_or_here()?.run(answer).await?;
        if next_hops {
            self.trace.depart(Departure::NextHops);
        }
        if addresses.is_empty() {
            return Ok(NOT_FOUND);
        }
        self.note(match meaning {
            Meaning::Localhost => "myhostname: localhost needs no configuration",
            Meaning::Gateway => "myhostname: the gateways of the namespace's default routes",
            Meaning::Outbound => "myhostname: where the namespace sends from by default",
            Meaning::OwnName => "myhostname: the name of this host",
        });
        // As nss_dns does.
        self.host_error = None;
        Ok(Reply::Found(Found {
            addresses,
            canonical_name: meaning.canonical_name(&host_name).to_vec(),
        }))
    }

    pub(super) async fn myhostname_reverse(&mut self, ip: IpAddr) -> Result<Reply, Error> {
        let host_name = kernel::host_name();
        let answer = move || {
            let facts = kernel::facts_for_reverse(ip);
            let name = name_of(ip, &host_name, &facts).map(<[u8]>::to_vec);
            (name, facts.next_hops())
        };
        let (name, next_hops) = self.target.inside_or_here()?.run(answer).await?;
        if next_hops {
            self.trace.depart(Departure::NextHops);
        }
        let Some(canonical_name) = name else {
            return Ok(NOT_FOUND);
        };
        self.note("myhostname: an address of the namespace's own, or of its gateway");
        self.host_error = None;
        Ok(Reply::Found(Found {
            addresses: vec![ip.into()],
            canonical_name,
        }))
    }
}

#[cfg(test)]
mod tests;
