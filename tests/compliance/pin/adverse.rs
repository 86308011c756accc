//! Pinned views where something is in the way, or somebody.

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, need, ours};

use super::{ENTERED, pin, pinned, prints_aside, prints_pinned, shared, shell};

pub(super) fn cases() -> Vec<Case> {
    vec![
        ours!(another_mount_namespace_does_not_see_it),
        ours!(process_with_a_root_of_its_own_keeps_it),
        ours!(views_are_not_pinned_from_within),
        ours!(pinning_at_once_leaves_one),
        ours!(left_over_file_is_no_pin),
        ours!(number_of_the_mount_namespace_may_be_too_low),
        ours!(bad_override_keeps_commands_from_running),
        ours!(working_directory_that_is_gone_sets_it_aside),
        ours!(pin_is_not_taken_away_from_another_mount_namespace),
        ours!(nobody_else_can_hold_it_up),
        ours!(process_that_cannot_leave_a_view_is_not_led_there),
        ours!(pin_that_fails_leaves_the_one_before),
        ours!(directory_that_was_left_half_made_is_completed),
        ours!(it_is_pinned_while_the_host_mounts_and_unmounts),
        ours!(it_is_pinned_from_a_directory_that_is_gone),
        ours!(start_goes_on_when_the_view_changes_under_it),
        ours!(umask_does_not_matter),
        ours!(few_descriptors_are_enough),
        ours!(copy_of_the_mounts_does_not_keep_it_pinned),
        ours!(two_healers_do_not_meet),
        ours!(mount_deeper_than_a_path_may_be_is_one_as_others),
    ]
}

/// There it would lead out of what somebody has put up.
fn another_mount_namespace_does_not_see_it(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let script = "mount -t tmpfs none /mnt && : >/mnt/inside && \
                  netns-exec -v alpha sh -c 'ls /mnt; cat /etc/hosts'";
    let run = sandbox
        .command(["unshare", "--mount", "sh", "-c", script])
        .run();
    run.prints("inside\n127.0.1.1 alpha");
    assert!(!run.err().contains(ENTERED), "{run}");
    let nested = "netns-exec -v alpha sh -c 'readlink /proc/self/ns/mnt'";
    let run = sandbox.ip_netns_exec("alpha", ["sh", "-c", nested]).run();
    assert!(!run.exits(0).err().contains(ENTERED), "{run}");
}

/// It would get that of the host.
fn process_with_a_root_of_its_own_keeps_it(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    pin(&sandbox, &[]).exits(0);
    // A copy of all mounts within the mount namespace has the pin as well.
    let script = "mkdir /run/jail && mount --rbind / /run/jail && \
                  mount -t tmpfs none /run/jail/mnt && : >/run/jail/mnt/inside";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let jail = |args: &[&str]| {
        let command = sandbox.command(["chroot", "/run/jail", "netns-exec"]);
        command.args(args).run()
    };
    let run = jail(&["-v", "alpha", "sh", "-c", "ls /mnt; cat /etc/hosts"]);
    prints_aside(&run, "root directory", "inside\n127.0.1.1 alpha");
    jail(&["--pin", "alpha"])
        .exits(125)
        .complains(&["cannot pin"]);
    // Nor does that keep the host from it.
    pin(&sandbox, &[]).exits(0);
    sandbox.set_up(sandbox.netns_exec(["--unpin", "alpha"]));
    sandbox.set_up(sandbox.command(["umount", "/run/netns-exec/pins"]));
    jail(&["--pin", "alpha"])
        .exits(125)
        .complains(&["root directory"]);
    pin(&sandbox, &[]).exits(0);
}

fn views_are_not_pinned_from_within(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let run = sandbox
        .netns_exec(["alpha", "netns-exec", "--pin", "alpha"])
        .run();
    run.exits(125).complains(&["alpha", "host"]);
}

fn pinning_at_once_leaves_one(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let pins = || sandbox.netns_exec(["--pin", "alpha"]).spawn();
    let running: Vec<_> = (0..8).map(|_| pins()).collect();
    for run in running.into_iter().map(testbed::Running::end) {
        run.exits(0).quiet();
    }
    let count = ["grep", "-c", "/run/netns-exec/pins", "/proc/self/mountinfo"];
    // The file system, and one pin on it.
    sandbox.command(count).run().prints("2");
    prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
}

/// As somebody leaves it who is killed before a view is bound.
fn left_over_file_is_no_pin(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    sandbox.set_up(sandbox.command(["umount", "/run/netns-exec/pins/views/alpha"]));
    let run = shell(&sandbox, "cat /etc/hosts").run();
    run.prints("127.0.1.1 alpha");
    assert!(!run.err().contains("pin"), "{run}");
    pin(&sandbox, &[]).exits(0);
    prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
}

/// The kernel binds no mount namespace whose number is below that of the one it is bound in, and
/// hands numbers out by processor. A view is made on another then, or when the numbers of this one
/// are used up.
fn number_of_the_mount_namespace_may_be_too_low(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = shared();
    let script = r#"
        mount --make-rshared /
        mkdir -p /run/probe && mount -t tmpfs none /run/probe && mount --make-private /run/probe
        : >/run/probe/file
        taskset -c $here unshare --mount sleep 60 & sleep 0.3
        mount --bind /proc/$!/ns/mnt /run/probe/file 2>/dev/null || echo refused
        kill $!
        taskset -c $here $without netns-exec --pin alpha >/dev/null || echo not pinned
        netns-exec -v alpha cat /etc/hosts 2>&1
    "#;
    let expected = format!("netns-exec: {ENTERED}\n127.0.1.1 alpha");
    for without in ["", "testbed without EPERM sched_setaffinity"] {
        let mut was_refused = false;
        for (here, there) in [("0", "1"), ("1", "0")] {
            let command = [
                "taskset", "-c", there, "unshare", "--mount", "sh", "-c", script,
            ];
            let command = sandbox.command(command).env("here", here);
            let run = command.env("without", without).run();
            if run.err().contains("failed to set pid") {
                need::unmet("it takes two processors");
            }
            let out = run.exits(0).out();
            let out = out
                .strip_prefix("refused\n")
                .inspect(|_| was_refused = true)
                .unwrap_or(&out);
            assert_eq!(out, expected, "{run}");
        }
        if !was_refused {
            need::unmet("this kernel hands out numbers in order");
        }
    }
}

fn bad_override_keeps_commands_from_running(_: Wrapper) {
    let (sandbox, alpha) = pinned(&[]);
    sandbox.files().fifo(alpha.path("gai.conf"));
    let run = sandbox.netns_exec(["alpha", "echo", "has run"]).run();
    run.exits(125).complains(&["gai.conf", "fifo"]);
    assert!(run.stdout.is_empty(), "{run}");
}

fn working_directory_that_is_gone_sets_it_aside(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let script = "mkdir -p /run/gone/deep && cd /run/gone && : >file && mount -t tmpfs none \
                  /run/gone && netns-exec -v alpha cat /etc/hosts file";
    let run = sandbox.command(["sh", "-c", script]).run();
    prints_aside(&run, "working directory", "127.0.1.1 alpha");
    let script = "mkdir /run/away && cd /run/away && rmdir /run/away && \
                  exec netns-exec alpha cat /etc/hosts";
    sandbox
        .command(["sh", "-c", script])
        .run()
        .prints("127.0.1.1 alpha")
        .quiet();
}

fn pin_is_not_taken_away_from_another_mount_namespace(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    pin(&sandbox, &[]).exits(0);
    for wrapped in [
        &["unshare", "--mount", "netns-exec"][..],
        &["netns-exec", "alpha", "netns-exec"],
    ] {
        for option in ["--unpin", "--pin"] {
            let run = sandbox.command(wrapped).args([option, "alpha"]).run();
            run.exits(125).complains(&["netns-exec: alpha: "]);
            prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
        }
    }
}

/// All may open its directories.
fn nobody_else_can_hold_it_up(_: Wrapper) {
    need::root();
    let (sandbox, alpha) = pinned(&[]);
    let script = "echo started; for f in /run/netns-exec /run/netns-exec/*; do \
                  flock -x $f sleep 60 & done; wait";
    let setpriv = [
        "setpriv",
        "--reuid",
        "65534",
        "--clear-groups",
        "sh",
        "-c",
        script,
    ];
    let mut other = sandbox.command(setpriv).spawn();
    assert_eq!(other.line(), "started");
    std::thread::sleep(std::time::Duration::from_millis(100));
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.2 alpha\n");
    prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.2 alpha");
    pin(&sandbox, &[]).exits(0);
}

fn process_that_cannot_leave_a_view_is_not_led_there(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let command = [
        "setpriv",
        "--bounding-set",
        "-sys_chroot",
        "--inh-caps",
        "-sys_chroot",
    ];
    let command = sandbox.command(command).args(["netns-exec", "-v", "alpha"]);
    let run = command.args(["cat", "/etc/hosts"]).run();
    if run.err().contains("setpriv: ") {
        need::unmet(run.err());
    }
    prints_aside(&run, "not permitted", "127.0.1.1 alpha");
}

fn pin_that_fails_leaves_the_one_before(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    pin(&sandbox, &[]).exits(0);
    let script = "mount -t tmpfs none /mnt && umount /mnt";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    sandbox.files().fifo(alpha.path("gai.conf"));
    pin(&sandbox, &[]).exits(125).complains(&["gai.conf"]);
    sandbox.files().remove(alpha.path("gai.conf"));
    prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
}

/// By somebody who was killed.
fn directory_that_was_left_half_made_is_completed(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let script = "mkdir -p /run/netns-exec/pins && mount -t tmpfs none /run/netns-exec/pins";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let run = sandbox.netns_exec(["--unpin", "alpha"]).run();
    run.exits(125).complains(&["alpha", "not pinned"]);
    pin(&sandbox, &[]).exits(0);
    prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
}

fn it_is_pinned_while_the_host_mounts_and_unmounts(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let script = "mkdir /run/m; while :; do mount -t tmpfs none /run/m; mkdir /run/m/n; \
                  mount -t tmpfs none /run/m/n; umount -l /run/m; done";
    let storm = sandbox.command(["sh", "-c", script]).spawn();
    for _ in 0..20 {
        pin(&sandbox, &[]).exits(0);
    }
    drop(storm);
}

fn it_is_pinned_from_a_directory_that_is_gone(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let script = "mkdir /run/away && cd /run/away && rmdir /run/away && netns-exec --pin alpha";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
}

/// In a view of its own.
fn start_goes_on_when_the_view_changes_under_it(_: Wrapper) {
    need::root();
    need::program("strace");
    let (sandbox, alpha) = shared();
    alpha.file("only-here", "");
    pin(&sandbox, &[]).exits(0);
    // Between its entry and its end a start that is slow looks up the user.
    let strace = "strace -qq -o /dev/null -e inject=setns:delay_exit=1000000:when=3 \
                  netns-exec -v -u root alpha cat /etc/hosts & sleep 0.5; \
                  rm /etc/netns/alpha/only-here; wait $!";
    let run = sandbox.command(["sh", "-c", strace]).run();
    run.prints("127.0.1.1 alpha");
}

fn umask_does_not_matter(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = shared();
    let script = "umask 077; netns-exec --pin alpha";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let modes = "stat -c %a /run/netns-exec /run/netns-exec/view /run/netns-exec/pins; \
                 stat -c %a /run/netns-exec/lock";
    let run = sandbox.command(["sh", "-c", modes]).run();
    run.prints("755\n755\n755\n600");
    let command = ["-v", "-u", "nobody", "alpha", "cat", "/etc/hosts"];
    prints_pinned(&sandbox.netns_exec(command).run(), "127.0.1.1 alpha");
}

/// For one view as for many.
fn few_descriptors_are_enough(_: Wrapper) {
    let (sandbox, alpha) = pinned(&[]);
    for n in 0..24 {
        let name = format!("more{n}");
        let _namespace = sandbox.namespace(&name);
        sandbox.set_up(sandbox.netns_exec(["--pin", &name]));
    }
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.2 alpha\n");
    let script = "ulimit -n 20; netns-exec -v alpha cat /etc/hosts";
    let run = sandbox.command(["sh", "-c", script]).run();
    prints_pinned(&run, "127.0.1.2 alpha");
}

fn copy_of_the_mounts_does_not_keep_it_pinned(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    pin(&sandbox, &[]).exits(0);
    let script = "mkdir /run/jail && mount --rbind / /run/jail";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    sandbox
        .netns_exec(["--unpin", "alpha"])
        .run()
        .exits(0)
        .quiet();
    let run = shell(&sandbox, "cat /etc/hosts").run();
    run.prints("127.0.1.1 alpha");
    assert!(!run.err().contains("pin"), "{run}");
}

/// Each is stopped for a while between what it does to a view.
fn two_healers_do_not_meet(_: Wrapper) {
    need::root();
    need::program("strace");
    let (sandbox, alpha) = pinned(&[]);
    sandbox.files().mkdir("/run/nscd");
    sandbox.files().write("/run/nscd/other", "");
    sandbox.files().socket("/run/nscd/socket");
    alpha.file("only", "");
    let heal = |delay: u32, when: u32| {
        let inject = format!("inject=mount:delay_exit={delay}:when={when}");
        let strace = sandbox.command(["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject]);
        strace.args(["netns-exec", "--heal"]).spawn()
    };
    let one = heal(1_500_000, 2);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let other = heal(1_500_000, 3);
    one.end().exits(0);
    other.end().exits(0);
    let list =
        "ls -d /etc/only /etc/hosts /etc/passwd; ls /etc/socket /run/nscd/socket 2>&1 | wc -l";
    prints_pinned(
        &shell(&sandbox, list).run(),
        "/etc/hosts\n/etc/only\n/etc/passwd\n2",
    );
}

/// Whose mount point cannot be told in the room that there is for one.
fn mount_deeper_than_a_path_may_be_is_one_as_others(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let deep = "mkdir /run/deep; cd /run/deep
                name=$(printf %0250d 0)
                for n in $(seq 20); do mkdir $name; cd -P ./$name; done
                mount --no-canonicalize -t tmpfs deep .";
    sandbox.set_up(sandbox.command(["bash", "-ec", deep]));
    pin(&sandbox, &[]).exits(0).quiet();
    let count = "grep -c ' - tmpfs deep ' /proc/self/mountinfo";
    prints_pinned(&shell(&sandbox, count).run(), "1");
}
