//! Mounts of the host come into a view; those of the view do not go out.

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, both};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        both!(mounts_of_the_host_come_in),
        both!(unmounting_on_the_host_comes_in),
        both!(mounts_of_the_command_stay_inside),
        both!(overrides_stay_inside),
    ]
}

/// With a shared mount on `/run/shared`, as a host has them.
fn sandbox() -> Sandbox {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/shared");
    let script = "mount -t tmpfs shared /run/shared && mount --make-shared /run/shared && \
                  mkdir /run/shared/place";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    sandbox
}

const HOST_MOUNTS: [&str; 5] = ["mount", "-t", "tmpfs", "new", "/run/shared/place"];

fn mounts_of_the_host_come_in(wrapper: Wrapper) {
    let sandbox = sandbox();
    let script = "echo started; read line; findmnt -nro SOURCE /run/shared/place";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    sandbox.set_up(sandbox.command(HOST_MOUNTS));
    running.tell("go");
    running.end().prints("new");
}

fn unmounting_on_the_host_comes_in(wrapper: Wrapper) {
    let sandbox = sandbox();
    sandbox.set_up(sandbox.command(HOST_MOUNTS));
    let script = "findmnt -nro SOURCE /run/shared/place; read line; \
                  findmnt -nro SOURCE /run/shared/place";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "new");
    sandbox.set_up(sandbox.command(["umount", "/run/shared/place"]));
    running.tell("go");
    running.end().exits(1);
}

fn mounts_of_the_command_stay_inside(wrapper: Wrapper) {
    let sandbox = sandbox();
    let script = "mount -t tmpfs inside /run/shared/place && echo mounted; read line";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "mounted");
    sandbox
        .command(["findmnt", "/run/shared/place"])
        .run()
        .exits(1);
}

fn overrides_stay_inside(wrapper: Wrapper) {
    let sandbox = sandbox();
    // A host whose root is shared, as systemd makes it.
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    let before = sandbox.command(["cat", "/proc/self/mountinfo"]).run();
    let script = "cat /etc/hosts; read line";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "127.0.1.1 alpha");
    let now = sandbox.command(["cat", "/proc/self/mountinfo"]).run();
    assert_eq!(now.out(), before.out());
}
