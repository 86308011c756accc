use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn labels(conf: &GaiConf, ips: &[&str]) -> Vec<i32> {
    ips.iter().map(|text| conf.label(ip(text))).collect()
}

const IPS: [&str; 10] = [
    "::1",
    "2002::1",
    "::192.0.2.1",
    "192.0.2.1",
    "::ffff:192.0.2.1",
    "fec0::1",
    "fd00::1",
    "2001:0:1::",
    "2001:db8::1",
    "fe80::1",
];

#[test]
fn rule_34_default_tables() {
    let conf = GaiConf::parse(b"# nothing\n\n");
    assert_eq!(conf, GaiConf::default());
    assert_eq!(labels(&conf, &IPS), [0, 2, 3, 4, 4, 5, 6, 7, 1, 1]);
    let precedences: Vec<_> = IPS.iter().map(|text| conf.precedence(ip(text))).collect();
    assert_eq!(precedences, [50, 30, 20, 10, 10, 40, 40, 40, 40, 40]);
}

#[test]
fn rule_34_scopes_of_ipv4() {
    let conf = GaiConf::default();
    for (ip, scope) in [
        ("127.0.0.1", 2),
        ("127.255.0.1", 2),
        ("169.254.1.1", 2),
        ("169.253.1.1", 14),
        ("10.0.0.1", 14),
        ("192.168.0.1", 14),
    ] {
        assert_eq!(conf.scope_v4(ip.parse().unwrap()), scope, "{ip}");
    }
}

#[test]
fn rule_36_one_line_replaces_the_whole_table_and_no_other() {
    let conf = GaiConf::parse(b"label 2001:db8::/32 9\n");
    assert_eq!(labels(&conf, &IPS), [1, 1, 1, 1, 1, 1, 1, 1, 9, 1]);
    assert_eq!(conf.precedence(ip("::1")), 50);
    let conf = GaiConf::parse(b"precedence ::ffff:0:0/96 100");
    assert_eq!(conf.precedence(ip("192.0.2.1")), 100);
    assert_eq!(conf.precedence(ip("::1")), 40);
    assert_eq!(conf.label(ip("::1")), 0);
    let conf = GaiConf::parse(b"scopev4 ::ffff:10.0.0.0/104 5\n");
    assert_eq!(conf.scope_v4(Ipv4Addr::new(10, 1, 1, 1)), 5);
    assert_eq!(conf.scope_v4(Ipv4Addr::LOCALHOST), 14);
}

#[test]
fn rule_36_a_line_without_a_length_is_ignored() {
    for line in [
        "label 2001:db8::1 9",
        "precedence ::1 9",
        "scopev4 10.0.0.0 5",
    ] {
        let conf = GaiConf::parse(line.as_bytes());
        assert_eq!(conf.notes.texts(), ["gai.conf: line 1 has no effect"]);
        assert_eq!(
            GaiConf {
                notes: Notes::default(),
                ..conf
            },
            GaiConf::default(),
            "{line}"
        );
    }
}

#[test]
fn a_slash_zero_line_is_for_all_others() {
    let conf = GaiConf::parse(b"label ::/0 7\nlabel ::/ 8\nlabel ::1/128 2\n");
    assert_eq!(labels(&conf, &["::1", "192.0.2.1"]), [2, 7]);
}

#[test]
fn the_longest_prefix_counts_and_of_equal_ones_the_first() {
    let conf = GaiConf::parse(
        b"label 2001::/16 1\nlabel 2001:db8::/32 2\nlabel 2001:db8::/32 3\nlabel 2000::/3 4\n",
    );
    assert_eq!(
        labels(&conf, &["2001:db8::", "2001::", "2003::"]),
        [2, 1, 4]
    );
}

#[test]
fn bits_after_the_prefix_do_not_matter() {
    let conf = GaiConf::parse(b"label 2001:db8:ffff::1/33 2\nscopev4 10.255.255.255/9 5\n");
    assert_eq!(labels(&conf, &["2001:db8:8000::", "2001:db8::"]), [2, 1]);
    assert_eq!(conf.scope_v4(Ipv4Addr::new(10, 128, 0, 0)), 5);
    assert_eq!(conf.scope_v4(Ipv4Addr::new(10, 127, 0, 0)), 14);
}

#[test]
fn values_are_read_as_strtoul_reads_them() {
    for (line, label) in [
        ("label ::/0 +5", 5),
        ("label ::/+0 5", 5),
        ("label ::/0", 0),
        ("label ::/0 2147483647", i32::MAX),
        (" \tlabel ::/0\r 5 6 7\r\n", 5),
        ("label ::/0 5#6", 5),
    ] {
        assert_eq!(
            GaiConf::parse(line.as_bytes()).label(ip("fe80::1")),
            label,
            "{line}"
        );
    }
    for line in [
        "label ::/129 5",
        "label ::/-1 5",
        "label ::/x 5",
        "label ::/0 2147483648",
        "label ::/0 -1",
        "label ::/0 5x",
        "label 10.0.0.0/8 5",
        "label ::g/0 5",
        "Label ::/0 5",
        "label",
        "labels ::/0 5",
        "scopev4 ::/96 3",
        "scopev4 ::ffff:1.2.3.4/95 3",
        "scopev4 1.2.3.4/33 3",
        "scopev4 1.2.3/8 3",
    ] {
        let conf = GaiConf::parse(line.as_bytes());
        assert_eq!(conf.notes.texts().len(), 1, "{line}");
        assert_eq!(
            GaiConf {
                notes: Notes::default(),
                ..conf
            },
            GaiConf::default(),
            "{line}"
        );
    }
}

#[test]
fn scopes_of_ipv4_by_the_longest_net() {
    let conf =
        GaiConf::parse(b"scopev4 10.0.0.0/8 5\nscopev4 10.1.0.0/16 2\nscopev4 0.0.0.0/0 8\n");
    assert_eq!(conf.scope_v4(Ipv4Addr::new(10, 1, 1, 1)), 2);
    assert_eq!(conf.scope_v4(Ipv4Addr::new(10, 2, 1, 1)), 5);
    assert_eq!(conf.scope_v4(Ipv4Addr::new(11, 2, 1, 1)), 8);
}

#[test]
fn reload_is_exactly_yes() {
    assert!(GaiConf::parse(b"reload yes\n").reload);
    for line in ["reload", "reload no", "reload Yes", "reload yes\nreload no"] {
        assert!(!GaiConf::parse(line.as_bytes()).reload, "{line}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(file: Vec<u8>, ip: u128) {
        let conf = GaiConf::parse(&file);
        conf.label(IpAddr::V6(ip.into()));
        conf.precedence(IpAddr::V6(ip.into()));
    }

    #[test]
    fn no_line_panics(line in "(label|precedence|scopev4) [0-9a-f:./ +-]{0,30}", ip: u32) {
        let conf = GaiConf::parse(line.as_bytes());
        conf.label(IpAddr::V4(ip.into()));
        conf.scope_v4(ip.into());
    }
}
