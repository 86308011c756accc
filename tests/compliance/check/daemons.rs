//! Daemons that answer for the namespace, or cannot be reached from it.

use testbed::case::Case;

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(daemon_of_the_host_that_answers_is_found),
        alone!(daemon_of_the_namespace_is_its_own),
        alone!(socket_that_nobody_listens_at_is_none),
        alone!(abstract_bus_outside_is_found),
    ]
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
