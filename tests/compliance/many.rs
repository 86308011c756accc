//! Many hosts in one netns-resolve, from standard input: the order of the answers, and what changes
//! between two of them.

use std::time::Duration;

use testbed::case::Case;
use testbed::programs::under_test;
use testbed::{NSSWITCH_DNS, Run, Sandbox, alone, need};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(hosts_may_come_from_standard_input),
        alone!(each_line_is_answered_before_the_next_is_there),
        alone!(thousands_of_hosts_are_answered_in_order),
        alone!(files_that_change_are_read_again),
        alone!(addresses_of_interfaces_that_change_count),
        alone!(no_runtime_is_made_without_a_query),
    ]
}

fn hosts_may_come_from_standard_input() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "10.0.0.1 one\n10.0.0.2 two\n");
    let run = |args: &[&str], input: &str| {
        sandbox
            .netns_resolve(args.iter().copied())
            .input(input)
            .run()
    };
    run(&["alpha", "-"], "one\ntwo\n").prints("one\t10.0.0.1\ntwo\t10.0.0.2");
    run(&["alpha", "-"], "two").prints("two\t10.0.0.2");
    run(&["alpha", "one", "-", "one"], "two\n")
        .prints("one\t10.0.0.1\ntwo\t10.0.0.2\none\t10.0.0.1");
    run(&["alpha", "-"], "").prints("");
    run(&["alpha", "-"], "\none\n")
        .exits(2)
        .complains(&["EAI_NONAME"]);
    run(&["alpha", "-"], "o\0e\none\n")
        .exits(125)
        .complains(&["NUL"]);
    run(&["alpha", "-"], "nosuch\none\n").exits(2);
}

fn each_line_is_answered_before_the_next_is_there() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    let _server = sandbox.dns(&alpha, "127.0.0.53", "www.test A 10.0.0.1\n");
    let mut running = sandbox.netns_resolve(["alpha", "-"]).spawn();
    for (host, line) in [
        ("alpha", "alpha\t127.0.1.1"),
        ("www.test", "www.test\t10.0.0.1"),
        ("10.1", "10.1\t10.0.0.1"),
    ] {
        running.tell(host);
        assert_eq!(running.line(), line);
    }
    running.end().exits(0);
}

/// Several are looked up at a time: one after the other this would take a minute.
fn thousands_of_hosts_are_answered_in_order() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\noptions ndots:1\n");
    // Those that come late are the first, and nothing is known of every third.
    let script: String = (0..2000)
        .map(|n| match n % 3 {
            0 => format!("h{n}.test A 10.0.{}.{}\n", n / 250, n % 250),
            1 => format!(
                "h{n}.test ! delay {}\nh{n}.test A 10.1.{}.{}\n",
                30,
                n / 250,
                n % 250
            ),
            _ => String::new(),
        })
        .collect();
    let _server = sandbox.dns(&alpha, "127.0.0.53", &script);
    let hosts: String = (0..2000).map(|n| format!("h{n}.test\n")).collect();
    let expected: Vec<_> = (0..2000)
        .filter(|n| n % 3 != 2)
        .map(|n| format!("h{n}.test\t10.{}.{}.{}", n % 3, n / 250, n % 250))
        .collect();
    let begun = std::time::Instant::now();
    let run = sandbox
        .netns_resolve(["-4", "alpha", "-"])
        .input(&hosts)
        .run();
    assert_eq!(run.code(), Some(2));
    assert!(run.out().lines().eq(expected), "{}", run.out());
    assert_eq!(run.err().lines().count(), 666);
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
}

/// Also one that appears, in the place of the host's, and one that goes again.
fn files_that_change_are_read_again() {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("host.conf", "multi off\n");
    alpha.file("hosts", "10.0.0.1 name\n10.0.0.2 name\n");
    let mut running = sandbox.netns_resolve(["-4", "alpha", "-"]).spawn();
    let mut ask = |expected: &[&str]| {
        // Young files are not kept, old ones are.
        for pause in [0, 0, 50, 0] {
            std::thread::sleep(Duration::from_millis(pause));
            running.tell("name");
            for address in expected {
                assert_eq!(running.line(), format!("name\t{address}"));
            }
        }
    };
    ask(&["10.0.0.1"]);
    // The host's is no longer that of the namespace.
    alpha.file("host.conf", "multi on\n");
    ask(&["10.0.0.1", "10.0.0.2"]);
    // The same size, in place.
    alpha.file("hosts", "10.0.0.3 name\n10.0.0.4 name\n");
    ask(&["10.0.0.3", "10.0.0.4"]);
    sandbox.files().remove(alpha.path("host.conf"));
    ask(&["10.0.0.3"]);
    sandbox
        .files()
        .replace(alpha.path("hosts"), "10.0.0.5 name\n");
    ask(&["10.0.0.5"]);
    sandbox.host_file("host.conf", "multi on\n");
    alpha.file("hosts", "10.0.0.5 name\n10.0.0.6 name\n");
    ask(&["10.0.0.5", "10.0.0.6"]);
    running.end().exits(0);
}

/// They are not listed for each answer.
fn addresses_of_interfaces_that_change_count() {
    need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "10.0.0.1 name\nfd00::1 name\n");
    let ip = |command: &str| {
        let args = command.split(' ');
        sandbox.set_up(sandbox.command(["ip", "-n", "alpha"]).args(args));
    };
    // Without an address that the kernel gives it.
    ip("link add other type bridge");
    ip("link set other addrgenmode none");
    ip("link set other up");
    let mut running = sandbox
        .netns_resolve(["--addrconfig", "alpha", "-"])
        .spawn();
    let mut ask = |expected: &str| {
        for _ in 0..4 {
            running.tell("name");
            assert_eq!(running.line(), format!("name\t{expected}"));
        }
    };
    for _ in 0..3 {
        ip("address add 10.0.0.9/24 dev other");
        ask("10.0.0.1");
        ip("address delete 10.0.0.9/24 dev other");
        ip("address add fd00::9/64 dev other nodad");
        ask("fd00::1");
        ip("address delete fd00::9/64 dev other");
    }
    running.end().exits(0);
}

fn no_runtime_is_made_without_a_query() {
    need::root();
    need::program("strace");
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", "hosts: files dns\n");
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    alpha.file("hosts", "10.0.0.1 name\n10.0.0.2 name\nfd00::1 name\n");
    let _server = sandbox.dns(&alpha, "127.0.0.53", "www.test A 10.0.0.1\n");
    let traced = |hosts: &str| -> Run {
        let options = ["-f", "-qq", "-e", "trace=epoll_create1,clone,clone3"];
        let strace = sandbox.command(["strace"]).args(options);
        let command = strace.arg(under_test("netns-resolve"));
        command.args(["alpha", "-"]).input(hosts).run()
    };
    let run = traced("name\n192.0.2.1\nname\n");
    if run.err().contains("ptrace") {
        need::unmet(format!("strace does not work here: {}", run.err()));
    }
    assert_eq!(run.exits(0).out().lines().count(), 7, "{run}");
    let made = |run: &Run, call: &str| run.err().matches(call).count();
    // One thread reads the hosts.
    assert_eq!(
        (made(&run, "epoll_create1"), made(&run, "clone")),
        (0, 1),
        "{run}"
    );
    let run = traced("name\nwww.test\nwww.test\n");
    run.exits(0);
    assert_eq!(
        (made(&run, "epoll_create1"), made(&run, "clone")),
        (1, 1),
        "{run}"
    );
}
