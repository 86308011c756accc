use netns::interfaces::InterfaceAddress;
use proptest::prelude::*;

use super::*;

/// `2001:db8::1/64 dev 2`, with flags in words after it.
fn interfaces(lines: &[&str]) -> Interfaces {
    let parse = |line: &&str| {
        let (prefix, rest) = line.split_once(" dev ").unwrap();
        let (ip, prefix_len) = prefix.split_once('/').unwrap();
        let mut words = rest.split(' ');
        let index = words.next().unwrap().parse().unwrap();
        let flags = words.map(|word| match word {
            "deprecated" => DEPRECATED,
            "optimistic" => OPTIMISTIC,
            "home" => HOME_ADDRESS,
            other => panic!("{other}"),
        });
        InterfaceAddress {
            ip: ip.parse().unwrap(),
            local: ip.parse().unwrap(),
            prefix_len: prefix_len.parse().unwrap(),
            flags: flags.sum(),
            index,
        }
    };
    Interfaces::new(lines.iter().map(parse).collect())
}

/// `DESTINATION SOURCE` or `DESTINATION`, ordered: each destination with the rule after it.
fn ordered(
    pairs: &[&str],
    interfaces: &Interfaces,
    conf: &GaiConf,
    tunnels: &[u32],
) -> Vec<String> {
    let candidates = pairs
        .iter()
        .map(|pair| {
            let mut words = pair.split(' ');
            let address = words.next().unwrap().parse::<IpAddr>().unwrap().into();
            Candidate {
                address,
                source: words.next().map(|source| source.parse().unwrap()),
            }
        })
        .collect();
    let ordered = order(candidates, interfaces, conf, &mut |index| {
        !tunnels.contains(&index)
    });
    ordered
        .iter()
        .map(|item| {
            let number = item
                .rule
                .map(|rule| format!(" {}", &rule[5..rule.find(':').unwrap()]));
            format!("{}{}", item.address, number.unwrap_or_default())
        })
        .collect()
}

fn plain(pairs: &[&str]) -> Vec<String> {
    ordered(pairs, &lan(), &GaiConf::default(), &[])
}

/// The addresses of a usual namespace.
fn lan() -> Interfaces {
    interfaces(&[
        "127.0.0.1/8 dev 1",
        "192.0.2.10/24 dev 2",
        "::1/128 dev 1",
        "2001:db8::10/64 dev 2",
        "fe80::10/64 dev 2",
    ])
}

#[test]
fn rule_1_what_cannot_be_reached_goes_last() {
    assert_eq!(
        plain(&["2001:db8::1", "192.0.2.1 192.0.2.10"]),
        ["192.0.2.1 1", "2001:db8::1"]
    );
}

#[test]
fn rule_1_without_any_source_precedence_and_scope_decide() {
    assert_eq!(
        plain(&["192.0.2.1", "2001:db8::1", "fe80::1", "127.0.0.1"]),
        ["fe80::1 8", "2001:db8::1 6", "127.0.0.1 8", "192.0.2.1"]
    );
}

#[test]
fn rule_2_the_scope_of_the_source_matches() {
    assert_eq!(
        plain(&["2001:db8::1 fe80::10", "192.0.2.1 192.0.2.10"]),
        ["192.0.2.1 2", "2001:db8::1"]
    );
    assert_eq!(
        plain(&["169.254.0.1 192.0.2.10", "192.0.2.1 192.0.2.10"]),
        ["192.0.2.1 2", "169.254.0.1"]
    );
}

#[test]
fn rule_3_deprecated_and_optimistic_sources_are_avoided() {
    for flag in ["deprecated", "optimistic"] {
        let line = format!("2001:db8::11/64 dev 2 {flag}");
        let interfaces = interfaces(&["2001:db8::10/64 dev 2", &line]);
        assert_eq!(
            ordered(
                &["2001:db8::1 2001:db8::11", "2001:db8::2 2001:db8::10"],
                &interfaces,
                &GaiConf::default(),
                &[]
            ),
            ["2001:db8::2 3", "2001:db8::1"]
        );
    }
}

#[test]
fn rule_4_home_addresses_are_preferred() {
    let interfaces = interfaces(&["2001:db8::10/64 dev 2", "2001:db8::11/64 dev 2 home"]);
    assert_eq!(
        ordered(
            &["2001:db8::1 2001:db8::10", "2001:db8::2 2001:db8::11"],
            &interfaces,
            &GaiConf::default(),
            &[]
        ),
        ["2001:db8::2 4", "2001:db8::1"]
    );
}

#[test]
fn rule_5_the_label_of_the_source_matches() {
    assert_eq!(
        plain(&["2002::1 2001:db8::10", "192.0.2.1 192.0.2.10"]),
        ["192.0.2.1 5", "2002::1"]
    );
}

#[test]
fn rule_6_ipv6_before_ipv4() {
    assert_eq!(
        plain(&["192.0.2.1 192.0.2.10", "2001:db8::1 2001:db8::10"]),
        ["2001:db8::1 6", "192.0.2.1"]
    );
    assert_eq!(
        plain(&["127.0.0.1 127.0.0.1", "::1 ::1"]),
        ["::1 6", "127.0.0.1"]
    );
}

#[test]
fn rule_6_follows_gai_conf() {
    let conf = GaiConf::parse(b"precedence ::ffff:0:0/96 100\n");
    assert_eq!(
        ordered(
            &["2001:db8::1 2001:db8::10", "192.0.2.1 192.0.2.10"],
            &lan(),
            &conf,
            &[]
        ),
        ["192.0.2.1 6", "2001:db8::1"]
    );
}

#[test]
fn rule_7_tunnels_come_after_native_interfaces() {
    let interfaces = interfaces(&["2001:db8::10/64 dev 2", "2001:db8:1::10/64 dev 3"]);
    let pairs = ["2001:db8::1 2001:db8::10", "2001:db8:1::1 2001:db8:1::10"];
    let conf = GaiConf::default();
    assert_eq!(
        ordered(&pairs, &interfaces, &conf, &[2]),
        ["2001:db8:1::1 7", "2001:db8::1"]
    );
    assert_eq!(
        ordered(&pairs, &interfaces, &conf, &[2, 3]),
        ["2001:db8::1 10", "2001:db8:1::1"]
    );
    // A source of no known interface counts as a tunnel.
    let pairs = [
        "2001:db8:2::1 2001:db8:2::10",
        "2001:db8:1::1 2001:db8:1::10",
    ];
    assert_eq!(
        ordered(&pairs, &interfaces, &conf, &[]),
        ["2001:db8:1::1 7", "2001:db8:2::1"]
    );
}

#[test]
fn rule_7_asks_only_where_it_must() {
    let candidate = |address: &str, source: &str| Candidate {
        address: address.parse::<IpAddr>().unwrap().into(),
        source: Some(source.parse().unwrap()),
    };
    let mut asked = Vec::new();
    let mut is_native = |index| {
        asked.push(index);
        true
    };
    let sort = |candidates, is_native: &mut dyn FnMut(u32) -> bool| {
        order(candidates, &lan(), &GaiConf::default(), is_native)
    };
    sort(
        vec![
            candidate("192.0.2.1", "192.0.2.10"),
            candidate("2001:db8::1", "2001:db8::10"),
        ],
        &mut is_native,
    );
    sort(
        vec![
            candidate("192.0.2.1", "192.0.2.10"),
            candidate("192.0.2.2", "192.0.2.10"),
        ],
        &mut is_native,
    );
    assert_eq!(asked, Vec::<u32>::new());
}

#[test]
fn rule_8_the_smaller_scope_first() {
    assert_eq!(
        plain(&["2001:db8::1 2001:db8::10", "fe80::1 fe80::10"]),
        ["fe80::1 8", "2001:db8::1"]
    );
    assert_eq!(
        plain(&["ff0e::1 2001:db8::10", "ff02::1 fe80::10"]),
        ["ff02::1 8", "ff0e::1"]
    );
}

#[test]
fn rule_9_the_longest_matching_prefix() {
    assert_eq!(
        plain(&["2001:db9::1 2001:db8::10", "2001:db8::1 2001:db8::10"]),
        ["2001:db8::1 9", "2001:db9::1"]
    );
}

#[test]
fn rule_9_of_ipv6_counts_in_the_first_word_that_differs_in_either() {
    // The second differs in its second word, the first in its last: glibc looks at the second
    // word, where the first one has all 32 bits in common.
    assert_eq!(
        plain(&["2001:db8:8000::1 2001:db8::10", "2001:db8::1 2001:db8::10"]),
        ["2001:db8::1 9", "2001:db8:8000::1"]
    );
    assert_eq!(
        plain(&["2001:db8::11 2001:db8::10", "2001:db8::10 2001:db8::10"]),
        ["2001:db8::10 9", "2001:db8::11"]
    );
}

#[test]
fn rule_35_ipv4_counts_within_a_subnet_only() {
    assert_eq!(
        plain(&[
            "192.0.3.1 192.0.2.10",
            "192.0.2.200 192.0.2.10",
            "192.0.2.11 192.0.2.10"
        ]),
        ["192.0.2.11 9", "192.0.2.200 9", "192.0.3.1"]
    );
    assert_eq!(
        plain(&["10.0.0.1 192.0.2.10", "192.0.3.1 192.0.2.10"]),
        ["10.0.0.1 10", "192.0.3.1"]
    );
}

#[test]
fn rule_35_without_ipv6_only_the_source_itself_scores() {
    let ipv4_only = interfaces(&["127.0.0.1/8 dev 1", "192.0.2.10/24 dev 2", "::1/128 dev 1"]);
    assert_eq!(
        ordered(
            &[
                "192.0.2.200 192.0.2.10",
                "192.0.2.11 192.0.2.10",
                "192.0.2.10 192.0.2.10"
            ],
            &ipv4_only,
            &GaiConf::default(),
            &[]
        ),
        ["192.0.2.10 9", "192.0.2.200 10", "192.0.2.11"]
    );
}

#[test]
fn rule_35_sources_under_127_count_as_127_0_0_1_unless_mapped() {
    let pairs = ["127.128.0.1 127.0.0.2", "127.0.0.3 127.0.0.2"];
    assert_eq!(plain(&pairs), ["127.0.0.3 9", "127.128.0.1"]);
    let pairs = ["127.128.0.1 ::ffff:127.0.0.2", "127.0.0.3 ::ffff:127.0.0.2"];
    assert_eq!(plain(&pairs), ["127.128.0.1 10", "127.0.0.3"]);
}

#[test]
fn sources_of_an_ipv6_socket_are_ipv4_again_for_ipv4_destinations() {
    let candidate = Candidate {
        address: Ipv4Addr::new(192, 0, 2, 1).into(),
        source: Some("::ffff:192.0.2.10".parse().unwrap()),
    };
    let ordered = order(vec![candidate], &lan(), &GaiConf::default(), &mut |_| true);
    assert_eq!(ordered[0].source, Some("192.0.2.10".parse().unwrap()));
}

#[test]
fn rule_10_duplicates_stay_as_they_came() {
    assert_eq!(
        plain(&["192.0.2.1 192.0.2.10", "192.0.2.1 192.0.2.10"]),
        ["192.0.2.1 10", "192.0.2.1"]
    );
}

#[test]
fn rule_32_any_address_but_the_loopback_ones_counts_for_addrconfig() {
    for (lines, has) in [
        (&["127.0.0.1/8 dev 1", "::1/128 dev 1"][..], (false, false)),
        (&["127.0.0.2/8 dev 1"], (true, false)),
        (&["127.0.0.1/8 dev 1", "fe80::1/64 dev 1"], (false, true)),
        (
            &["::ffff:192.0.2.1/128 dev 1", "192.0.2.1/24 dev 1"],
            (true, true),
        ),
        (&[], (false, false)),
    ] {
        let interfaces = interfaces(lines);
        assert_eq!(
            (interfaces.has_ipv4(), interfaces.has_ipv6()),
            has,
            "{lines:?}"
        );
    }
    assert!(Interfaces::unknown().has_ipv4() && Interfaces::unknown().has_ipv6());
}

#[test]
fn of_two_interfaces_with_an_address_bsearch_picks_one() {
    let two = interfaces(&[
        "192.0.2.10/24 dev 2",
        "192.0.2.10/16 dev 3",
        "fe80::1/64 dev 2",
    ]);
    let found = two.of_source("192.0.2.10".parse().unwrap()).unwrap();
    assert_eq!(found.index, 3);
}

#[test]
fn rule_35_the_merge_is_that_of_glibc() {
    // 0 before 1, 1 before 2, 2 before 0: had the first half two items, it would be 2, 0, 1.
    let mut cycle = |a: usize, b: usize| match (a, b) {
        (0, 1) | (1, 2) | (2, 0) => Ordering::Less,
        _ => Ordering::Greater,
    };
    let mut items = [0, 1, 2];
    merge_sort(&mut items, &mut cycle);
    assert_eq!(items, [0, 1, 2]);
    let mut items = [2, 0, 1, 3];
    merge_sort(&mut items, &mut |_, _| Ordering::Equal);
    assert_eq!(items, [2, 0, 1, 3]);
}

proptest! {
    #[test]
    fn nothing_is_lost_and_no_facts_panic(
        destinations in prop::collection::vec((any::<IpAddr>(), any::<Option<IpAddr>>()), 0..20),
        table in prop::collection::vec(
            (any::<IpAddr>(), any::<u8>(), any::<u8>(), 0u32..4),
            0..8,
        ),
    ) {
        let addresses = table.into_iter().map(|(ip, prefix_len, flags, index)| {
            InterfaceAddress { ip, local: ip, prefix_len, flags, index }
        });
        let candidates: Vec<_> = destinations
            .into_iter()
            .map(|(ip, source)| Candidate { address: ip.into(), source })
            .collect();
        let mut before: Vec<_> =
            candidates.iter().map(|candidate| candidate.address.ip).collect();
        let interfaces = Interfaces::new(addresses.collect());
        let ordered = order(candidates, &interfaces, &GaiConf::default(), &mut |index| index > 1);
        let mut after: Vec<_> = ordered.iter().map(|item| item.address.ip).collect();
        before.sort();
        after.sort();
        prop_assert_eq!(before, after);
        let rules = ordered.iter().filter(|item| item.rule.is_none()).count();
        prop_assert_eq!(rules, usize::from(!ordered.is_empty()));
    }
}
