//! netns-exec --check: what is wrong, since what, how to mend it; and nothing where nothing is.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use serde_json::Value;
use testbed::case::Case;
use testbed::{Namespace, Run, Running, Sandbox, Wrapper, alone, need};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(healthy_namespace_has_no_findings),
        alone!(override_that_the_host_uncovered_is_lost_and_can_be_healed),
        alone!(override_under_ip_netns_exec_is_lost_too),
        alone!(override_that_was_replaced_is_stale),
        alone!(override_that_was_removed_is_stale),
        alone!(override_whose_place_the_host_removed_is_lost),
        alone!(override_newer_than_the_view_is_missing),
        alone!(directory_is_an_override_too),
        alone!(sealed_view_survives_the_host),
        alone!(process_without_view_is_found),
        alone!(many_processes_are_one_finding),
        alone!(entry_that_cannot_be_put_in_place_is_found),
        alone!(directory_of_overrides_that_is_none_is_found),
        alone!(daemon_of_the_host_that_answers_is_found),
        alone!(daemon_of_the_namespace_is_its_own),
        alone!(socket_that_nobody_listens_at_is_none),
        alone!(loopback_that_is_down_is_found),
        alone!(ping_that_works_outside_alone_is_found),
        alone!(abstract_bus_outside_is_found),
        alone!(plain_file_among_namespaces_is_found),
        alone!(no_such_namespace_is_not_looked_at_but_the_others_are),
        alone!(files_of_another_name_are_not_demanded),
        alone!(namespace_may_be_given_by_path),
        alone!(bad_usage_is_one_line),
        alone!(stranger_cannot_look),
    ]
}

/// `--check alpha` as text, and as JSON. Both must come to the same.
struct Checked {
    text: Run,
    findings: Vec<Value>,
}

fn check(sandbox: &Sandbox) -> Checked {
    let text = sandbox.netns_exec(["--check", "alpha"]).run();
    let json = sandbox.netns_exec(["--check", "alpha", "--json"]).run();
    assert_eq!(text.code(), json.code(), "{text}\n{json}");
    let findings: Vec<Value> = json
        .out()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    for finding in &findings {
        assert_eq!(finding["namespace"], "alpha");
        for key in ["what", "since", "mend"] {
            if let Some(words) = finding[key].as_str() {
                assert!(text.out().contains(words), "no {words:?} in {text}");
            }
        }
    }
    Checked { text, findings }
}

impl Checked {
    #[track_caller]
    fn is_healthy(&self) {
        self.text.exits(0).quiet();
        assert!(
            self.text.out().contains("alpha: nothing wrong"),
            "{}",
            self.text
        );
        assert_eq!(self.findings.len(), 0);
    }

    /// The only finding of this kind, and status 1.
    #[track_caller]
    fn finding(&self, kind: &str) -> &Value {
        self.text.exits(1).quiet();
        let mut of_kind = self.findings.iter().filter(|it| it["kind"] == kind);
        match (of_kind.next(), of_kind.next()) {
            (Some(finding), None) => finding,
            _ => panic!("not one finding {kind}: {}", self.text),
        }
    }

    /// The only finding of all.
    #[track_caller]
    fn only(&self, kind: &str) -> &Value {
        assert_eq!(self.findings.len(), 1, "{}", self.text);
        self.finding(kind)
    }
}

/// The words that a finding has for something.
#[track_caller]
fn says(finding: &Value, key: &str, words: &[&str]) {
    let text = finding[key].as_str().unwrap_or_default();
    for word in words {
        assert!(text.contains(word), "no {word:?} in {key} of {finding}");
    }
}

#[track_caller]
fn suffer(finding: &Value, processes: &[&Running]) {
    let mut pids: Vec<u32> = processes.iter().map(|process| process.pid()).collect();
    pids.sort_unstable();
    assert_eq!(finding["pids"], serde_json::json!(pids), "{finding}");
}

const WAIT: [&str; 3] = ["sh", "-c", "echo started; read line"];

fn started(command: &testbed::Command) -> Running {
    let mut running = command.spawn();
    assert_eq!(running.line(), "started");
    running
}

fn start(sandbox: &Sandbox, wrapper: Wrapper) -> Running {
    started(&wrapper.command(sandbox, "alpha", WAIT))
}

fn start_in_view(sandbox: &Sandbox) -> Running {
    start(sandbox, Wrapper::NetnsExec)
}

fn healthy_namespace_has_no_findings() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("host.conf", "multi on\n");
    check(&sandbox).is_healthy();
    let _view = start_in_view(&sandbox);
    let _other = start(&sandbox, Wrapper::IpNetnsExec);
    let checked = check(&sandbox);
    checked.is_healthy();
    let counts = "alpha: nothing wrong (2 files of its own, 2 processes)";
    checked.text.prints(counts);
}

fn override_that_the_host_uncovered_is_lost_and_can_be_healed() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let (one, other) = (start_in_view(&sandbox), start_in_view(&sandbox));
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    assert_eq!(lost["path"], "/etc/hosts");
    suffer(lost, &[&one, &other]);
    says(lost, "what", &["2 processes read the host's file"]);
    says(
        lost,
        "since",
        &["the host replaced /etc/hosts at 20", " UTC"],
    );
    says(lost, "mend", &["netns-exec --heal alpha"]);
    let shown = format!("sh ({})", one.pid());
    assert!(checked.text.out().contains(&shown), "{}", checked.text);

    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    check(&sandbox).is_healthy();
}

fn override_under_ip_netns_exec_is_lost_too() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let process = start(&sandbox, Wrapper::IpNetnsExec);
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    suffer(lost, &[&process]);
    says(lost, "since", &["the host replaced /etc/hosts at"]);
    says(lost, "mend", &["start it again with netns-exec alpha"]);
}

fn override_that_was_replaced_is_stale() {
    let (sandbox, alpha) = Sandbox::alpha();
    let view = start_in_view(&sandbox);
    let other = start(&sandbox, Wrapper::IpNetnsExec);
    // In place: that is no other file.
    alpha.file("hosts", "127.0.1.2 alpha\n");
    check(&sandbox).is_healthy();
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.3 alpha\n");
    let checked = check(&sandbox);
    assert_eq!(checked.findings.len(), 2, "{}", checked.text);
    let [first, second] = [&checked.findings[0], &checked.findings[1]];
    for (finding, process) in [(first, &view), (second, &other)] {
        assert_eq!(finding["kind"], "override-stale");
        assert_eq!(finding["path"], "/etc/hosts");
        suffer(finding, &[process]);
        says(finding, "what", &["1 process reads an old file"]);
        says(
            finding,
            "since",
            &["/etc/netns/alpha/hosts was replaced at"],
        );
    }
    says(first, "mend", &["netns-exec --heal alpha"]);
    says(second, "mend", &["start it again with netns-exec alpha"]);
    drop(other);
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    check(&sandbox).is_healthy();
}

fn override_that_was_removed_is_stale() {
    for (how, words) in [
        ("bind", "1 process reads a removed file"),
        ("sealed", "1 process finds no file"),
    ] {
        let (sandbox, alpha) = Sandbox::alpha();
        alpha.file("host.conf", "multi on\n");
        let view = started(&sandbox.netns_exec(["--etc", how, "alpha"]).args(WAIT));
        sandbox.files().remove(alpha.path("hosts"));
        let checked = check(&sandbox);
        let stale = checked.only("override-stale");
        suffer(stale, &[&view]);
        says(stale, "what", &[words]);
        says(stale, "since", &["/etc/netns/alpha/hosts was removed at"]);
        sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
        check(&sandbox).is_healthy();
    }
    let (sandbox, alpha) = Sandbox::alpha();
    let process = start(&sandbox, Wrapper::IpNetnsExec);
    sandbox.files().remove(alpha.path("hosts"));
    suffer(check(&sandbox).only("override-stale"), &[&process]);
    // All of them.
    sandbox.files().remove(alpha.directory());
    suffer(check(&sandbox).only("override-stale"), &[&process]);
}

fn override_whose_place_the_host_removed_is_lost() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let view = start_in_view(&sandbox);
    sandbox.files().remove("/etc/hosts");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    suffer(lost, &[&view]);
    says(lost, "what", &["1 process finds no file"]);
    says(lost, "since", &["the host removed /etc/hosts at"]);
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    check(&sandbox).is_healthy();
}

fn override_newer_than_the_view_is_missing() {
    let (sandbox, alpha) = Sandbox::alpha();
    let view = start_in_view(&sandbox);
    alpha.file("host.conf", "multi on\n");
    let checked = check(&sandbox);
    let missing = checked.only("override-missing");
    assert_eq!(missing["path"], "/etc/host.conf");
    suffer(missing, &[&view]);
    says(missing, "what", &["1 process reads the host's file"]);
    says(missing, "since", &["/etc/netns/alpha/host.conf is newer"]);
    alpha.file("resolv.conf", "");
    sandbox.files().remove(alpha.path("host.conf"));
    // The host has none.
    let checked = check(&sandbox);
    says(
        checked.only("override-missing"),
        "what",
        &["1 process finds no file"],
    );
}

fn directory_is_an_override_too() {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/app");
    sandbox.files().mkdir(alpha.path("app"));
    let view = start_in_view(&sandbox);
    check(&sandbox).is_healthy();
    sandbox.set_up(sandbox.command(["mv", "/etc/app", "/etc/app.old"]));
    sandbox.files().mkdir("/etc/app.new");
    sandbox.set_up(sandbox.command(["mv", "/etc/app.new", "/etc/app"]));
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    assert_eq!(lost["path"], "/etc/app");
    suffer(lost, &[&view]);
}

fn sealed_view_survives_the_host() {
    let (sandbox, alpha) = Sandbox::alpha();
    let _view = started(&sandbox.netns_exec(["--etc", "sealed", "alpha"]).args(WAIT));
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.3 alpha\n");
    check(&sandbox).is_healthy();
}

fn process_without_view_is_found() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let nsenter = ["nsenter", "--net=/run/netns/alpha"];
    let process = started(&sandbox.command(nsenter).args(WAIT));
    let checked = check(&sandbox);
    let finding = checked.only("not-in-view");
    assert_eq!(finding["path"], "/etc/hosts");
    suffer(finding, &[&process]);
    says(finding, "since", &["not started by netns-exec"]);
    says(finding, "mend", &["start it again with netns-exec alpha"]);
    drop(process);
    check(&sandbox).is_healthy();
}

fn many_processes_are_one_finding() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 60 & done; echo started; read line";
    let command = Wrapper::NetnsExec.command(&sandbox, "alpha", ["sh", "-c", script]);
    let _view = started(&command);
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    assert_eq!(lost["pids"].as_array().map(Vec::len), Some(13), "{lost}");
    says(lost, "what", &["13 processes read"]);
    let text = checked.text.out();
    assert!(text.contains(" and 3 more\n"), "{}", checked.text);
}

fn entry_that_cannot_be_put_in_place_is_found() {
    type Prepare = fn(&Sandbox, &Namespace);
    let cases: [(Prepare, &str, &str); 5] = [
        (
            |sandbox, alpha| sandbox.files().fifo(alpha.path("resolv.conf")),
            "resolv.conf",
            "is a fifo",
        ),
        (
            |sandbox, alpha| {
                sandbox
                    .files()
                    .symlink("nowhere", alpha.path("resolv.conf"))
            },
            "resolv.conf",
            "is a dangling symlink",
        ),
        (
            |sandbox, alpha| sandbox.files().mkdir(alpha.path("nsswitch.conf")),
            "nsswitch.conf",
            "is a directory, but /etc/nsswitch.conf is none",
        ),
        (
            |sandbox, alpha| {
                sandbox.files().mkdir("/etc/app");
                alpha.file("app", "");
            },
            "app",
            "is a file, but /etc/app is a directory",
        ),
        (
            |sandbox, alpha| sandbox.files().symlink("hosts2", alpha.path("hosts2")),
            "hosts2",
            "is a loop of symlinks",
        ),
    ];
    for (prepare, name, words) in cases {
        let (sandbox, alpha) = Sandbox::alpha();
        prepare(&sandbox, &alpha);
        let checked = check(&sandbox);
        let finding = checked.finding("override-unusable");
        assert_eq!(finding["path"], format!("/etc/netns/alpha/{name}"));
        says(finding, "what", &[words]);
        says(finding, "since", &[" UTC"]);
        says(finding, "mend", &["remove it"]);
    }
}

fn directory_of_overrides_that_is_none_is_found() {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().remove(alpha.directory());
    check(&sandbox).is_healthy();
    sandbox.files().write(alpha.directory(), "");
    let checked = check(&sandbox);
    let finding = checked.only("override-unusable");
    assert_eq!(finding["path"], "/etc/netns/alpha");
    says(finding, "what", &["is a plain file, not a directory"]);
}

/// Where this process finds a path of the sandbox.
fn outside(sandbox: &Sandbox, path: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{path}", sandbox.pid()))
}

fn daemon_of_the_host_that_answers_is_found() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/nscd");
    let socket = outside(&sandbox, "/run/nscd/socket");
    let _daemon = UnixListener::bind(socket).expect("a socket");
    check(&sandbox).is_healthy();

    // The view hides it.
    let masked = start_in_view(&sandbox);
    check(&sandbox).is_healthy();
    drop(masked);

    let keep = ["--host-resolvers", "keep", "alpha"];
    let kept = started(&sandbox.netns_exec(keep).args(WAIT));
    let checked = check(&sandbox);
    let finding = checked.only("resolver-reachable");
    assert_eq!(finding["path"], "/run/nscd/socket");
    suffer(finding, &[&kept]);
    says(finding, "what", &["1 process reaches nscd of the host"]);
    says(finding, "since", &["the socket was made at"]);
    says(finding, "mend", &["without --host-resolvers keep"]);
    drop(kept);

    let plain = start(&sandbox, Wrapper::IpNetnsExec);
    let checked = check(&sandbox);
    let finding = checked.only("resolver-reachable");
    suffer(finding, &[&plain]);
    says(finding, "mend", &["start it again with netns-exec alpha"]);
}

fn daemon_of_the_namespace_is_its_own() {
    need::program("perl");
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/nscd");
    let script = "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!; \
                  bind($s, pack_sockaddr_un('/run/nscd/socket')) or die $!; \
                  listen($s, 5) or die $!; $| = 1; print qq(started\\n); <STDIN>";
    let perl = ["perl", "-e", script];
    let daemon = started(&Wrapper::IpNetnsExec.command(&sandbox, "alpha", perl));
    let _client = start(&sandbox, Wrapper::IpNetnsExec);
    check(&sandbox).is_healthy();
    drop(daemon);
    sandbox.files().remove("/run/nscd/socket");
    let _daemon = started(&sandbox.command(perl));
    check(&sandbox).only("resolver-reachable");
}

fn socket_that_nobody_listens_at_is_none() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/systemd/resolve");
    let socket = "/run/systemd/resolve/io.systemd.Resolve";
    sandbox.files().socket(socket);
    let _plain = start(&sandbox, Wrapper::IpNetnsExec);
    check(&sandbox).is_healthy();
    sandbox.files().remove(socket);
    let _daemon = UnixListener::bind(outside(&sandbox, socket)).expect("a socket");
    let checked = check(&sandbox);
    let finding = checked.only("resolver-reachable");
    says(finding, "what", &["systemd-resolved"]);
}

fn loopback_that_is_down_is_found() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.set_up(sandbox.command(["ip", "-n", "alpha", "link", "set", "lo", "down"]));
    let checked = check(&sandbox);
    let finding = checked.only("loopback-down");
    says(finding, "what", &["lo is down"]);
    says(finding, "mend", &["ip -n alpha link set lo up"]);
    let mend = finding["mend"].as_str().unwrap_or_default();
    sandbox.set_up(sandbox.command(["sh", "-c", mend]));
    check(&sandbox).is_healthy();
}

fn ping_that_works_outside_alone_is_found() {
    const PATH: &str = "/proc/sys/net/ipv4/ping_group_range";
    let allow = |range| format!("echo {range} >{PATH}");
    let (sandbox, _alpha) = Sandbox::alpha();
    check(&sandbox).is_healthy();
    sandbox.set_up(sandbox.command(["sh", "-c", &allow("0 0")]));
    let checked = check(&sandbox);
    let finding = checked.only("ping-forbidden");
    assert_eq!(finding["path"], PATH);
    let command = "ip netns exec alpha sysctl -w net.ipv4.ping_group_range=\"0 0\"";
    assert_eq!(finding["mend"], command);
    sandbox.set_up(sandbox.ip_netns_exec("alpha", ["sh", "-c", &allow("0 0")]));
    check(&sandbox).is_healthy();
}

fn abstract_bus_outside_is_found() {
    need::program("perl");
    let (sandbox, _alpha) = Sandbox::alpha();
    let address = "unix:abstract=%2ftmp/dbus-x,guid=0a";
    let start = |address| {
        let command = Wrapper::NetnsExec.command(&sandbox, "alpha", WAIT);
        started(&command.env("DBUS_SESSION_BUS_ADDRESS", address))
    };
    let _by_path = start("unix:path=/run/bus");
    check(&sandbox).is_healthy();
    let lost = start(address);
    let checked = check(&sandbox);
    let finding = checked.only("dbus-unreachable");
    suffer(finding, &[&lost]);
    let words = ["DBUS_SESSION_BUS_ADDRESS", "/tmp/dbus-x"];
    says(finding, "what", &words);

    let script = "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!; \
                  bind($s, pack_sockaddr_un(qq(\\0/tmp/dbus-x))) or die $!; \
                  listen($s, 5) or die $!; $| = 1; print qq(started\\n); <STDIN>";
    let perl = ["perl", "-e", script];
    let outside = started(&sandbox.command(perl));
    check(&sandbox).only("dbus-unreachable");
    drop(outside);
    let _inside = started(&Wrapper::NetnsExec.command(&sandbox, "alpha", perl));
    check(&sandbox).is_healthy();
}

fn plain_file_among_namespaces_is_found() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().write("/run/netns/gone", "");
    let run = sandbox.netns_exec(["--check", "gone", "--json"]).run();
    run.exits(1).quiet();
    let finding: Value = serde_json::from_str(&run.out()).expect("one line of JSON");
    assert_eq!(finding["kind"], "leftover");
    assert_eq!(finding["namespace"], "gone");
    assert_eq!(finding["path"], "/run/netns/gone");
    let mend = finding["mend"].as_str().unwrap_or_default();
    assert_eq!(mend, "ip netns delete gone");
    // Of a file that is no mount, ip says so, and removes it.
    let _ = sandbox.command(["sh", "-c", mend]).run();
    assert!(!sandbox.files().exists("/run/netns/gone"));
}

fn no_such_namespace_is_not_looked_at_but_the_others_are() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = sandbox.netns_exec(["--check", "nosuch", "alpha"]).run();
    run.exits(125)
        .complains(&["nosuch", "no such network namespace"]);
    assert!(run.out().contains("alpha: nothing wrong"), "{run}");

    sandbox.files().write("/run/netns/gone", "");
    let run = sandbox.netns_exec(["--check", "gone", "alpha"]).run();
    run.exits(1).quiet();
    let both = run.out().contains("gone: ") && run.out().contains("alpha: nothing wrong");
    assert!(both, "{run}");
    let run = sandbox.netns_exec(["--check", "gone", "nosuch"]).run();
    run.exits(125).complains(&["nosuch"]);
    sandbox
        .netns_exec(["--check", "bad/../", "."])
        .run()
        .exits(125);
}

/// A view of another name of the same namespace has that one's files.
fn files_of_another_name_are_not_demanded() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().write("/run/netns/other", "");
    let bind = ["mount", "--bind", "/run/netns/alpha", "/run/netns/other"];
    sandbox.set_up(sandbox.command(bind));
    for wrapper in Wrapper::ALL {
        let _view = started(&wrapper.command(&sandbox, "other", WAIT));
        check(&sandbox).is_healthy();
    }
}

fn namespace_may_be_given_by_path() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let process = start_in_view(&sandbox);
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    let path = format!("/proc/{}/ns/net", process.pid());
    let run = sandbox.netns_exec(["--check", &path]).run();
    run.exits(1).quiet();
    assert!(
        run.out().starts_with("alpha: /etc/hosts: 1 process reads"),
        "{run}"
    );
}

fn bad_usage_is_one_line() {
    let (sandbox, _alpha) = Sandbox::alpha();
    for (args, words) in [
        (&["--check"][..], "no NAME given"),
        (&["--check", "--json"], "no NAME given"),
        (&["--check", "--", "--json"], "no NAME given"),
        (&["--check", "alpha", "--nosuch"], "--nosuch"),
        (&["--check", "--user", "root", "alpha"], "--user"),
        (&["--json", "alpha", "true"], "--check"),
        (&["--check", "--heal", "alpha"], "--heal"),
    ] {
        let run = sandbox.netns_exec(args.iter().copied()).run();
        run.exits(125).complains(&[words]);
        assert!(run.stdout.is_empty(), "{run}");
    }
}

/// What he can see is told all the same.
fn stranger_cannot_look() {
    need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().fifo(alpha.path("resolv.conf"));
    let run = sandbox.netns_exec(["--check", "alpha"]).user(1001).run();
    run.exits(125);
    assert!(run.out().contains("resolv.conf: is a fifo"), "{run}");
    assert!(run.err().contains("could not be looked at"), "{run}");
    assert!(
        run.err().contains("cannot enter network namespace"),
        "{run}"
    );
}
