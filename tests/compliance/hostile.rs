//! Processes that would have privileged healing work for them: what looks like a view and is none,
//! and directories of the view's own that belong to a user.

use testbed::case::Case;
use testbed::{Running, Sandbox, alone, need};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(view_forged_behind_a_change_of_root_is_none),
        alone!(view_forged_in_a_container_is_none),
        alone!(list_of_overrides_behind_a_symlink_is_none),
        alone!(owner_of_a_daemon_s_directory_cannot_take_the_cover_s_own),
        alone!(directories_of_a_view_can_be_searched_whatever_the_umask),
    ]
}

/// A forged record of a view of gamma, over what is really the host's `/etc`.
const FORGE: &str = "mount -t tmpfs t /mnt && mkdir /mnt/etc && mount --rbind $ETC /mnt/etc && \
    mount -t tmpfs forged /run/netns-exec/view && cd /run/netns-exec/view && \
    mkdir etc overrides staging && ln -s netns-exec/1/bind/mask/gamma record && \
    mount --rbind /mnt/etc etc";

/// With gamma, whose files only root may read.
fn sandbox() -> Sandbox {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    let gamma = sandbox.namespace("gamma");
    gamma.file("hosts", "127.0.1.1 gamma\n");
    gamma.file("key", "secret\n");
    sandbox.host_file("key", "public\n");
    sandbox.files().chmod(gamma.directory(), 0o700);
    sandbox
}

fn started(command: &testbed::Command) -> Running {
    let mut running = command.spawn();
    assert_eq!(running.line(), "started");
    running
}

/// alice's process is in alpha's view, but its root directory is in a mount namespace of hers.
fn view_forged_behind_a_change_of_root_is_none() {
    let sandbox = sandbox();
    let script = format!(
        "unshare -Urm sh -c 'ETC=/run/netns-exec/view/etc; {FORGE}; echo $$ >/dev/shm/pid; \
         exec sleep 60' >/dev/null 2>&1 & until [ -s /dev/shm/pid ]; do sleep 0.01; done; \
         pid=$(cat /dev/shm/pid); sleep 0.2; exec nsenter -U -t $pid --preserve-credentials \
         chroot /proc/$pid/root sh -c \
         'readlink /run/netns-exec/view/record; read line; kill $0' $pid"
    );
    sandbox.set_up(sandbox.command(["sh", "-c", "mkdir -m 1777 -p /dev/shm; rm -f /dev/shm/pid"]));
    let command = sandbox.netns_exec(["-u", "alice", "alpha", "sh", "-c", &script]);
    let mut running = command.spawn();
    assert_eq!(running.line(), "netns-exec/1/bind/mask/gamma");
    sandbox.netns_exec(["--heal"]).run().exits(0).prints("");
    let pid = running.pid().to_string();
    let seen = ["nsenter", "-m", "-t", &pid, "cat", "/etc/hosts", "/etc/key"];
    sandbox
        .command(seen)
        .run()
        .exits(0)
        .prints("127.0.1.1 alpha\npublic");
    running.tell("go");
    running.end().exits(0);
}

/// Its root user has no privilege over mounts, but could lay out the file system.
fn view_forged_in_a_container_is_none() {
    let sandbox = sandbox();
    let layout = "mount -t tmpfs t /run && mkdir -p /run/netns-exec/view/overrides && cd /run/netns-exec/view && \
                  ln -s /mnt etc && ln -s netns-exec/1/bind/mask/gamma record && \
                  mount --bind /etc /mnt && mount -t tmpfs t /etc && echo own >/etc/key";
    let script = format!(
        "{layout} && exec setpriv --bounding-set -all --inh-caps -all sh -c \
         'echo started; read line; cat /etc/key; ls /etc'"
    );
    let command = sandbox.command(["unshare", "-m", "sh", "-c", &script]);
    let mut running = started(&command);
    sandbox.netns_exec(["--heal"]).run().exits(0).prints("");
    running.tell("go");
    running.end().prints("own\nkey");
}

fn list_of_overrides_behind_a_symlink_is_none() {
    let sandbox = sandbox();
    sandbox.files().mkdir("/run/private");
    sandbox.files().write("/run/private/precious", "");
    let layout = "mkdir -p /run/netns-exec/view && mount -t tmpfs t /run/netns-exec/view && \
                  cd /run/netns-exec/view && mkdir etc staging && mount --bind /etc etc && \
                  ln -s netns-exec/1/bind/mask/gamma record && ln -s /run/private overrides";
    let script = format!("{layout} && echo started && read line");
    let mut running = started(&sandbox.command(["unshare", "-m", "sh", "-c", &script]));
    // It may say that this is no view.
    let _ = sandbox.netns_exec(["--heal"]).run();
    running.tell("go");
    running.end().exits(0);
    assert_eq!(sandbox.files().list("/run/private"), ["precious"]);
}

/// A daemon may be run in a view, where its directory is covered, and still is its own.
fn owner_of_a_daemon_s_directory_cannot_take_the_cover_s_own() {
    let sandbox = sandbox();
    sandbox.files().mkdir("/run/avahi-daemon");
    sandbox.files().mkdir("/run/private");
    sandbox.files().mkdir("/run/private/below");
    sandbox.files().chmod("/run/private", 0o700);
    sandbox.set_up(sandbox.command(["chown", "alice", "/run/avahi-daemon"]));
    let script = "cd /run/avahi-daemon && echo own >socket; mv .netns-exec old; \
                  rmdir .netns-exec; ln -sT /run/private .netns-exec/host; \
                  ln -s /run/private .netns-exec-new; echo started; read line; \
                  ls -A; cat socket; ls below";
    let mut running = started(&sandbox.netns_exec(["-u", "alice", "alpha", "sh", "-c", script]));
    sandbox.files().write("/run/avahi-daemon/late", "");
    sandbox.netns_exec(["--heal"]).run().exits(0);
    running.tell("go");
    let run = running.end();
    assert_eq!(
        run.out(),
        ".netns-exec\n.netns-exec-new\nlate\nsocket\nown",
        "{run}"
    );
    assert_eq!(sandbox.files().list("/run/private"), ["below"]);
}

fn directories_of_a_view_can_be_searched_whatever_the_umask() {
    let sandbox = sandbox();
    sandbox.files().mkdir("/run/nscd");
    sandbox.files().write("/run/nscd/other", "other\n");
    for etc in ["bind", "sealed"] {
        let script = format!(
            "umask 077; exec netns-exec --etc {etc} -u alice alpha sh -c \
             'umask; cat /etc/hosts /etc/key /run/nscd/other'"
        );
        let run = sandbox.command(["sh", "-c", &script]).run();
        run.exits(0).prints("0077\n127.0.1.1 alpha\npublic\nother");
    }
}
