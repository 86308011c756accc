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

/// Reads an address as inet_pton(3) does: no leading zeros, no short, octal or hexadecimal IPv4, no
/// scope, a `::` only where it stands for at least one group.
///
/// The standard library takes exactly the same texts, which the tests hold it to with a parser of
/// their own. Of IPv4, which most lines have, it makes three times the work.
pub(crate) fn parse(text: &[u8]) -> Option<IpAddr> {
    match parse_v4(text) {
        Some(v4) => Some(v4.into()),
        None => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

/// Four numbers with a dot between any two.
fn parse_v4(text: &[u8]) -> Option<Ipv4Addr> {
    let (first, rest) = number(text)?;
    let (second, rest) = number(rest.strip_prefix(b".")?)?;
    let (third, rest) = number(rest.strip_prefix(b".")?)?;
    let (fourth, rest) = number(rest.strip_prefix(b".")?)?;
    rest.is_empty()
        .then(|| Ipv4Addr::new(first, second, third, fourth))
}

/// A number of 0 to 255 without a needless zero, and what follows it.
fn number(text: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |at: usize| {
        let digit = text.get(at)?.wrapping_sub(b'0');
        (digit < 10).then_some(u16::from(digit))
    };
    let (number, digits) = match (digit(0)?, digit(1), digit(2)) {
        (ones, None, _) => (ones, 1),
        (0, Some(_), _) => return None,
        (tens, Some(ones), None) => (10 * tens + ones, 2),
        (hundreds, Some(tens), Some(ones)) => (100 * hundreds + 10 * tens + ones, 3),
    };
    Some((number.try_into().ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every short text of some bytes, alone and with two numbers behind it.
    #[test]
    fn the_standard_library_takes_the_same() {
        const BYTES: [char; 8] = ['0', '1', '2', '5', '6', '.', ':', ' '];
        let mut addresses = 0;
        let mut texts = vec![String::new()];
        for _ in 0..6 {
            let longer = |text: &String| BYTES.map(|byte| format!("{text}{byte}"));
            texts = texts.iter().flat_map(longer).collect();
            for text in &texts {
                for text in [text.clone(), format!("{text}.31.255")] {
                    let expected: Option<IpAddr> = text.parse().ok();
                    assert_eq!(parse(text.as_bytes()), expected, "{text}");
                    addresses += usize::from(expected.is_some());
                }
            }
        }
        assert!(addresses > 1000, "{addresses}");
    }
}
