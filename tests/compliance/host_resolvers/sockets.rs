//! All sockets that are known, and what lies beside them, by stand-ins.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use netns::{HOST_RESOLVERS, HostResolver};
use testbed::case::Case;
use testbed::daemons::Peer;
use testbed::{Command, Namespace, Sandbox, Wrapper, both, ours};

use super::{COVERED_ONCE, keeping, neither, not_ip};

pub(super) fn cases() -> Vec<Case> {
    const DIRECTORY: &str =
        "a cover goes with its directory; --heal and --watch put one on the new";
    vec![
        not_ip(both!(no_socket_of_a_resolver_is_reached)),
        ours!(no_socket_of_a_resolver_is_reached_with_sealed_etc),
        ours!(no_socket_of_a_resolver_is_reached_from_a_view_in_a_view),
        not_ip(both!(
            no_socket_of_a_resolver_is_reached_where_var_run_is_a_directory
        )),
        not_ip(both!(no_socket_that_is_made_anew_is_reached)),
        neither(
            both!(no_socket_in_a_directory_that_is_made_anew_is_reached),
            DIRECTORY,
        ),
        neither(
            both!(no_socket_in_a_directory_that_was_not_there_is_reached),
            DIRECTORY,
        ),
        ours!(heal_hides_sockets_in_directories_that_are_made_anew),
        ours!(heal_hides_sockets_in_directories_that_were_not_there),
        ours!(heal_leaves_daemons_that_are_kept),
        ours!(heal_leaves_sockets_made_in_a_view),
        ours!(heal_shows_other_sockets_that_came_later),
        ours!(watch_hides_sockets_in_directories_that_are_made_anew),
        not_ip(both!(no_socket_in_a_directory_behind_a_symlink_is_reached)),
        not_ip(both!(no_socket_in_a_directory_that_is_a_mount_is_reached)),
        not_ip(both!(no_socket_in_the_working_directory_is_reached)),
        both!(directories_have_the_host_s_owner_and_mode),
        both!(every_socket_is_reached_where_daemons_are_kept),
        both!(other_sockets_beside_are_reached),
        both!(other_sockets_that_come_later_are_reached).differs(Wrapper::NetnsExec, COVERED_ONCE),
        both!(other_files_beside_are_read),
        both!(other_files_beside_are_fresh),
        both!(d_bus_is_reached),
        both!(sockets_made_in_a_view_stay_there).differs(
            Wrapper::IpNetnsExec,
            "a daemon in ip netns exec finds the host's in its place",
        ),
    ]
}

/// The sockets of all daemons.
fn sockets() -> Vec<String> {
    let sockets = HOST_RESOLVERS.iter().flat_map(|resolver| {
        let names = resolver.sockets.iter();
        names.map(|name| format!("{}/{name}", resolver.directory))
    });
    sockets.collect()
}

/// Files that other programs keep beside a socket.
const BESIDE: [&str; 2] = ["daemon.pid", "resolv.conf"];

/// A sandbox with a `/var` of its own and all the directories, which hold other files too.
fn with_directories(var_run: VarRun) -> (Sandbox, Namespace) {
    let (sandbox, alpha) = Sandbox::alpha();
    own_var(&sandbox, var_run);
    for resolver in HOST_RESOLVERS {
        make_directory(&sandbox, resolver.directory);
    }
    (sandbox, alpha)
}

fn make_directory(sandbox: &Sandbox, directory: &str) {
    sandbox.files().mkdir(directory);
    for name in BESIDE {
        let path = Path::new(directory).join(name);
        sandbox.files().write(path, format!("{name} of the host"));
    }
}

#[derive(Clone, Copy)]
enum VarRun {
    Link,
    Directory,
}

fn own_var(sandbox: &Sandbox, var_run: VarRun) {
    sandbox.set_up(sandbox.command(["mount", "-t", "tmpfs", "var", "/var"]));
    match var_run {
        VarRun::Link => sandbox.files().symlink("/run", "/var/run"),
        VarRun::Directory => sandbox.files().mkdir("/var/run"),
    }
}

/// Each place once: where `/var/run` is a link, a socket has two names.
fn places(sandbox: &Sandbox) -> Vec<String> {
    let is_link = sandbox.files().exists("/var/run/netns");
    let sockets = sockets().into_iter();
    sockets
        .filter(|path| !is_link || !path.starts_with("/var/run/"))
        .collect()
}

/// Each directory once, where `/var/run` is a link.
fn distinct_directories() -> Vec<&'static str> {
    let directories = HOST_RESOLVERS.iter().map(|resolver| resolver.directory);
    directories
        .filter(|directory| !directory.starts_with("/var/run/"))
        .collect()
}

/// Listen at all of these on the host.
fn host_daemons(sandbox: &Sandbox, sockets: &[String]) -> Peer {
    let mut daemons = Peer::daemon(sandbox.command([""; 0]), "host", sockets);
    all_answer(&mut daemons, sockets, "host");
    daemons
}

#[track_caller]
fn all_answer(client: &mut Peer, sockets: &[String], expected: &str) {
    for socket in sockets {
        let greeting = client.greeting(socket);
        assert!(greeting == expected, "{socket}: {greeting}");
    }
}

#[track_caller]
fn none_answers(client: &mut Peer, sockets: &[String]) {
    for socket in sockets {
        let greeting = client.greeting(socket);
        // What glibc and its modules take for: no such daemon.
        let is_absent = ["No such file or directory", "Connection refused"]
            .iter()
            .any(|error| greeting.starts_with(error));
        assert!(is_absent, "{socket}: {greeting}");
    }
}

fn client(wrapper: Wrapper, sandbox: &Sandbox) -> Peer {
    Peer::client(wrapper.command(sandbox, "alpha", [""; 0]))
}

fn no_socket_of_a_resolver_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    none_answers(&mut client(wrapper, &sandbox), &sockets());
}

fn no_socket_of_a_resolver_is_reached_where_var_run_is_a_directory(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Directory);
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    none_answers(&mut client(wrapper, &sandbox), &sockets());
}

fn no_socket_of_a_resolver_is_reached_with_sealed_etc(_: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    let command = sandbox.netns_exec(["--etc", "sealed", "alpha"]);
    none_answers(&mut Peer::client(command), &sockets());
}

fn no_socket_of_a_resolver_is_reached_from_a_view_in_a_view(_: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let _beta = sandbox.namespace("beta");
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    let command = sandbox.netns_exec(["alpha", "netns-exec", "beta"]);
    none_answers(&mut Peer::client(command), &sockets());
}

/// A daemon that is started again replaces its socket.
fn no_socket_that_is_made_anew_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let daemons = host_daemons(&sandbox, &places(&sandbox));
    let mut client = client(wrapper, &sandbox);
    drop(daemons);
    places(&sandbox)
        .iter()
        .for_each(|socket| sandbox.files().remove(socket));
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    none_answers(&mut client, &sockets());
}

/// As for a systemd unit with `RuntimeDirectory=`, which removes it when the daemon stops.
fn make_directories_anew(sandbox: &Sandbox, daemons: Peer) -> Peer {
    drop(daemons);
    for resolver in HOST_RESOLVERS {
        sandbox.files().remove(resolver.directory);
        make_directory(sandbox, resolver.directory);
    }
    host_daemons(sandbox, &places(sandbox))
}

fn no_socket_in_a_directory_that_is_made_anew_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let daemons = host_daemons(&sandbox, &places(&sandbox));
    let mut client = client(wrapper, &sandbox);
    let _daemons = make_directories_anew(&sandbox, daemons);
    none_answers(&mut client, &sockets());
}

/// A daemon that is installed, or started, for the first time.
fn no_socket_in_a_directory_that_was_not_there_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    own_var(&sandbox, VarRun::Link);
    let mut client = client(wrapper, &sandbox);
    for resolver in HOST_RESOLVERS {
        make_directory(&sandbox, resolver.directory);
    }
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    none_answers(&mut client, &sockets());
}

fn heal(sandbox: &Sandbox) {
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
}

fn heal_hides_sockets_in_directories_that_are_made_anew(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let daemons = host_daemons(&sandbox, &places(&sandbox));
    let mut client = client(wrapper, &sandbox);
    let _daemons = make_directories_anew(&sandbox, daemons);
    heal(&sandbox);
    none_answers(&mut client, &sockets());
}

fn heal_hides_sockets_in_directories_that_were_not_there(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    own_var(&sandbox, VarRun::Link);
    let mut client = client(wrapper, &sandbox);
    for resolver in HOST_RESOLVERS {
        make_directory(&sandbox, resolver.directory);
    }
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    heal(&sandbox);
    none_answers(&mut client, &sockets());
}

fn heal_leaves_daemons_that_are_kept(_: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let daemons = host_daemons(&sandbox, &places(&sandbox));
    let mut client = Peer::client(keeping(Wrapper::NetnsExec, &sandbox, &[]));
    let _daemons = make_directories_anew(&sandbox, daemons);
    heal(&sandbox);
    all_answer(&mut client, &sockets(), "host");
}

fn heal_leaves_sockets_made_in_a_view(wrapper: Wrapper) {
    let (sandbox, alpha) = with_directories(VarRun::Link);
    let places = places(&sandbox);
    let command = wrapper.command(&sandbox, &alpha, [""; 0]);
    let mut own = Peer::daemon(command, "alpha", &places);
    let _daemons = host_daemons(&sandbox, &places);
    heal(&sandbox);
    all_answer(&mut own, &sockets(), "alpha");
}

fn heal_shows_other_sockets_that_came_later(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let mut client = client(wrapper, &sandbox);
    let others = ["/var/lib/sss/pipes/pam".to_owned()];
    let _daemons = host_daemons(&sandbox, &others);
    heal(&sandbox);
    all_answer(&mut client, &others, "host");
}

/// It takes a moment, in which they can be reached.
fn watch_hides_sockets_in_directories_that_are_made_anew(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let daemons = host_daemons(&sandbox, &places(&sandbox));
    let mut client = client(wrapper, &sandbox);
    let _watch = sandbox.netns_exec(["--watch", "alpha"]).spawn();
    let _daemons = make_directories_anew(&sandbox, daemons);
    let sockets = sockets();
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline && sockets.iter().any(|path| client.greeting(path) == "host") {
        thread::sleep(Duration::from_millis(10));
    }
    none_answers(&mut client, &sockets);
}

/// An administrator has moved the directory.
fn no_socket_in_a_directory_behind_a_symlink_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    own_var(&sandbox, VarRun::Link);
    for (number, directory) in distinct_directories().into_iter().enumerate() {
        let moved = format!("/var/moved/{number}");
        make_directory(&sandbox, &moved);
        let above = Path::new(directory).parent().expect("not the root");
        sandbox.files().mkdir(above);
        sandbox.files().symlink(&moved, directory);
    }
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    none_answers(&mut client(wrapper, &sandbox), &sockets());
}

fn no_socket_in_a_directory_that_is_a_mount_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    for directory in distinct_directories() {
        let mount = ["mount", "-t", "tmpfs", "own", directory];
        sandbox.set_up(sandbox.command(mount));
    }
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    none_answers(&mut client(wrapper, &sandbox), &sockets());
}

/// A program may be started in such a directory.
fn no_socket_in_the_working_directory_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    let command = wrapper.command(&sandbox, "alpha", [""; 0]);
    let mut client = Peer::client(command.directory("/run/nscd"));
    none_answers(&mut client, &["socket".to_owned()]);
}

fn directories_have_the_host_s_owner_and_mode(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    sandbox.files().chmod("/run/samba/winbindd", 0o750);
    sandbox.files().chmod("/var/lib/sss/pipes", 0o2711);
    let args = ["stat", "-c", "%n %a %u %g"];
    let run = |command: Command| command.args(args).args(distinct_directories()).run();
    let host = run(sandbox.command([""; 0]));
    run(wrapper.command(&sandbox, "alpha", [""; 0])).prints(&host.out());
}

fn every_socket_is_reached_where_daemons_are_kept(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let _daemons = host_daemons(&sandbox, &places(&sandbox));
    let mut client = Peer::client(keeping(wrapper, &sandbox, &[]));
    all_answer(&mut client, &sockets(), "host");
}

/// PAM asks sssd at the one, programs that change passwords or tickets at others.
fn other_sockets_beside_are_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    sandbox.files().mkdir("/var/lib/sss/pipes/private");
    let others =
        ["pam", "ssh", "sudo", "private/pam"].map(|name| format!("/var/lib/sss/pipes/{name}"));
    let beside = |resolver: &HostResolver| format!("{}/other", resolver.directory);
    let mut others = others.to_vec();
    others.extend(HOST_RESOLVERS.iter().map(beside));
    let made: Vec<_> = others
        .iter()
        .filter(|path| !path.starts_with("/var/run/"))
        .cloned()
        .collect();
    let daemons = host_daemons(&sandbox, &made);
    let mut client = client(wrapper, &sandbox);
    all_answer(&mut client, &others, "host");
    // Those of daemons that are started again, too.
    drop(daemons);
    made.iter()
        .for_each(|socket| sandbox.files().remove(socket));
    let _daemons = host_daemons(&sandbox, &made);
    all_answer(&mut client, &others, "host");
}

fn other_sockets_that_come_later_are_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let mut client = client(wrapper, &sandbox);
    let others = ["/var/lib/sss/pipes/pam".to_owned()];
    let _daemons = host_daemons(&sandbox, &others);
    all_answer(&mut client, &others, "host");
}

/// The paths of the files beside sockets.
fn beside() -> Vec<String> {
    let beside = HOST_RESOLVERS.iter().flat_map(|resolver| {
        let names = BESIDE.iter();
        names.map(|name| format!("{}/{name}", resolver.directory))
    });
    beside.collect()
}

fn other_files_beside_are_read(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let command = wrapper.command(&sandbox, "alpha", ["cat"]);
    let run = command.args(beside()).run();
    let expected = BESIDE.map(|name| format!("{name} of the host")).concat();
    run.prints(&expected.repeat(HOST_RESOLVERS.len()));
}

fn other_files_beside_are_fresh(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    let script = r#"echo started; read line; cat "$0" "$@""#;
    let command = wrapper.command(&sandbox, "alpha", ["sh", "-c", script]);
    let mut running = command.args(beside()).spawn();
    assert_eq!(running.line(), "started");
    for path in beside() {
        sandbox.files().replace(
            path, "new
",
        );
    }
    running.tell("go");
    running.end().prints(
        "new
"
        .repeat(beside().len())
        .trim(),
    );
}

fn d_bus_is_reached(wrapper: Wrapper) {
    let (sandbox, _alpha) = with_directories(VarRun::Link);
    sandbox.files().mkdir("/run/dbus");
    let bus = ["/run/dbus/system_bus_socket".to_owned()];
    let _bus = host_daemons(&sandbox, &bus);
    all_answer(&mut client(wrapper, &sandbox), &bus, "host");
}

/// Daemons of the view and those of the host do not see each other.
fn sockets_made_in_a_view_stay_there(wrapper: Wrapper) {
    let (sandbox, alpha) = with_directories(VarRun::Link);
    let places = places(&sandbox);
    let mut host = host_daemons(&sandbox, &places);
    let command = wrapper.command(&sandbox, &alpha, [""; 0]);
    let started = Peer::try_daemon(command, "alpha", &places);
    let mut own = started.unwrap_or_else(|why| panic!("{why}"));
    all_answer(&mut own, &sockets(), "alpha");
    all_answer(&mut host, &sockets(), "host");
    // Nor do those of two commands.
    none_answers(&mut client(wrapper, &sandbox), &sockets());
}
