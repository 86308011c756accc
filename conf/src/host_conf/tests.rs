use proptest::prelude::*;

use super::*;

fn parse(file: impl AsRef<[u8]>) -> HostConf {
    HostConf::parse(file.as_ref(), &Environment::default())
}

fn trim(file: &str) -> Vec<String> {
    parse(file)
        .trim
        .iter()
        .map(|domain| String::from_utf8_lossy(domain).into())
        .collect()
}

#[test]
fn rule_8_multi_is_off_by_default() {
    assert_eq!(parse(""), HostConf::default());
    assert!(!parse("").multi);
}

#[test]
fn rule_17_keywords_and_values_whatever_the_case() {
    for line in [
        "multi on",
        " MULTI\tOn # yes",
        "multi only",
        "multi on\nmulti maybe",
        "multi on",
    ] {
        assert!(parse(line).multi, "{line}");
    }
    for line in [
        "multi",
        "multi,on",
        "multi#on",
        "multi =on",
        "mult on",
        "multi on\nmulti OFF",
    ] {
        assert!(!parse(line).multi, "{line}");
    }
    assert!(parse("reorder on\n").reorder);
}

#[test]
fn rule_17_order_is_accepted_and_ignored() {
    assert_eq!(parse("order hosts,bind\nORDER\n"), HostConf::default());
}

#[test]
fn rule_17_bad_lines_are_skipped() {
    let conf = parse("nonsense\nspoof on\n,\nmulti on x\n");
    assert!(conf.multi);
    assert_eq!(
        conf.notes.texts(),
        [
            "host.conf, line 1: no such keyword",
            "host.conf, line 2: no such keyword",
            "host.conf, line 3: no such keyword",
            "host.conf, line 4: the end of the line is ignored",
        ]
    );
}

#[test]
fn rule_17_the_environment_overrides() {
    let with = |file: &str, multi: &str| {
        let environment = Environment {
            resolv_multi: Some(multi.into()),
            ..Environment::default()
        };
        HostConf::parse(file.as_bytes(), &environment).multi
    };
    assert!(with("", "on"));
    assert!(with("", "ONE"));
    assert!(!with("multi on", "off"));
    assert!(with("multi on", " off"));
    assert!(with("multi on", ""));
}

#[test]
fn a_line_of_255_bytes_and_more_is_two() {
    let conf = parse(format!("#{}multi on\n", "x".repeat(254)));
    assert!(conf.multi);
    let conf = parse(format!("#{}multi on\n", "x".repeat(253)));
    assert!(!conf.multi);
}

#[test]
fn a_nul_ends_the_line() {
    assert!(parse("multi on\0x\n").notes.iter().next().is_none());
    assert!(!parse("\0multi on\n").multi);
}

#[test]
fn trim_domains_and_their_separators() {
    assert_eq!(trim("trim .a.test"), [".a.test"]);
    assert_eq!(trim("trim .a .b,.c ; .d # .e"), [".a", ".b", ".c", ".d"]);
    assert_eq!(trim("trim .a:.b;.c"), [".a:.b;.c"]);
    assert_eq!(trim("trim .a : .b"), [".a", ".b"]);
    assert_eq!(trim("trim"), [""]);
    assert_eq!(trim("trim ,.a"), ["", ".a"]);
    assert_eq!(trim("trim .a,\ntrim .b"), [".a", ".b"]);
    assert_eq!(trim("trim a b c d e\ntrim f"), ["a", "b", "c", "d"]);
    assert_eq!(
        parse("trim a b c d e\n").notes.texts(),
        ["host.conf, line 1: more than 4 trim domains"]
    );
}

#[test]
fn the_environment_adds_trim_domains_or_replaces_them() {
    let added = Environment {
        resolv_add_trim_domains: Some(b".b".to_vec()),
        ..Environment::default()
    };
    assert_eq!(HostConf::parse(b"trim .a", &added).trim, [b".a", b".b"]);
    let replaced = Environment {
        resolv_override_trim_domains: Some(b".c".to_vec()),
        ..added
    };
    assert_eq!(HostConf::parse(b"trim .a", &replaced).trim, [b".c"]);
}

#[test]
fn rule_17_trim_takes_the_first_domain_that_fits() {
    let conf = parse("trim .b.test .test\n");
    for (name, trimmed) in [
        ("x.b.test", "x"),
        ("x.B.TEST", "x"),
        ("x.c.test", "x.c"),
        (".test", ".test"),
        ("test", "test"),
        ("", ""),
    ] {
        assert_eq!(conf.trim(name.as_bytes()), trimmed.as_bytes(), "{name}");
    }
    assert_eq!(parse("trim ,.test").trim(b"x.test"), b"x.test");
}

proptest! {
    #[test]
    fn no_bytes_panic(file: Vec<u8>, name: Vec<u8>) {
        parse(&file).trim(&name);
    }

    #[test]
    fn no_line_panics(line in "(trim|multi|reorder)[ ,;:#a-z.onfONF\\x00]{0,300}") {
        prop_assert!(parse(&line).trim.len() <= MAX_TRIM);
    }
}
