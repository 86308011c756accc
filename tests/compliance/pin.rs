//! `--pin`: a view that is kept, and used as long as it is what one made now would be.

mod adverse;
mod mounts;

use testbed::case::Case;
use testbed::{Command, Namespace, Run, Sandbox, Wrapper, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    [own(), mounts::cases(), adverse::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn own() -> Vec<Case> {
    vec![
        ours!(commands_share_the_pinned_view),
        ours!(pinned_view_is_told_of),
        ours!(replaced_override_is_seen),
        ours!(override_that_the_host_uncovers_is_put_back),
        ours!(new_and_removed_overrides_count),
        ours!(other_options_set_it_aside),
        ours!(namespace_made_anew_sets_it_aside),
        ours!(working_directory_is_kept),
        ours!(user_is_the_same),
        ours!(daemon_that_starts_later_is_hidden),
        ours!(what_a_daemon_makes_later_is_seen),
        ours!(user_who_takes_time_is_looked_up_in_it),
        ours!(cover_for_a_passing_file_does_not_stay),
        ours!(directory_of_the_namespace_that_is_exchanged_is_followed),
        ours!(sealed_view_shows_later_files),
        ours!(pinning_again_replaces_it),
        ours!(unpin_forgets_it_and_lets_commands_go_on),
        ours!(unpin_needs_no_namespace),
        ours!(heal_finds_it_without_a_process),
        ours!(check_finds_nothing_wrong_with_it),
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

/// Beside its socket, in the directory that is covered for that.
fn what_a_daemon_makes_later_is_seen(_: Wrapper) {
    let (sandbox, _alpha) = pinned(&[]);
    sandbox.files().mkdir("/run/nscd");
    sandbox.files().socket("/run/nscd/socket");
    prints_pinned(&shell(&sandbox, "ls /run/nscd").run(), "");
    for name in ["one", "two"] {
        sandbox.files().write(format!("/run/nscd/{name}"), "");
        prints_pinned(
            &shell(&sandbox, &format!("ls /run/nscd/{name}")).run(),
            &format!("/run/nscd/{name}"),
        );
    }
}

/// Meanwhile the host may uncover what it likes, which keeps no command from running.
fn user_who_takes_time_is_looked_up_in_it(_: Wrapper) {
    need::root();
    let (sandbox, alpha) = shared();
    alpha.file("nsswitch.conf", "passwd: files\nhosts: files\n");
    pin(&sandbox, &[]).exits(0);
    let script = "while :; do cp /etc/nsswitch.conf /etc/new; mv /etc/new /etc/nsswitch.conf; \
                  sleep 0.01; done";
    let storm = sandbox.command(["sh", "-c", script]).spawn();
    let mut refused = 0;
    for _ in 0..30 {
        let run = sandbox
            .netns_exec(["-v", "-u", "nobody", "alpha", "true"])
            .run();
        // Just between the last two looks, one before it is the user and one as the user.
        if run.err().contains("is being replaced by the host") {
            assert!(run.exits(125).err().contains(ENTERED), "{run}");
            refused += 1;
        } else {
            run.exits(0).complains(&[ENTERED]);
        }
    }
    assert!(refused < 3, "{refused} of 30 refused");
    drop(storm);
}

/// Where `/etc` is not covered, files can be made in it.
fn cover_for_a_passing_file_does_not_stay(_: Wrapper) {
    let (sandbox, alpha) = pinned(&[]);
    alpha.file(".hosts.swp", "");
    prints_pinned(
        &shell(&sandbox, "ls /etc/.hosts.swp").run(),
        "/etc/.hosts.swp",
    );
    sandbox.files().remove(alpha.path(".hosts.swp"));
    let run = shell(&sandbox, "touch /etc/made; cat /etc/hosts").run();
    prints_aside(&run, "covers /etc", "127.0.1.1 alpha");
    sandbox
        .command(["ls", "/etc/made"])
        .run()
        .prints("/etc/made");
}

/// By a copy with the same files.
fn directory_of_the_namespace_that_is_exchanged_is_followed(_: Wrapper) {
    let (sandbox, alpha) = pinned(&["--etc", "sealed"]);
    let script = "cp -al /etc/netns/alpha /etc/netns/new && mv /etc/netns/alpha /etc/netns/old && \
                  mv /etc/netns/new /etc/netns/alpha";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let options = ["-v", "--etc", "sealed", "alpha", "sh", "-c"];
    let command = sandbox.netns_exec(options);
    let mut running = command
        .arg("cat /etc/hosts; read line; cat /etc/hosts")
        .spawn();
    assert_eq!(running.line(), "127.0.1.1 alpha");
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.2 alpha\n");
    running.tell("");
    assert_eq!(running.line(), "127.0.1.2 alpha");
}
