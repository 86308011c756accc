//! What gethostbyname2(3) takes for an address: glibc `nss/digits_dots.c`.

use std::net::IpAddr;

use conf::numeric::{inet_aton_exact, inet_pton_v6};

use crate::address::Family;
use crate::nss::HostError;

/// What gethostbyname2(3) makes of a name that looks like an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigitsDots {
    /// It does not look like one: the services are asked.
    NotNumeric,
    /// It is one.
    Address(IpAddr),
    /// It looks like one and is none of this family: the lookup fails without asking anyone.
    Fails(HostError),
}

/// Judges a name as gethostbyname2(3) does, which getaddrinfo(3) uses for `AF_INET`. Without a
/// family it is IPv4.
///
/// Digits and dots alone are IPv4, unless a dot is the last. A colon, after a hexadecimal digit or
/// a colon in front, means IPv6: never found as IPv4, and to be read as an address for IPv6, if
/// there is nothing in it but hexadecimal digits, colons and dots, the last byte not a dot.
pub(crate) fn digits_dots(name: &[u8], family: Family) -> DigitsDots {
    const NOT_FOUND: DigitsDots = DigitsDots::Fails(HostError::HostNotFound);
    let Some((&first, &last)) = name.first().zip(name.last()) else {
        return DigitsDots::NotNumeric;
    };
    let all = |is_part: fn(&u8) -> bool| last != b'.' && name.iter().all(is_part);
    let found = |ip: Option<IpAddr>| ip.map_or(NOT_FOUND, DigitsDots::Address);

    if first.is_ascii_digit() && all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return match family {
            // Digits and dots are never IPv6.
            Family::Inet6 => NOT_FOUND,
            Family::Unspec | Family::Inet => found(inet_aton_exact(name).map(IpAddr::from)),
        };
    }
    if first == b':' || (first.is_ascii_hexdigit() && name.contains(&b':')) {
        return match family {
            Family::Unspec | Family::Inet => NOT_FOUND,
            Family::Inet6 if all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte)) => {
                found(inet_pton_v6(name).map(IpAddr::from))
            }
            Family::Inet6 => DigitsDots::NotNumeric,
        };
    }
    DigitsDots::NotNumeric
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rule_31_digits_and_dots_never_reach_a_service() {
        use DigitsDots::{Address, Fails, NotNumeric};
        let judged = |name: &str| digits_dots(name.as_bytes(), Family::Inet);
        let not_found = Fails(HostError::HostNotFound);
        assert_eq!(judged("192.0.2.1"), Address("192.0.2.1".parse().unwrap()));
        assert_eq!(judged("1.256"), Address("1.0.1.0".parse().unwrap()));
        for name in ["1.2.3.4.5", "256.1.1.1", "1..2", "4294967296", "08"] {
            assert_eq!(judged(name), not_found, "{name}");
        }
        for name in [
            "1.2.3.4.", "1.", "1.2.3.4x", "0x1", "a", "", ".", ".1", "1-2",
        ] {
            assert_eq!(judged(name), NotNumeric, "{name}");
        }
    }

    #[test]
    fn rule_31_neither_does_a_colon_after_a_hexadecimal_digit() {
        use DigitsDots::{Address, Fails, NotNumeric};
        let not_found = Fails(HostError::HostNotFound);
        for name in ["::1", ":", "a:b", "1:2", "f:not hex", "cafe.test:80", "1.:"] {
            assert_eq!(
                digits_dots(name.as_bytes(), Family::Inet),
                not_found,
                "{name}"
            );
        }
        for name in ["host:80", "x:1", "-:", ".:", "g:"] {
            assert_eq!(
                digits_dots(name.as_bytes(), Family::Inet),
                NotNumeric,
                "{name}"
            );
        }
        let v6 = |name: &str| digits_dots(name.as_bytes(), Family::Inet6);
        assert_eq!(v6("2001:db8::1"), Address("2001:db8::1".parse().unwrap()));
        assert_eq!(v6("1:2"), not_found);
        assert_eq!(v6("192.0.2.1"), not_found);
        assert_eq!(v6("fe80::1%eth0"), NotNumeric);
        assert_eq!(v6("::1."), NotNumeric);
    }

    #[test]
    fn without_a_family_a_name_is_judged_as_ipv4() {
        for name in ["1.2.3.4", "::1", "a:b", "name", "1.2.3.4."] {
            let name = name.as_bytes();
            assert_eq!(
                digits_dots(name, Family::Unspec),
                digits_dots(name, Family::Inet)
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            for family in [Family::Unspec, Family::Inet, Family::Inet6] {
                digits_dots(&text, family);
            }
        }
    }
}
