//! `netns-resolve --compare`: glibc's answer beside ours.

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(agreement_is_silent),
        ours!(both_are_shown_where_they_differ),
        ours!(json_says_whether_glibc_agrees),
        ours!(crash_of_glibc_is_a_difference),
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
                    10.0.0.1       10.0.0.1\n  name gamma     name gammamma";
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

fn without_permission_it_is_125(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    let command = sandbox
        .netns_resolve(["--compare", "alpha", "alpha"])
        .user(65534);
    command.run().exits(125).complains(&["glibc", "root"]);
}
