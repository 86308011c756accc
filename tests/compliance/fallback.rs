//! Kernels and filters that do not know the mount calls on descriptors.

use testbed::case::Case;
use testbed::{Run, Sandbox, Wrapper, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(overrides_are_bound_the_old_way),
        ours!(dangling_symlink_is_covered_the_old_way),
        ours!(farm_is_refused),
        ours!(mounts_below_sys_are_found_in_the_table),
    ]
}

const MOUNT_CALLS: &str =
    "open_tree,move_mount,fsopen,fsconfig,fsmount,faccessat2,statmount,listmount";

fn without(sandbox: &Sandbox, errno: &str, args: &[&str]) -> Run {
    let wrapper = ["testbed", "without", errno, MOUNT_CALLS, "netns-exec"];
    sandbox.command(wrapper).args(["alpha"]).args(args).run()
}

fn overrides_are_bound_the_old_way(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/ssl");
    sandbox.files().mkdir(alpha.path("ssl"));
    alpha.file("ssl/own", "");
    for errno in ["ENOSYS", "EPERM"] {
        let script = "cat /etc/hosts; ls /etc/ssl /sys/class/net";
        without(&sandbox, errno, &["sh", "-c", script])
            .prints("127.0.1.1 alpha\n/etc/ssl:\nown\n\n/sys/class/net:\nlo");
    }
}

fn dangling_symlink_is_covered_the_old_way(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox
        .files()
        .symlink("../run/nowhere", "/etc/resolv.conf");
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    for errno in ["ENOSYS", "EPERM"] {
        without(&sandbox, errno, &["cat", "/etc/resolv.conf"]).prints("nameserver 127.0.0.53");
    }
}

/// Rather than a command without the host's other files.
fn farm_is_refused(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("only-here", "");
    for errno in ["ENOSYS", "EPERM"] {
        without(&sandbox, errno, &["echo", "has run"])
            .exits(125)
            .complains(&["/etc", "5.2"]);
    }
}

/// Before Linux 6.8.
fn mounts_below_sys_are_found_in_the_table(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.set_up(sandbox.command(["touch", "/sys/fs/fuse/connections/host"]));
    for errno in ["ENOSYS", "EPERM"] {
        without(&sandbox, errno, &["ls", "/sys/fs/fuse/connections"]).prints("host");
    }
}
