//! Overrides that stay: while the host and editors replace files under a running command.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use testbed::case::Case;
use testbed::{Command, Namespace, Running, Sandbox, Wrapper, both, ours};

mod adverse; // with something in the way

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = own_cases();
    cases.extend(adverse::cases());
    cases
}

fn own_cases() -> Vec<Case> {
    let renamed_by_the_host = "the host's rename detaches the mount, and nothing puts it back";
    let pinned = "the mount pins the file that was there at the start";
    vec![
        both!(override_stays_when_the_host_renames)
            .differs(Wrapper::IpNetnsExec, renamed_by_the_host),
        both!(replaced_override_is_seen).differs(Wrapper::IpNetnsExec, pinned),
        both!(new_override_is_seen).differs(Wrapper::IpNetnsExec, pinned),
        both!(removed_override_uncovers_the_host_s).differs(Wrapper::IpNetnsExec, pinned),
        ours!(heal_puts_right_all_at_once),
        ours!(heal_is_quiet_about_what_is_whole),
        ours!(heal_keeps_to_its_namespace),
        ours!(heal_finds_copies_of_a_view_without_its_first_process),
        ours!(heal_leaves_the_host_s_own_mounts),
        ours!(heal_tells_what_it_cannot_do),
        ours!(file_that_the_host_removes_is_covered),
        ours!(file_that_the_host_writes_anew_is_waited_for),
        ours!(directory_is_renewed),
        ours!(daemon_that_starts_late_is_hidden),
        ours!(watch_survives_namespaces_that_come_and_go),
        ours!(watch_ends_on_signals),
        ours!(watch_tells_the_service_manager),
        ours!(stray_names_are_refused),
    ]
}

/// How long `--watch` may take on a busy machine. It takes milliseconds.
const SOON: Duration = Duration::from_secs(5);

/// A shell in the view that shows a file whenever it is told to.
struct Viewer(Running);

impl Viewer {
    fn new(command: Command) -> Viewer {
        let script = "echo started; while read file; do echo \"$(cat /etc/$file 2>&1)\"; done";
        let mut running = command.args(["sh", "-c", script]).spawn();
        assert_eq!(running.line(), "started");
        Viewer(running)
    }

    fn sees(&mut self, file: &str) -> String {
        self.0.tell(file);
        self.0.line()
    }

    /// Until it sees this, or the time is over.
    fn comes_to_see(&mut self, file: &str, content: &str) {
        let end = Instant::now() + SOON;
        let mut seen = self.sees(file);
        while seen != content && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
            seen = self.sees(file);
        }
        assert_eq!(seen, content, "/etc/{file}");
    }
}

fn viewer(wrapper: Wrapper, sandbox: &Sandbox) -> Viewer {
    Viewer::new(wrapper.command(sandbox, "alpha", [""; 0]))
}

/// With `--watch`, if there is such a thing.
fn watched(wrapper: Wrapper) -> (Sandbox, Namespace, Option<Running>) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("hosts", "192.0.2.1 host\n");
    let watch = (wrapper == Wrapper::NetnsExec).then(|| watch(&sandbox));
    (sandbox, alpha, watch)
}

fn watch(sandbox: &Sandbox) -> Running {
    let mut watch = sandbox.netns_exec(["--watch"]).spawn();
    assert_eq!(watch.line(), "watching");
    watch
}

fn override_stays_when_the_host_renames(wrapper: Wrapper) {
    let (sandbox, _alpha, _watch) = watched(wrapper);
    let mut viewer = viewer(wrapper, &sandbox);
    for round in 0..3 {
        sandbox
            .files()
            .replace("/etc/hosts", format!("192.0.2.{round} host\n"));
        viewer.comes_to_see("hosts", "127.0.1.1 alpha");
    }
}

fn replaced_override_is_seen(wrapper: Wrapper) {
    let (sandbox, alpha, _watch) = watched(wrapper);
    let mut viewer = viewer(wrapper, &sandbox);
    for round in 0..3 {
        let line = format!("127.0.1.{round} alpha");
        sandbox.files().replace(alpha.path("hosts"), &line);
        viewer.comes_to_see("hosts", &line);
    }
}

fn new_override_is_seen(wrapper: Wrapper) {
    let (sandbox, alpha, _watch) = watched(wrapper);
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.53");
    let mut viewer = viewer(wrapper, &sandbox);
    alpha.file("resolv.conf", "nameserver 127.0.0.53");
    viewer.comes_to_see("resolv.conf", "nameserver 127.0.0.53");
}

fn removed_override_uncovers_the_host_s(wrapper: Wrapper) {
    let (sandbox, alpha, _watch) = watched(wrapper);
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().remove(alpha.path("hosts"));
    viewer.comes_to_see("hosts", "192.0.2.1 host");
}

fn heal_puts_right_all_at_once(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.53\n");
    alpha.file("resolv.conf", "nameserver 127.0.0.53");
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().replace("/etc/hosts", "192.0.2.1 host");
    sandbox
        .files()
        .replace(alpha.path("resolv.conf"), "nameserver 127.0.0.54");
    alpha.file("new", "new");
    sandbox.host_file("new", "host");
    assert_eq!(viewer.sees("hosts"), "192.0.2.1 host");
    assert_eq!(viewer.sees("resolv.conf"), "nameserver 127.0.0.53");
    let run = sandbox.netns_exec(["--heal", "alpha"]).run();
    run.exits(0).quiet();
    for words in [
        "/etc/hosts: put back",
        "/etc/resolv.conf: renewed",
        "/etc/new: added",
    ] {
        assert!(run.out().contains(words), "{}", run.out());
    }
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
    assert_eq!(viewer.sees("resolv.conf"), "nameserver 127.0.0.54");
    assert_eq!(viewer.sees("new"), "new");
}

fn heal_is_quiet_about_what_is_whole(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox
        .netns_exec(["--heal"])
        .run()
        .exits(0)
        .quiet()
        .prints("");
    let _viewer = viewer(wrapper, &sandbox);
    for arguments in [&["--heal"][..], &["--heal", "alpha"]] {
        let run = sandbox.netns_exec(arguments.iter().copied()).run();
        run.exits(0).quiet().prints("");
    }
}

fn heal_keeps_to_its_namespace(_: Wrapper) {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    sandbox.host_file("hosts", "192.0.2.1 host");
    let mut viewers = ["alpha", "beta"].map(|name| Viewer::new(sandbox.netns_exec([name])));
    sandbox.files().replace("/etc/hosts", "192.0.2.1 host");
    sandbox.netns_exec(["--heal", "beta"]).run().exits(0);
    assert_eq!(viewers[0].sees("hosts"), "192.0.2.1 host");
    assert_eq!(viewers[1].sees("hosts"), "127.0.1.1 beta");
    // Its views outlive the name.
    sandbox.set_up(sandbox.command(["ip", "netns", "delete", "alpha"]));
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    assert_eq!(viewers[0].sees("hosts"), "127.0.1.1 alpha");
}

/// A daemon that has made a mount namespace of its own from the view, and whose parent is gone.
fn heal_finds_copies_of_a_view_without_its_first_process(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "sh -c 'unshare -m sh -c \"while :; do cat /etc/hosts >/run/seen.new; \
                  mv /run/seen.new /run/seen; sleep 0.05; done\" >/dev/null 2>&1 & echo $!'";
    let run = sandbox.netns_exec(["alpha", "sh", "-c", script]).run();
    run.exits(0);
    let sees = |content: &str| {
        let end = Instant::now() + SOON;
        let seen = || {
            sandbox.files().exists("/run/seen")
                && sandbox.files().read("/run/seen") == content.as_bytes()
        };
        while !seen() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(seen(), "{content}");
    };
    sees("127.0.1.1 alpha\n");
    sandbox.files().replace("/etc/hosts", "192.0.2.1 host\n");
    sees("192.0.2.1 host\n");
    sandbox.netns_exec(["--heal"]).run().exits(0);
    sees("127.0.1.1 alpha\n");
    sandbox.set_up(sandbox.command(["kill", run.out().trim()]));
}

/// In a container, `/etc/hosts` often is a mount itself.
fn heal_leaves_the_host_s_own_mounts(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("hosts", "below");
    sandbox.host_file("mounted", "192.0.2.1 container");
    sandbox.set_up(sandbox.command(["mount", "--bind", "/etc/mounted", "/etc/hosts"]));
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().remove(alpha.path("hosts"));
    sandbox.netns_exec(["--heal"]).run().exits(0);
    assert_eq!(viewer.sees("hosts"), "192.0.2.1 container");
    alpha.file("hosts", "127.0.1.1 alpha");
    sandbox.netns_exec(["--heal"]).run().exits(0);
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
}

fn heal_tells_what_it_cannot_do(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().fifo(alpha.path("resolv.conf"));
    let run = sandbox.netns_exec(["--heal", "alpha"]).run();
    run.exits(125)
        .complains(&["alpha", "/etc/netns/alpha/resolv.conf", "is a fifo"]);
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
}

fn file_that_the_host_removes_is_covered(wrapper: Wrapper) {
    let (sandbox, alpha, _watch) = watched(wrapper);
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().remove("/etc/hosts");
    viewer.comes_to_see("hosts", "127.0.1.1 alpha");
    // From now on nothing uncovers it, and it is renewed all the same.
    sandbox.files().replace("/etc/hosts", "192.0.2.2 host");
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.2 alpha");
    viewer.comes_to_see("hosts", "127.0.1.2 alpha");
}

fn file_that_the_host_writes_anew_is_waited_for(wrapper: Wrapper) {
    let (sandbox, _alpha, _watch) = watched(wrapper);
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.set_up(sandbox.command(["sh", "-c", "rm /etc/hosts; sleep 0.05; echo >/etc/hosts"]));
    viewer.comes_to_see("hosts", "127.0.1.1 alpha");
    // The host's other files still come and go in this view.
    sandbox.host_file("other", "other");
    assert_eq!(viewer.sees("other"), "other");
}

fn directory_is_renewed(wrapper: Wrapper) {
    let (sandbox, alpha, _watch) = watched(wrapper);
    sandbox.files().mkdir("/etc/sub");
    sandbox.files().mkdir(alpha.path("sub"));
    alpha.file("sub/file", "old");
    let mut viewer = viewer(wrapper, &sandbox);
    assert_eq!(viewer.sees("sub/file"), "old");
    sandbox.files().mkdir(alpha.path("next"));
    alpha.file("next/file", "new");
    let script = "cd /etc/netns/alpha && rm -r sub && mv next sub";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    viewer.comes_to_see("sub/file", "new");
}

fn daemon_that_starts_late_is_hidden(wrapper: Wrapper) {
    let (sandbox, _alpha, _watch) = watched(wrapper);
    let script = "echo started; until [ -e /run/nscd ] && ! [ -S /run/nscd/socket ]; do \
                  sleep 0.01; done; echo hidden";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    sandbox.files().mkdir("/run/nscd");
    sandbox.files().socket("/run/nscd/socket");
    assert_eq!(running.line(), "hidden");
    // And again when its directory is made anew.
    let running = wrapper.command(&sandbox, "alpha", ["sh", "-c", script]);
    sandbox.set_up(sandbox.command(["rm", "-r", "/run/nscd"]));
    let mut running = running.spawn();
    assert_eq!(running.line(), "started");
    sandbox.files().mkdir("/run/nscd");
    sandbox.files().socket("/run/nscd/socket");
    assert_eq!(running.line(), "hidden");
}

fn watch_survives_namespaces_that_come_and_go(wrapper: Wrapper) {
    let (sandbox, _alpha, mut watch) = watched(wrapper);
    let script = "for i in $(seq 30); do ip netns add n$i; mkdir /etc/netns/n$i; \
                  echo 127.0.1.1 n$i >/etc/netns/n$i/hosts; \
                  netns-exec --sys keep n$i true & \
                  echo >/etc/hosts.new; mv /etc/hosts.new /etc/hosts; wait $!; \
                  rm -r /etc/netns/n$i; ip netns delete n$i; done";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().replace("/etc/hosts", "192.0.2.1 host");
    viewer.comes_to_see("hosts", "127.0.1.1 alpha");
    let watch = watch.take().expect("netns-exec watches");
    watch.signal(Signal::SIGTERM);
    watch.end().exits(0).quiet();
}

fn watch_ends_on_signals(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let watch = watch(&sandbox);
        watch.signal(signal);
        watch.end().exits(0).quiet();
    }
}

fn watch_tells_the_service_manager(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let path = format!("/proc/{}/root/run/notify", sandbox.pid());
    let socket = UnixDatagram::bind(path).expect("a socket in the sandbox");
    let watch = sandbox
        .netns_exec(["--watch"])
        .env("NOTIFY_SOCKET", "/run/notify");
    let mut watch = watch.spawn();
    assert_eq!(watch.line(), "watching");
    socket.set_read_timeout(Some(SOON)).expect("a time");
    let mut told = [0; 100];
    let length = socket.recv(&mut told).expect("to be told");
    assert_eq!(told[..length], *b"READY=1");
}

fn stray_names_are_refused(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    for option in ["--heal", "--watch"] {
        let run = sandbox.netns_exec([option, "nosuch"]).run();
        run.exits(125)
            .complains(&["nosuch", "no such network namespace"]);
        let run = sandbox.netns_exec([option, "alpha", "beta"]).run();
        run.exits(125).complains(&[option, "beta"]);
    }
}
