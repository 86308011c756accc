//! Interfaces, their addresses and the gateways behind them: rtnetlink(7). The source of what is
//! sent to a destination. All in the namespace of the calling thread.

mod netlink;
mod news;
mod routes;
mod source;

use std::io;
use std::net::IpAddr;

use nix::net::if_::{if_indextoname, if_nametoindex};

pub use news::AddressNews;
pub use routes::{Gateway, default_gateways};
pub use source::SourceProbe;

const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

/// Sizes of `struct ifaddrmsg` and `struct ifinfomsg`.
const IFADDRMSG: usize = 8;
const IFINFOMSG: usize = 16;

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// `IFA_ADDRESS`: of a point-to-point interface that is the peer's address, else its own.
    pub ip: IpAddr,
    /// `IFA_LOCAL`: its own address.
    pub local: IpAddr,
    /// Length of its subnet's prefix in bits: 0 to 32 or 128.
    pub prefix_len: u8,
    /// `IFA_F_*` of linux/if_addr.h, the eight bits of `ifa_flags`.
    pub flags: u8,
    /// Index of the interface.
    pub index: u32,
}

/// All addresses, in the kernel's order.
///
/// # Errors
/// Of the netlink socket.
pub fn addresses() -> io::Result<Vec<InterfaceAddress>> {
    // struct ifaddrmsg; ifa_family stays AF_UNSPEC, all families.
    netlink::dump(RTM_GETADDR, &[0; IFADDRMSG], RTM_NEWADDR, parse_address)
}

/// An address as it names its host: with the scope in which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// The interface's own address, `IFA_LOCAL` where there is one.
    pub ip: IpAddr,
    /// `RT_SCOPE_*` of linux/rtnetlink.h: 0 global, 200 site, 253 link, 254 host.
    pub scope: u8,
    /// `IFA_F_*` of linux/if_addr.h, the eight bits of `ifa_flags`.
    pub flags: u8,
    /// Index of the interface.
    pub index: u32,
}

/// All addresses with their scopes, in the kernel's order.
///
/// # Errors
/// Of the netlink socket.
pub fn local_addresses() -> io::Result<Vec<LocalAddress>> {
    netlink::dump(RTM_GETADDR, &[0; IFADDRMSG], RTM_NEWADDR, |body| {
        let address = parse_address(body)?;
        Some(LocalAddress {
            ip: address.local,
            scope: *body.get(3)?,
            flags: address.flags,
            index: address.index,
        })
    })
}

/// The index and the type (`ARPHRD_*` of linux/if_arp.h) of every interface.
///
/// # Errors
/// Of the netlink socket.
pub fn link_types() -> io::Result<Vec<(u32, u16)>> {
    netlink::dump(RTM_GETLINK, &[0; IFINFOMSG], RTM_NEWLINK, parse_link)
}

/// An interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its index.
    pub index: u32,
    /// `ARPHRD_*` of linux/if_arp.h: 772 is a loopback interface.
    pub kind: u16,
    /// `IFF_*` of netdevice(7): bit 0 says that it is up.
    pub flags: u32,
}

/// All interfaces with their flags, in the kernel's order.
///
/// # Errors
/// Of the netlink socket.
pub fn links() -> io::Result<Vec<Link>> {
    netlink::dump(RTM_GETLINK, &[0; IFINFOMSG], RTM_NEWLINK, |body| {
        let (index, kind) = parse_link(body)?;
        let flags = u32::from_ne_bytes(*body.get(8..)?.first_chunk()?);
        Some(Link { index, kind, flags })
    })
}

/// `struct ifaddrmsg` and its attributes.
fn parse_address(body: &[u8]) -> Option<InterfaceAddress> {
    let [family, prefix_len, flags, _scope, index @ ..] = *body.first_chunk::<IFADDRMSG>()?;
    let mut address = None;
    let mut local = None;
    for (kind, value) in netlink::attributes(&body[IFADDRMSG..]) {
        match kind {
            IFA_ADDRESS => address = netlink::ip(family, value),
            IFA_LOCAL => local = netlink::ip(family, value),
            _ => {}
        }
    }
    Some(InterfaceAddress {
        ip: address.or(local)?,
        local: local.or(address)?,
        prefix_len,
        flags,
        index: u32::from_ne_bytes(index),
    })
}

/// `struct ifinfomsg`.
fn parse_link(body: &[u8]) -> Option<(u32, u16)> {
    let [_family, _pad, type_low, type_high, index @ ..] = *body.first_chunk::<8>()?;
    Some((
        u32::from_ne_bytes(index),
        u16::from_ne_bytes([type_low, type_high]),
    ))
}

/// The index of the interface with this name, if_nametoindex(3).
pub fn index_of(name: &[u8]) -> Option<u32> {
    if_nametoindex(name).ok()
}

/// The name of the interface with this index, if_indextoname(3).
pub fn name_of(index: u32) -> Option<String> {
    // nix takes the failure of if_indextoname for an empty name.
    let name = if_indextoname(index).ok()?.into_string().ok()?;
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_without_interface_has_no_name() {
        assert_eq!(name_of(u32::MAX), None);
    }
}
