//! Addresses and families as a lookup gives them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses a caller asks for: `ai_family` of getaddrinfo(3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Family {
    /// `AF_UNSPEC`: IPv4 and IPv6.
    #[default]
    Unspec,
    /// `AF_INET`: IPv4 alone.
    Inet,
    /// `AF_INET6`: IPv6 alone.
    Inet6,
}

/// An IPv6 zone: the interface that a link-local address belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The interface index, `sin6_scope_id`. Never 0.
    pub id: u32,
    /// The interface's name in the namespace, where it has one.
    pub name: Option<String>,
}

/// One address of an answer: what a `sockaddr` of getaddrinfo(3) holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The address. `::ffff:a.b.c.d` stays IPv6 where glibc leaves it so.
    pub ip: IpAddr,
    /// The IPv6 scope (`sin6_scope_id`), if it has one.
    pub scope: Option<Scope>,
}

impl Address {
    /// The scope id, 0 if there is none.
    pub fn scope_id(&self) -> u32 {
        self.scope.as_ref().map_or(0, |scope| scope.id)
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Address { ip, scope: None }
    }
}

impl From<Ipv4Addr> for Address {
    fn from(ip: Ipv4Addr) -> Self {
        IpAddr::from(ip).into()
    }
}

impl From<Ipv6Addr> for Address {
    fn from(ip: Ipv6Addr) -> Self {
        IpAddr::from(ip).into()
    }
}

/// As `getnameinfo` with `NI_NUMERICHOST` prints it: `fe80::1%eth0`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // inet_ntop writes addresses below ::1:0:0 other than ::1 and :: in dotted form, and so
        // does std for the mapped ones; the compatible ones (::a.b.c.d) differ.
        match self.ip {
            IpAddr::V6(ip) => fmt_v6(ip, f)?,
            IpAddr::V4(ip) => write!(f, "{ip}")?,
        }
        match &self.scope {
            None => Ok(()),
            Some(Scope {
                name: Some(name), ..
            }) => write!(f, "%{name}"),
            Some(Scope { id, name: None }) => write!(f, "%{id}"),
        }
    }
}

/// inet_ntop(3) for IPv6: std's form but for the deprecated IPv4-compatible addresses, which
/// glibc prints as `::1.2.3.4` (resolv/inet_ntop.c: the run of zeros is six words at the start).
fn fmt_v6(ip: Ipv6Addr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            let [a, b, c, d] = ((u32::from(high) << 16) | u32::from(low)).to_be_bytes();
            write!(f, "::{}", Ipv4Addr::new(a, b, c, d))
        }
        _ => write!(f, "{ip}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_addresses_are_printed_as_inet_ntop_does() {
        for (ip, text) in [
            ("::1.2.3.4", "::1.2.3.4"),
            ("::1", "::1"),
            ("::", "::"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("::1:2", "::0.1.0.2"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            let ip: Ipv6Addr = ip.parse().unwrap();
            assert_eq!(Address::from(ip).to_string(), text);
        }
    }
}
