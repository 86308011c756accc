//! `--etc sealed`: nothing that the host does uncovers a file, and nothing goes stale.

use testbed::case::Case;
use testbed::{Command, Running, Sandbox, Wrapper, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(overrides_are_seen),
        ours!(replaced_host_files_uncover_nothing),
        ours!(replaced_override_is_seen_at_once),
        ours!(removed_override_is_no_reason_to_show_the_host_s),
        ours!(other_files_of_the_host_stay_fresh),
        ours!(writing_in_place_goes_through),
        ours!(entries_of_etc_cannot_be_made),
        ours!(targets_that_the_host_lacks_are_seen),
        ours!(directories_and_links_are_as_on_the_host),
        ours!(parent_of_a_directory_is_the_view_s_etc),
        ours!(override_by_a_symlink_means_what_it_means_on_the_host),
        ours!(directory_that_users_cannot_search_is_no_obstacle),
        ours!(bad_overrides_are_refused),
        ours!(namespace_without_files_is_sealed_too),
        ours!(new_and_removed_overrides_are_followed),
        ours!(new_files_of_the_host_are_followed),
    ]
}

fn sealed(sandbox: &Sandbox, script: &str) -> Command {
    sandbox.netns_exec(["--etc", "sealed", "alpha", "sh", "-c", script])
}

/// A shell that runs every line it is told, and answers when that has ended.
fn shell(sandbox: &Sandbox) -> Running {
    sealed(
        sandbox,
        "while read line; do echo \"$(eval \"$line\")\"; done",
    )
    .spawn()
}

fn asks(shell: &mut Running, line: &str) -> String {
    shell.tell(line);
    shell.line()
}

fn overrides_are_seen(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sealed(&sandbox, "cat /etc/hosts; getent hosts alpha")
        .run()
        .exits(0)
        .quiet()
        .prints("127.0.1.1 alpha\n127.0.1.1       alpha");
}

fn replaced_host_files_uncover_nothing(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let mut shell = shell(&sandbox);
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "127.0.1.1 alpha");
    let files = sandbox.files();
    files.replace("/etc/hosts", "192.0.2.1 host\n");
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "127.0.1.1 alpha");
    files.remove("/etc/hosts");
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "127.0.1.1 alpha");
    files.symlink("nsswitch.conf", "/etc/hosts");
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "127.0.1.1 alpha");
}

fn replaced_override_is_seen_at_once(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir(alpha.path("sub"));
    alpha.file("sub/file", "old\n");
    let mut shell = shell(&sandbox);
    assert_eq!(asks(&mut shell, "cat /etc/sub/file"), "old");
    for round in 0..3 {
        let line = format!("127.0.1.{round} alpha");
        sandbox
            .files()
            .replace(alpha.path("hosts"), format!("{line}\n"));
        assert_eq!(asks(&mut shell, "cat /etc/hosts"), line);
    }
    sandbox.files().mkdir(alpha.path("next"));
    alpha.file("next/file", "new\n");
    let script = "cd /etc/netns/alpha && rm -r sub && mv next sub";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    assert_eq!(asks(&mut shell, "cat /etc/sub/file"), "new");
}

fn removed_override_is_no_reason_to_show_the_host_s(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let mut shell = shell(&sandbox);
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "127.0.1.1 alpha");
    sandbox.files().remove(alpha.path("hosts"));
    let seen = asks(&mut shell, "cat /etc/hosts 2>&1");
    assert!(seen.contains("No such file"), "{seen}");
}

fn other_files_of_the_host_stay_fresh(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.host_file("other", "old\n");
    let mut shell = shell(&sandbox);
    assert_eq!(asks(&mut shell, "cat /etc/other"), "old");
    sandbox.files().replace("/etc/other", "new\n");
    assert_eq!(asks(&mut shell, "cat /etc/other"), "new");
    sandbox.host_file("other", "written\n");
    assert_eq!(asks(&mut shell, "cat /etc/other"), "written");
}

fn writing_in_place_goes_through(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("other", "");
    sealed(
        &sandbox,
        "echo to alpha >/etc/hosts; echo to host >/etc/other",
    )
    .run()
    .exits(0)
    .quiet();
    assert_eq!(sandbox.files().read(alpha.path("hosts")), b"to alpha\n");
    assert_eq!(sandbox.files().read("/etc/other"), b"to host\n");
}

fn entries_of_etc_cannot_be_made(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    for script in [
        "echo >/etc/new",
        "mkdir /etc/new",
        "mv /etc/hosts /etc/hosts.old",
        "rm /etc/nsswitch.conf",
    ] {
        let run = sealed(&sandbox, script).run();
        assert!(run.err().contains("Read-only file system"), "{run}");
    }
    assert!(!sandbox.files().exists("/etc/new"));
    assert!(sandbox.files().exists("/etc/nsswitch.conf"));
}

fn targets_that_the_host_lacks_are_seen(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("only-here", "here\n");
    sandbox.files().symlink("/nowhere", "/etc/dangling");
    alpha.file("dangling", "covered\n");
    sealed(&sandbox, "cat /etc/only-here /etc/dangling")
        .run()
        .exits(0)
        .prints("here\ncovered");
    assert!(!sandbox.files().exists("/etc/only-here"));
}

fn directories_and_links_are_as_on_the_host(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/sub");
    sandbox.host_file("sub/file", "file\n");
    sandbox.files().symlink("../run/elsewhere", "/etc/link");
    sandbox.files().write("/run/elsewhere", "elsewhere\n");
    sealed(
        &sandbox,
        "cat /etc/sub/file /etc/link; readlink /etc/link; echo >/etc/sub/new",
    )
    .run()
    .exits(0)
    .prints("file\nelsewhere\n../run/elsewhere");
    assert!(sandbox.files().exists("/etc/sub/new"));
}

fn parent_of_a_directory_is_the_view_s_etc(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/sub");
    sandbox.files().mkdir(alpha.path("own"));
    sealed(
        &sandbox,
        "cat /etc/sub/../hosts /etc/own/../hosts; cd /etc/sub; cat ../hosts",
    )
    .run()
    .exits(0)
    .prints("127.0.1.1 alpha\n127.0.1.1 alpha\n127.0.1.1 alpha");
}

fn override_by_a_symlink_means_what_it_means_on_the_host(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let files = sandbox.files();
    sandbox.host_file("hosts", "192.0.2.1 host\n");
    files.remove(alpha.path("hosts"));
    files.symlink("/etc/hosts", alpha.path("hosts"));
    files.symlink("../shared.conf", alpha.path("up"));
    files.write("/etc/netns/shared.conf", "shared\n");
    files.symlink("beside.conf", alpha.path("beside"));
    alpha.file("beside.conf", "beside\n");
    sealed(&sandbox, "cat /etc/hosts /etc/up /etc/beside")
        .run()
        .exits(0)
        .prints("192.0.2.1 host\nshared\nbeside");
}

fn directory_that_users_cannot_search_is_no_obstacle(_: Wrapper) {
    testbed::need::root();
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().chmod(alpha.directory(), 0o700);
    sandbox
        .netns_exec([
            "--etc",
            "sealed",
            "-u",
            "65534",
            "alpha",
            "cat",
            "/etc/hosts",
        ])
        .run()
        .exits(0)
        .prints("127.0.1.1 alpha");
}

fn bad_overrides_are_refused(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("resolv.conf", "");
    let files = sandbox.files();
    files.fifo(alpha.path("resolv.conf"));
    sealed(&sandbox, "echo ran").run().exits(125).complains(&[
        "alpha",
        "/etc/netns/alpha/resolv.conf",
        "is a fifo",
    ]);
    files.remove(alpha.path("resolv.conf"));
    files.mkdir(alpha.path("resolv.conf"));
    sealed(&sandbox, "echo ran").run().exits(125).complains(&[
        "alpha",
        "/etc/netns/alpha/resolv.conf",
        "is a directory",
    ]);
}

fn namespace_without_files_is_sealed_too(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().remove(alpha.path("hosts"));
    sandbox.host_file("hosts", "192.0.2.1 host\n");
    let mut shell = shell(&sandbox);
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "192.0.2.1 host");
    alpha.file("hosts", "127.0.1.1 alpha\n");
    sandbox.netns_exec(["--heal"]).run().exits(0);
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "127.0.1.1 alpha");
}

fn heal(sandbox: &Sandbox) {
    sandbox
        .netns_exec(["--heal", "alpha"])
        .run()
        .exits(0)
        .quiet();
}

fn new_and_removed_overrides_are_followed(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.53\n");
    sandbox.files().mkdir("/etc/sub");
    sandbox.host_file("sub/file", "host\n");
    let mut shell = shell(&sandbox);
    let seen = "echo $(cat /etc/resolv.conf /etc/sub/file /etc/new 2>&1)";
    let host = "nameserver 192.0.2.53 host cat: /etc/new: No such file or directory";
    assert_eq!(asks(&mut shell, seen), host);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    sandbox.files().mkdir(alpha.path("sub"));
    alpha.file("sub/file", "alpha\n");
    alpha.file("new", "new\n");
    heal(&sandbox);
    assert_eq!(asks(&mut shell, seen), "nameserver 127.0.0.53 alpha new");
    sandbox.set_up(sandbox.command([
        "rm",
        "-r",
        "/etc/netns/alpha/resolv.conf",
        "/etc/netns/alpha/sub",
        "/etc/netns/alpha/new",
    ]));
    heal(&sandbox);
    assert_eq!(asks(&mut shell, seen), host);
    assert_eq!(asks(&mut shell, "cat /etc/hosts"), "127.0.1.1 alpha");
}

fn new_files_of_the_host_are_followed(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/was-directory");
    sandbox.host_file("was-file", "file\n");
    let mut shell = shell(&sandbox);
    assert_eq!(asks(&mut shell, "cat /etc/was-file"), "file");
    let script = "cd /etc && rmdir was-directory && echo file >was-directory && rm was-file && \
                  mkdir was-file && echo in >was-file/in && echo new >new";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    heal(&sandbox);
    let seen = "echo $(cat /etc/was-directory /etc/was-file/in /etc/new 2>&1)";
    assert_eq!(asks(&mut shell, seen), "file in new");
    sandbox.set_up(sandbox.command(["rm", "/etc/new"]));
    heal(&sandbox);
    assert_eq!(asks(&mut shell, "echo $(ls /etc | grep -c new)"), "0");
}
