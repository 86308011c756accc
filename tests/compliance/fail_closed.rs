//! An override that cannot be put in place means that the command is not run: status 125 and one
//! line that names the file.

use testbed::case::Case;
use testbed::{Namespace, Sandbox, Wrapper, both, need};

pub(crate) fn cases() -> Vec<Case> {
    const GOES_ON: &str = "ip netns exec goes on, with a warning or without";
    let rules = [
        both!(fifo_is_refused),
        both!(socket_is_refused),
        both!(dangling_symlink_is_refused),
        both!(loop_of_symlinks_is_refused),
        both!(directory_for_a_file_is_refused),
        both!(file_for_a_directory_is_refused),
        both!(unreadable_file_is_refused),
        both!(device_is_refused),
        both!(plain_file_for_the_directory_is_refused),
        both!(one_bad_override_among_good_ones_is_refused),
    ];
    rules
        .map(|case| case.differs(Wrapper::IpNetnsExec, GOES_ON))
        .into()
}

/// The command must not run, and the message must have `words`.
#[track_caller]
fn refused(wrapper: Wrapper, prepare: impl FnOnce(&Sandbox, &Namespace), words: &[&str]) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("resolv.conf", "host\n");
    prepare(&sandbox, &alpha);
    let run = wrapper
        .command(&sandbox, "alpha", ["echo", "has run"])
        .run();
    run.exits(125).complains(words);
    assert!(run.stdout.is_empty(), "{run}");
}

fn fifo_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox.files().fifo(alpha.path("resolv.conf"));
    };
    refused(wrapper, prepare, &["/etc/netns/alpha/resolv.conf", "fifo"]);
}

fn socket_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox.files().socket(alpha.path("resolv.conf"));
    };
    refused(
        wrapper,
        prepare,
        &["/etc/netns/alpha/resolv.conf", "socket"],
    );
}

fn dangling_symlink_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox
            .files()
            .symlink("nowhere", alpha.path("resolv.conf"));
    };
    refused(
        wrapper,
        prepare,
        &["/etc/netns/alpha/resolv.conf", "symlink"],
    );
}

fn loop_of_symlinks_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox
            .files()
            .symlink("resolv.conf", alpha.path("resolv.conf"));
    };
    refused(
        wrapper,
        prepare,
        &["/etc/netns/alpha/resolv.conf", "symlink"],
    );
}

fn directory_for_a_file_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox.files().mkdir(alpha.path("resolv.conf"));
    };
    refused(
        wrapper,
        prepare,
        &["/etc/netns/alpha/resolv.conf", "directory"],
    );
}

fn file_for_a_directory_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox.files().mkdir("/etc/app");
        alpha.file("app", "");
    };
    refused(wrapper, prepare, &["/etc/netns/alpha/app", "directory"]);
}

/// Root of a user namespace may not read the files of those who are nobody in it.
fn unreadable_file_is_refused(wrapper: Wrapper) {
    need::root();
    let sandbox = Sandbox::new();
    sandbox.host_file("resolv.conf", "host\n");
    sandbox.files().mkdir("/etc/netns/gamma");
    sandbox.files().write("/etc/netns/gamma/resolv.conf", "");
    sandbox.set_up(sandbox.command(["chmod", "600", "/etc/netns/gamma/resolv.conf"]));
    sandbox.set_up(sandbox.command(["chown", "alice", "/etc/netns/gamma/resolv.conf"]));
    let words = wrapper.words().join(" ".as_ref());
    let script = format!(
        "ip netns add gamma && exec {} gamma echo has run",
        words.display()
    );
    let command = sandbox.command(["unshare", "--user", "--map-root-user", "--mount", "--net"]);
    let run = command.args(["sh", "-c", &script]).run();
    run.exits(125).complains(&["/etc/netns/gamma/resolv.conf"]);
    assert!(run.stdout.is_empty(), "{run}");
}

fn device_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox
            .files()
            .symlink("/dev/null", alpha.path("resolv.conf"));
    };
    refused(
        wrapper,
        prepare,
        &["/etc/netns/alpha/resolv.conf", "device"],
    );
}

fn plain_file_for_the_directory_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        sandbox.files().remove(alpha.directory());
        sandbox.files().write(alpha.directory(), "");
    };
    refused(wrapper, prepare, &["/etc/netns/alpha", "directory"]);
}

fn one_bad_override_among_good_ones_is_refused(wrapper: Wrapper) {
    let prepare = |sandbox: &Sandbox, alpha: &Namespace| {
        alpha.file("resolv.conf", "");
        sandbox.files().fifo(alpha.path("zzz"));
    };
    refused(wrapper, prepare, &["/etc/netns/alpha/zzz", "fifo"]);
}
