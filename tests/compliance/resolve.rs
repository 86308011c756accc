//! netns-resolve: the command line, the forms of output, the exit statuses.

use serde_json::Value;
use testbed::case::Case;
use testbed::{NSSWITCH_DNS, Sandbox, alone};

mod output; // JSON and --explain
mod without_root; // what can be said all the same

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = own_cases();
    cases.extend(output::cases());
    cases.extend(without_root::cases());
    cases
}

fn own_cases() -> Vec<Case> {
    vec![
        alone!(own_name_only_is_found),
        alone!(name_of_the_host_is_in_neither),
        alone!(status_is_the_worst),
        alone!(bad_usage_is_125),
        alone!(several_hosts_are_told_apart),
        alone!(options_may_follow_the_name),
        alone!(families_narrow_the_answer),
        alone!(addrconfig_leaves_an_explicit_family_nothing),
        alone!(numeric_hosts_need_no_file),
        alone!(addresses_have_names),
        alone!(from_inside_a_dot_is_enough),
        alone!(outside_any_named_namespace_a_dot_is_the_host),
        alone!(path_of_a_namespace_is_enough),
        alone!(dangling_symlink_of_the_host_is_covered),
        alone!(override_that_cannot_be_used_is_125),
        alone!(closed_output_is_no_failure),
        alone!(closed_descriptors_are_as_good_as_none),
    ]
}

fn own_name_only_is_found() {
    let (sandbox, ..) = Sandbox::alpha_and_beta();
    for (name, other) in [("alpha", "beta"), ("beta", "alpha")] {
        sandbox
            .netns_resolve([name, name])
            .run()
            .prints("127.0.1.1")
            .quiet();
        let run = sandbox.netns_resolve([name, other]).run();
        run.exits(2).complains(&[other]);
        assert!(run.stdout.is_empty(), "{run}");
    }
}

fn name_of_the_host_is_in_neither() {
    let (sandbox, ..) = Sandbox::alpha_and_beta();
    for name in ["alpha", "beta"] {
        sandbox.netns_resolve([name, "hostonly"]).run().exits(2);
    }
}

fn status_is_the_worst() {
    let (sandbox, alpha) = Sandbox::alpha();
    let ask = |hosts: &[&str]| sandbox.netns_resolve(["alpha"]).args(hosts).run();
    ask(&["alpha", "alpha"]).exits(0);
    ask(&["alpha", "nosuch", "alpha"]).exits(2);
    // Nobody listens at the name server.
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    ask(&["nosuch.example"])
        .exits(3)
        .complains(&["nosuch.example"]);
    ask(&["nosuch.example", "alpha"]).exits(3);
}

fn bad_usage_is_125() {
    let (sandbox, _alpha) = Sandbox::alpha();
    for args in [
        &[][..],
        &["alpha"],
        &["--nosuchoption", "alpha", "alpha"],
        &["-4", "-6", "alpha", "alpha"],
        &["nosuch", "alpha"],
        &["../x", "alpha"],
        &["", "alpha"],
    ] {
        let run = sandbox.netns_resolve(args.iter().copied()).run();
        run.exits(125).complains(&["netns-resolve"]);
        assert!(run.stdout.is_empty(), "{run}");
    }
    sandbox.netns_resolve(["--help"]).run().exits(0).quiet();
    sandbox.netns_resolve(["--version"]).run().exits(0).quiet();
}

fn several_hosts_are_told_apart() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "10.0.0.1 one\n10.0.0.2 two\n10.0.0.22 two\n");
    sandbox
        .netns_resolve(["alpha", "two"])
        .run()
        .prints("10.0.0.2\n10.0.0.22");
    let run = sandbox
        .netns_resolve(["alpha", "one", "nosuch", "two"])
        .run();
    run.exits(2);
    assert_eq!(run.out(), "one\t10.0.0.1\ntwo\t10.0.0.2\ntwo\t10.0.0.22");
}

fn options_may_follow_the_name() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "127.0.1.1 alpha\nfd00::1 alpha\n");
    for args in [
        &["-6", "alpha", "alpha"][..],
        &["alpha", "-6", "alpha"],
        &["-6", "alpha", "--", "alpha"],
        &["alpha", "-6", "--", "alpha"],
    ] {
        sandbox
            .netns_resolve(args.iter().copied())
            .run()
            .prints("fd00::1");
    }
}

fn families_narrow_the_answer() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file(
        "hosts",
        "10.0.0.1 both\nfd00::1 both\n10.0.0.2 four\nfd00::2 six\n",
    );
    let ask = |option: &str, host: &str| sandbox.netns_resolve([option, "alpha", host]).run();
    ask("-4", "both").prints("10.0.0.1");
    ask("-6", "both").prints("fd00::1");
    ask("-4", "six").exits(2);
    ask("-6", "four").exits(2);
}

fn addrconfig_leaves_an_explicit_family_nothing() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let ask = |options: &[&str]| {
        sandbox
            .netns_resolve(options.iter().copied())
            .args(["alpha", "alpha"])
            .run()
    };
    ask(&["--addrconfig"]).prints("127.0.1.1");
    ask(&["--addrconfig", "-4"]).exits(2);
    let address = [
        "ip",
        "-n",
        "alpha",
        "address",
        "add",
        "10.0.0.1/24",
        "dev",
        "lo",
    ];
    sandbox.set_up(sandbox.command(address));
    ask(&["--addrconfig", "-4"]).prints("127.0.1.1");
}

fn numeric_hosts_need_no_file() {
    let (sandbox, _alpha) = Sandbox::alpha();
    for (host, address) in [
        ("10.0.0.1", "10.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("fd00:0::1", "fd00::1"),
        ("fe80::1%lo", "fe80::1%lo"),
        // No interface has that index, so it has no name.
        ("fe80::1%99", "fe80::1%99"),
        ("fd00::1%1", "fd00::1%1"),
    ] {
        sandbox.netns_resolve(["alpha", host]).run().prints(address);
    }
    // The scope is judged, and then there is no place for it.
    let mapped = |host| sandbox.netns_resolve(["-4", "alpha", host]).run();
    mapped("::ffff:10.0.0.1%1").prints("10.0.0.1");
    mapped("::ffff:10.0.0.1%nosuch").exits(2);
}

fn addresses_have_names() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "10.0.0.1 Full.example short\nfd00::1 six\n");
    for option in ["-x", "--reverse"] {
        sandbox
            .netns_resolve([option, "alpha", "10.0.0.1"])
            .run()
            .prints("Full.example");
    }
    sandbox
        .netns_resolve(["alpha", "-x", "fd00::1"])
        .run()
        .prints("six");
    sandbox
        .netns_resolve(["-x", "alpha", "10.0.0.9"])
        .run()
        .exits(2);
    let several = sandbox
        .netns_resolve(["-x", "alpha", "10.0.0.1", "fd00::1"])
        .run();
    several.prints("10.0.0.1\tFull.example\nfd00::1\tsix");
}

fn from_inside_a_dot_is_enough() {
    let (sandbox, alpha) = Sandbox::alpha();
    let ask = ["netns-resolve", ".", "alpha"];
    sandbox.ip_netns_exec(&alpha, ask).run().prints("127.0.1.1");
    sandbox
        .netns_exec(["alpha"])
        .args(ask)
        .run()
        .prints("127.0.1.1");
    // In the network namespace, but without the view: the files of its name count all the same.
    let bare = sandbox
        .command(["nsenter", "--net=/run/netns/alpha"])
        .args(ask);
    bare.run().prints("127.0.1.1");
}

fn outside_any_named_namespace_a_dot_is_the_host() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox
        .netns_resolve([".", "hostonly"])
        .run()
        .prints("10.99.0.1");
    sandbox.netns_resolve([".", "alpha"]).run().exits(2);
}

fn path_of_a_namespace_is_enough() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox
        .netns_resolve(["/run/netns/alpha", "alpha"])
        .run()
        .prints("127.0.1.1");
    sandbox
        .netns_resolve(["/proc/self/ns/net", "hostonly"])
        .run()
        .prints("10.99.0.1");
}

fn dangling_symlink_of_the_host_is_covered() {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox
        .files()
        .symlink("../run/nowhere/resolv.conf", "/etc/resolv.conf");
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    let _dns = sandbox.dns(&alpha, "127.0.0.53", "www.corp.test A 10.1.0.1\n");
    sandbox
        .netns_resolve(["alpha", "www.corp.test"])
        .run()
        .prints("10.1.0.1");
}

fn override_that_cannot_be_used_is_125() {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().remove(alpha.path("hosts"));
    sandbox.files().symlink("nowhere", alpha.path("hosts"));
    let run = sandbox.netns_resolve(["alpha", "alpha"]).run();
    run.exits(125)
        .complains(&["/etc/netns/alpha/hosts", "symlink"]);
}

fn closed_output_is_no_failure() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let hosts = "alpha ".repeat(200);
    for (lookups, reader) in [
        ("{ sleep 0.2; netns-resolve alpha alpha", "true"),
        // More than is written at a time, so that some is left for the end.
        (
            &format!("{{ netns-resolve --json --explain alpha {hosts}"),
            "head -c1 >/dev/null",
        ),
    ] {
        let script = format!("{lookups}; echo $? >&2; }} | {reader}");
        let run = sandbox.command(["sh", "-c", &script]).run();
        assert_eq!(run.err(), "0", "{run}");
    }
}

/// What the program opens must not take the place of a descriptor that its caller has closed.
fn closed_descriptors_are_as_good_as_none() {
    let (sandbox, _alpha) = Sandbox::alpha();
    for (command, heard) in [
        ("alpha - <&-", ""),
        ("alpha alpha <&-", "127.0.1.1"),
        ("alpha alpha >&-", ""),
        ("alpha alpha 2>&-", "127.0.1.1"),
        ("--compare alpha alpha <&- >&- 2>&-", ""),
    ] {
        let script = format!("netns-resolve {command}");
        let run = sandbox.command(["sh", "-c", &script]).run();
        run.exits(0).quiet().prints(heard);
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
