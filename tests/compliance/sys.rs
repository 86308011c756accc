//! `/sys`: that of the namespace, with all that is mounted below it.

use testbed::case::Case;
use testbed::{Command, Run, Sandbox, Wrapper, both, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    const BARE: &str = "ip netns exec mounts a bare sysfs over all of /sys";
    vec![
        both!(interfaces_are_those_of_the_namespace),
        both!(mounts_below_are_kept).differs(Wrapper::IpNetnsExec, BARE),
        both!(contents_of_mounts_below_are_the_same).differs(Wrapper::IpNetnsExec, BARE),
        both!(flags_are_kept).differs(Wrapper::IpNetnsExec, "its sysfs has none of the flags"),
        ours!(mounts_below_are_kept_however_they_lie),
        ours!(mounts_below_are_kept_where_they_cannot_be_moved),
        ours!(plain_directory_gets_one),
        ours!(symlink_to_it_is_followed),
        ours!(keep_leaves_it_alone),
        ours!(read_only_part_stays_read_only),
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

/// The mount that is seen at each place below `/sys` where anything is mounted: its root, place,
/// flags, type and source. Lists of mounts also have those that others cover, in no good order.
fn seen(command: impl Fn(&str) -> Command) -> Run {
    let script = r#"
        places=$(cut -d' ' -f5 /proc/self/mountinfo | grep '^/sys' | sort -u)
        for place in $places; do
            [ -e "$place" ] || continue
            exec 9<"$place"
            id=$(sed -n 's/^mnt_id:[^0-9]*//p' "/proc/$$/fdinfo/9")
            sed -nE "s/^$id [0-9]+ [0-9:]+ ([^ ]+ [^ ]+ [^ ]+) .*- /\1 /p" /proc/self/mountinfo
        done"#;
    command(script).run()
}

fn mounts_below_are_kept(wrapper: Wrapper) {
    all_are_kept(&sandbox(), wrapper, "/");
}

/// Netns-exec looks for those next to each other first, and whether any is left. Here some lie
/// elsewhere, or somebody is in what is left.
fn mounts_below_are_kept_however_they_lie(wrapper: Wrapper) {
    for (set_up, directory) in [
        (
            "set -- $(ls -d /sys/module/*/ /sys/class/*/ | head -n 50)
             [ $# -eq 50 ]
             for place; do mount -t tmpfs t $place; done",
            "/",
        ),
        (
            "mount -t tmpfs t /sys/kernel
             for n in $(seq 50); do mkdir /sys/kernel/$n; mount -t tmpfs t$n /sys/kernel/$n; done
             mount -t tmpfs t /sys/class",
            "/",
        ),
        ("mount -t tmpfs t /sys/class", "/sys"),
        (
            "mount -t tmpfs cover /sys/fs
             mkdir -p /sys/fs/fuse/connections
             mount -t tmpfs t /sys/fs/fuse/connections",
            "/",
        ),
        (
            "mount -t tmpfs t /sys/class; mount -t tmpfs u /sys/class",
            "/",
        ),
    ] {
        let sandbox = sandbox();
        sandbox.set_up(sandbox.command(["sh", "-ec", set_up]));
        all_are_kept(&sandbox, wrapper, directory);
        let in_all = seen(|script| {
            let words = ["--all", "--match", "alpha", "sh", "-c", script];
            sandbox.netns_exec(words).directory(directory)
        });
        assert_eq!(below_sys(&in_all), below_sys_of_host(&sandbox));
    }
}

/// For a command that is started in this directory.
fn all_are_kept(sandbox: &Sandbox, wrapper: Wrapper, directory: &str) {
    let inside = seen(|script| {
        let command = wrapper.command(sandbox, "alpha", ["sh", "-c", script]);
        command.directory(directory)
    });
    let host = below_sys_of_host(sandbox);
    assert!(host.len() >= 2, "{host:?}");
    assert_eq!(below_sys(&inside), host);
}

fn below_sys_of_host(sandbox: &Sandbox) -> Vec<String> {
    below_sys(&seen(|script| sandbox.command(["sh", "-c", script])))
}

/// The lines about what is below `/sys`, without what `--all` puts before them.
fn below_sys(run: &Run) -> Vec<String> {
    let text = run.exits(0).out();
    let lines = text.lines().filter(|line| line.contains(" /sys/"));
    lines
        .map(|line| line.strip_prefix("alpha: ").unwrap_or(line).to_owned())
        .collect()
}

/// In a user namespace mounts that came with it stay where they are.
fn mounts_below_are_kept_where_they_cannot_be_moved(_: Wrapper) {
    let sandbox = sandbox();
    sandbox.files().write("/sys/fs/fuse/connections/file", "");
    let script = "unshare --user --map-root-user --net netns-exec /proc/self/ns/net \
                  sh -c 'cd /sys; ls class/net fs/fuse/connections'";
    let run = sandbox.command(["sh", "-c", script]).run();
    run.prints("class/net:\nlo\n\nfs/fuse/connections:\nfile")
        .quiet();
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
    let run = seen(|script| wrapper.command(&sandbox, "alpha", ["sh", "-c", script]));
    let text = run.exits(0).out();
    let sys = text.lines().find(|line| line.starts_with("/ /sys "));
    let sys = sys.unwrap_or_else(|| panic!("no /sys: {run}"));
    for flag in ["nosuid", "nodev", "noexec"] {
        assert!(sys.contains(flag), "no {flag}: {run}");
    }
}

/// Nothing that is mounted beside it goes anywhere.
fn plain_directory_gets_one(_: Wrapper) {
    let sandbox = sandbox();
    let bare = "while mountpoint -q /sys; do umount -l /sys; done";
    if sandbox.command(["sh", "-ec", bare]).run().code() != Some(0) {
        need::unmet("/sys cannot be unmounted in a sandbox here");
    }
    // But for overrides and the record of the view.
    let list = "cut -d' ' -f5 /proc/self/mountinfo | grep -vE '^(/etc|/run/netns-exec)/' | sort";
    let host = sandbox.command(["sh", "-c", list]).run();
    let inside = sandbox.netns_exec(["alpha", "sh", "-c", list]).run();
    let inside = inside.exits(0).out();
    let beside: Vec<_> = inside.lines().filter(|point| *point != "/sys").collect();
    assert_eq!(beside.join("\n"), host.exits(0).out());
    let run = sandbox.netns_exec(["alpha", "ls", "/sys/class/net"]).run();
    run.prints("lo\nonlyinalpha").quiet();
}

/// In a root directory that is put together of the sandbox's.
fn symlink_to_it_is_followed(_: Wrapper) {
    let sandbox = sandbox();
    let file = "/sys/fs/fuse/connections/file";
    sandbox.files().write(file, "kept\n");
    let root = "mount -t tmpfs root /mnt
                for name in $(ls / | grep -vE '^(mnt|sys|tmp)$'); do
                    if [ -L /$name ]; then cp -d /$name /mnt; continue; fi
                    [ -d /$name ] || continue
                    mkdir /mnt/$name
                    mount --rbind /$name /mnt/$name
                done
                mkdir /mnt/else
                mount --rbind /sys /mnt/else
                ln -s else /mnt/sys";
    sandbox.set_up(sandbox.command(["sh", "-ec", root]));
    let script = format!("ls /sys/class/net; cat {file}");
    let run = sandbox.command(["chroot", "/mnt", "netns-exec", "alpha", "sh", "-c", &script]);
    run.run().prints("lo\nonlyinalpha\nkept").quiet();
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

/// A part of the sysfs bound on itself to make it read-only.
fn read_only_part_stays_read_only(_: Wrapper) {
    let sandbox = sandbox();
    let script = "mount --bind /sys/kernel /sys/kernel && mount -o remount,bind,ro /sys/kernel";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let options = [
        "findmnt",
        "-nro",
        "FSTYPE,OPTIONS",
        "--target",
        "/sys/kernel/mm",
    ];
    let run = sandbox.netns_exec(["alpha"]).args(options).run();
    assert!(run.exits(0).out().starts_with("sysfs ro,"), "{run}");
}
