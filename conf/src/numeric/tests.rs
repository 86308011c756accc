use proptest::prelude::*;

use super::*;

fn v4(text: &str) -> Option<String> {
    inet_aton_exact(text.as_bytes()).map(|ip| ip.to_string())
}

fn eth0(name: &[u8]) -> Option<u32> {
    (name == b"eth0").then_some(7)
}

#[test]
fn rule_30_all_forms_of_inet_aton() {
    for (text, ip) in [
        ("192.0.2.1", "192.0.2.1"),
        ("1.256", "1.0.1.0"),
        ("0x7f.1", "127.0.0.1"),
        ("0X7F.0xA", "127.0.0.10"),
        ("127.1", "127.0.0.1"),
        ("1.2.3", "1.2.0.3"),
        ("1.2.65535", "1.2.255.255"),
        ("1.16777215", "1.255.255.255"),
        ("4294967295", "255.255.255.255"),
        ("037777777777", "255.255.255.255"),
        ("010.010.010.010", "8.8.8.8"),
        ("00.00", "0.0.0.0"),
        ("0", "0.0.0.0"),
        ("0x00000000000000000001", "0.0.0.1"),
    ] {
        assert_eq!(v4(text).as_deref(), Some(ip), "{text}");
    }
}

#[test]
fn rule_30_nothing_but_the_address() {
    for text in [
        "",
        ".",
        "1.",
        ".1",
        "1..2",
        "1.2.3.4.",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.65536",
        "256.1",
        "1.16777216",
        "4294967296",
        "99999999999999999999999",
        "0x",
        "0x.1",
        "0xg",
        "08",
        "1a",
        " 1",
        "1 ",
        "+1",
        "-1",
        "1.2.3.4\n",
        "1.2.3.4\0",
        "1,2",
        "1.+2",
        "0b1",
        "\u{0661}",
    ] {
        assert_eq!(v4(text), None, "{text:?}");
    }
}

#[test]
fn rule_30_ipv6_is_strict() {
    let v6 = |text: &str| match parse(text.as_bytes()) {
        Some(Numeric::V6 { ip, scope: None }) => Some(ip.to_string()),
        _ => None,
    };
    for (text, ip) in [
        ("::", "::"),
        ("::1", "::1"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304"),
    ] {
        assert_eq!(v6(text).as_deref(), Some(ip), "{text}");
    }
    for text in [
        "",
        ":",
        ":::",
        "1:",
        ":1",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:",
        "12345::",
        "1:2:3:4:5:6:7::8",
        "1:2:3:4:5:6::1.2.3.4",
        "::1.2.3",
        "::1.2.3.04",
        "::1.2.3.4:5",
        "::1 ",
        "[::1]",
        "::1/64",
        "::g",
        "1.2.3.4::",
        "::1\0",
    ] {
        assert_eq!(v6(text), None, "{text:?}");
    }
}

#[test]
fn rule_30_the_scope_is_what_follows_the_first_percent_sign() {
    let ip = Ipv6Addr::LOCALHOST;
    let scope = |scope| {
        Some(Numeric::V6 {
            ip,
            scope: Some(scope),
        })
    };
    assert_eq!(parse(b"::1%eth0"), scope(b"eth0"));
    assert_eq!(parse(b"::1%"), scope(b""));
    assert_eq!(parse(b"::1%a%b"), scope(b"a%b"));
    assert_eq!(parse(b"192.0.2.1%1"), None);
}

#[test]
fn rule_30_interface_names_are_for_link_local_addresses() {
    let id = |ip: &str, text: &str| scope_id(ip.parse().unwrap(), text.as_bytes(), &eth0);
    for ip in [
        "fe80::1",
        "febf::1",
        "ff01::1",
        "ff02::1",
        "ff12::1",
        "254.128.0.1",
    ] {
        assert_eq!(id(ip, "eth0"), Some(7), "{ip}");
        assert_eq!(id(ip, "9"), Some(9), "{ip}");
    }
    for ip in [
        "2001:db8::1",
        "::1",
        "fec0::1",
        "ff05::1",
        "ff0e::1",
        "192.0.2.1",
    ] {
        assert_eq!(id(ip, "eth0"), None, "{ip}");
        assert_eq!(id(ip, "9"), Some(9), "{ip}");
    }
}

#[test]
fn rule_30_other_scopes_are_decimal() {
    let id = |text: &str| scope_id(Ipv6Addr::LOCALHOST.into(), text.as_bytes(), &eth0);
    assert_eq!(id("0"), Some(0));
    assert_eq!(id("007"), Some(7));
    assert_eq!(id("4294967295"), Some(u32::MAX));
    for text in [
        "",
        "4294967296",
        "99999999999999999999999",
        "-1",
        "+1",
        " 1",
        "1 ",
        "0x1",
        "1a",
    ] {
        assert_eq!(id(text), None, "{text:?}");
    }
    assert_eq!(
        scope_id("fe80::1".parse().unwrap(), b"x", &|_| Some(0)),
        None
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(text: Vec<u8>) {
        let _ = parse(&text);
        scope_id(Ipv6Addr::LOCALHOST.into(), &text, &|_| None);
    }

    #[test]
    fn every_address_is_read_as_the_standard_library_writes_it(ip: u32, wide: u128) {
        let ip = Ipv4Addr::from(ip);
        let written = ip.to_string();
        prop_assert_eq!(parse(written.as_bytes()), Some(Numeric::V4(ip)));
        let ip = Ipv6Addr::from(wide);
        let written = ip.to_string();
        prop_assert_eq!(parse(written.as_bytes()), Some(Numeric::V6 { ip, scope: None }));
    }
}
