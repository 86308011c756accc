//! netns-resolve: the command line, the forms of output, the exit statuses.

use serde_json::Value;
use testbed::case::Case;
use testbed::{NSSWITCH_DNS, Sandbox, alone, need};

pub(crate) fn cases() -> Vec<Case> {
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
        alone!(json_has_its_shape),
        alone!(json_is_one_line_a_host),
        alone!(explain_names_the_file_and_the_line),
        alone!(explain_is_harmless_on_a_terminal),
        alone!(explain_fits_a_terminal_with_long_names),
        alone!(explain_says_from_where_a_file_is_seen),
        alone!(from_inside_a_dot_is_enough),
        alone!(outside_any_named_namespace_a_dot_is_the_host),
        alone!(path_of_a_namespace_is_enough),
        alone!(dangling_symlink_of_the_host_is_covered),
        alone!(override_that_cannot_be_used_is_125),
        alone!(without_root_hosts_answers_still_come),
        alone!(without_root_a_needed_query_is_125),
        alone!(without_root_what_takes_no_query_is_answered),
        alone!(without_root_the_order_is_called_a_guess),
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

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
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

const NOBODY: u32 = 65534;

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
