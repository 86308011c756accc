//! The gateways of the default routes.

use std::io;
use std::net::IpAddr;

use super::netlink;

const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const RT_TABLE_MAIN: u8 = 254;
const RTN_UNICAST: u8 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_MULTIPATH: u16 = 9;
const RTA_VIA: u16 = 18;

/// Sizes of `struct rtmsg` and `struct rtnexthop`.
const RTMSG: usize = 12;
const RTNEXTHOP: usize = 8;

/// A gateway of a default route in the main table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its address.
    pub ip: IpAddr,
    /// Index of the interface that leads to it.
    pub index: u32,
    /// The route's metric.
    pub metric: u32,
    /// Whether the route is one for IPv4; its gateway may be an IPv6 address nevertheless.
    pub ipv4_route: bool,
    /// Whether the route has a list of next hops, of which this is one.
    pub multipath: bool,
}

/// The gateways of all default routes of the main table, in the kernel's order. A default route
/// without a gateway, straight to an interface, gives none.
///
/// # Errors
/// Of the netlink socket.
pub fn default_gateways() -> io::Result<Vec<Gateway>> {
    // struct rtmsg; rtm_family stays AF_UNSPEC, all families.
    let routes = netlink::dump(RTM_GETROUTE, &[0; RTMSG], RTM_NEWROUTE, parse_route)?;
    Ok(routes.into_iter().flatten().collect())
}

/// `struct rtmsg` and its attributes; None if it is no default route.
fn parse_route(body: &[u8]) -> Option<Vec<Gateway>> {
    let [
        family,
        destination_len,
        source_len,
        _tos,
        table,
        _protocol,
        _scope,
        kind,
        ..,
    ] = *body.first_chunk::<RTMSG>()?;
    if (destination_len, source_len, table, kind) != (0, 0, RT_TABLE_MAIN, RTN_UNICAST) {
        return None;
    }
    let ipv4_route = match i32::from(family) {
        libc::AF_INET => true,
        libc::AF_INET6 => false,
        _ => return None,
    };
    let mut gateway = None;
    let mut index = None;
    let mut metric = 0;
    let mut next_hops = &[][..];
    for (kind, value) in netlink::attributes(&body[RTMSG..]) {
        match kind {
            RTA_OIF => index = netlink::number(value),
            RTA_GATEWAY => gateway = netlink::ip(family, value),
            RTA_VIA => gateway = via(value),
            RTA_PRIORITY => metric = netlink::number(value).unwrap_or_default(),
            RTA_MULTIPATH => next_hops = value,
            _ => {}
        }
    }
    let one = |ip, index, multipath| Gateway {
        ip,
        index,
        metric,
        ipv4_route,
        multipath,
    };
    if let (Some(ip), Some(index)) = (gateway, index) {
        return Some(vec![one(ip, index, false)]);
    }
    Some(
        parse_next_hops(family, next_hops)
            .map(|(ip, index)| one(ip, index, true))
            .collect(),
    )
}

/// The entries of `RTA_MULTIPATH` that have a gateway: `struct rtnexthop`, each with attributes.
fn parse_next_hops(family: u8, mut bytes: &[u8]) -> impl Iterator<Item = (IpAddr, u32)> {
    let entries = std::iter::from_fn(move || {
        let [length_low, length_high, _flags, _hops, index @ ..] =
            *bytes.first_chunk::<RTNEXTHOP>()?;
        let length = usize::from(u16::from_ne_bytes([length_low, length_high]));
        let attributes = bytes.get(RTNEXTHOP..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((attributes, u32::from_ne_bytes(index)))
    });
    entries.filter_map(move |(attributes, index)| {
        let gateway = netlink::attributes(attributes).find_map(|(kind, value)| match kind {
            RTA_GATEWAY => netlink::ip(family, value),
            RTA_VIA => via(value),
            _ => None,
        });
        Some((gateway?, index))
    })
}

/// `struct rtvia`: a gateway whose family is not that of the route.
fn via(value: &[u8]) -> Option<IpAddr> {
    let family = u16::from_ne_bytes(*value.first_chunk()?);
    netlink::ip(family.try_into().ok()?, value.get(2..)?)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend((4 + value.len() as u16).to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn next_hop(index: u32, attributes: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend((8 + attributes.len() as u16).to_ne_bytes());
        bytes.extend([0, 0]);
        bytes.extend(index.to_ne_bytes());
        bytes.extend(attributes);
        bytes
    }

    fn route(family: i32, destination_len: u8, table: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![
            family as u8,
            destination_len,
            0,
            0,
            table,
            4,
            0,
            RTN_UNICAST,
        ];
        bytes.extend([0; 4]);
        bytes.extend(attributes.concat());
        bytes
    }

    #[test]
    fn a_default_route_gives_its_gateway_interface_and_metric() {
        let attributes = [
            attribute(RTA_OIF, &3u32.to_ne_bytes()),
            attribute(RTA_GATEWAY, &[192, 0, 2, 1]),
            attribute(RTA_PRIORITY, &100u32.to_ne_bytes()),
        ];
        assert_eq!(
            parse_route(&route(libc::AF_INET, 0, RT_TABLE_MAIN, &attributes)),
            Some(vec![Gateway {
                ip: Ipv4Addr::new(192, 0, 2, 1).into(),
                index: 3,
                metric: 100,
                ipv4_route: true,
                multipath: false,
            }])
        );
        assert_eq!(
            parse_route(&route(libc::AF_INET, 24, RT_TABLE_MAIN, &attributes)),
            None
        );
        assert_eq!(
            parse_route(&route(libc::AF_INET, 0, 255, &attributes)),
            None
        );
        assert_eq!(
            parse_route(&route(libc::AF_INET, 0, RT_TABLE_MAIN, &attributes[..1])),
            Some(vec![])
        );
    }

    #[test]
    fn next_hops_without_a_gateway_are_left_out_and_an_ipv6_gateway_may_serve_ipv4() {
        let ipv6 = "fe80::1".parse::<std::net::Ipv6Addr>().unwrap();
        let mut rtvia = (libc::AF_INET6 as u16).to_ne_bytes().to_vec();
        rtvia.extend(ipv6.octets());
        let hops = [
            next_hop(2, &attribute(RTA_GATEWAY, &[192, 0, 2, 1])),
            next_hop(3, &[]),
            next_hop(4, &attribute(RTA_VIA, &rtvia)),
        ];
        let body = route(
            libc::AF_INET,
            0,
            RT_TABLE_MAIN,
            &[attribute(RTA_MULTIPATH, &hops.concat())],
        );
        let found: Vec<_> = parse_route(&body)
            .unwrap()
            .iter()
            .map(|gateway| (gateway.ip, gateway.index, gateway.multipath))
            .collect();
        assert_eq!(
            found,
            [
                (Ipv4Addr::new(192, 0, 2, 1).into(), 2, true),
                (ipv6.into(), 4, true)
            ]
        );
    }

    #[test]
    fn a_message_cut_anywhere_does_not_panic() {
        let hops = next_hop(2, &attribute(RTA_GATEWAY, &[192, 0, 2, 1]));
        let body = route(
            libc::AF_INET,
            0,
            RT_TABLE_MAIN,
            &[attribute(RTA_MULTIPATH, &hops)],
        );
        for end in 0..body.len() {
            parse_route(&body[..end]);
        }
    }
}
