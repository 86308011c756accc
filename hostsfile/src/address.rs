//! Addresses: their strict text form, and what each counts as in a lookup by family.

#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr};

/// The family a lookup asks for, and with it what the address of a line counts as.
///
/// | address of the line | `Any`             | `V4`        | `V6`              |
/// |---------------------|-------------------|-------------|-------------------|
/// | `192.0.2.1`         | `192.0.2.1`       | `192.0.2.1` | no match          |
/// | `2001:db8::1`       | `2001:db8::1`     | no match    | `2001:db8::1`     |
/// | `::ffff:192.0.2.1`  | as it is, IPv6    | `192.0.2.1` | as it is, IPv6    |
/// | `::1`               | `::1`             | `127.0.0.1` | `::1`             |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `AF_UNSPEC`: each line gives its one address, as written. This is what getaddrinfo(3)
    /// looks up when no family is asked for (glibc's `gethostbyname4_r`).
    Any,
    /// `AF_INET`: IPv4, and the IPv6 addresses that stand for one.
    V4,
    /// `AF_INET6`: lines with an IPv6 address only.
    V6,
}

impl Family {
    /// The family in which the name of `address` is looked for.
    pub(crate) fn of(address: IpAddr) -> Family {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }
}

/// What `address` counts as in a lookup for `family`; `None` if its line is no match there.
pub(crate) fn in_family(address: IpAddr, family: Family) -> Option<IpAddr> {
    match (family, address) {
        (Family::Any, _) | (Family::V4, IpAddr::V4(_)) | (Family::V6, IpAddr::V6(_)) => {
            Some(address)
        }
        (Family::V6, IpAddr::V4(_)) => None,
        (Family::V4, IpAddr::V6(v6)) if v6.is_loopback() => Some(Ipv4Addr::LOCALHOST.into()),
        (Family::V4, IpAddr::V6(v6)) => v6.to_ipv4_mapped().map(IpAddr::from),
    }
}

/// Reads an address as inet_pton(3) does.
///
/// The standard library takes exactly the same texts: no leading zeros, no short, octal or
/// hexadecimal IPv4, no scope, a `::` only where it stands for at least one group. The tests
/// hold it to that with a parser of their own.
pub(crate) fn parse(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
