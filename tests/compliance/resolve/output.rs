//! The forms of output: JSON and --explain.

use serde_json::Value;
use testbed::case::Case;
use testbed::{NSSWITCH_DNS, Sandbox, alone};

use super::json;

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(json_has_its_shape),
        alone!(json_is_one_line_a_host),
        alone!(explain_names_the_file_and_the_line),
        alone!(explain_fits_a_terminal_with_long_names),
        alone!(explain_says_from_where_a_file_is_seen),
        alone!(explain_is_harmless_on_a_terminal),
    ]
}

fn json_has_its_shape() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "10.0.0.1 Full.example short\n");
    let ask = |args: &[&str]| {
        let run = sandbox.netns_resolve(["--json"]).args(args).run();
        (run.code(), json(&run.out()))
    };
    let (code, found) = ask(&["alpha", "short"]);
    assert_eq!(code, Some(0));
    assert_eq!(found["name"], "short");
    assert_eq!(found["namespace"], "alpha");
    assert_eq!(found["error"], Value::Null);
    assert_eq!(found["canonical_name"], "Full.example");
    assert_eq!(found["addresses"], json(r#"["10.0.0.1"]"#));
    assert!(found.get("source").is_some(), "{found}");

    let (code, missing) = ask(&["alpha", "nosuch"]);
    assert_eq!(code, Some(2));
    assert_eq!(missing["error"], "EAI_NONAME");
    assert_eq!(missing["canonical_name"], Value::Null);
    assert_eq!(missing["addresses"], json("[]"));

    let (_, reverse) = ask(&["-x", "alpha", "10.0.0.1"]);
    assert_eq!(reverse["canonical_name"], "Full.example");
    assert_eq!(reverse["addresses"], json(r#"["10.0.0.1"]"#));
}

fn json_is_one_line_a_host() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = sandbox
        .netns_resolve(["--json", "alpha", "alpha", "nosuch", "127.1"])
        .run();
    let text = run.exits(2).out();
    let names: Vec<_> = text
        .lines()
        .map(|line| json(line)["name"].clone())
        .collect();
    assert_eq!(names, ["alpha", "nosuch", "127.1"]);
}

fn explain_names_the_file_and_the_line() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "# first\n127.0.1.1 alpha\n");
    let run = sandbox.netns_resolve(["--explain", "alpha", "alpha"]).run();
    let text = run.exits(0).out();
    for words in ["/etc/netns/alpha/hosts", "/etc/nsswitch.conf", "127.0.1.1"] {
        assert!(text.contains(words), "no {words}: {run}");
    }
    assert!(
        text.lines()
            .any(|line| line.contains("hosts") && line.contains('2')),
        "{run}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{run}");
    let missing = sandbox
        .netns_resolve(["--explain", "alpha", "nosuch"])
        .run();
    assert!(
        missing.exits(2).out().contains("/etc/netns/alpha/hosts"),
        "{missing}"
    );
}

fn explain_fits_a_terminal_with_long_names() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    let address = "2001:db8:1234:5678:9abc:def0:1234:5678";
    let run = sandbox
        .netns_resolve(["--explain", "-x", "alpha", address])
        .run();
    let text = run.exits(3).out();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{run}");
    assert!(text.contains("8.7.6.5.4.3.2.1."), "{run}");
}

fn explain_says_from_where_a_file_is_seen() {
    let (sandbox, _, beta) = Sandbox::alpha_and_beta();
    beta.file("nsswitch.conf", NSSWITCH_DNS);
    let explain = ["netns-resolve", "--explain", "alpha", "alpha"];
    for (run, words) in [
        (sandbox.command(explain).run(), "the host's: alpha has no"),
        (
            sandbox.netns_exec(["beta"]).args(explain).run(),
            "as seen from beta: alpha has no",
        ),
    ] {
        assert!(run.exits(0).out().contains(words), "{run}");
    }
}

fn explain_is_harmless_on_a_terminal() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", b"127.0.1.1 evil\x1b[31mname alpha\n");
    for args in [
        &["--explain", "alpha", "alpha"],
        &["-x", "alpha", "127.0.1.1"],
    ] {
        let run = sandbox.netns_resolve(args.iter().copied()).run();
        assert!(!run.exits(0).stdout.contains(&0x1b), "{run}");
    }
}
