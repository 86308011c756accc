//! What the C library of this very process answers, for comparison.
//!
//! The claim of this project is that its resolver and glibc agree, so glibc is asked directly:
//! in a process that runs in the view of a namespace, these functions are the judge.

use std::ffi::CStr;
use std::net::IpAddr;

use crate::sys::gai;

/// `ai_family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `AF_UNSPEC`.
    Unspec,
    /// `AF_INET`.
    Inet,
    /// `AF_INET6`.
    Inet6,
}

/// `ai_flags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `AI_ADDRCONFIG`.
    pub addrconfig: bool,
    /// `AI_CANONNAME`.
    pub canonname: bool,
}

/// A list of `struct addrinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrInfo {
    /// Addresses with their scope ids (0: none), in glibc's order.
    pub addresses: Vec<(IpAddr, u32)>,
    /// `ai_canonname` of the first entry, if there is one.
    pub canonical_name: Option<Vec<u8>>,
}

/// A failure of getaddrinfo(3) or getnameinfo(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GaiError {
    /// The `EAI_*` code, negative.
    pub code: i32,
    /// `errno` after the call; it has a meaning with `EAI_SYSTEM` alone.
    pub errno: i32,
}

/// `getaddrinfo(name, NULL, {.ai_family, .ai_flags, .ai_socktype = SOCK_STREAM})`.
///
/// # Errors
/// The code that getaddrinfo(3) returned.
pub fn getaddrinfo(name: &CStr, family: Family, flags: Flags) -> Result<AddrInfo, GaiError> {
    gai::getaddrinfo(name, family, flags)
}

/// `getnameinfo` of the address with `NI_NAMEREQD`, no service.
///
/// # Errors
/// The code that getnameinfo(3) returned.
pub fn getnameinfo(ip: IpAddr, scope_id: u32) -> Result<Vec<u8>, GaiError> {
    gai::getnameinfo(ip, scope_id)
}
