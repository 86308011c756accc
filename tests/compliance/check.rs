//! netns-exec --check: what is wrong, since what, how to mend it; and nothing where nothing is.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use serde_json::Value;
use testbed::case::Case;
use testbed::{Namespace, Run, Running, Sandbox, Wrapper, alone, need};

mod configuration; // nsswitch.conf and resolv.conf
mod daemons; // who answers, and who cannot be reached
mod opened; // what programs really open

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = own_cases();
    cases.extend(opened::cases());
    cases.extend(daemons::cases());
    cases.extend(configuration::cases());
    cases
}

fn own_cases() -> Vec<Case> {
    vec![
        alone!(healthy_namespace_has_no_findings),
        alone!(entry_that_cannot_be_put_in_place_is_found),
        alone!(directory_of_overrides_that_is_none_is_found),
        alone!(loopback_that_is_down_is_found),
        alone!(ping_that_works_outside_alone_is_found),
        alone!(plain_file_among_namespaces_is_found),
        alone!(no_such_namespace_is_not_looked_at_but_the_others_are),
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
