//! Addresses written out: what getaddrinfo(3) takes for one before it looks anything up.
//!
//! Sources: glibc `resolv/inet_addr.c`, `resolv/inet_pton.c` and `inet/inet6_scopeid_pton.c`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as a text has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numeric<'a> {
    /// IPv4, in any form of inet_aton(3).
    V4(Ipv4Addr),
    /// IPv6.
    V6 {
        /// The address.
        ip: Ipv6Addr,
        /// What follows the first `%`, if there is one; see [`scope_id`].
        scope: Option<&'a [u8]>,
    },
}

/// Reads a text as getaddrinfo(3) does before anything else: all of inet_aton(3), then IPv6 with
/// or without a scope.
pub fn parse(text: &[u8]) -> Option<Numeric<'_>> {
    if let Some(ip) = inet_aton_exact(text) {
        return Some(Numeric::V4(ip));
    }
    let mut parts = text.splitn(2, |&byte| byte == b'%');
    let ip = inet_pton_v6(parts.next()?)?;
    Some(Numeric::V6 {
        ip,
        scope: parts.next(),
    })
}

/// inet_aton(3) without anything after the address: one to four numbers, each decimal, octal
/// (`017`) or hexadecimal (`0xf`), the last one filling all bytes that are left.
pub fn inet_aton_exact(text: &[u8]) -> Option<Ipv4Addr> {
    let mut numbers = text.split(|&byte| byte == b'.').map(number);
    let mut last = numbers.next()??;
    let mut address: u32 = 0;
    let mut bits_left = 32;
    for next in numbers {
        if last > 0xff || bits_left == 8 {
            return None;
        }
        bits_left -= 8;
        address |= last << bits_left;
        last = next?;
    }
    let fits = bits_left == 32 || last >> bits_left == 0;
    fits.then(|| Ipv4Addr::from(address | last))
}

/// A whole word that starts with a digit, as strtoul(3) to base 0 reads it, up to 32 bits.
fn number(word: &[u8]) -> Option<u32> {
    let (digits, radix) = match word {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        _ => (word, 10),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |value, &digit| {
        value
            .checked_mul(radix)?
            .checked_add(char::from(digit).to_digit(radix)?)
    })
}

/// inet_pton(3) for `AF_INET6`. The standard library takes the same texts.
pub fn inet_pton_v6(text: &[u8]) -> Option<Ipv6Addr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The scope id (`sin6_scope_id`) that a text after `%` stands for, which may be 0; None if it is
/// not valid, on which getaddrinfo(3) gives `EAI_NONAME`.
///
/// The name of an interface counts for link-local addresses, and multicast of link or node. A
/// decimal number counts for all. `interface_index` is if_nametoindex(3) in the namespace.
///
/// For `AF_INET` glibc makes IPv4 of a mapped address first and then judges those bytes: pass the
/// IPv4 address, and `254.128.0.0/10` is link-local.
pub fn scope_id(
    ip: IpAddr,
    text: &[u8],
    interface_index: &dyn Fn(&[u8]) -> Option<u32>,
) -> Option<u32> {
    let [first, second] = match ip {
        IpAddr::V4(ip) => [ip.octets()[0], ip.octets()[1]],
        IpAddr::V6(ip) => [ip.octets()[0], ip.octets()[1]],
    };
    let link_local = first == 0xfe && second & 0xc0 == 0x80;
    let narrow_multicast = first == 0xff && matches!(second & 0x0f, 1 | 2);
    if (link_local || narrow_multicast)
        && let Some(index) = interface_index(text).filter(|&index| index != 0)
    {
        return Some(index);
    }
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u32, |value, &digit| {
        value
            .checked_mul(10)?
            .checked_add(char::from(digit).to_digit(10)?)
    })
}

#[cfg(test)]
mod tests;
