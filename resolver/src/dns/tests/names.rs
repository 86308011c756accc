//! Names in text and wire form; aliases.

use conf::host_aliases::HostAliases;
use proptest::prelude::*;

use crate::dns::name::{NoName, WireName, is_host_name};

fn text(name: &[u8]) -> Option<String> {
    WireName::from_text(name).map(|wire| String::from_utf8(wire.to_text()).unwrap())
}

#[test]
fn a_label_has_at_most_63_bytes_and_a_text_253() {
    let name = |last: usize| {
        let label = "y".repeat(63);
        format!("{label}.{label}.{label}.{}", "z".repeat(last))
    };
    assert!(is_host_name("o".repeat(63).as_bytes()));
    assert!(!is_host_name("o".repeat(64).as_bytes()));
    assert_eq!(name(61).len(), 253);
    assert!(is_host_name(name(61).as_bytes()));
    assert!(is_host_name((name(61) + ".").as_bytes()));
    assert!(!is_host_name(name(62).as_bytes()));
}

#[test]
fn a_host_name_has_letters_digits_dash_and_underscore_and_no_dash_in_front() {
    for good in [
        "a", "A-1_b.c", "_x", "a-", "a.-b", "a.b-", "1", ".", "a.", "",
    ] {
        assert!(is_host_name(good.as_bytes()), "{good}");
    }
    let bad: [&[u8]; 12] = [
        b"-a", b"a b", b"a!", b"*.a", b"a/b", b"a..b", b".a", b"a..", b"a\x80", b"a\0b", b"a\\",
        b"a\\.b",
    ];
    for bad in bad {
        assert!(!is_host_name(bad), "{}", bad.escape_ascii());
    }
}

#[test]
fn a_backslash_escapes_a_byte_by_number_or_a_character() {
    assert_eq!(text(b"\\097b.c\\d").as_deref(), Some("ab.cd"));
    assert!(is_host_name(b"\\097b.c\\d"));
    assert_eq!(text(b"a\\.b.\\046").as_deref(), Some("a\\.b.\\."));
    assert_eq!(text(b"a\\000\\255\\\"").as_deref(), Some("a\\000\\255\\\""));
    for bad in ["a\\256", "a\\1", "a\\12", "a\\1x2", "a\\"] {
        assert_eq!(text(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn the_root_is_empty_or_a_dot() {
    assert_eq!(text(b"").as_deref(), Some("."));
    assert_eq!(text(b".").as_deref(), Some("."));
    assert_eq!(text(b".."), None);
    assert_eq!(text(b"Foo.").as_deref(), Some("Foo"));
}

#[test]
fn compressed_names_may_point_forward_but_not_in_circles() {
    let message = b"\xc0\x05\0\0\0\x03foo\0";
    let (name, length) = WireName::unpack(message, 0).unwrap();
    assert_eq!((name.display().as_str(), length), ("foo.", 2));
    let (name, length) = WireName::unpack(b"\x03foo\0\x01a\xc0\x00\xc0\x05", 9).unwrap();
    assert_eq!((name.display().as_str(), length), ("a.foo.", 2));
    for (bad, why) in [
        (&b"\xc0\x00\0\0"[..], NoName::Malformed),
        (b"\x01a\xc0\x00", NoName::Malformed),
        (b"\x80a\0", NoName::Malformed),
        (&b"\x3f".repeat(300), NoName::Malformed),
        (b"\xc0\xff\0", NoName::Cut),
        (b"\x03fo", NoName::Cut),
        (b"\xc0", NoName::Cut),
    ] {
        assert_eq!(WireName::unpack(bad, 0), Err(why), "{}", bad.escape_ascii());
    }
    assert_eq!(WireName::unpack(message, 100), Err(NoName::Cut));
}

#[test]
fn names_compare_without_case_for_ascii_letters_only() {
    let wire = |name: &[u8]| WireName::from_text(name).unwrap();
    assert!(wire(b"wWw.Example").same(&wire(b"WwW.eXAMPLE.")));
    assert!(!wire(b"a\\192").same(&wire(b"a\\224")));
    assert!(!wire(b"ab.c").same(&wire(b"a.bc")));
}

#[test]
fn hostaliases_maps_the_first_word_of_a_line_to_the_second() {
    let aliases = HostAliases::parse(
        b"foo www.example.org\nFoo late\n lead x\n#c y # z\nCASE. t\n\nempty  \nlong a b\nlast",
    );
    let target = |name: &str| {
        aliases
            .target(name.as_bytes())
            .map(|t| t.escape_ascii().to_string())
    };
    assert_eq!(target("foo").as_deref(), Some("www.example.org"));
    assert_eq!(target("FOO").as_deref(), Some("www.example.org"));
    assert_eq!(target("case").as_deref(), Some("t"));
    assert_eq!(target("#c").as_deref(), Some("y"));
    assert_eq!(target("long").as_deref(), Some("a"));
    for none in ["empty", "lead", "last", "other"] {
        assert_eq!(target(none), None, "{none}");
    }
}

#[test]
fn a_lone_word_without_newline_ends_hostaliases_as_a_nul_does() {
    assert!(HostAliases::parse(b"foo\nbar x\n").target(b"bar").is_some());
    assert!(
        HostAliases::parse(b"foo\0 y\nbar x\n")
            .target(b"bar")
            .is_none()
    );
}

proptest! {
    #[test]
    fn any_text_that_encodes_reads_back(name in "[!-~]{0,80}") {
        if let Some(wire) = WireName::from_text(name.as_bytes()) {
            prop_assert_eq!(WireName::from_text(&wire.to_text()), Some(wire));
        }
    }

    #[test]
    fn any_bytes_can_be_read_as_a_name(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0usize..410) {
        if let Ok((name, length)) = WireName::unpack(&bytes, at) {
            prop_assert!(at + length <= bytes.len());
            prop_assert!(name.to_text().len() <= 255 * 4);
        }
        WireName::from_text(&bytes);
        HostAliases::parse(&bytes).target(b"x");
    }
}
