//! What happens to files while a command runs.

use super::Row;
use crate::cell::{ALPHA, HOST};
use crate::trial::{Inside, Trial};

/// What alpha's file says before and after it changes.
const OLD: &str = "alpha's old one";
const NEW: &str = "alpha's new one";

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::by_form(
            "The host replaces `/etc/hosts` by rename",
            replaced_on_the_host,
            [HOST, ALPHA, ALPHA, ALPHA],
        )
        .note(
            "So do package and configuration managers, NetworkManager, resolvconf, most editors. \
             With the old file the kernel drops what is mounted on it, in every mount namespace.",
        ),
        Row::by_form(
            "The host removes `/etc/hosts`",
            removed_on_the_host,
            ["no file", ALPHA, ALPHA, ALPHA],
        ),
        Row::by_form(
            "The host writes to `/etc/hosts` in place",
            written_on_the_host,
            [ALPHA; 4],
        ),
        Row::by_form(
            "`/etc/resolv.conf` leads to `/run/systemd/resolve/stub-resolv.conf`, which is replaced",
            link_target_replaced,
            [ALPHA; 4],
        )
        .systemd("with `BindPaths=`: the host's; it is mounted on the link's target")
        .note(
            "systemd-resolved does so when the network changes. What is mounted on the link \
             itself stays.",
        ),
        Row::by_form(
            "`/etc/netns/alpha/hosts` is replaced by rename",
            replaced_in_alpha,
            [OLD, NEW, NEW, NEW],
        )
        .note("So does an editor. A mount holds on to the file that was there at the start."),
        Row::by_form(
            "`/etc/netns/alpha/hosts` is written to in place",
            written_in_alpha,
            [NEW; 4],
        ),
        Row::by_form(
            "`resolv.conf` is added to `/etc/netns/alpha`",
            added_to_alpha,
            [HOST, ALPHA, HOST, ALPHA],
        ),
    ]
}

/// A command in alpha while the hosts files of the host and of alpha say whose they are.
fn inside(trial: &Trial) -> Inside {
    trial.label_hosts();
    trial.inside()
}

fn replaced_on_the_host(trial: &Trial) -> String {
    let mut inside = inside(trial);
    trial.sandbox.files().replace("/etc/hosts", HOST);
    inside.comes_to("look /etc/hosts", ALPHA)
}

fn removed_on_the_host(trial: &Trial) -> String {
    let mut inside = inside(trial);
    trial.sandbox.files().remove("/etc/hosts");
    inside.comes_to("look /etc/hosts", ALPHA)
}

fn written_on_the_host(trial: &Trial) -> String {
    let mut inside = inside(trial);
    trial.sandbox.host_file("hosts", HOST);
    inside.comes_to("look /etc/hosts", ALPHA)
}

fn link_target_replaced(trial: &Trial) -> String {
    const TARGET: &str = "/run/systemd/resolve/stub-resolv.conf";
    let files = trial.sandbox.files();
    files.mkdir("/run/systemd/resolve");
    files.write(TARGET, HOST);
    files.symlink(format!("..{TARGET}"), "/etc/resolv.conf");
    trial.alpha.file("resolv.conf", ALPHA);
    let mut inside = trial.inside();
    files.replace(TARGET, HOST);
    inside.comes_to("look /etc/resolv.conf", ALPHA)
}

/// A command in alpha, whose hosts file is about to change.
fn inside_before(trial: &Trial) -> Inside {
    trial.sandbox.host_file("hosts", HOST);
    trial.alpha.file("hosts", OLD);
    trial.inside()
}

fn replaced_in_alpha(trial: &Trial) -> String {
    let mut inside = inside_before(trial);
    trial
        .sandbox
        .files()
        .replace(trial.alpha.path("hosts"), NEW);
    inside.comes_to("look /etc/hosts", NEW)
}

fn written_in_alpha(trial: &Trial) -> String {
    let mut inside = inside_before(trial);
    trial.alpha.file("hosts", NEW);
    inside.comes_to("look /etc/hosts", NEW)
}

fn added_to_alpha(trial: &Trial) -> String {
    trial.sandbox.host_file("resolv.conf", HOST);
    let mut inside = trial.inside();
    trial.alpha.file("resolv.conf", ALPHA);
    inside.comes_to("look /etc/resolv.conf", ALPHA)
}
