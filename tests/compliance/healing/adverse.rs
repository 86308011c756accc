//! Views healed although something is in the way.

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, ours};

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        ours!(bad_entry_does_not_keep_the_others_from_being_healed),
        ours!(bad_entry_is_not_dropped),
        ours!(link_to_itself_does_not_end_the_watch),
        ours!(patience_ends_while_other_things_happen),
        ours!(host_mount_over_all_of_etc_is_covered),
        ours!(sealed_view_follows_its_directory),
        ours!(sealed_view_shows_each_file_whole),
        ours!(sealed_view_gets_a_directory_later),
        ours!(file_against_a_directory_is_refused_under_a_cover_too),
        ours!(cover_comes_whole),
        ours!(reader_that_does_not_read_does_not_matter),
    ]
}

/// An editor's lock, for one.
fn bad_entry_does_not_keep_the_others_from_being_healed(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox
        .files()
        .symlink("root@host.123:45", alpha.path(".#hosts"));
    sandbox.files().replace("/etc/hosts", "192.0.2.1 host");
    let run = sandbox.netns_exec(["--heal", "alpha"]).run();
    run.exits(125)
        .complains(&["/etc/netns/alpha/.#hosts", "dangling symlink"]);
    assert!(run.out().contains("/etc/hosts: put back"), "{run}");
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
}

fn bad_entry_is_not_dropped(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("hosts", "192.0.2.1 host");
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().remove(alpha.path("hosts"));
    sandbox.files().fifo(alpha.path("hosts"));
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(125);
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
}

fn link_to_itself_does_not_end_the_watch(wrapper: Wrapper) {
    let (sandbox, _alpha, mut watch) = watched(wrapper);
    sandbox.files().symlink("loop", "/etc/netns/loop");
    let mut viewer = viewer(wrapper, &sandbox);
    sandbox.files().replace("/etc/hosts", "192.0.2.2 host");
    viewer.comes_to_see("hosts", "127.0.1.1 alpha");
    let watch = watch.take().expect("netns-exec watches");
    watch.signal(Signal::SIGTERM);
    watch.end().exits(0).quiet();
}

fn patience_ends_while_other_things_happen(wrapper: Wrapper) {
    let (sandbox, _alpha, _watch) = watched(wrapper);
    let mut viewer = viewer(wrapper, &sandbox);
    let script = "echo started; while :; do echo >/etc/other; rm /etc/other; sleep 0.05; done";
    let mut events = sandbox.command(["sh", "-c", script]).spawn();
    assert_eq!(events.line(), "started");
    sandbox.files().remove("/etc/hosts");
    viewer.comes_to_see("hosts", "127.0.1.1 alpha");
}

/// As systemd-confext does.
fn host_mount_over_all_of_etc_is_covered(wrapper: Wrapper) {
    let sandbox = Sandbox::new();
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    let alpha = sandbox.namespace("alpha");
    alpha.file("hosts", "127.0.1.1 alpha");
    sandbox.host_file("hosts", "192.0.2.1 host");
    let _watch = watch(&sandbox);
    let mut viewer = viewer(wrapper, &sandbox);
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
    let script = "mkdir /run/etc; cp -a /etc/. /run/etc/; echo 192.0.2.9 new >/run/etc/hosts";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    // What wakes it is to be the mount.
    std::thread::sleep(Duration::from_millis(300));
    sandbox.set_up(sandbox.command(["mount", "-n", "--bind", "/run/etc", "/etc"]));
    viewer.comes_to_see("hosts", "127.0.1.1 alpha");
}

fn sealed(sandbox: &Sandbox) -> Viewer {
    Viewer::new(sandbox.netns_exec(["--etc", "sealed", "alpha"]))
}

fn sealed_view_follows_its_directory(_: Wrapper) {
    let (sandbox, alpha, _watch) = watched(Wrapper::NetnsExec);
    let mut viewer = sealed(&sandbox);
    assert_eq!(viewer.sees("hosts"), "127.0.1.1 alpha");
    let script = "cd /etc/netns && rm -r alpha && mkdir alpha && echo 127.0.1.2 alpha >alpha/hosts";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    viewer.comes_to_see("hosts", "127.0.1.2 alpha");
    let script = "cd /etc/netns && mkdir new && echo 127.0.1.3 alpha >new/hosts && \
                  mv alpha old && mv new alpha";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    viewer.comes_to_see("hosts", "127.0.1.3 alpha");
    // It is linked, as it was: what is replaced is seen at once.
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.4 alpha");
    assert_eq!(viewer.sees("hosts"), "127.0.1.4 alpha");
}

/// Replaced again and again, while the view is being looked after.
fn sealed_view_shows_each_file_whole(_: Wrapper) {
    let (sandbox, alpha, _watch) = watched(Wrapper::NetnsExec);
    let script = "echo started; until [ -e /run/stop ]; do read line </etc/hosts; \
                  case $line in 127.*) ;; *) echo \"saw '$line'\" ;; esac; done; echo end";
    let mut reader = sandbox
        .netns_exec(["--etc", "sealed", "alpha", "sh", "-c", script])
        .spawn();
    assert_eq!(reader.line(), "started");
    for round in 0..4000 {
        let line = format!("127.0.2.{} alpha\n", round % 250);
        sandbox.files().replace(alpha.path("hosts"), line);
    }
    sandbox.files().write("/run/stop", "");
    assert_eq!(reader.line(), "end");
}

fn sealed_view_gets_a_directory_later(_: Wrapper) {
    let (sandbox, alpha, _watch) = watched(Wrapper::NetnsExec);
    sandbox.files().remove(alpha.directory());
    let mut viewer = sealed(&sandbox);
    assert_eq!(viewer.sees("hosts"), "192.0.2.1 host");
    let script = "mkdir /etc/netns/alpha && echo 127.0.1.2 alpha >/etc/netns/alpha/hosts";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    viewer.comes_to_see("hosts", "127.0.1.2 alpha");
}

fn file_against_a_directory_is_refused_under_a_cover_too(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/sub");
    sandbox.host_file("sub/file", "host");
    let mut viewer = sealed(&sandbox);
    alpha.file("sub", "");
    alpha.file(".netns-exec", "");
    let run = sandbox.netns_exec(["--heal", "alpha"]).run();
    run.exits(125)
        .complains(&["/etc/netns/alpha/.netns-exec", "netns-exec itself needs"]);
    sandbox.files().remove(alpha.path(".netns-exec"));
    let run = sandbox.netns_exec(["--heal", "alpha"]).run();
    run.exits(125)
        .complains(&["/etc/netns/alpha/sub", "/etc/sub is a directory"]);
    assert_eq!(viewer.sees("sub/file"), "host");
}

/// A view that runs gets a cover for a file that the host lacks: nobody sees an `/etc` that is
/// still empty.
fn cover_comes_whole(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let script = "for i in $(seq 2000); do echo >/etc/file$i; done; echo yes >/etc/last";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let script = "echo started; while [ ! -e /etc/new ]; do [ -e /etc/last ] || echo missing; done; \
                  cat /etc/last /etc/hosts; echo >/etc/made || echo protected";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    alpha.file("new", "");
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    let run = running.end();
    assert_eq!(run.out(), "yes\n127.0.1.1 alpha\nprotected", "{run}");
}

fn reader_that_does_not_read_does_not_matter(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let mut viewer = viewer(wrapper, &sandbox);
    // 100 lines for each time something is mended: more than the pipe takes.
    let script = "netns-exec --watch | { read line; echo $line; sleep 60; }";
    let mut watch = sandbox.command(["sh", "-c", script]).spawn();
    assert_eq!(watch.line(), "watching");
    let script = "for i in $(seq 1000); do echo 192.0.2.1 host >/etc/hosts.new; \
                  mv /etc/hosts.new /etc/hosts; done";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    viewer.comes_to_see("hosts", "127.0.1.1 alpha");
}
