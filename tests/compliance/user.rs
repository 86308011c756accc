//! `netns-exec -u USER`: its ids and groups, and nothing of the caller's privilege.

use testbed::case::Case;
use testbed::{Run, Sandbox, Wrapper, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(ids_and_groups_are_the_user_s),
        ours!(user_may_be_a_number),
        ours!(no_capabilities_are_left),
        ours!(database_of_the_namespace_counts),
        ours!(lookup_runs_nothing_from_the_path),
        ours!(lookup_does_without_sigchld),
        ours!(unknown_user_is_125),
        ours!(user_id_of_minus_one_is_refused),
        ours!(command_that_only_root_can_find_is_127),
        ours!(override_is_in_place_for_the_user),
        ours!(without_permission_the_command_is_not_run),
    ]
}

fn as_user(user: &str, args: &[&str]) -> Run {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.netns_exec(["-u", user, "alpha"]).args(args).run()
}

fn ids_and_groups_are_the_user_s(_: Wrapper) {
    as_user("alice", &["id"])
        .prints("uid=1001(alice) gid=1001(alice) groups=1001(alice),2001(staff),2002(wheel)");
    as_user("nobody", &["id", "-G"]).prints("65534");
}

fn user_may_be_a_number(_: Wrapper) {
    as_user("1001", &["id", "-un"]).prints("alice");
}

fn database_of_the_namespace_counts(_: Wrapper) {
    need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("passwd", "alice:x:1234:4321::/:/bin/sh\n");
    alpha.file("group", "own:x:4321:\nmore:x:4322:alice\n");
    let run = sandbox.netns_exec(["-u", "alice", "alpha", "id"]).run();
    run.prints("uid=1234(alice) gid=4321(own) groups=4321(own),4322(more)");
}

/// It would run as root.
fn lookup_runs_nothing_from_the_path(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/mallory");
    let script = "#!/bin/sh\necho called >>/run/mallory/log; echo 0\n";
    for name in ["id", "getent"] {
        let path = format!("/run/mallory/{name}");
        sandbox.files().write(&path, script);
        sandbox.files().chmod(&path, 0o755);
    }
    let command = sandbox.netns_exec(["-u", "alice", "alpha", "/usr/bin/id", "-u"]);
    let run = command.env("PATH", "/run/mallory:/usr/bin:/bin").run();
    run.prints("1001");
    sandbox.command(["cat", "/run/mallory/log"]).run().exits(1);
}

/// The caller may ignore it; then the kernel tells of no child's end.
fn lookup_does_without_sigchld(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    let ignoring = ["env", "--ignore-signal=CHLD", "netns-exec", "-u"];
    let command = sandbox.command(ignoring);
    command
        .args(["alice", "alpha", "id", "-u"])
        .run()
        .prints("1001");
    let command = sandbox.command(ignoring);
    let run = command.args(["nosuchuser", "alpha", "id", "-u"]).run();
    run.exits(125).complains(&["nosuchuser"]);
}

fn no_capabilities_are_left(_: Wrapper) {
    let run = as_user("alice", &["grep", "Cap[IPEA]", "/proc/self/status"]);
    for line in run.exits(0).out().lines() {
        assert!(line.ends_with("\t0000000000000000"), "{run}");
    }
}

fn unknown_user_is_125(_: Wrapper) {
    as_user("nosuchuser", &["echo", "has run"])
        .exits(125)
        .complains(&["nosuchuser"]);
    as_user("", &["echo", "has run"])
        .exits(125)
        .complains(&["user"]);
}

fn override_is_in_place_for_the_user(_: Wrapper) {
    as_user("alice", &["cat", "/etc/hosts"]).prints("127.0.1.1 alpha");
}

/// Also in a user namespace without the user.
fn without_permission_the_command_is_not_run(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "exec unshare --user --map-root-user --mount --net sh -c '\
                  exec netns-exec --sys keep -u alice /proc/self/ns/net echo has run'";
    let run = sandbox.command(["sh", "-c", script]).run();
    run.exits(125).complains(&["user"]);
    assert!(run.stdout.is_empty(), "{run}");
}

/// To setresuid(2) that number means "leave it as it is".
fn user_id_of_minus_one_is_refused(_: Wrapper) {
    need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    for (field, ids) in [("uid", "4294967295:1001"), ("gid", "1001:4294967295")] {
        alpha.file("passwd", format!("mallory:x:{ids}::/:/bin/sh\n"));
        let run = sandbox.netns_exec(["-u", "mallory", "alpha", "id"]).run();
        run.exits(125).complains(&["mallory"]);
        assert!(run.stdout.is_empty(), "{field}: {run}");
    }
}

/// A directory in PATH that the user may not search says nothing about the command.
fn command_that_only_root_can_find_is_127(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/private");
    sandbox.files().chmod("/run/private", 0o700);
    let path = format!("/run/private:{}", "/usr/bin:/bin");
    let command = sandbox.netns_exec(["-u", "alice", "alpha", "nosuchcommand"]);
    command
        .env("PATH", path)
        .run()
        .exits(127)
        .complains(&["nosuchcommand"]);
}
