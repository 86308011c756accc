//! What can be said without the privilege to enter.

use testbed::case::Case;
use testbed::{NSSWITCH_DNS, Sandbox, alone, need};

use super::json;

const NOBODY: u32 = 65534;

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(without_root_hosts_answers_still_come),
        alone!(without_root_a_needed_query_is_125),
        alone!(without_root_what_takes_no_query_is_answered),
        alone!(without_root_the_order_is_called_a_guess),
    ]
}

fn without_root_hosts_answers_still_come() {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox
        .netns_resolve(["alpha", "alpha"])
        .user(NOBODY)
        .run()
        .prints("127.0.1.1")
        .quiet();
    sandbox
        .netns_resolve(["alpha", "nosuch"])
        .user(NOBODY)
        .run()
        .exits(2);
    sandbox
        .netns_resolve(["-x", "alpha", "127.0.1.1"])
        .user(NOBODY)
        .run()
        .prints("alpha");
}

fn without_root_a_needed_query_is_125() {
    need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    let dns = sandbox.dns(&alpha, "127.0.0.53", "www.corp.test A 10.1.0.1\n");
    sandbox
        .netns_resolve(["alpha", "alpha"])
        .user(NOBODY)
        .run()
        .prints("127.0.1.1");
    let run = sandbox
        .netns_resolve(["alpha", "www.corp.test"])
        .user(NOBODY)
        .run();
    run.exits(125).complains(&["alpha", "root"]);
    assert_eq!(dns.queries(), [""; 0]);
    let inside = [
        "setpriv",
        "--reuid=65534",
        "--clear-groups",
        "netns-resolve",
        ".",
    ];
    let inside = sandbox.ip_netns_exec(&alpha, inside).arg("www.corp.test");
    inside.run().prints("10.1.0.1");
}

fn without_root_what_takes_no_query_is_answered() {
    need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    let ask = |args: &[&str]| {
        let command = sandbox.netns_resolve(args.iter().copied());
        command.user(NOBODY).run()
    };
    let label = "x".repeat(64);
    for name in ["a b", "-a", &label, "a..b."] {
        for family in [&["alpha", "--"][..], &["-4", "alpha", "--"]] {
            let root = sandbox.netns_resolve(family.iter().copied()).arg(name);
            let run = ask(&[family, &[name]].concat());
            run.exits(2).complains(&[&root.run().err()]);
        }
    }
    // A number is a scope anywhere; a name is one on the link alone.
    ask(&["alpha", "fe80::1%7"]).prints("fe80::1%7");
    ask(&["alpha", "2001:db8::1%lo"]).exits(2);
    ask(&["alpha", "fe80::1%lo"]).exits(125);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\noptions attempts:0\n");
    ask(&["alpha", "www"]).exits(3).complains(&["EAI_AGAIN"]);
    ask(&["-x", "alpha", "10.0.0.9"]).exits(3);
}

fn without_root_the_order_is_called_a_guess() {
    need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "10.0.0.1 two one\n10.0.0.2 two\n");
    alpha.file("host.conf", "multi on\nreorder on\n");
    let ask = |args: &[&str]| {
        let command = sandbox.netns_resolve(args.iter().copied());
        (command.run(), command.user(NOBODY).run())
    };
    for family in [&["alpha", "two"][..], &["-4", "alpha", "two"]] {
        let (root, nobody) = ask(family);
        root.quiet().prints("10.0.0.1\n10.0.0.2");
        nobody.prints("10.0.0.1\n10.0.0.2");
        nobody.complains(&["alpha: two", "order", "guess"]);
    }
    let (root, nobody) = ask(&["--json", "alpha", "two"]);
    assert_eq!(json(&root.out())["order_guessed"], false);
    assert_eq!(json(&nobody.quiet().out())["order_guessed"], true);
    // One address has no order.
    let (_, nobody) = ask(&["alpha", "one"]);
    nobody.quiet().prints("10.0.0.1");
}
