//! `/sys`: that of the namespace, with all that is mounted below it.

use std::collections::BTreeMap;

use testbed::case::Case;
use testbed::{Run, Sandbox, Wrapper, both, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    const BARE: &str = "ip netns exec mounts a bare sysfs over all of /sys";
    vec![
        both!(interfaces_are_those_of_the_namespace),
        both!(mounts_below_are_kept).differs(Wrapper::IpNetnsExec, BARE),
        both!(contents_of_mounts_below_are_the_same).differs(Wrapper::IpNetnsExec, BARE),
        both!(flags_are_kept).differs(Wrapper::IpNetnsExec, "its sysfs has none of the flags"),
        ours!(keep_leaves_it_alone),
        ours!(sysfs_that_cannot_be_mounted_is_one_warning),
    ]
}

/// A sandbox whose namespace alpha has an interface `only-in-alpha`.
fn sandbox() -> Sandbox {
    let (sandbox, _alpha) = Sandbox::alpha();
    let below = sandbox
        .command(["findmnt", "-nro", "FSTYPE", "/sys/fs/fuse/connections"])
        .run();
    if below.out() != "tmpfs" {
        need::unmet("a sysfs and mounts below it cannot be mounted in a sandbox here");
    }
    let add = [
        "ip",
        "-n",
        "alpha",
        "link",
        "add",
        "onlyinalpha",
        "type",
        "bridge",
    ];
    if sandbox.command(add).run().code() != Some(0) {
        need::unmet("no bridges in this kernel");
    }
    sandbox
}

fn interfaces_are_those_of_the_namespace(wrapper: Wrapper) {
    let sandbox = sandbox();
    let list = ["ls", "/sys/class/net"];
    sandbox.command(list).run().prints("lo");
    wrapper
        .command(&sandbox, "alpha", list)
        .run()
        .prints("lo\nonlyinalpha");
}

fn mounts_below_are_kept(wrapper: Wrapper) {
    let sandbox = sandbox();
    let list = ["findmnt", "-nrRo", "TARGET,FSTYPE,OPTIONS", "/sys"];
    // Of mounts on one place the last is seen.
    let seen = |run: &Run| -> BTreeMap<String, String> {
        let text = run.exits(0).out();
        let mounts = text.lines().filter_map(|line| line.split_once(' '));
        let below = mounts.filter(|(target, _)| *target != "/sys");
        below
            .map(|(target, rest)| (target.into(), rest.into()))
            .collect()
    };
    let host = sandbox.command(list).run();
    let inside = wrapper.command(&sandbox, "alpha", list).run();
    assert!(!seen(&host).is_empty(), "{host}");
    assert_eq!(seen(&inside), seen(&host));
    // What is listed can also be covered.
    let kinds = ["stat", "-fc", "%T"];
    let places: Vec<String> = seen(&host).into_keys().collect();
    let host = sandbox.command(kinds).args(&places).run();
    let inside = wrapper
        .command(&sandbox, "alpha", kinds)
        .args(&places)
        .run();
    assert_eq!(inside.out(), host.out());
}

fn contents_of_mounts_below_are_the_same(wrapper: Wrapper) {
    let sandbox = sandbox();
    let file = "/sys/fs/fuse/connections/file";
    sandbox.files().write(file, "kept\n");
    wrapper
        .command(&sandbox, "alpha", ["cat", file])
        .run()
        .prints("kept");
}

fn flags_are_kept(wrapper: Wrapper) {
    let sandbox = sandbox();
    let options = ["findmnt", "-nro", "OPTIONS", "/sys"];
    let run = wrapper.command(&sandbox, "alpha", options).run();
    for flag in ["nosuid", "nodev", "noexec"] {
        assert!(run.out().split(',').any(|option| option == flag), "{run}");
    }
}

fn keep_leaves_it_alone(_: Wrapper) {
    let sandbox = sandbox();
    let run = sandbox
        .netns_exec(["--sys", "keep", "alpha", "ls", "/sys/class/net"])
        .run();
    run.prints("lo").quiet();
}

/// A user namespace that does not own the network namespace may not mount its sysfs.
fn sysfs_that_cannot_be_mounted_is_one_warning(_: Wrapper) {
    let sandbox = sandbox();
    // Covered by something in a user namespace above, /sys shows less than a new sysfs would.
    let script = "mount -t tmpfs cover /sys/kernel && \
                  exec unshare --user --map-root-user --mount --net sh -c '\
                      netns-exec --etc bind /proc/self/ns/net ls /sys/class/net'";
    let run = sandbox.command(["sh", "-c", script]).run();
    run.exits(0).complains(&["warning", "/sys"]);
}
