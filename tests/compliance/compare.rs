//! `netns-resolve --compare`: glibc's answer beside ours.

use serde_json::Value;
use testbed::case::Case;
use testbed::{NSSWITCH_DNS, Sandbox, Wrapper, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(agreement_is_silent),
        ours!(both_are_shown_where_they_differ),
        ours!(json_says_whether_glibc_agrees),
        ours!(crash_of_glibc_is_a_difference),
        ours!(known_departures_are_named),
        ours!(json_names_known_departures),
        ours!(agreement_names_no_departure),
        ours!(without_permission_it_is_125),
    ]
}

/// On which glibc 2.36 repeats bytes: white space first, and no newline at the end.
const REPEATED_BYTES: &str = "   10.0.0.1 gamma";

fn agreement_is_silent(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox
        .netns_resolve(["--compare", "alpha", "alpha"])
        .run()
        .quiet()
        .prints("127.0.1.1");
    let run = sandbox
        .netns_resolve(["--compare", "alpha", "alpha", "nosuch", "127.1"])
        .run();
    run.exits(2).complains(&["nosuch", "EAI_NONAME"]);
    sandbox
        .netns_resolve(["--compare", "-x", "alpha", "127.0.1.1"])
        .run()
        .prints("alpha");
}

fn both_are_shown_where_they_differ(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", REPEATED_BYTES);
    let run = sandbox
        .netns_resolve(["--compare", "-x", "alpha", "10.0.0.1"])
        .run();
    let expected = "gamma\n10.0.0.1 differs:\n  netns-resolve  glibc\n  \
                    10.0.0.1       10.0.0.1\n  name gamma     name gammamma\n  \
                    known departure: hosts: glibc repeats bytes of an indented line that has a \
                    NUL or no newline";
    assert_eq!(run.exits(4).out(), expected, "{run}");
}

fn json_says_whether_glibc_agrees(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let says = |name: &str, code: i32| {
        let run = sandbox
            .netns_resolve(["--compare", "--json", "alpha", name])
            .run();
        let line: serde_json::Value = serde_json::from_str(&run.exits(code).out()).expect("JSON");
        line["glibc"]["agrees"].as_bool()
    };
    assert_eq!(says("alpha", 0), Some(true));
    alpha.file("hosts", REPEATED_BYTES);
    assert_eq!(says("gamma", 4), Some(false));
}

/// An empty list of services sends glibc past the end of it.
fn crash_of_glibc_is_a_difference(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", "hosts:\n");
    let run = sandbox
        .netns_resolve(["--compare", "-4", "alpha", "alpha", "127.1"])
        .run();
    assert!(run.exits(4).out().starts_with("alpha differs:"), "{run}");
    assert!(
        run.out().ends_with("127.1\t127.0.0.1"),
        "the next host is asked: {run}"
    );
}

fn known_departures_are_named(_: Wrapper) {
    let long = "x".repeat(300);
    let several = "10.0.0.1 a\n10.0.0.2 a\n";
    // The files, the question, and what the departure speaks of.
    type Files<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(Files<'_>, &[&str], &str)] = &[
        (
            &[("hosts", REPEATED_BYTES)],
            &["alpha", "gamma"],
            "indented",
        ),
        (
            &[("nsswitch.conf", "hosts: [a\n")],
            &["-4", "alpha", "a"],
            "without a service",
        ),
        // glibc crashes.
        (
            &[
                ("hosts", several),
                ("host.conf", "multi on\n"),
                ("gai.conf", "scopev4 10.0.0.0 5\n"),
            ],
            &["alpha", "a"],
            "scopev4",
        ),
        (
            &[
                ("nsswitch.conf", NSSWITCH_DNS),
                (
                    "resolv.conf",
                    &format!("search {long}\nnameserver 127.0.0.53\n"),
                ),
            ],
            &["alpha", "www"],
            "search list",
        ),
        // The look for an interface of that name leaves an errno behind.
        (
            &[
                ("nsswitch.conf", "hosts: nosuch\n"),
                ("resolv.conf", "nameserver fe80::1%nosuch\n"),
            ],
            &["-4", "alpha", "a"],
            "errno",
        ),
    ];
    for (files, question, known) in cases {
        let (sandbox, alpha) = Sandbox::alpha();
        for (name, content) in *files {
            alpha.file(name, content);
        }
        let run = sandbox.netns_resolve(["--compare"]).args(*question).run();
        let text = run.exits(4).out();
        let mut named = text
            .lines()
            .filter(|line| line.contains("known departure: "));
        assert!(named.any(|line| line.contains(known)), "no {known}: {run}");
    }
}

fn json_names_known_departures(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", REPEATED_BYTES);
    let run = sandbox
        .netns_resolve(["--compare", "--json", "--explain", "alpha", "gamma"])
        .run();
    let line: Value = serde_json::from_str(&run.exits(4).out()).expect("JSON");
    let named = line["glibc"]["departure"].as_array().expect("an array");
    assert!(
        named[0]
            .as_str()
            .is_some_and(|text| text.contains("indented"))
    );
    let steps = line["trace"].as_array().expect("an array");
    assert!(
        steps.iter().any(|step| step["step"] == "departure"),
        "{run}"
    );
}

/// What may make a difference need not.
fn agreement_names_no_departure(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "127.0.1.1 alpha\n  10.0.0.1 a");
    let ask = |option| sandbox.netns_resolve([option, "alpha", "alpha"]).run();
    ask("--compare").quiet().prints("127.0.1.1");
    let text = ask("--explain").exits(0).out();
    assert!(text.contains("departs"), "{text}");
}

fn without_permission_it_is_125(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    let command = sandbox
        .netns_resolve(["--compare", "alpha", "alpha"])
        .user(65534);
    command.run().exits(125).complains(&["glibc", "root"]);
}
