use proptest::prelude::*;

use super::*;

/// The file alone, on a host without a domain, in a namespace whose one interface is `eth0`, 7.
fn parse(file: impl AsRef<[u8]>) -> ResolvConf {
    parse_with(file, &Environment::default(), "host")
}

fn parse_with(file: impl AsRef<[u8]>, environment: &Environment, host_name: &str) -> ResolvConf {
    let interface_index = |name: &[u8]| (name == b"eth0").then_some(7);
    let context = Context {
        environment,
        host_name: host_name.as_bytes(),
        interface_index: &interface_index,
    };
    ResolvConf::parse(file.as_ref(), &context)
}

fn servers(file: impl AsRef<[u8]>) -> String {
    let servers: Vec<_> = parse(file)
        .nameservers
        .iter()
        .map(SocketAddr::to_string)
        .collect();
    servers.join(" ")
}

fn joined(search: &[Vec<u8>]) -> String {
    let suffixes: Vec<_> = search
        .iter()
        .map(|suffix| String::from_utf8_lossy(suffix).into_owned())
        .collect();
    suffixes.join("|")
}

fn search(file: impl AsRef<[u8]>) -> String {
    joined(&parse(file).search)
}

fn options(options: &str) -> ResolvConf {
    parse(format!("options {options}\n"))
}

const NONE: &str = "127.0.0.1:53";

#[test]
fn scopes_that_fail_are_told() {
    for (server, fails) in [
        ("127.0.0.1", false),
        ("::1", false),
        ("fe80::1", false),
        ("fe80::1%eth0", false),
        ("fe80::1%nosuch", true),
        // Looked for as a name first.
        ("fe80::1%7", true),
        ("::1%7", false),
        ("::1%eth0", true),
        ("::1%", true),
        ("nothing%eth0", false),
    ] {
        let conf = parse(format!("nameserver {server}\n"));
        assert_eq!(conf.scope_fails, fails, "{server}");
        // Behind those that count.
        let servers = "nameserver 127.0.0.1\n".repeat(3);
        let conf = parse(format!("{servers}nameserver {server}\n"));
        assert_eq!(conf.scope_fails, fails, "{server}");
    }
}

#[test]
fn defaults_of_an_empty_file() {
    let conf = parse("");
    assert_eq!((conf.ndots, conf.timeout, conf.attempts), (1, 5, 2));
    assert_eq!(conf.notes.texts(), ["no nameserver: 127.0.0.1 is asked"]);
    assert_eq!(conf.search, Vec::<Vec<u8>>::new());
    assert!(!conf.rotate && !conf.edns0 && !conf.use_vc && !conf.no_aaaa && !conf.trust_ad);
}

#[test]
fn rule_18_a_keyword_stands_in_column_0_in_lower_case_before_a_blank() {
    assert_eq!(servers("nameserver\t 192.0.2.1\n"), "192.0.2.1:53");
    assert_eq!(servers("nameserver 192.0.2.1"), "192.0.2.1:53");
    for line in [
        " nameserver 192.0.2.1",
        "NAMESERVER 192.0.2.1",
        "nameserver:192.0.2.1",
    ] {
        assert_eq!(servers(line), NONE, "{line}");
    }
}

#[test]
fn rule_18_comments_start_in_column_0_only() {
    assert_eq!(
        servers("#nameserver 192.0.2.1\n;nameserver 192.0.2.1\n"),
        NONE
    );
    assert_eq!(servers("nameserver 192.0.2.1 # one\n"), "192.0.2.1:53");
    assert_eq!(servers("nameserver 192.0.2.1#one\n"), NONE);
    assert_eq!(search("search a.test # b.test\n"), "a.test|#|b.test");
}

#[test]
fn rule_18_a_cr_is_data() {
    assert_eq!(servers("nameserver 192.0.2.1\r\n"), NONE);
    assert_eq!(search("search a b\r\n"), "a|b\r");
    assert_eq!(search("domain a\r\n"), "a\r");
    assert!(parse("options rotate\r\n").rotate);
}

#[test]
fn rule_19_every_form_of_inet_aton() {
    for text in ["127.1", "0x7f000001", "0177.0.0.1", "2130706433"] {
        assert_eq!(servers(format!("nameserver {text}\n")), NONE, "{text}");
        assert_eq!(
            parse(format!("nameserver {text}\n")).notes.texts(),
            Vec::<String>::new()
        );
    }
    assert_eq!(servers("nameserver 256\n"), "0.0.1.0:53");
}

#[test]
fn rule_19_ipv6_with_a_scope() {
    for (text, server) in [
        ("2001:db8::1", "[2001:db8::1]:53"),
        ("::ffff:192.0.2.1", "[::ffff:192.0.2.1]:53"),
        ("fe80::1%eth0", "[fe80::1%7]:53"),
        ("fe80::1%9", "[fe80::1%9]:53"),
        ("fe80::1%nowhere", "[fe80::1]:53"),
        ("fe80::1%", "[fe80::1]:53"),
        ("2001:db8::1%eth0", "[2001:db8::1]:53"),
        ("2001:db8::1%3", "[2001:db8::1%3]:53"),
        ("[2001:db8::1]", NONE),
        ("192.0.2.1%3", NONE),
    ] {
        assert_eq!(servers(format!("nameserver {text}\n")), server, "{text}");
    }
}

#[test]
fn rule_19_the_first_three_count_duplicates_included() {
    let conf = parse("nameserver 1\nnameserver x\nnameserver 1\nnameserver 2\nnameserver 3\n");
    assert_eq!(conf.nameservers.len(), 3);
    assert_eq!(conf.nameservers[2].ip(), Ipv4Addr::new(0, 0, 0, 2));
    assert_eq!(
        conf.notes.texts(),
        [
            "line 2: nameserver without an address",
            "line 5: only the first 3 nameservers count"
        ]
    );
}

#[test]
fn rule_20_the_last_of_search_and_domain_wins_and_an_empty_one_is_ignored() {
    assert_eq!(search("search a b\ndomain c d\n"), "c");
    assert_eq!(search("domain c\nsearch a\t b \n"), "a|b");
    assert_eq!(search("search a\nsearch  \ndomain \t\nsearch\n"), "a");
}

#[test]
fn rule_20_there_is_no_limit_and_punctuation_is_literal() {
    assert_eq!(search("search a b c d e f g h\n"), "a|b|c|d|e|f|g|h");
    assert_eq!(search("search a,b ;c #d .\n"), "a,b|;c|#d|.");
    assert_eq!(parse(b"search \xff\n").search, [b"\xff"]);
}

#[test]
fn rule_20_the_default_is_the_host_names_domain() {
    let none = Environment::default();
    assert_eq!(joined(&parse_with("", &none, "h.a.test").search), "a.test");
    assert_eq!(parse_with("", &none, "h.").search, [b""]);
    assert_eq!(
        joined(&parse_with("search b\n", &none, "h.a.test").search),
        "b"
    );
}

#[test]
fn rule_21_numbers() {
    for (text, ndots) in [
        ("3", 3),
        ("16", 15),
        ("-1", 15),
        ("-2", 14),
        ("x", 0),
        ("", 0),
        ("2x", 2),
    ] {
        assert_eq!(options(&format!("ndots:{text}")).ndots, ndots, "{text}");
    }
    for (text, timeout) in [("3", 3), ("31", 30), ("0", 1), ("-5", 1), ("x", 1)] {
        assert_eq!(
            options(&format!("timeout:{text}")).timeout,
            timeout,
            "{text}"
        );
    }
    for (text, attempts) in [("3", 3), ("6", 5), ("0", 0), ("-5", 0), ("x", 0)] {
        assert_eq!(
            options(&format!("attempts:{text}")).attempts,
            attempts,
            "{text}"
        );
    }
}

#[test]
fn rule_21_atoi_skips_blanks_after_the_colon() {
    let conf = options("ndots: 4 attempts:\t1 timeout:\n");
    assert_eq!((conf.ndots, conf.attempts, conf.timeout), (4, 1, 1));
}

#[test]
fn rule_21_flags_match_by_prefix() {
    let conf = options("rotated edns0x  no-aaaa\tuse-vc trust-adx no-reload no_tld_query");
    assert!(conf.rotate && conf.edns0 && conf.no_aaaa && conf.use_vc);
    assert!(conf.trust_ad && conf.no_reload && conf.no_tld_query);
    assert!(options("no-tld-query").no_tld_query);
    let conf = options("Rotate edns xrotate inet6 no_aaaa");
    assert_eq!(conf, options(""));
}

#[test]
fn rule_21_single_request_reopen_is_not_single_request() {
    let conf = options("single-request-reopen");
    assert!(conf.single_request_reopen && !conf.single_request);
    let conf = options("single-request-re");
    assert!(!conf.single_request_reopen && conf.single_request);
}

#[test]
fn rule_21_options_of_several_lines_add_up() {
    let conf = parse("options rotate ndots:2\noptions edns0 ndots:3\n");
    assert!(conf.rotate && conf.edns0);
    assert_eq!(conf.ndots, 3);
}

#[test]
fn rule_22_localdomain_replaces_search() {
    for (value, list) in [
        ("a\t b", "a|b"),
        (" a", "|a"),
        ("a\nb", "a"),
        ("a ", "a"),
        ("\n", ""),
    ] {
        let environment = Environment {
            localdomain: Some(value.into()),
            ..Environment::default()
        };
        let conf = parse_with("search x\ndomain y\n", &environment, "h.a.test");
        assert_eq!(joined(&conf.search), list, "{value:?}");
        assert_ne!(conf.search, Vec::<Vec<u8>>::new());
    }
}

#[test]
fn rule_22_res_options_is_appended() {
    let environment = Environment {
        res_options: Some(b"ndots:4 rotate".to_vec()),
        ..Environment::default()
    };
    let conf = parse_with("options ndots:2 timeout:3\n", &environment, "h");
    assert_eq!((conf.ndots, conf.timeout, conf.rotate), (4, 3, true));
}

#[test]
fn rule_37_sortlist() {
    let list = |text: &str| -> Vec<String> {
        let conf = parse(format!("sortlist {text}\n"));
        assert_eq!(conf.notes.texts().len(), 1, "{text}");
        conf.sortlist
            .iter()
            .map(|entry| format!("{}/{}", entry.address, entry.mask))
            .collect()
    };
    assert_eq!(list("10.1.2.3"), ["10.1.2.3/255.0.0.0"]);
    assert_eq!(
        list("130.155.0.0\t199.1.2.0 240.0.0.0"),
        [
            "130.155.0.0/255.255.0.0",
            "199.1.2.0/255.255.255.0",
            "240.0.0.0/255.255.255.0"
        ]
    );
    assert_eq!(
        list("130.155.160.0/255.255.240.0&x 1&0xff000000 x 2/24;3"),
        [
            "130.155.160.0/255.255.0.0",
            "0.0.0.1/255.0.0.0",
            "0.0.0.2/0.0.0.24"
        ]
    );
    assert_eq!(list(";1"), Vec::<String>::new());
}

#[test]
fn a_sortlist_on_which_glibc_hangs_is_read_up_to_there() {
    for text in [
        "1.0.0.0\r",
        "1.0.0.0 \x0b 2.0.0.0",
        "1.0.0.0 /8",
        "1.0.0.0 x/8 2.0.0.0",
        "1.0.0.0 \u{e4}",
    ] {
        let conf = parse(format!("sortlist {text}\n"));
        assert_eq!(conf.sortlist.len(), 1, "{text:?}");
        assert_eq!(conf.notes.texts().len(), 2, "{text:?}");
    }
}

#[test]
fn a_search_list_on_which_glibc_aborts_is_cut() {
    let long = |length: usize| "x".repeat(length);
    for (list, kept) in [
        (vec![long(255)], 1),
        (vec![long(256)], 0),
        (vec![long(256), long(1)], 0),
        (vec![long(55), long(200)], 1),
        (vec![long(56), long(198), long(300)], 3),
        (vec![long(55), long(199), long(300)], 3),
        (vec![long(20), long(20), long(300)], 2),
        (
            vec![
                long(1),
                long(1),
                long(1),
                long(1),
                long(1),
                long(1),
                long(300),
            ],
            7,
        ),
    ] {
        let conf = parse(format!("search {}\n", list.join(" ")));
        assert_eq!(
            conf.search.len(),
            kept,
            "{:?}",
            list.iter().map(String::len).collect::<Vec<_>>()
        );
        assert_eq!(
            conf.notes.texts().len(),
            if kept == list.len() { 1 } else { 2 }
        );
    }
}

#[test]
fn a_nul_ends_the_line() {
    assert_eq!(servers("nameserver 192.0.2.1\0x\n"), "192.0.2.1:53");
    assert_eq!(search("search a\0 b\ndomain \0\n"), "a");
    assert!(!parse("options \0rotate\n").rotate);
}

proptest! {
    #[test]
    fn no_bytes_panic(file: Vec<u8>) {
        parse(&file);
    }

    #[test]
    fn no_line_panics(
        keyword in "nameserver|search|domain|sortlist|options|options ndots:|options timeout:",
        value in "[ \\t0-9.:%/&;a-f\\r\\x00\u{e4}-]{0,60}",
    ) {
        let environment = Environment {
            localdomain: Some(value.clone().into()),
            res_options: Some(value.clone().into()),
            ..Environment::default()
        };
        parse_with(format!("{keyword} {value}\n"), &environment, &value);
        let conf = parse(format!("{keyword} {value}\n"));
        prop_assert!((1..=3).contains(&conf.nameservers.len()));
        prop_assert!(conf.ndots <= 15 && (1..=30).contains(&conf.timeout) && conf.attempts <= 5);
    }
}
