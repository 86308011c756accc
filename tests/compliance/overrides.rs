//! Which files of `/etc/netns/NAME` come over `/etc`, and how they behave there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use testbed::case::Case;
use testbed::{Namespace, Run, Sandbox, Wrapper, both, ours};

pub(crate) fn cases() -> Vec<Case> {
    const WARNS: &str = "ip netns exec prints a warning and runs the command without the override";
    vec![
        both!(empty_file_counts),
        both!(directory_replaces_that_of_the_host),
        both!(file_in_a_directory_is_not_merged),
        both!(dot_files_are_overrides),
        both!(name_with_odd_bytes_is_an_override),
        both!(override_may_be_a_symlink),
        both!(dangling_symlink_of_the_host_is_covered).differs(Wrapper::IpNetnsExec, WARNS),
        both!(symlink_of_the_host_is_covered),
        ours!(symlink_itself_is_covered),
        both!(file_that_the_host_lacks_is_seen).differs(Wrapper::IpNetnsExec, WARNS),
        both!(directory_that_the_host_lacks_is_seen).differs(Wrapper::IpNetnsExec, WARNS),
        ours!(nothing_is_created_on_the_host),
        ours!(other_files_stay_where_a_lacking_one_is_added),
        both!(hundreds_of_files_are_seen),
        ours!(hundreds_of_files_that_the_host_lacks_are_seen),
        both!(writes_go_through),
        both!(writes_in_place_show),
        both!(everything_else_of_etc_is_the_host_s),
        ours!(etc_bind_is_the_default),
        ours!(verbose_says_what_is_mounted_where),
    ]
}

fn cat(wrapper: Wrapper, sandbox: &Sandbox, path: &str) -> Run {
    wrapper.command(sandbox, "alpha", ["cat", path]).run()
}

fn empty_file_counts(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("hosts", "");
    cat(wrapper, &sandbox, "/etc/hosts").prints("").quiet();
}

fn with_directory(sandbox: &Sandbox, alpha: &Namespace) {
    sandbox.files().mkdir("/etc/app/deep");
    sandbox.host_file("app/conf", "host\n");
    sandbox.host_file("app/other", "host\n");
    sandbox.files().mkdir(alpha.path("app/deep"));
    alpha.file("app/conf", "alpha\n");
    alpha.file("app/deep/more", "alpha\n");
}

fn directory_replaces_that_of_the_host(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    with_directory(&sandbox, &alpha);
    cat(wrapper, &sandbox, "/etc/app/conf").prints("alpha");
    cat(wrapper, &sandbox, "/etc/app/deep/more").prints("alpha");
}

fn file_in_a_directory_is_not_merged(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    with_directory(&sandbox, &alpha);
    let list = wrapper.command(&sandbox, "alpha", ["ls", "/etc/app"]).run();
    list.prints("conf\ndeep");
}

fn dot_files_are_overrides(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file(".pwd.lock", "host\n");
    alpha.file(".pwd.lock", "alpha\n");
    cat(wrapper, &sandbox, "/etc/.pwd.lock").prints("alpha");
}

fn name_with_odd_bytes_is_an_override(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let name = OsStr::from_bytes(b"odd \xff\n\\040name");
    sandbox.host_file(name, "host\n");
    alpha.file(name, "alpha\n");
    let mut path = std::ffi::OsString::from("/etc/");
    path.push(name);
    let run = wrapper
        .command(&sandbox, "alpha", ["cat".into(), path])
        .run();
    run.prints("alpha").quiet();
}

fn override_may_be_a_symlink(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().remove(alpha.path("hosts"));
    sandbox
        .files()
        .symlink("../shared-hosts", alpha.path("hosts"));
    sandbox
        .files()
        .write("/etc/netns/shared-hosts", "10.1.1.1 shared\n");
    cat(wrapper, &sandbox, "/etc/hosts")
        .prints("10.1.1.1 shared")
        .quiet();
}

fn dangling_symlink_of_the_host_is_covered(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox
        .files()
        .symlink("../run/nowhere/resolv.conf", "/etc/resolv.conf");
    alpha.file("resolv.conf", "nameserver 127.0.0.2\n");
    cat(wrapper, &sandbox, "/etc/resolv.conf")
        .prints("nameserver 127.0.0.2")
        .quiet();
}

fn symlink_of_the_host_is_covered(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/resolve");
    sandbox.files().write("/run/resolve/resolv.conf", "host\n");
    sandbox
        .files()
        .symlink("../run/resolve/resolv.conf", "/etc/resolv.conf");
    alpha.file("resolv.conf", "alpha\n");
    cat(wrapper, &sandbox, "/etc/resolv.conf")
        .prints("alpha")
        .quiet();
}

/// A host that replaces the link's target (systemd-resolved does) must not uncover its file.
fn symlink_itself_is_covered(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/resolve");
    sandbox.files().write("/run/resolve/resolv.conf", "host\n");
    sandbox
        .files()
        .symlink("../run/resolve/resolv.conf", "/etc/resolv.conf");
    alpha.file("resolv.conf", "alpha\n");
    let script = "echo started; read line; cat /etc/resolv.conf";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    sandbox
        .files()
        .replace("/run/resolve/resolv.conf", "new host\n");
    running.tell("go");
    running.end().prints("alpha");
}

fn file_that_the_host_lacks_is_seen(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    assert!(!sandbox.files().exists("/etc/resolv.conf"));
    alpha.file("resolv.conf", "alpha\n");
    cat(wrapper, &sandbox, "/etc/resolv.conf")
        .prints("alpha")
        .quiet();
    cat(wrapper, &sandbox, "/etc/hosts").prints("127.0.1.1 alpha");
}

fn directory_that_the_host_lacks_is_seen(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir(alpha.path("app"));
    alpha.file("app/conf", "alpha\n");
    cat(wrapper, &sandbox, "/etc/app/conf")
        .prints("alpha")
        .quiet();
}

fn nothing_is_created_on_the_host(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("resolv.conf", "alpha\n");
    sandbox.files().mkdir(alpha.path("app"));
    let before = sandbox.files().list("/etc");
    let list = wrapper
        .command(&sandbox, "alpha", ["ls", "-A", "/run"])
        .run();
    assert_eq!(sandbox.files().list("/etc"), before);
    let now = sandbox.command(["ls", "-A", "/run"]).run();
    assert_eq!(now.out(), list.out());
}

fn other_files_stay_where_a_lacking_one_is_added(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/app/deep");
    sandbox.host_file("app/deep/conf", "host\n");
    sandbox.files().symlink("app/deep/conf", "/etc/link");
    alpha.file("resolv.conf", "alpha\n");
    cat(wrapper, &sandbox, "/etc/app/deep/conf").prints("host");
    cat(wrapper, &sandbox, "/etc/app/../hosts").prints("127.0.1.1 alpha");
    cat(wrapper, &sandbox, "/etc/link").prints("host");
    let inside = wrapper
        .command(&sandbox, "alpha", ["getent", "passwd", "alice"])
        .run();
    assert!(inside.exits(0).out().starts_with("alice:"), "{inside}");
}

fn writes_go_through(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let script = "echo 127.0.1.2 more >> /etc/hosts";
    wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .run()
        .exits(0);
    let hosts = sandbox.files().read(alpha.path("hosts"));
    assert_eq!(hosts, b"127.0.1.1 alpha\n127.0.1.2 more\n");
    assert!(
        sandbox
            .files()
            .read("/etc/hosts")
            .starts_with(b"127.0.0.1 localhost")
    );
}

fn writes_in_place_show(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    let script = "echo started; read line; cat /etc/hosts";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    alpha.file("hosts", "127.0.1.9 alpha\n");
    running.tell("go");
    running.end().prints("127.0.1.9 alpha");
}

fn everything_else_of_etc_is_the_host_s(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let host = sandbox.command(["ls", "-A", "/etc"]).run();
    let inside = wrapper
        .command(&sandbox, "alpha", ["ls", "-A", "/etc"])
        .run();
    inside.prints(&host.out());
    let script = "echo fresh > /etc/fresh && cat /etc/fresh";
    wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .run()
        .prints("fresh");
    assert_eq!(sandbox.files().read("/etc/fresh"), b"fresh\n");
}

fn etc_bind_is_the_default(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = |options: &[&str]| {
        let command = sandbox.netns_exec([""; 0]).args(options);
        command.args(["alpha", "cat", "/etc/hosts"]).run()
    };
    run(&[]).prints("127.0.1.1 alpha");
    run(&["--etc", "bind"]).prints("127.0.1.1 alpha");
    run(&["--etc=bind", "--sys=keep"]).prints("127.0.1.1 alpha");
    run(&["--etc", "nonsense"])
        .exits(125)
        .complains(&["nonsense"]);
}

fn verbose_says_what_is_mounted_where(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = sandbox.netns_exec(["-v", "alpha", "true"]).run();
    assert!(
        run.exits(0)
            .err()
            .lines()
            .any(|line| line.contains("/etc/netns/alpha/hosts") && line.contains("/etc/hosts")),
        "{run}"
    );
}

/// More than the kernel lists at once.
const HUNDREDS: usize = 400;

fn hundreds_of_files_are_seen(wrapper: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    for number in 0..HUNDREDS {
        sandbox.host_file(format!("{number}.conf"), "host\n");
        alpha.file(format!("{number}.conf"), "alpha\n");
    }
    let count = [
        "sh",
        "-c",
        "cat /etc/*.conf | sort | uniq -c | grep -w alpha",
    ];
    let run = wrapper.command(&sandbox, "alpha", count).run();
    assert_eq!(
        run.exits(0).out().trim(),
        format!("{HUNDREDS} alpha"),
        "{run}"
    );
}

fn hundreds_of_files_that_the_host_lacks_are_seen(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    for number in 0..HUNDREDS {
        alpha.file(format!("{number}.conf"), "alpha\n");
    }
    for options in [&["--etc", "bind"], &["--etc", "sealed"]] {
        let count = ["alpha", "sh", "-c", "cat /etc/[0-9]*.conf | grep -c alpha"];
        let run = sandbox.netns_exec(options).args(count).run();
        run.prints(&HUNDREDS.to_string());
    }
}
