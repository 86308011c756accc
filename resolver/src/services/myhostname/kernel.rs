//! What nss-myhostname asks the kernel, in the namespace of the calling thread; `src/shared/
//! local-addresses.c`, `src/basic/socket-util.c` and `src/basic/hostname-util.c` of systemd.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use netns::interfaces;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrStorage, connect,
    getsockname, setsockopt, socket, sockopt,
};

use super::{Entry, Facts, Meaning};
use crate::address::{Family, Scope};

/// What the answer to a name depends on.
pub(super) fn facts(meaning: Meaning, family: Family) -> Facts {
    let mut facts = Facts {
        ipv6: ipv6_is_enabled(),
        ..Facts::default()
    };
    match meaning {
        Meaning::Localhost => {}
        // An error counts as no address, and no gateway.
        Meaning::OwnName => facts.addresses = interfaces::local_addresses().unwrap_or_default(),
        Meaning::Gateway => facts.gateways = interfaces::default_gateways().unwrap_or_default(),
        Meaning::Outbound => {
            facts.gateways = interfaces::default_gateways().unwrap_or_default();
            facts.sources = super::gateways(&facts, family)
                .iter()
                .filter_map(|gateway| source_towards(gateway).transpose())
                .collect::<io::Result<_>>()
                .unwrap_or_default();
        }
    }
    facts
}

/// What the answer to an address depends on.
pub(super) fn facts_for_reverse(ip: IpAddr) -> Facts {
    let addresses = interfaces::local_addresses().unwrap_or_default();
    // Routes may be many, and an own address comes before a gateway's.
    let gateways = if super::is_own(ip, &addresses) {
        Vec::new()
    } else {
        interfaces::default_gateways().unwrap_or_default()
    };
    Facts {
        ipv6: ipv6_is_enabled(),
        addresses,
        gateways,
        sources: Vec::new(),
    }
}

/// The host's name, `localhost` if nobody has set one.
pub(super) fn host_name() -> Vec<u8> {
    let name = nix::unistd::gethostname().map(OsString::into_vec);
    match name {
        Ok(name) if !name.is_empty() && name != b"(none)" => name,
        _ => b"localhost".to_vec(),
    }
}

/// The scope that goes with an address: link-local ones have one, but struct hostent, in which
/// the answers for one family come, has no room for it.
pub(super) fn scope(entry: &Entry, family: Family) -> Option<Scope> {
    match (family, entry.ip) {
        (Family::Unspec, IpAddr::V6(ip)) if ip.is_unicast_link_local() && entry.index != 0 => {
            Some(Scope {
                id: entry.index,
                name: interfaces::name_of(entry.index),
            })
        }
        _ => None,
    }
}

/// Whether the kernel has IPv6 and not all interfaces are without.
fn ipv6_is_enabled() -> bool {
    // Not /proc/net: that is the namespace of the process, not of this thread.
    if !Path::new("/proc/thread-self/net/if_inet6").exists() {
        return false;
    }
    match fs::read("/proc/sys/net/ipv6/conf/all/disable_ipv6") {
        Ok(value) => value.trim_ascii() != b"1",
        Err(_) => true,
    }
}

/// The address from which the kernel sends to a gateway, with the gateway's interface; None if it
/// finds no way there.
fn source_towards(gateway: &Entry) -> io::Result<Option<(IpAddr, u32)>> {
    let family = match gateway.ip {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    let socket = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    // Without it, the route to the gateway decides. Not every kernel lets everybody do this.
    if let Some(name) = interfaces::name_of(gateway.index) {
        let _ = setsockopt(&socket, sockopt::BindToDevice, &OsString::from(name));
    }
    // Any port will do, nothing is sent. Where the kernel refuses, the address may be there
    // nevertheless, and if not, it is the unspecified one.
    const PORT: u16 = 53;
    let _ = match gateway.ip {
        IpAddr::V4(ip) => connect(
            socket.as_raw_fd(),
            &SockaddrIn::from(SocketAddrV4::new(ip, PORT)),
        ),
        IpAddr::V6(ip) => connect(
            socket.as_raw_fd(),
            &SockaddrIn6::from(SocketAddrV6::new(ip, PORT, 0, gateway.index)),
        ),
    };
    let name = getsockname::<SockaddrStorage>(socket.as_raw_fd())?;
    let ip: IpAddr = match (name.as_sockaddr_in(), name.as_sockaddr_in6()) {
        (Some(name), _) => name.ip().into(),
        (_, Some(name)) => name.ip().into(),
        _ => return Ok(None),
    };
    Ok((!ip.is_unspecified()).then_some((ip, gateway.index)))
}
