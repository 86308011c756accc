//! The daemons themselves, asked through the C library.

use std::thread;
use std::time::{Duration, Instant};

use testbed::case::Case;
use testbed::daemons::{self, AVAHI_NAME, Daemon};
use testbed::{Command, Namespace, Running, Sandbox, Wrapper, both, dns, ours};

use super::{COVERED_ONCE, keeping, not_ip};

pub(super) fn cases() -> Vec<Case> {
    vec![
        not_ip(both!(nscd_of_the_host_is_not_asked)),
        not_ip(both!(nscd_that_is_started_again_is_not_asked)),
        both!(nscd_answers_where_it_is_kept),
        not_ip(both!(nscd_of_a_view_is_its_own)),
        not_ip(both!(nscd_starts_in_a_view_beside_the_host_s)),
        not_ip(both!(nscd_of_a_view_leaves_the_host_s_pid_file)),
        not_ip(both!(resolved_of_the_host_is_not_asked)),
        not_ip(both!(resolved_that_is_started_again_is_not_asked)),
        both!(resolved_answers_where_it_is_kept),
        both!(resolv_conf_of_resolved_is_read),
        both!(resolv_conf_that_resolved_replaces_is_read_fresh),
        both!(resolv_conf_that_resolved_makes_later_is_read)
            .differs(Wrapper::NetnsExec, COVERED_ONCE),
        not_ip(both!(resolved_of_a_view_is_its_own)),
        not_ip(both!(avahi_of_the_host_is_not_asked)),
        not_ip(both!(avahi_that_is_started_again_is_not_asked)),
        both!(avahi_answers_where_it_is_kept),
        not_ip(both!(avahi_starts_in_a_view_beside_the_host_s)),
        ours!(program_and_netns_resolve_agree_beside_daemons),
    ]
}

/// A shell in alpha that looks names up, one a line of its input, and says of each what
/// `getent hosts` finds or its exit status.
fn asker(command: Command) -> Running {
    let script = r#"echo started; while read name; do
                    found=$(getent hosts "$name") && echo $found || echo "status $?"; done"#;
    let mut asker = command.args(["sh", "-c", script]).spawn();
    assert_eq!(asker.line(), "started");
    asker
}

fn ask(asker: &mut Running, name: &str) -> String {
    asker.tell(name);
    asker.line()
}

// nscd

/// A host whose nscd knows of `hostonly`, and alpha with its own hosts file.
fn with_nscd() -> (Sandbox, Namespace, Daemon) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("hosts", "127.0.0.1 localhost\n192.0.2.9 hostonly\n");
    let nscd = daemons::nscd(&sandbox);
    (sandbox, alpha, nscd)
}

fn nscd_of_the_host_is_not_asked(wrapper: Wrapper) {
    let (sandbox, alpha, nscd) = with_nscd();
    let _nscd = nscd.start(&sandbox);
    let mut asker = asker(wrapper.command(&sandbox, &alpha, [""; 0]));
    assert_eq!(ask(&mut asker, "alpha"), "127.0.1.1 alpha");
    assert_eq!(ask(&mut asker, "hostonly"), "status 2");
}

fn nscd_that_is_started_again_is_not_asked(wrapper: Wrapper) {
    let (sandbox, alpha, nscd) = with_nscd();
    let started = nscd.start(&sandbox);
    let mut asker = asker(wrapper.command(&sandbox, &alpha, [""; 0]));
    started.stop();
    assert_eq!(ask(&mut asker, "alpha"), "127.0.1.1 alpha");
    let _nscd = nscd.start(&sandbox);
    assert_eq!(ask(&mut asker, "alpha"), "127.0.1.1 alpha");
    assert_eq!(ask(&mut asker, "hostonly"), "status 2");
}

fn nscd_answers_where_it_is_kept(wrapper: Wrapper) {
    let (sandbox, _alpha, nscd) = with_nscd();
    let _nscd = nscd.start(&sandbox);
    let mut asker = asker(keeping(wrapper, &sandbox, &[]));
    assert_eq!(ask(&mut asker, "alpha"), "status 2");
    assert_eq!(ask(&mut asker, "hostonly"), "192.0.2.9 hostonly");
}

fn nscd_of_a_view_is_its_own(wrapper: Wrapper) {
    let (sandbox, alpha, nscd) = with_nscd();
    let own = nscd.start_in(wrapper, &sandbox, &alpha);
    let own = own.unwrap_or_else(|why| panic!("{why}"));
    for _ in 0..2 {
        let run = own
            .beside(&sandbox)
            .args(["getent", "hosts", "alpha"])
            .run();
        run.prints("127.0.1.1       alpha");
    }
    let statistics = own.beside(&sandbox).args(["nscd", "--statistics"]).run();
    assert!(
        statistics
            .exits(0)
            .out()
            .contains("1  cache hits on positive"),
        "{statistics}"
    );
    assert!(!sandbox.files().exists("/run/nscd/socket"));
    let host = sandbox.command(["getent", "hosts", "hostonly"]).run();
    host.prints("192.0.2.9       hostonly");
    own.stop();
}

fn nscd_starts_in_a_view_beside_the_host_s(wrapper: Wrapper) {
    let (sandbox, alpha, nscd) = with_nscd();
    let _nscd = nscd.start(&sandbox);
    let pid = sandbox.files().read("/run/nscd/nscd.pid");
    let own = nscd.start_in(wrapper, &sandbox, &alpha);
    assert_eq!(sandbox.files().read("/run/nscd/nscd.pid"), pid);
    let own = own.unwrap_or_else(|why| panic!("{why}"));
    let run = own
        .beside(&sandbox)
        .args(["getent", "hosts", "alpha"])
        .run();
    run.prints("127.0.1.1       alpha");
}

/// One that a daemon has left which did not end well.
fn nscd_of_a_view_leaves_the_host_s_pid_file(wrapper: Wrapper) {
    let (sandbox, alpha, nscd) = with_nscd();
    sandbox.files().write("/run/nscd/nscd.pid", "4194304\n");
    let own = nscd.start_in(wrapper, &sandbox, &alpha);
    let own = own.unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(sandbox.files().read("/run/nscd/nscd.pid"), b"4194304\n");
    own.stop();
    assert!(sandbox.files().exists("/run/nscd/nscd.pid"));
}

// systemd-resolved

const RESOLVE: &str = "passwd: files\ngroup: files\nhosts: files resolve [!UNAVAIL=return] dns\n";

/// A host whose systemd-resolved says that `www.test` is 192.0.2.1, and alpha with a DNS server
/// that says 198.51.100.1.
struct WithResolved {
    sandbox: Sandbox,
    alpha: Namespace,
    resolved: Daemon,
    _servers: [dns::Server; 2],
}

fn with_resolved() -> WithResolved {
    let (sandbox, alpha) = Sandbox::alpha();
    let resolved = daemons::resolved(&sandbox, "127.0.0.9");
    sandbox.host_file("nsswitch.conf", RESOLVE);
    let link = "../run/systemd/resolve/stub-resolv.conf";
    sandbox.files().symlink(link, "/etc/resolv.conf");
    alpha.file("resolv.conf", "nameserver 127.0.0.2\n");
    let servers = [
        sandbox.host_dns("127.0.0.9", "www.test A 192.0.2.1\n"),
        sandbox.dns(&alpha, "127.0.0.2", "www.test A 198.51.100.1\n"),
    ];
    WithResolved {
        sandbox,
        alpha,
        resolved,
        _servers: servers,
    }
}

impl WithResolved {
    fn asker(&self, wrapper: Wrapper) -> Running {
        let command = wrapper.command(&self.sandbox, &self.alpha, [""; 0]);
        asker(self.resolved.client(command))
    }
}

fn resolved_of_the_host_is_not_asked(wrapper: Wrapper) {
    let world = with_resolved();
    let _resolved = world.resolved.start(&world.sandbox);
    let mut asker = world.asker(wrapper);
    assert_eq!(ask(&mut asker, "www.test"), "198.51.100.1 www.test");
}

fn resolved_that_is_started_again_is_not_asked(wrapper: Wrapper) {
    let world = with_resolved();
    let started = world.resolved.start(&world.sandbox);
    let mut asker = world.asker(wrapper);
    started.stop();
    let _resolved = world.resolved.start(&world.sandbox);
    assert_eq!(ask(&mut asker, "www.test"), "198.51.100.1 www.test");
}

fn resolved_answers_where_it_is_kept(wrapper: Wrapper) {
    let world = with_resolved();
    let _resolved = world.resolved.start(&world.sandbox);
    let command = keeping(wrapper, &world.sandbox, &[]);
    let mut asker = asker(world.resolved.client(command));
    assert_eq!(ask(&mut asker, "www.test"), "192.0.2.1 www.test");
}

/// It lies beside the socket.
fn resolv_conf_of_resolved_is_read(wrapper: Wrapper) {
    let world = with_resolved();
    world
        .sandbox
        .files()
        .remove(world.alpha.path("resolv.conf"));
    let _resolved = world.resolved.start(&world.sandbox);
    let args = [
        "grep",
        "-h",
        "-e^search",
        "-e^nameserver",
        "/etc/resolv.conf",
    ];
    let run = wrapper.command(&world.sandbox, &world.alpha, args).run();
    run.prints("nameserver 127.0.0.53\nsearch host.test");
}

fn resolv_conf_that_resolved_replaces_is_read_fresh(wrapper: Wrapper) {
    let world = with_resolved();
    world
        .sandbox
        .files()
        .remove(world.alpha.path("resolv.conf"));
    let started = world.resolved.start(&world.sandbox);
    let script = "echo started; read line; grep ^search /etc/resolv.conf";
    let mut running = wrapper
        .command(&world.sandbox, &world.alpha, ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    started.stop();
    daemons::resolved_asks(&world.sandbox, "127.0.0.9", "other.test");
    let _resolved = world.resolved.start(&world.sandbox);
    let deadline = Instant::now() + Duration::from_secs(10);
    let path = "/run/systemd/resolve/stub-resolv.conf";
    let is_written = || {
        let text = world.sandbox.files().read(path);
        String::from_utf8_lossy(&text).contains("search other.test")
    };
    while !is_written() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
    running.tell("go");
    running.end().prints("search other.test");
}

/// It was not there when the command was started.
fn resolv_conf_that_resolved_makes_later_is_read(wrapper: Wrapper) {
    let world = with_resolved();
    let files = world.sandbox.files();
    files.remove(world.alpha.path("resolv.conf"));
    let script = "echo started; read line; grep ^search /etc/resolv.conf";
    let mut running = wrapper
        .command(&world.sandbox, &world.alpha, ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    let _resolved = world.resolved.start(&world.sandbox);
    running.tell("go");
    running.end().prints("search host.test");
}

/// Both at work, each with a place of its own for what it writes.
fn resolved_of_a_view_is_its_own(wrapper: Wrapper) {
    const FILE: &str = "/run/systemd/resolve/resolv.conf";
    let world = with_resolved();
    let (sandbox, alpha) = (&world.sandbox, &world.alpha);
    let _resolved = world.resolved.start(sandbox);
    let before = sandbox.files().read(FILE);
    sandbox.files().mkdir(alpha.path("systemd"));
    alpha.file(
        "systemd/resolved.conf",
        "[Resolve]\nDNS=127.0.0.2\nFallbackDNS=\nLLMNR=no\n",
    );
    daemons::interface(sandbox, Some(alpha));
    let own = world.resolved.start_in(wrapper, sandbox, alpha);
    let own = own.unwrap_or_else(|why| panic!("{why}"));
    for (command, address) in [
        (own.beside(sandbox), "198.51.100.1"),
        (sandbox.command([""; 0]), "192.0.2.1"),
    ] {
        let command = command.args(["getent", "-s", "resolve", "hosts", "www.test"]);
        let run = world.resolved.client(command).run();
        run.prints(&format!("{address:15} www.test"));
    }
    own.beside(sandbox)
        .args(["grep", "^nameserver", FILE])
        .run()
        .prints("nameserver 127.0.0.2");
    assert_eq!(sandbox.files().read(FILE), before);
}

// avahi-daemon

const MDNS: &str =
    "passwd: files\ngroup: files\nhosts: files mdns4_minimal [NOTFOUND=return] dns\n";

/// A host whose avahi-daemon knows a printer, and alpha with a DNS server that knows another of
/// that name.
fn with_avahi() -> (Sandbox, Namespace, Daemon, dns::Server) {
    let (sandbox, alpha) = Sandbox::alpha();
    let avahi = daemons::avahi(&sandbox);
    sandbox.host_file("nsswitch.conf", MDNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.2\n");
    let (name, _) = AVAHI_NAME;
    let server = sandbox.dns(&alpha, "127.0.0.2", &format!("{name} A 198.51.100.1\n"));
    (sandbox, alpha, avahi, server)
}

fn avahi_of_the_host_is_not_asked(wrapper: Wrapper) {
    let (sandbox, alpha, avahi, _server) = with_avahi();
    let _avahi = avahi.start(&sandbox);
    let mut asker = asker(avahi.client(wrapper.command(&sandbox, &alpha, [""; 0])));
    assert_eq!(ask(&mut asker, AVAHI_NAME.0), "198.51.100.1 printer.local");
}

fn avahi_that_is_started_again_is_not_asked(wrapper: Wrapper) {
    let (sandbox, alpha, avahi, _server) = with_avahi();
    let started = avahi.start(&sandbox);
    let mut asker = asker(avahi.client(wrapper.command(&sandbox, &alpha, [""; 0])));
    started.stop();
    let _avahi = avahi.start(&sandbox);
    assert_eq!(ask(&mut asker, AVAHI_NAME.0), "198.51.100.1 printer.local");
}

fn avahi_answers_where_it_is_kept(wrapper: Wrapper) {
    let (sandbox, _alpha, avahi, _server) = with_avahi();
    let _avahi = avahi.start(&sandbox);
    let mut asker = asker(avahi.client(keeping(wrapper, &sandbox, &[])));
    assert_eq!(ask(&mut asker, AVAHI_NAME.0), "192.0.2.77 printer.local");
}

fn avahi_starts_in_a_view_beside_the_host_s(wrapper: Wrapper) {
    let (sandbox, alpha, avahi, _server) = with_avahi();
    let _avahi = avahi.start(&sandbox);
    daemons::interface(&sandbox, Some(&alpha));
    let own = avahi.start_in(wrapper, &sandbox, &alpha);
    let own = own.unwrap_or_else(|why| panic!("{why}"));
    let command = own.beside(&sandbox).args(["getent", "hosts", AVAHI_NAME.0]);
    avahi
        .client(command)
        .run()
        .prints("192.0.2.77      printer.local");
}

// netns-resolve, which answers as a program of the view

fn program_and_netns_resolve_agree_beside_daemons(_: Wrapper) {
    let world = with_resolved();
    let _resolved = world.resolved.start(&world.sandbox);
    let _nscd = daemons::nscd(&world.sandbox).start(&world.sandbox);
    for (name, address) in [("www.test", "198.51.100.1"), ("alpha", "127.0.1.1")] {
        let resolve = world.sandbox.netns_resolve(["--compare", "alpha", name]);
        let run = world.resolved.client(resolve).run();
        run.prints(address);
    }
    let resolve = world
        .sandbox
        .netns_resolve(["--compare", "alpha", "hostonly"]);
    world.resolved.client(resolve).run().exits(2);
}
