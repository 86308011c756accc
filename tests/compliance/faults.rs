//! What is wrong with running a command by `ip netns exec`, and with hickory-resolver's hosts file:
//! each fault that this project exists for, once, at its plainest. The other modules have the rules
//! behind each in full.

use std::net::IpAddr;

use testbed::case::Case;
use testbed::{NSSWITCH_DNS, Sandbox, Wrapper, alone, both, daemons, need};

pub(crate) fn cases() -> Vec<Case> {
    let ip = Wrapper::IpNetnsExec;
    vec![
        both!(override_does_not_evaporate).differs(
            ip,
            "the host's rename detaches the mount, and nothing puts it back",
        ),
        both!(override_does_not_go_stale)
            .differs(ip, "the mount pins the file that was there at the start"),
        both!(daemons_of_the_host_do_not_answer).differs(ip, "nscd is asked through its socket"),
        both!(nothing_is_run_without_an_override)
            .differs(ip, "it warns, and runs the command with the host's file"),
        both!(mounts_below_sys_stay).differs(ip, "it mounts a bare sysfs over all of /sys"),
        both!(failure_in_one_of_all_is_told).differs(ip, "ip -all netns exec exits with 0"),
        both!(command_need_not_run_as_root).differs(ip, "it has no option for a user"),
        alone!(hosts_file_may_have_any_bytes_and_decides_alone),
    ]
}

const SHOW: [&str; 3] = ["sh", "-c", "echo started; read line; cat /etc/hosts"];

/// A command that shows its hosts file after something was done to the files; netns-exec is to
/// keep to alpha's whatever that is.
fn shows_after(wrapper: Wrapper, change: impl FnOnce(&Sandbox)) -> String {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.host_file("hosts", "192.0.2.1 host\n");
    let words: &[&str] = match wrapper {
        Wrapper::NetnsExec => &["netns-exec", "--etc", "sealed"],
        Wrapper::IpNetnsExec => &["ip", "netns", "exec"],
    };
    let command = sandbox.command(words.iter().copied()).arg("alpha");
    let mut running = command.args(SHOW).spawn();
    assert_eq!(running.line(), "started");
    change(&sandbox);
    running.tell("go");
    running.end().out()
}

/// Fault 1: the host replaces a file by rename, as editors and configuration managers do.
fn override_does_not_evaporate(wrapper: Wrapper) {
    let shown = shows_after(wrapper, |sandbox| {
        sandbox.files().replace("/etc/hosts", "192.0.2.2 host\n");
    });
    assert_eq!(shown, "127.0.1.1 alpha");
}

/// Fault 2: the namespace's own file is replaced.
fn override_does_not_go_stale(wrapper: Wrapper) {
    let shown = shows_after(wrapper, |sandbox| {
        let files = sandbox.files();
        files.replace("/etc/netns/alpha/hosts", "127.0.1.2 alpha\n");
    });
    assert_eq!(shown, "127.0.1.2 alpha");
}

/// Fault 3: the scenario that started it, on a host with nscd.
fn daemons_of_the_host_do_not_answer(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.host_file("hosts", "192.0.2.9 hostonly\n");
    let _nscd = daemons::nscd(&sandbox).start(&sandbox);
    let find = |name| {
        let command = wrapper.command(&sandbox, "alpha", ["getent", "hosts", name]);
        command.run().code()
    };
    assert_eq!((find("alpha"), find("hostonly")), (Some(0), Some(2)));
}

/// Fault 4: it fails open.
fn nothing_is_run_without_an_override(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.1\n");
    sandbox
        .files()
        .symlink("nowhere", alpha.path("resolv.conf"));
    let run = wrapper
        .command(&sandbox, "alpha", ["cat", "/etc/resolv.conf"])
        .run();
    assert_eq!(run.out(), "", "{run}");
    assert_ne!(run.code(), Some(0), "{run}");
}

/// Fault 5: /sys is replaced bare.
fn mounts_below_sys_stay(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    // Those that no other mount hides.
    let list = "for place in $(grep -o ' /sys/[^ ]*' /proc/self/mountinfo | sort -u); do \
                mountpoint -q $place && echo $place; done; true";
    let host = sandbox.command(["sh", "-c", list]).run();
    if host.out().is_empty() {
        need::unmet("nothing is mounted below /sys in a sandbox here");
    }
    let script = "for place; do mountpoint -q $place || echo $place is gone; done";
    let places = host.out();
    let places = ["sh", "-c", script, "sh"]
        .into_iter()
        .chain(places.split_whitespace());
    let run = wrapper.command(&sandbox, "alpha", places).run();
    run.exits(0).prints("");
}

/// Fault 6: one command after another, and all failures hidden. What each start costs is for
/// `make bench`.
fn failure_in_one_of_all_is_told(wrapper: Wrapper) {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let words: &[&str] = match wrapper {
        Wrapper::NetnsExec => &["netns-exec", "--all"],
        Wrapper::IpNetnsExec => &["ip", "-all", "netns", "exec"],
    };
    let command = sandbox.command(words.iter().copied());
    let run = command
        .args(["sh", "-c", "! grep -q beta /etc/hosts"])
        .run();
    assert_eq!(run.code(), Some(1), "{run}");
    assert!(run.err().contains("beta"), "{run}");
}

/// Fault 7: it takes root, and the command gets it.
fn command_need_not_run_as_root(wrapper: Wrapper) {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    let command = sandbox
        .command(wrapper.words())
        .args(["-u", "alice", "alpha"]);
    let script = "id -u; cat /etc/hosts; grep CapEff /proc/self/status";
    let run = command.args(["sh", "-c", script]).run();
    run.exits(0)
        .prints("1001\n127.0.1.1 alpha\nCapEff:\t0000000000000000");
}

/// Fault 8: hickory-resolver drops the whole file at a byte that is not UTF-8, and asks DNS for
/// AAAA although the file has the A. How long glibc and hickory take over a large file is for
/// `make bench`.
fn hosts_file_may_have_any_bytes_and_decides_alone() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", b"10.0.0.1 caf\xe9 # \xff\n10.0.0.2 www.test\n");
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    let server = sandbox.dns(&alpha, "127.0.0.53", "www.test AAAA 2001:db8::1\n");
    let run = sandbox.netns_resolve(["alpha", "www.test"]).run();
    let addresses: Vec<IpAddr> = run
        .exits(0)
        .out()
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect();
    assert_eq!(addresses, [IpAddr::from([10, 0, 0, 2])]);
    assert_eq!(server.queries(), [""; 0]);
}
