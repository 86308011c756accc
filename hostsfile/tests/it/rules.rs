use std::net::IpAddr;

use hostsfile::{Family, Hosts};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// The addresses of a name as text, all lines counting.
fn all(file: &[u8], name: &[u8], family: Family) -> Vec<String> {
    addresses(file, name, family, true)
}

fn addresses(file: &[u8], name: &[u8], family: Family, multi: bool) -> Vec<String> {
    Hosts::from_bytes(file)
        .lookup(name, family, multi)
        .map(|answer| answer.addresses().map(|ip| ip.to_string()).collect())
        .unwrap_or_default()
}

fn has(file: &[u8], name: &[u8]) -> bool {
    Hosts::from_bytes(file)
        .lookup(name, Family::Any, false)
        .is_some()
}

fn is_address(text: &str) -> bool {
    has(format!("{text} name\n").as_bytes(), b"name")
}

#[test]
fn separators_are_space_tab_cr_vt_ff() {
    assert!(has(b"1.2.3.4\ta\x0bb\x0cc\rd e\r\n", b"e"));
    assert!(has(b" \t\r\x0b\x0c1.2.3.4 a\n", b"a"));
    // Other white space is not: no-break space, NEL, the separators of ASCII.
    for byte in [0xa0, 0x85, 0x1c, 0x1f, 0x08, 0x0e] {
        let file = [b"1.2.3.4 a".as_slice(), &[byte], b"b\n"].concat();
        assert!(!has(&file, b"b"), "{byte:#x}");
    }
}

#[test]
fn a_file_with_crlf_reads_like_one_without() {
    assert!(has(b"1.2.3.4 a b\r\n", b"b"));
    assert_eq!(Hosts::from_bytes("\r\n1.2.3.4 a\r\n").lines().count(), 1);
}

#[test]
fn a_hash_cuts_anywhere() {
    assert!(has(b"1.2.3.4 a#b c\n", b"a"));
    assert!(!has(b"1.2.3.4 a#b c\n", b"c"));
    assert!(!has(b"1.2.3.4 a#b c\n", b"b"));
    assert!(!has(b"1.2.3.4 a#b c\n", b"a#b"));
    assert!(!has(b"#1.2.3.4 a\n", b"a"));
    assert!(!has(b" # 1.2.3.4 a\n", b"a"));
    // It cuts the address off from its names, too.
    assert!(has(b"1.2.3.4# a\n", b""));
    assert!(!has(b"1.2.3.4# a\n", b"a"));
}

#[test]
fn a_nul_ends_the_line() {
    assert!(has(b"1.2.3.4 a\0b c\n5.6.7.8 d\n", b"a"));
    assert!(!has(b"1.2.3.4 a\0b c\n5.6.7.8 d\n", b"c"));
    assert!(has(b"1.2.3.4 a\0b c\n5.6.7.8 d\n", b"d"));
    assert!(!has(b"\x001.2.3.4 a\n", b"a"));
}

#[test]
fn a_byte_order_mark_spoils_line_1_only() {
    let file = b"\xef\xbb\xbf1.2.3.4 a\n1.2.3.4 b\n";
    assert!(!has(file, b"a"));
    assert!(has(file, b"b"));
    // With a space behind it, it is the field that should be an address.
    assert!(!has(b"\xef\xbb\xbf 1.2.3.4 a\n", b"a"));
}

#[test]
fn the_last_line_needs_no_newline() {
    assert!(has(b"1.2.3.4 a", b"a"));
    // Not repeated, where glibc reads beyond what it moved.
    assert!(has(b"   1.2.3.4 alpha", b"alpha"));
    assert!(has(b"   1.2.3.4 alpha\0 b\n", b"alpha"));
}

#[test]
fn a_line_is_skipped_whole_if_its_first_field_is_no_address() {
    assert!(!has(b"a 1.2.3.4 b\n", b"b"));
    assert!(!has(b"a 1.2.3.4 b\n", b"a"));
}

#[test]
fn ipv4_has_four_decimal_numbers_without_leading_zeros() {
    for good in ["0.0.0.0", "1.2.3.4", "255.255.255.255", "10.0.100.9"] {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        "1",
        "1.2",
        "1.2.3",
        "1.2.3.",
        "1.2.3.4.",
        ".1.2.3.4",
        "1..2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.04",
        "00.0.0.0",
        "0x1.2.3.4",
        "0x7f000001",
        "2130706433",
        "+1.2.3.4",
        "1.2.3.-4",
        "1.2.3.4/8",
        "1.2.3.4:80",
        "1.2.3.1000",
        "١.2.3.4",
    ] {
        assert!(!is_address(bad), "{bad}");
    }
}

#[test]
fn ipv6_is_strict() {
    for good in [
        "::",
        "::1",
        "1::",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1::8",
        "ABCD:ef01::0000",
        "::1.2.3.4",
        "::ffff:1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        "1::6:1.2.3.4",
        "1:2:3:4:5::1.2.3.4",
        "0:0:0:0:0:0:0:0",
    ] {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        ":",
        ":::",
        ":1",
        "1:",
        ":1::",
        "::1:",
        "1::2::3",
        "1:::2",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "::00001",
        "::g",
        "1.2.3.4::",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5:6::1.2.3.4",
        "::1.2.3",
        "::01.2.3.4",
        "::1.2.3.256",
        "::.1.2.3",
        "::1.2.3.4.",
        "::1.2.3.4::",
        "fe80::1%lo",
        "fe80::1%1",
        "[::1]",
        "::1/128",
        "::-1",
        "::+1",
        "::0x1",
    ] {
        assert!(!is_address(bad), "{bad}");
    }
}

#[test]
fn any_takes_each_line_as_written() {
    let file = b"::ffff:1.2.3.4 a\n1.2.3.4 a\n::1 a\n";
    assert_eq!(
        all(file, b"a", Family::Any),
        ["::ffff:1.2.3.4", "1.2.3.4", "::1"]
    );
}

#[test]
fn v4_takes_mapped_lines_and_the_loopback_as_ipv4() {
    let file = b"fd00::1 a\n::ffff:1.2.3.4 a\n::ffff:102:304 a\n::1.2.3.4 a\n::1 a\n127.0.0.1 a\n";
    assert_eq!(
        all(file, b"a", Family::V4),
        ["1.2.3.4", "1.2.3.4", "127.0.0.1", "127.0.0.1"]
    );
}

#[test]
fn v6_takes_ipv6_text_only() {
    let file = b"127.0.0.1 a\n::ffff:1.2.3.4 a\nfd00::1 a\n";
    assert_eq!(all(file, b"a", Family::V6), ["::ffff:1.2.3.4", "fd00::1"]);
}

#[test]
fn names_compare_whole_and_without_regard_to_ascii_case() {
    let file = b"1.2.3.4 Alpha.Example x\n";
    assert!(has(file, b"aLPHA.eXAMPLE"));
    for other in [
        "alpha",
        "alpha.example.",
        ".alpha.example",
        "lpha.example",
        "alpha.exampl",
        "*",
    ] {
        assert!(!has(file, other.as_bytes()), "{other}");
    }
    // Only the letters of ASCII: `@` and a backquote, or e acute in either case, are different.
    assert!(!has(b"1.2.3.4 x@ \xc3\x89\n", b"x`"));
    assert!(!has(b"1.2.3.4 x@ \xc3\x89\n", b"\xc3\xa9"));
    assert!(!has(b"1.2.3.4 \xc9\n", b"\xe9"));
}

#[test]
fn no_dot_is_stripped() {
    let file = b"1.2.3.4 foo.\n5.6.7.8 foo\n";
    assert_eq!(all(file, b"foo", Family::Any), ["5.6.7.8"]);
    assert_eq!(all(file, b"foo.", Family::Any), ["1.2.3.4"]);
}

#[test]
fn names_are_any_bytes_of_any_length_and_number() {
    let long = vec![b'x'; 100_000];
    let mut file = b"1.2.3.4 \xff\xfe !\"$% -- ".to_vec();
    file.extend((0..10_000).flat_map(|i| format!("n{i} ").into_bytes()));
    file.extend(&long);
    for name in [&b"\xff\xfe"[..], b"!\"$%", b"--", b"n9999", &long] {
        assert!(has(&file, name), "{}", name.escape_ascii());
    }
}

#[test]
fn the_canonical_name_is_the_first_of_the_first_match_as_spelt() {
    let hosts = Hosts::from_bytes("1.2.3.4 Alpha a\n1.2.3.5 other A\n");
    for multi in [false, true] {
        let answer = hosts.lookup(b"A", Family::Any, multi).unwrap();
        assert_eq!(answer.canonical_name(), b"Alpha");
    }
    // The first that matches in the family, not the first with the name.
    let hosts = Hosts::from_bytes("1.2.3.4 four a\n::2 six a\n");
    assert_eq!(
        hosts
            .lookup(b"a", Family::V6, false)
            .unwrap()
            .canonical_name(),
        b"six"
    );
}

#[test]
fn without_multi_the_first_match_per_family_counts() {
    let file = b"1.2.3.4 a\nfd00::1 a\n1.2.3.5 a\n";
    assert_eq!(addresses(file, b"a", Family::Any, false), ["1.2.3.4"]);
    assert_eq!(addresses(file, b"a", Family::V4, false), ["1.2.3.4"]);
    assert_eq!(addresses(file, b"a", Family::V6, false), ["fd00::1"]);
}

#[test]
fn multi_gives_all_matches_in_file_order_with_duplicates() {
    let file = b"1.2.3.5 a\nfd00::1 a\n1.2.3.4 x a\n1.2.3.5 a a\n";
    assert_eq!(
        all(file, b"a", Family::V4),
        ["1.2.3.5", "1.2.3.4", "1.2.3.5"]
    );
    assert_eq!(
        all(file, b"a", Family::Any),
        ["1.2.3.5", "fd00::1", "1.2.3.4", "1.2.3.5"]
    );
}

#[test]
fn aliases_of_later_lines_come_before_their_first_name() {
    let hosts = Hosts::from_bytes("1.2.3.4 a b a\n1.2.3.5 a c\n1.2.3.6 A d\n1.2.3.7 e a a\n");
    let answer = hosts.lookup(b"a", Family::V4, true).unwrap();
    assert_eq!(
        answer.aliases().collect::<Vec<_>>(),
        [&b"b"[..], b"a", b"c", b"d", b"A", b"a", b"a", b"e"]
    );
    let answer = hosts.lookup(b"a", Family::V4, false).unwrap();
    assert_eq!(answer.aliases().collect::<Vec<_>>(), [b"b", b"a"]);
}

#[test]
fn an_address_alone_has_the_empty_name() {
    let hosts = Hosts::from_bytes("1.2.3.3 a\n1.2.3.4\n1.2.3.5  \t# none\n");
    let answer = hosts.lookup(b"", Family::Any, true).unwrap();
    assert_eq!(answer.canonical_name(), b"");
    assert_eq!(
        answer.addresses().collect::<Vec<_>>(),
        [ip("1.2.3.4"), ip("1.2.3.5")]
    );
    let first = answer.lines().next().unwrap();
    assert_eq!(first.names().count(), 1);
    assert_eq!(first.aliases().count(), 0);
    assert_eq!(hosts.reverse(ip("1.2.3.4")).unwrap().canonical_name(), b"");
}

#[test]
fn reverse_is_the_first_line_with_the_address() {
    let hosts = Hosts::from_bytes("1.2.3.4 a b\n1.2.3.4 c\nfd00::1 d\nfd00:0::1 e\n");
    let line = hosts.reverse(ip("1.2.3.4")).unwrap();
    assert_eq!((line.canonical_name(), line.number()), (&b"a"[..], 1));
    assert_eq!(hosts.reverse(ip("fd00::1")).unwrap().number(), 3);
    assert_eq!(hosts.reverse(ip("1.2.3.5")), None);
}

#[test]
fn reverse_of_ipv4_matches_mapped_lines_and_the_loopback() {
    let hosts = Hosts::from_bytes("::1 six\n127.0.0.1 four\n::ffff:1.2.3.4 mapped\n");
    assert_eq!(
        hosts.reverse(ip("127.0.0.1")).unwrap().canonical_name(),
        b"six"
    );
    assert_eq!(hosts.reverse(ip("::1")).unwrap().canonical_name(), b"six");
    assert_eq!(
        hosts.reverse(ip("1.2.3.4")).unwrap().canonical_name(),
        b"mapped"
    );
    assert_eq!(
        hosts
            .reverse(ip("::ffff:1.2.3.4"))
            .unwrap()
            .canonical_name(),
        b"mapped"
    );
}

#[test]
fn reverse_of_ipv6_matches_ipv6_text_only() {
    let hosts = Hosts::from_bytes("1.2.3.4 four\n127.0.0.1 lo\n");
    assert_eq!(hosts.reverse(ip("::ffff:1.2.3.4")), None);
    assert_eq!(hosts.reverse(ip("::1")), None);
    assert_eq!(
        hosts
            .reverse(ip("::ffff:1.2.3.4").to_canonical())
            .unwrap()
            .number(),
        1
    );
}

#[test]
fn line_numbers_count_every_line() {
    let hosts = Hosts::from_bytes("\n# comment\nbad a\n\0\n1.2.3.4 a\r\n\n1.2.3.5 a");
    let numbers: Vec<usize> = hosts.lines_with(b"a").map(|line| line.number()).collect();
    assert_eq!(numbers, [5, 7]);
    let numbers: Vec<usize> = hosts.lines().map(|line| line.number()).collect();
    assert_eq!(numbers, [5, 7]);
}

#[test]
fn skipped_lines_say_what_is_in_the_place_of_the_address() {
    let hosts = Hosts::from_bytes("# c\n127.1 a b # c\n1.2.3.4 ok\n\n[::1]\n");
    let skipped: Vec<_> = hosts.skipped().collect();
    assert_eq!(skipped.len(), 2);
    assert_eq!((skipped[0].number(), skipped[0].field), (2, &b"127.1"[..]));
    assert_eq!(skipped[0].names().collect::<Vec<_>>(), [b"a", b"b"]);
    assert_eq!((skipped[1].number(), skipped[1].field), (5, &b"[::1]"[..]));
}

#[test]
fn indented_lines_without_an_end_are_told() {
    let overrun = |file: &[u8]| Hosts::from_bytes(file).overrun();
    assert_eq!(overrun(b"1.2.3.4 a\n 1.2.3.4 b"), Some(2));
    assert_eq!(overrun(b" 1.2.3.4 a\0b\n1.2.3.4 c\n"), Some(1));
    assert_eq!(overrun(b"1.2.3.4 \0\0\n\n\tx\0\n"), Some(3));
    for file in [
        &b""[..],
        b" ",
        b"\n \t",
        b" # comment",
        b" 1.2.3.4 a\n",
        b"1.2.3.4 a",
        b"1.2.3.4 a\0\n 1.2.3.4 b\n",
        b" \0x",
    ] {
        assert_eq!(overrun(file), None, "{}", file.escape_ascii());
    }
}
