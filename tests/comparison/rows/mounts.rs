//! `/sys`, and what is mounted before, while and after a command runs.

use super::Row;
use crate::cell::{ALPHA, HOST, one_line, said};
use crate::trial::Trial;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new("Interfaces in `/sys/class/net`", interfaces, ALPHA)
            .systemd("alpha's: `/sys` is remounted"),
        Row::new(
            "What is mounted below `/sys` and still there",
            below_sys,
            "cgroup2fs, bpf_fs, tracefs",
        )
        .note(
            "The host has cgroup2, bpffs and tracefs there, as most have. \
             Container engines and systemd's tools need the first, tracers the others.",
        ),
        Row::new("Flags of `/sys`", flags_of_sys, "nosuid, nodev, noexec"),
        Row::new(
            "A mount that the host makes while it runs",
            mount_of_the_host,
            "is seen",
        )
        .systemd("is seen")
        .note("Such as a disk, or the home directory of a user who logs in."),
        Row::new(
            "A mount that the command makes",
            mount_of_the_command,
            "stays inside",
        )
        .systemd("stays inside"),
        Row::new(
            "Where no sysfs can be mounted",
            no_sysfs,
            "alpha's, with a warning",
        )
        .note(
            "As in many containers: alice runs it in a user namespace of hers, where the host's \
             `/sys` is partly covered. Whose hosts file there is.",
        ),
        Row::new(
            "Left on the host by a command that has ended",
            left,
            "/run/netns-exec (0 files)",
        ),
    ]
}

fn interfaces(trial: &Trial) -> String {
    let link = [
        "ip", "-n", "alpha", "link", "add", "in-alpha", "type", "bridge",
    ];
    trial.sandbox.set_up(trial.sandbox.command(link));
    let run = trial.command(["ls", "/sys/class/net"]).run();
    match one_line(&run.out()).as_str() {
        "in-alpha lo" => ALPHA.into(),
        "lo" => HOST.into(),
        _ => said(&run),
    }
}

/// What hosts have mounted below `/sys`, and where.
const BELOW_SYS: [(&str, &str); 3] = [
    ("cgroup2", "/sys/fs/cgroup"),
    ("bpf", "/sys/fs/bpf"),
    ("tracefs", "/sys/kernel/tracing"),
];

fn below_sys(trial: &Trial) -> String {
    for (kind, place) in BELOW_SYS {
        // The sandbox may have it already.
        let script = r#"[ "$(stat -f -c %T "$2")" != sysfs ] || mount -t "$1" "$1" "$2""#;
        let command = trial
            .sandbox
            .command(["sh", "-c", script, "sh", kind, place]);
        trial.sandbox.set_up(command);
    }
    let places = BELOW_SYS.map(|(_, place)| place);
    let kinds = |command: testbed::Command| -> Vec<String> {
        let kind = |place| command.clone().args(["stat", "-f", "-c", "%T", place]);
        places.map(|place| kind(place).run().out()).into()
    };
    let host = kinds(trial.sandbox.command([""; 0]));
    let inside = kinds(trial.command([""; 0]));
    let kept = host
        .iter()
        .zip(&inside)
        .filter(|(host, inside)| host == inside);
    list(kept.map(|(host, _)| host.as_str()))
}

fn flags_of_sys(trial: &Trial) -> String {
    // Lists of mounts also have those that others cover; the descriptor tells which it is.
    let script = r#"exec 9</sys
        id=$(sed -n 's/^mnt_id:[^0-9]*//p' /proc/self/fdinfo/9)
        sed -nE "s/^$id [^ ]+ [^ ]+ [^ ]+ [^ ]+ ([^ ]+) .*/\1/p" /proc/self/mountinfo"#;
    let options = trial.script(script).run().out();
    let options: Vec<&str> = options.split(',').collect();
    list(
        ["nosuid", "nodev", "noexec"]
            .into_iter()
            .filter(|flag| options.contains(flag)),
    )
}

/// A list in words.
fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<&str> = items.collect();
    if items.is_empty() {
        return "none".into();
    }
    items.join(", ")
}

/// A shared mount of the host with a place below it, as hosts have.
fn shared_place(trial: &Trial) {
    trial.sandbox.files().mkdir("/run/shared");
    let script = "mount -t tmpfs shared /run/shared && mount --make-shared /run/shared && \
                  mkdir /run/shared/place";
    trial
        .sandbox
        .set_up(trial.sandbox.command(["sh", "-c", script]));
}

const IS_MOUNTED: &str = "findmnt -nro SOURCE /run/shared/place";

fn mount_of_the_host(trial: &Trial) -> String {
    shared_place(trial);
    let mut inside = trial.inside();
    let mount = ["mount", "-t", "tmpfs", "new", "/run/shared/place"];
    trial.sandbox.set_up(trial.sandbox.command(mount));
    match inside.run(IS_MOUNTED).as_str() {
        "new" => "is seen".into(),
        "" => "is not seen".into(),
        other => other.into(),
    }
}

fn mount_of_the_command(trial: &Trial) -> String {
    shared_place(trial);
    let mut inside = trial.inside();
    let mounted = inside.run("mount -t tmpfs inside /run/shared/place 2>&1 && echo mounted");
    if mounted != "mounted" {
        return mounted;
    }
    let host = trial.sandbox.command(["sh", "-c", IS_MOUNTED]).run();
    match host.out().as_str() {
        "inside" => "is on the host".into(),
        "" => "stays inside".into(),
        other => other.into(),
    }
}

fn no_sysfs(trial: &Trial) -> String {
    let cover = ["mount", "-t", "tmpfs", "cover", "/sys/kernel"];
    trial.sandbox.set_up(trial.sandbox.command(cover));
    trial.label_hosts();
    said(&trial.script_of_alice_alone("look /etc/hosts").run())
}

fn left(trial: &Trial) -> String {
    let list = |script: &str| {
        let run = trial.sandbox.command(["sh", "-c", script]).run();
        let lines: Vec<String> = run.exits(0).out().lines().map(str::to_owned).collect();
        lines
    };
    let files = || list("find /etc /run -mindepth 1 -maxdepth 1 | sort");
    let mounts = || list("cut -d' ' -f5 /proc/self/mountinfo");
    let (files_before, mounts_before) = (files(), mounts());
    let run = trial.command(["true"]).run();
    run.exits(0);
    let mut left = files();
    left.retain(|file| !files_before.contains(file));
    for file in &mut left {
        let inside = list(&format!("find {file} ! -type d"));
        file.push_str(&format!(" ({} files)", inside.len()));
    }
    let mounts = mounts().len() - mounts_before.len();
    if mounts > 0 {
        left.push(format!("{mounts} mounts"));
    }
    if left.is_empty() {
        return "nothing".into();
    }
    left.join(", ")
}
