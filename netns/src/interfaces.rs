//! Interfaces and their addresses in the namespace of the calling thread: rtnetlink(7).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;

use nix::net::if_::{if_indextoname, if_nametoindex};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};

const NLMSG_DONE: u16 = 3;
const NLMSG_ERROR: u16 = 2;
const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

/// Sizes of `struct nlmsghdr`, `struct ifaddrmsg` and `struct ifinfomsg`.
const HEADER: usize = 16;
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
    dump(RTM_GETADDR, &[0; IFADDRMSG], RTM_NEWADDR, parse_address)
}

/// The index and the type (`ARPHRD_*` of linux/if_arp.h) of every interface.
///
/// # Errors
/// Of the netlink socket.
pub fn link_types() -> io::Result<Vec<(u32, u16)>> {
    dump(RTM_GETLINK, &[0; IFINFOMSG], RTM_NEWLINK, parse_link)
}

/// Ask the kernel for all objects of a kind, and read each answer of type `wanted`.
fn dump<T>(
    request_type: u16,
    request_body: &[u8],
    wanted: u16,
    parse: impl Fn(&[u8]) -> Option<T>,
) -> io::Result<Vec<T>> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )?;
    let length = (HEADER + request_body.len()) as u32;
    let mut request = Vec::with_capacity(HEADER + request_body.len());
    request.extend(length.to_ne_bytes());
    request.extend(request_type.to_ne_bytes());
    request.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    // Sequence number and port id: the socket has but one request under way.
    request.extend([0; 8]);
    request.extend(request_body);
    send(socket.as_raw_fd(), &request, MsgFlags::empty())?;

    let mut found = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        let mut rest = &buffer[..length];
        if rest.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while let Some((kind, body, tail)) = split_message(rest) {
            match kind {
                NLMSG_DONE => return Ok(found),
                NLMSG_ERROR => {
                    let code = body
                        .first_chunk()
                        .map_or(0, |code| i32::from_ne_bytes(*code));
                    return Err(io::Error::from_raw_os_error(-code));
                }
                kind if kind == wanted => found.extend(parse(body)),
                _ => {}
            }
            rest = tail;
        }
    }
}

/// The first netlink message: its type, what follows the header, and the messages after it.
fn split_message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
    let kind = u16::from_ne_bytes(*bytes.get(4..)?.first_chunk()?);
    let body = bytes.get(HEADER..length)?;
    Some((
        kind,
        body,
        bytes.get(length.next_multiple_of(4)..).unwrap_or_default(),
    ))
}

/// `struct ifaddrmsg` and its attributes.
fn parse_address(body: &[u8]) -> Option<InterfaceAddress> {
    let [family, prefix_len, flags, _scope, index @ ..] = *body.first_chunk::<IFADDRMSG>()?;
    let mut address = None;
    let mut local = None;
    let mut attributes = &body[IFADDRMSG..];
    while let Some(header) = attributes.first_chunk::<4>() {
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let Some(value) = attributes.get(4..length) else {
            break;
        };
        match u16::from_ne_bytes([header[2], header[3]]) {
            IFA_ADDRESS => address = parse_ip(family, value),
            IFA_LOCAL => local = parse_ip(family, value),
            _ => {}
        }
        attributes = attributes
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    Some(InterfaceAddress {
        ip: address.or(local)?,
        local: local.or(address)?,
        prefix_len,
        flags,
        index: u32::from_ne_bytes(index),
    })
}

fn parse_ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match i32::from(family) {
        libc::AF_INET => Some(Ipv4Addr::from(*value.first_chunk::<4>()?).into()),
        libc::AF_INET6 => Some(Ipv6Addr::from(*value.first_chunk::<16>()?).into()),
        _ => None,
    }
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
    if_indextoname(index).ok()?.into_string().ok()
}
