use super::*;

const HOST: &[u8] = b"Box.example";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// `10.0.0.1 dev 2 scope 0` with flags in words after it.
fn local(text: &str) -> LocalAddress {
    let words: Vec<_> = text.split(' ').collect();
    let [address, "dev", index, "scope", scope, ref flags @ ..] = words[..] else {
        panic!("{text}");
    };
    LocalAddress {
        ip: ip(address),
        scope: scope.parse().unwrap(),
        flags: if flags.contains(&"deprecated") {
            DEPRECATED
        } else {
            0x80
        },
        index: index.parse().unwrap(),
    }
}

fn gateway(address: &str, index: u32, metric: u32) -> Gateway {
    Gateway {
        ip: ip(address),
        index,
        metric,
        ipv4_route: ip(address).is_ipv4(),
        multipath: false,
    }
}

fn facts(addresses: &[&str]) -> Facts {
    Facts {
        ipv6: true,
        addresses: addresses.iter().map(|text| local(text)).collect(),
        ..Facts::default()
    }
}

fn found(meaning: Meaning, family: Family, facts: &Facts) -> Vec<String> {
    addresses(meaning, family, facts)
        .iter()
        .map(|entry| entry.ip.to_string())
        .collect()
}

#[test]
fn localhost_and_all_below_it_are_known_in_any_case_and_with_a_final_dot() {
    for name in [
        "localhost",
        "LocalHost.",
        "localhost.localdomain",
        "localhost.localdomain.",
        "a.localhost",
        ".localhost",
        "a.b.LOCALHOST.",
        "a.localhost.localdomain",
        "a.localhost.localdomain.",
    ] {
        assert_eq!(
            Meaning::of(name.as_bytes(), HOST),
            Some(Meaning::Localhost),
            "{name}"
        );
    }
    for name in [
        "",
        ".",
        "localhost..",
        "alocalhost",
        "localhost.a",
        "localdomain",
        "localhost6",
    ] {
        assert_eq!(Meaning::of(name.as_bytes(), HOST), None, "{name}");
    }
}

#[test]
fn the_host_name_is_known_byte_by_byte_and_with_one_final_dot() {
    for name in ["Box.example", "Box.example."] {
        assert_eq!(
            Meaning::of(name.as_bytes(), HOST),
            Some(Meaning::OwnName),
            "{name}"
        );
    }
    for name in ["box.example", "Box", "Box.example..", "Box.exampl"] {
        assert_eq!(Meaning::of(name.as_bytes(), HOST), None, "{name}");
    }
    assert_eq!(Meaning::of(b"a.", b"a."), Some(Meaning::OwnName));
    assert_eq!(Meaning::of(b"a", b"a."), None);
}

#[test]
fn gateway_and_outbound_need_their_underscore_and_come_before_the_host_name() {
    for (name, meaning) in [
        ("_gateway", Some(Meaning::Gateway)),
        ("_GateWay.", Some(Meaning::Gateway)),
        ("_outbound", Some(Meaning::Outbound)),
        ("_OUTBOUND.", Some(Meaning::Outbound)),
        ("gateway", None),
        ("outbound", None),
        ("_gateway..", None),
        ("a._gateway", None),
    ] {
        assert_eq!(Meaning::of(name.as_bytes(), HOST), meaning, "{name}");
    }
    assert_eq!(
        Meaning::of(b"_gateway", b"_gateway"),
        Some(Meaning::Gateway)
    );
}

#[test]
fn own_addresses_go_by_family_then_scope_then_interface_then_address() {
    let facts = facts(&[
        "fe80::1 dev 2 scope 253",
        "2001:db8::2 dev 3 scope 0",
        "192.0.2.9 dev 3 scope 0",
        "169.254.1.1 dev 2 scope 253",
        "192.0.2.10 dev 2 scope 0",
        "192.0.2.8 dev 3 scope 0",
    ]);
    assert_eq!(
        found(Meaning::OwnName, Family::Unspec, &facts),
        [
            "192.0.2.10",
            "192.0.2.8",
            "192.0.2.9",
            "169.254.1.1",
            "2001:db8::2",
            "fe80::1"
        ]
    );
    assert_eq!(
        found(Meaning::OwnName, Family::Inet6, &facts),
        ["2001:db8::2", "fe80::1"]
    );
}

#[test]
fn addresses_of_host_scope_and_deprecated_ones_do_not_count() {
    let facts = facts(&[
        "127.0.0.1 dev 1 scope 254",
        "192.0.2.1 dev 2 scope 255",
        "2001:db8::1 dev 2 scope 0 deprecated",
        "127.0.0.1 dev 2 scope 253",
    ]);
    assert_eq!(
        found(Meaning::OwnName, Family::Unspec, &facts),
        ["127.0.0.1"]
    );
}

#[test]
fn without_an_address_the_host_name_is_127_0_0_2_and_with_ipv6_the_loopback() {
    let mut facts = facts(&[]);
    assert_eq!(
        found(Meaning::OwnName, Family::Unspec, &facts),
        ["127.0.0.2", "::1"]
    );
    assert_eq!(found(Meaning::OwnName, Family::Inet6, &facts), ["::1"]);
    facts.ipv6 = false;
    assert_eq!(
        found(Meaning::OwnName, Family::Unspec, &facts),
        ["127.0.0.2"]
    );
    assert!(found(Meaning::OwnName, Family::Inet6, &facts).is_empty());
}

#[test]
fn each_family_stands_in_for_itself_only_when_asked_for_alone() {
    let facts = facts(&["2001:db8::1 dev 2 scope 0"]);
    assert_eq!(
        found(Meaning::OwnName, Family::Unspec, &facts),
        ["2001:db8::1"]
    );
    assert_eq!(found(Meaning::OwnName, Family::Inet, &facts), ["127.0.0.2"]);
}

#[test]
fn localhost_has_ipv6_only_where_the_namespace_has() {
    let mut facts = facts(&[]);
    assert_eq!(
        found(Meaning::Localhost, Family::Unspec, &facts),
        ["127.0.0.1", "::1"]
    );
    facts.ipv6 = false;
    assert_eq!(
        found(Meaning::Localhost, Family::Unspec, &facts),
        ["127.0.0.1"]
    );
    assert!(found(Meaning::Localhost, Family::Inet6, &facts).is_empty());
}

#[test]
fn gateways_go_by_family_then_metric_and_appear_once() {
    let mut facts = facts(&[]);
    facts.gateways = vec![
        gateway("fe80::1", 2, 1024),
        gateway("192.0.2.1", 3, 200),
        gateway("192.0.2.2", 4, 100),
        gateway("192.0.2.2", 4, 100),
    ];
    assert_eq!(
        found(Meaning::Gateway, Family::Unspec, &facts),
        ["192.0.2.2", "192.0.2.1", "fe80::1"]
    );
    assert_eq!(found(Meaning::Gateway, Family::Inet6, &facts), ["fe80::1"]);
}

#[test]
fn an_ipv6_gateway_of_an_ipv4_route_is_for_both_families_alone() {
    let mut facts = facts(&[]);
    facts.gateways = vec![Gateway {
        ipv4_route: true,
        ..gateway("fe80::1", 2, 0)
    }];
    assert_eq!(found(Meaning::Gateway, Family::Unspec, &facts), ["fe80::1"]);
    assert!(found(Meaning::Gateway, Family::Inet, &facts).is_empty());
    assert!(found(Meaning::Gateway, Family::Inet6, &facts).is_empty());
}

#[test]
fn a_gateway_among_several_next_hops_has_no_interface() {
    let mut facts = facts(&[]);
    facts.gateways = vec![Gateway {
        multipath: true,
        ..gateway("fe80::1", 2, 0)
    }];
    let entries = addresses(Meaning::Gateway, Family::Unspec, &facts);
    assert_eq!(entries[0].index, 0);
}

#[test]
fn without_a_gateway_there_is_neither_gateway_nor_outbound() {
    let facts = facts(&["192.0.2.1 dev 2 scope 0"]);
    assert!(found(Meaning::Gateway, Family::Unspec, &facts).is_empty());
    assert!(found(Meaning::Outbound, Family::Unspec, &facts).is_empty());
}

#[test]
fn outbound_sources_go_by_family_then_interface() {
    let mut facts = facts(&[]);
    facts.sources = vec![
        (ip("2001:db8::5"), 2),
        (ip("192.0.2.5"), 3),
        (ip("192.0.2.6"), 2),
        (ip("192.0.2.6"), 2),
    ];
    assert_eq!(
        found(Meaning::Outbound, Family::Unspec, &facts),
        ["192.0.2.6", "192.0.2.5", "2001:db8::5"]
    );
}

#[test]
fn link_local_addresses_have_a_scope_for_both_families_alone() {
    let facts = facts(&["fe80::1 dev 4000000 scope 253", "2001:db8::1 dev 2 scope 0"]);
    let scopes = |family| -> Vec<_> {
        addresses(Meaning::OwnName, family, &facts)
            .iter()
            .map(|entry| kernel::scope(entry, family).map(|scope| scope.id))
            .collect()
    };
    assert_eq!(scopes(Family::Unspec), [None, Some(4_000_000)]);
    assert_eq!(scopes(Family::Inet6), [None, None]);
}

#[test]
fn addresses_lead_back_to_host_localhost_or_gateway() {
    let mut facts = facts(&[
        "192.0.2.5 dev 2 scope 0",
        "127.0.0.3 dev 1 scope 254",
        "2001:db8::5 dev 2 scope 0",
    ]);
    facts.gateways = vec![gateway("192.0.2.1", 2, 0), gateway("fe80::1", 2, 0)];
    for (address, name) in [
        ("127.0.0.1", Some(&b"localhost"[..])),
        ("127.0.0.2", Some(HOST)),
        ("127.0.0.3", None),
        ("::1", Some(b"localhost")),
        ("192.0.2.5", Some(HOST)),
        ("2001:db8::5", Some(HOST)),
        ("192.0.2.1", Some(b"_gateway")),
        ("fe80::1", Some(b"_gateway")),
        ("192.0.2.7", None),
        ("::ffff:192.0.2.5", None),
    ] {
        assert_eq!(name_of(ip(address), HOST, &facts), name, "{address}");
    }
    facts.ipv6 = false;
    assert_eq!(name_of(ip("::1"), HOST, &facts), None);
    assert_eq!(name_of(ip("fe80::1"), HOST, &facts), None);
}
