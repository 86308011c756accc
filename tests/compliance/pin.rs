//! `--pin`: a view that is kept, and used as long as it is what one made now would be.

use testbed::case::Case;
use testbed::{Command, Namespace, Run, Sandbox, Wrapper, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(commands_share_the_pinned_view),
        ours!(pinned_view_is_told_of),
        ours!(replaced_override_is_seen),
        ours!(override_that_the_host_uncovers_is_put_back),
        ours!(new_and_removed_overrides_count),
        ours!(bad_override_keeps_commands_from_running),
        ours!(other_options_set_it_aside),
        ours!(namespace_made_anew_sets_it_aside),
        ours!(mounts_of_the_host_come_in),
        ours!(host_that_shares_no_mounts_may_mount_none),
        ours!(host_that_shares_no_more_mounts_sets_it_aside),
        ours!(working_directory_is_kept),
        ours!(working_directory_that_is_gone_sets_it_aside),
        ours!(another_mount_namespace_does_not_see_it),
        ours!(process_with_a_root_of_its_own_keeps_it),
        ours!(views_are_not_pinned_from_within),
        ours!(commands_of_other_namespaces_are_not_there),
        ours!(user_is_the_same),
        ours!(daemon_that_starts_later_is_hidden),
        ours!(sealed_view_shows_later_files),
        ours!(pinning_again_replaces_it),
        ours!(pinning_at_once_leaves_one),
        ours!(left_over_file_is_no_pin),
        ours!(unpin_forgets_it_and_lets_commands_go_on),
        ours!(unpin_needs_no_namespace),
        ours!(heal_finds_it_without_a_process),
        ours!(check_finds_nothing_wrong_with_it),
        ours!(number_of_the_mount_namespace_may_be_too_low),
        ours!(stray_arguments_are_refused),
    ]
}

/// A sandbox whose host shares its mounts, as one run by systemd does, with alpha pinned.
fn pinned(options: &[&str]) -> (Sandbox, Namespace) {
    let (sandbox, alpha) = shared();
    pin(&sandbox, options).exits(0);
    (sandbox, alpha)
}

fn shared() -> (Sandbox, Namespace) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("hosts", "192.0.2.1 host\n");
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    (sandbox, alpha)
}

fn pin(sandbox: &Sandbox, options: &[&str]) -> Run {
    let options = sandbox.netns_exec(options.iter().copied());
    options.args(["--pin", "alpha"]).run()
}

fn shell(sandbox: &Sandbox, script: &str) -> Command {
    sandbox.netns_exec(["-v", "alpha", "sh", "-c", script])
}

const ENTERED: &str = "alpha: entered /run/netns-exec/pins/views/alpha";

/// In the pinned view.
#[track_caller]
fn prints_pinned(run: &Run, output: &str) {
    run.prints(output).complains(&[ENTERED]);
}

/// In a view of its own, for this reason.
#[track_caller]
fn prints_aside(run: &Run, why: &str, output: &str) {
    run.prints(output);
    let told = run.err();
    let line = told.lines().find(|line| line.contains("set aside"));
    assert!(line.is_some_and(|line| line.contains(why)), "{run}");
    assert!(!told.contains(ENTERED), "{run}");
}

fn commands_share_the_pinned_view(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let id = || shell(&sandbox, "readlink /proc/self/ns/mnt").run();
    let first = id();
    prints_pinned(&id(), &first.out());
    let script = "mkdir /run/m && mount -t tmpfs none /run/m && echo kept >/run/m/file";
    shell(&sandbox, script).run().exits(0);
    prints_pinned(
        &shell(&sandbox, "cat /run/m/file /etc/hosts").run(),
        "kept\n127.0.1.1 alpha",
    );
    let namespace = "readlink /proc/self/ns/net; ls /sys/class/net; echo $NETNS";
    let plain = sandbox.ip_netns_exec("alpha", ["env", "NETNS=alpha", "sh", "-c", namespace]);
    prints_pinned(&shell(&sandbox, namespace).run(), &plain.run().out());
}

fn pinned_view_is_told_of(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let run = pin(&sandbox, &[]);
    assert!(
        run.exits(0).out().contains("share one mount namespace"),
        "{run}"
    );
    run.quiet();
}

fn replaced_override_is_seen(_: Wrapper) {
    let (sandbox, alpha) = pinned(&[]);
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.2 alpha\n");
    prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.2 alpha");
}

fn override_that_the_host_uncovers_is_put_back(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    for _ in 0..3 {
        sandbox.files().replace("/etc/hosts", "192.0.2.2 host\n");
        prints_pinned(&shell(&sandbox, "cat /etc/hosts").run(), "127.0.1.1 alpha");
    }
}

fn new_and_removed_overrides_count(_: Wrapper) {
    let (sandbox, alpha) = pinned(&[]);
    sandbox.host_file("resolv.conf", "host\n");
    alpha.file("resolv.conf", "alpha\n");
    prints_pinned(&shell(&sandbox, "cat /etc/resolv.conf").run(), "alpha");
    sandbox.files().remove(alpha.path("resolv.conf"));
    prints_pinned(&shell(&sandbox, "cat /etc/resolv.conf").run(), "host");
    // Without a place on the host all of /etc is covered.
    alpha.file("only-here", "alpha\n");
    prints_pinned(
        &shell(&sandbox, "cat /etc/only-here /etc/hosts").run(),
        "alpha\n127.0.1.1 alpha",
    );
}

fn bad_override_keeps_commands_from_running(_: Wrapper) {
    let (sandbox, alpha) = pinned(&[]);
    sandbox.files().fifo(alpha.path("gai.conf"));
    let run = sandbox.netns_exec(["alpha", "echo", "has run"]).run();
    run.exits(125).complains(&["gai.conf", "fifo"]);
    assert!(run.stdout.is_empty(), "{run}");
}

fn other_options_set_it_aside(_: Wrapper) {
    for options in [
        ["--etc", "sealed"],
        ["--sys", "keep"],
        ["--host-resolvers", "keep"],
    ] {
        let (sandbox, _alpha) = pinned(&options);
        prints_aside(
            &shell(&sandbox, "cat /etc/hosts").run(),
            "options",
            "127.0.1.1 alpha",
        );
        let same = sandbox
            .netns_exec(options)
            .args(["-v", "alpha", "cat", "/etc/hosts"]);
        prints_pinned(&same.run(), "127.0.1.1 alpha");
    }
}

/// It may get the number that the old one had.
fn namespace_made_anew_sets_it_aside(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let script = "ip netns delete alpha && ip netns add alpha && \
                  ip -n alpha link add onlynow type bridge";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let run = shell(&sandbox, "ls /sys/class/net; cat /etc/hosts").run();
    prints_aside(&run, "anew", "lo\nonlynow\n127.0.1.1 alpha");
    pin(&sandbox, &[]).exits(0);
    prints_pinned(&shell(&sandbox, "ls /sys/class/net").run(), "lo\nonlynow");
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

fn working_directory_is_kept(_: Wrapper) {
    let (sandbox, alpha) = shared();
    sandbox.files().mkdir("/etc/app");
    sandbox.files().mkdir(alpha.path("app"));
    alpha.file("app/conf", "alpha\n");
    pin(&sandbox, &[]).exits(0);
    for directory in [
        "/",
        "/usr/lib",
        "/etc",
        "/etc/app",
        "/run",
        "/proc",
        "/sys/class/net",
    ] {
        let command = shell(&sandbox, "pwd -P").directory(directory);
        prints_pinned(&command.run(), directory);
    }
    let command = shell(&sandbox, "cat conf").directory("/etc/app");
    prints_pinned(&command.run(), "alpha");
    let command = shell(&sandbox, "ls").directory("/sys/class/net");
    prints_pinned(&command.run(), "lo");
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
        .complains(&["root directory"]);
}

fn views_are_not_pinned_from_within(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    let run = sandbox
        .netns_exec(["alpha", "netns-exec", "--pin", "alpha"])
        .run();
    run.exits(125).complains(&["alpha", "host"]);
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

fn user_is_the_same(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = pinned(&[]);
    let command = [
        "-v",
        "-u",
        "alice",
        "alpha",
        "sh",
        "-c",
        "id -un; cat /etc/hosts",
    ];
    prints_pinned(&sandbox.netns_exec(command).run(), "alice\n127.0.1.1 alpha");
}

fn daemon_that_starts_later_is_hidden(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    sandbox.files().mkdir("/run/nscd");
    sandbox.files().write("/run/nscd/other", "");
    sandbox.files().socket("/run/nscd/socket");
    prints_pinned(&shell(&sandbox, "ls /run/nscd").run(), "other");
}

fn sealed_view_shows_later_files(_: Wrapper) {
    let (sandbox, alpha) = pinned(&["--etc", "sealed"]);
    let sealed = |script: &str| {
        let options = ["-v", "--etc", "sealed", "alpha", "sh", "-c", script];
        sandbox.netns_exec(options).run()
    };
    prints_pinned(
        &sealed("cat /etc/hosts; ls /etc/later 2>/dev/null || true"),
        "127.0.1.1 alpha",
    );
    for content in ["one", "two"] {
        sandbox.files().replace("/etc/later", content);
        sandbox.files().replace("/etc/hosts", "192.0.2.2 host\n");
        prints_pinned(&sealed("cat /etc/later"), content);
    }
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.2 alpha\n");
    prints_pinned(&sealed("cat /etc/hosts"), "127.0.1.2 alpha");
    sandbox.files().remove("/etc/later");
    prints_pinned(&sealed("ls /etc/later 2>/dev/null || echo none"), "none");
}

fn pinning_again_replaces_it(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let id = || shell(&sandbox, "readlink /proc/self/ns/mnt").run().out();
    let mut running = shell(&sandbox, "echo started; read line; cat /etc/hosts").spawn();
    assert_eq!(running.line(), "started");
    let before = id();
    pin(&sandbox, &[]).exits(0);
    assert_ne!(id(), before);
    let count = [
        "grep",
        "-c",
        "/run/netns-exec/pins/views/",
        "/proc/self/mountinfo",
    ];
    sandbox.command(count).run().prints("1");
    running.tell("");
    assert_eq!(running.line(), "127.0.1.1 alpha");
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

fn unpin_forgets_it_and_lets_commands_go_on(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let mut running = shell(&sandbox, "echo started; read line; cat /etc/hosts").spawn();
    assert_eq!(running.line(), "started");
    let unpin = || sandbox.netns_exec(["--unpin", "alpha"]).run();
    unpin().exits(0).quiet();
    let run = shell(&sandbox, "cat /etc/hosts").run();
    run.prints("127.0.1.1 alpha");
    assert!(!run.err().contains("pin"), "{run}");
    running.tell("");
    assert_eq!(running.line(), "127.0.1.1 alpha");
    sandbox
        .command(["find", "/run/netns-exec/pins", "-name", "alpha"])
        .run()
        .prints("");
    unpin().exits(125).complains(&["alpha", "not pinned"]);
}

fn unpin_needs_no_namespace(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    sandbox.set_up(sandbox.command(["ip", "netns", "delete", "alpha"]));
    sandbox
        .netns_exec(["--unpin", "alpha"])
        .run()
        .exits(0)
        .quiet();
}

fn heal_finds_it_without_a_process(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    sandbox.files().replace("/etc/hosts", "192.0.2.2 host\n");
    let run = sandbox.netns_exec(["--heal"]).run();
    run.prints("alpha (pinned): /etc/hosts: put back, the host had uncovered its own");
    let mut watch = sandbox.netns_exec(["--watch", "alpha"]).spawn();
    assert_eq!(watch.line(), "watching");
    sandbox.files().replace("/etc/hosts", "192.0.2.3 host\n");
    assert!(
        watch
            .line()
            .starts_with("alpha (pinned): /etc/hosts: put back")
    );
}

fn check_finds_nothing_wrong_with_it(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    let running = shell(&sandbox, "echo started; read line").spawn();
    let mut running = running;
    assert_eq!(running.line(), "started");
    let check = || sandbox.netns_exec(["--check", "--json", "alpha"]).run();
    let kinds = |run: &Run| run.out().contains("override");
    assert!(!kinds(&check()));
    sandbox.files().replace("/etc/hosts", "192.0.2.2 host\n");
    assert!(check().out().contains("override-lost"));
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

fn stray_arguments_are_refused(_: Wrapper) {
    let (sandbox, _alpha) = shared();
    for args in [
        &["--pin"][..],
        &["--pin", "alpha", "true"],
        &["--pin", "nosuch"],
        &["--pin", "/proc/self/ns/net"],
        &["--unpin"],
        &["--unpin", "--etc", "sealed", "alpha"],
        &["--pin", "--unpin", "alpha"],
    ] {
        let run = sandbox.netns_exec(args.iter().copied()).run();
        run.exits(125).complains(&["netns-exec: "]);
    }
}
