//! A dump by rtnetlink(7): one request, many answers, each with attributes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};

const NLMSG_DONE: u16 = 3;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;

/// The kernel makes its answers fit into what it is given to fill, but for a first one of up to
/// 8192 bytes.
const BUFFER: usize = 16 * 1024;

/// Size of `struct nlmsghdr`.
const HEADER: usize = 16;

/// Ask the kernel for all objects of a kind, and read each answer of type `wanted`.
pub(super) fn dump<T>(
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
    uninterrupted(|| send(socket.as_raw_fd(), &request, MsgFlags::empty()))?;

    let mut found = Vec::new();
    let mut buffer = [0; BUFFER];
    loop {
        let length = uninterrupted(|| recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_TRUNC))?;
        let mut rest = buffer.get(..length).ok_or(io::ErrorKind::InvalidData)?;
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

/// Call again what a signal has interrupted: the caller may handle signals without `SA_RESTART`.
fn uninterrupted<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
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

/// The attributes (`struct rtattr`) that follow a message's own struct: type and value of each, up
/// to the first that is cut short.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let header = bytes.first_chunk::<4>()?;
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let kind = u16::from_ne_bytes([header[2], header[3]]);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// An address of family `AF_*`; None for a family that is not IP.
pub(super) fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match i32::from(family) {
        libc::AF_INET => Some(Ipv4Addr::from(*value.first_chunk::<4>()?).into()),
        libc::AF_INET6 => Some(Ipv6Addr::from(*value.first_chunk::<16>()?).into()),
        _ => None,
    }
}

/// An attribute that is a number.
pub(super) fn number(value: &[u8]) -> Option<u32> {
    value.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}
