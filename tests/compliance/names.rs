//! What may name a namespace.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use testbed::case::Case;
use testbed::{Run, Sandbox, Wrapper, both, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        both!(name_of_255_bytes_is_found).differs(
            Wrapper::IpNetnsExec,
            "ip netns exec cuts the last byte of /etc/netns/NAME",
        ),
        both!(name_of_odd_bytes_is_found),
        both!(name_that_starts_with_a_dot_is_found),
        ours!(name_of_256_bytes_is_refused),
        ours!(dots_are_no_names),
        ours!(path_is_taken_as_a_path),
        ours!(path_of_a_process_is_entered),
        ours!(named_namespace_by_path_has_its_files),
        ours!(relative_path_is_taken_as_a_path),
        ours!(path_to_a_name_keeps_that_name),
        ours!(path_of_several_names_with_files_is_refused),
        ours!(other_kind_of_namespace_is_refused),
        ours!(named_namespace_of_another_kind_is_refused),
        ours!(leftover_file_is_refused),
        ours!(fifo_does_not_hang),
        ours!(directory_is_refused),
    ]
}

fn exec(sandbox: &Sandbox, name: impl Into<OsString>, args: &[&str]) -> Run {
    let command = sandbox.netns_exec([name.into()]).args(args);
    command.timeout(Duration::from_secs(10)).run()
}

fn found(wrapper: Wrapper, name: OsString) {
    let sandbox = Sandbox::new();
    let namespace = sandbox.namespace(&name);
    namespace.file("hosts", "127.0.1.1 own\n");
    wrapper
        .command(&sandbox, &namespace, ["cat", "/etc/hosts"])
        .run()
        .prints("127.0.1.1 own");
}

fn name_of_255_bytes_is_found(wrapper: Wrapper) {
    found(wrapper, "n".repeat(255).into());
}

fn name_of_odd_bytes_is_found(wrapper: Wrapper) {
    found(wrapper, OsString::from_vec(b"odd \xff\n%s".into()));
}

fn name_that_starts_with_a_dot_is_found(wrapper: Wrapper) {
    found(wrapper, "..hidden".into());
}

#[track_caller]
fn refused(sandbox: &Sandbox, name: &str, words: &[&str]) {
    let run = exec(sandbox, name, &["echo", "has run"]);
    run.exits(125).complains(words);
    assert!(run.stdout.is_empty(), "{run}");
}

fn name_of_256_bytes_is_refused(_: Wrapper) {
    refused(&Sandbox::new(), &"n".repeat(256), &["255"]);
}

fn dots_are_no_names(_: Wrapper) {
    let sandbox = Sandbox::new();
    for name in ["", ".", ".."] {
        refused(&sandbox, name, &["name"]);
    }
}

fn path_is_taken_as_a_path(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/netns/x");
    for path in ["../x", "a/b", "alpha/", "/run/netns/x", "/nosuch"] {
        refused(&sandbox, path, &[path]);
    }
}

fn path_of_a_process_is_entered(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    // Without a name in /run/netns.
    let mut running = sandbox
        .command(["unshare", "--net", "sh", "-c", "echo up; read line"])
        .spawn();
    assert_eq!(running.line(), "up");
    let path = format!("/proc/{}/ns/net", running.pid());
    let theirs = sandbox.command(["readlink", &path]).run();
    let run = exec(&sandbox, path, &["readlink", "/proc/self/ns/net"]);
    run.prints(&theirs.out());
}

fn named_namespace_by_path_has_its_files(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let mut running = sandbox
        .ip_netns_exec(&alpha, ["sh", "-c", "echo up; read line"])
        .spawn();
    assert_eq!(running.line(), "up");
    for path in [
        "/run/netns/alpha".into(),
        format!("/proc/{}/ns/net", running.pid()),
    ] {
        let run = exec(&sandbox, path, &["sh", "-c", "cat /etc/hosts; echo $NETNS"]);
        run.prints("127.0.1.1 alpha\nalpha");
    }
}

fn relative_path_is_taken_as_a_path(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let command = sandbox.netns_exec(["./alpha", "cat", "/etc/hosts"]);
    command
        .directory("/run/netns")
        .run()
        .prints("127.0.1.1 alpha");
}

fn other_kind_of_namespace_is_refused(_: Wrapper) {
    let sandbox = Sandbox::new();
    for path in [
        "/proc/self/ns/mnt",
        "/proc/self/ns/uts",
        "/etc/hosts",
        "/dev/null",
        "/etc",
    ] {
        refused(&sandbox, path, &[path]);
    }
}

/// One with a name, about which the kernel is asked only when it is entered.
fn named_namespace_of_another_kind_is_refused(_: Wrapper) {
    let sandbox = Sandbox::new();
    sandbox.files().mkdir("/run/netns");
    sandbox.files().write("/run/netns/uts", "");
    let bind = ["mount", "--bind", "/proc/self/ns/uts", "/run/netns/uts"];
    sandbox.set_up(sandbox.command(bind));
    refused(&sandbox, "uts", &["uts", "another kind"]);
}

fn leftover_file_is_refused(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    // What is left when a namespace was added in another mount namespace.
    sandbox.files().write("/run/netns/leftover", "");
    refused(&sandbox, "leftover", &["leftover"]);
}

fn fifo_does_not_hang(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().fifo("/run/netns/pipe");
    refused(&sandbox, "pipe", &["pipe"]);
}

fn directory_is_refused(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/netns/directory");
    refused(&sandbox, "directory", &["directory"]);
}

/// However the path to `/run/netns/NAME` is written, NAME's files count, not those of an alias.
fn path_to_a_name_keeps_that_name(_: Wrapper) {
    let sandbox = aliased();
    for path in [
        "/run/netns/alpha",
        "/run/netns/../netns/alpha",
        "/run/../run/netns/alpha",
    ] {
        exec(&sandbox, path, &["sh", "-c", "echo $NETNS; cat /etc/hosts"])
            .prints("alpha\n127.0.1.1 alpha");
    }
    let command = sandbox.netns_exec(["./alpha", "sh", "-c", "echo $NETNS; cat /etc/hosts"]);
    command
        .directory("/run/netns")
        .run()
        .prints("alpha\n127.0.1.1 alpha");
}

/// A path elsewhere does not say which of the names is meant. One without files does not count.
fn path_of_several_names_with_files_is_refused(_: Wrapper) {
    let sandbox = aliased();
    let inside = ["ip", "netns", "exec", "alpha"];
    let path = ["netns-exec", "/proc/self/ns/net", "cat", "/etc/hosts"];
    sandbox
        .command(inside)
        .args(path)
        .run()
        .prints("127.0.1.1 alpha");
    sandbox.files().mkdir("/etc/netns/aaa");
    let run = sandbox.command(inside).args(path).run();
    run.exits(125).complains(&["aaa", "alpha"]);
}

/// A sandbox whose namespace alpha is also called aaa.
fn aliased() -> Sandbox {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "touch /run/netns/aaa && mount --bind /run/netns/alpha /run/netns/aaa";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    sandbox
}
