//! What the host mounts and unmounts after a view was pinned.

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, ours};

use super::{ENTERED, pin, pinned, prints_aside, prints_pinned, shared, shell};

pub(super) fn cases() -> Vec<Case> {
    vec![
        ours!(mounts_of_the_host_come_in),
        ours!(host_that_shares_no_mounts_may_mount_none),
        ours!(host_that_shares_no_more_mounts_sets_it_aside),
        ours!(private_mount_of_a_sharing_host_is_followed),
        ours!(mount_that_is_made_private_later_is_followed),
        ours!(directory_that_the_host_unmounts_sets_it_aside),
        ours!(mounts_that_are_shared_later_are_no_hindrance),
        ours!(mount_below_sys_sets_it_aside),
        ours!(commands_of_other_namespaces_are_not_there),
        ours!(namespaces_are_left_out_also_of_a_plain_directory),
    ]
}

fn mounts_of_the_host_come_in(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let script = "mkdir /run/later && mount -t tmpfs none /run/later && touch /run/later/file";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    prints_pinned(&shell(&sandbox, "ls /run/later").run(), "file");
    sandbox.set_up(sandbox.command(["umount", "/run/later"]));
    prints_pinned(&shell(&sandbox, "ls /run/later").run(), "");
    // And none goes out.
    shell(
        &sandbox,
        "mount -t tmpfs none /run/later && touch /run/later/inside",
    )
    .run()
    .exits(0);
    sandbox.command(["ls", "/run/later"]).run().prints("");
}

/// As in most containers.
fn host_that_shares_no_mounts_may_mount_none(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "mkdir /run/before /run/later && mount -t tmpfs none /run/before";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    pin(&sandbox, &[]).exits(0);
    let entered = || prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
    entered();
    // Namespaces and pins count for nothing.
    let _beta = sandbox.namespace("beta");
    sandbox.set_up(sandbox.netns_exec(["--pin", "beta"]));
    entered();
    for script in [
        "mount -t tmpfs none /run/later && touch /run/later/file",
        "umount /run/before",
    ] {
        pin(&sandbox, &[]).exits(0);
        entered();
        sandbox.set_up(sandbox.command(["sh", "-c", script]));
        let run = shell(&sandbox, "cat /etc/hosts; ls /run/later").run();
        assert!(!run.err().contains(ENTERED), "{run}");
        run.prints("127.0.1.1 alpha\nfile");
    }
}

fn host_that_shares_no_more_mounts_sets_it_aside(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    sandbox.set_up(sandbox.command(["mount", "--make-private", "/"]));
    let why = "the host has mounted";
    prints_aside(
        &shell(&sandbox, "cat /etc/hosts").run(),
        why,
        "127.0.1.1 alpha",
    );
    // A new group is another one.
    sandbox.set_up(sandbox.command(["mount", "--make-shared", "/"]));
    prints_aside(
        &shell(&sandbox, "cat /etc/hosts").run(),
        why,
        "127.0.1.1 alpha",
    );
}

/// Their mounts are what a pinned view is without.
fn commands_of_other_namespaces_are_not_there(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let _beta = sandbox.namespace("beta");
    pin(&sandbox, &[]).exits(0);
    let mounts = "grep -c ' /run/netns[ /]' /proc/self/mountinfo || true";
    prints_pinned(&shell(&sandbox, mounts).run(), "0");
    let _gamma = sandbox.namespace("gamma");
    prints_pinned(&shell(&sandbox, mounts).run(), "0");
    let nested = sandbox.netns_exec(["alpha", "netns-exec", "beta", "true"]);
    nested.run().exits(125).complains(&["beta", "pinned view"]);
}

/// What is mounted on it does not come in by itself.
fn private_mount_of_a_sharing_host_is_followed(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let set_up = |script: &str| sandbox.set_up(sandbox.command(["sh", "-c", script]));
    set_up("mkdir /run/e /run/f && mount -t tmpfs none /run/e && mount --make-private /run/e");
    set_up("mkdir /run/e/x && mount -t tmpfs none /run/f");
    pin(&sandbox, &[]).exits(0);
    let entered = || prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
    entered();
    set_up("umount /run/f && mount -t tmpfs none /run/f");
    entered();
    set_up("mount -t tmpfs none /run/e/x && touch /run/e/x/file");
    let list = || shell(&sandbox, "ls /run/e/x").run();
    prints_aside(&list(), "the host has mounted", "file");
    pin(&sandbox, &[]).exits(0);
    prints_pinned(&list(), "file");
    set_up("umount /run/e/x");
    prints_aside(&list(), "the host has mounted", "");
    pin(&sandbox, &[]).exits(0);
    // It goes from the view too.
    set_up("umount /run/e");
    entered();
}

fn mount_that_is_made_private_later_is_followed(_: Wrapper) {
    for is_there_before in [true, false] {
        let (sandbox, _alpha) = shared();
        let set_up = |script: &str| sandbox.set_up(sandbox.command(["sh", "-c", script]));
        let mount = "mkdir /run/e && mount -t tmpfs none /run/e && mkdir /run/e/x";
        if is_there_before {
            set_up(mount);
        }
        pin(&sandbox, &[]).exits(0);
        if !is_there_before {
            set_up(mount);
        }
        set_up("mount --make-private /run/e && mount -t tmpfs none /run/e/x");
        set_up("touch /run/e/x/file");
        let run = shell(&sandbox, "ls /run/e/x").run();
        prints_aside(&run, "the host has mounted", "file");
    }
}

/// It stays in a view that has something mounted on it.
fn directory_that_the_host_unmounts_sets_it_aside(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let set_up = |script: &str| sandbox.set_up(sandbox.command(["sh", "-c", script]));
    set_up("mkdir /run/nscd && touch /run/nscd/below && mount -t tmpfs none /run/nscd");
    sandbox.files().socket("/run/nscd/socket");
    pin(&sandbox, &[]).exits(0);
    prints_pinned(&shell(&sandbox, "ls /run/nscd").run(), "");
    set_up("umount /run/nscd");
    let run = shell(&sandbox, "ls /run/nscd").run();
    prints_aside(&run, "the host has mounted", "below");
}

/// As a start that sets a view aside advises.
fn mounts_that_are_shared_later_are_no_hindrance(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    pin(&sandbox, &[]).exits(0);
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    pin(&sandbox, &[]).exits(0);
    prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
}

/// A view has a `/sys` of its own.
fn mount_below_sys_sets_it_aside(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let script = "mount -t tmpfs none /sys/kernel && touch /sys/kernel/file";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let run = shell(&sandbox, "ls /sys/kernel").run();
    prints_aside(&run, "the host has mounted", "file");
}

/// Where nobody has made a mount of it.
fn namespaces_are_left_out_also_of_a_plain_directory(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    // What ip(8) has made is covered by a directory.
    let script = "mkdir /run/plain && touch /run/plain/alpha /run/plain/other && \
                  mount --bind /run/netns/alpha /run/plain/alpha && \
                  mount --bind /proc/self/ns/net /run/plain/other && \
                  umount -l /run/netns && rm -r /run/netns && mkdir /run/netns && \
                  touch /run/netns/alpha /run/netns/other && \
                  mount --move /run/plain/alpha /run/netns/alpha && \
                  mount --move /run/plain/other /run/netns/other";
    let script = format!("mount --make-rprivate / && {script} && mount --make-rshared /");
    sandbox.set_up(sandbox.command(["sh", "-c", &script]));
    pin(&sandbox, &[]).exits(0);
    let mounts = "grep -c ' /run/netns[ /]' /proc/self/mountinfo || true";
    prints_pinned(&shell(&sandbox, mounts).run(), "0");
}
