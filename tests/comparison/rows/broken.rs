//! Overrides that cannot be put in place. All but the last rows are about alpha's resolv.conf; the
//! host has one.

use testbed::Files;

use super::Row;
use crate::cell::{HOST, said};
use crate::trial::Trial;

pub(super) fn rows() -> Vec<Row> {
    const REFUSED: &str = "not run, exit 125";
    vec![
        Row::new("A fifo", fifo, REFUSED).note(
            "In this group, what is mounted at `/etc/resolv.conf` is what the command would open, \
             if it is run. A program that goes on without alpha's file asks the host's servers.",
        ),
        Row::new("A socket", socket, REFUSED),
        Row::new("A device, by a symlink to `/dev/null`", device, REFUSED),
        Row::new("A dangling symlink", dangling, REFUSED)
            .systemd("with `BindPaths=`: ignored if marked with `-`"),
        Row::new("A directory for a file", directory, REFUSED),
        Row::new("A file for the directory `/etc/app`", file, REFUSED),
        Row::new("A file that the caller cannot read", unreadable, REFUSED).note(
            "alice, in a user namespace of hers, may mount a file of root's that she may not read.",
        ),
        Row::new("`/etc/netns/alpha` is a file", no_directory, REFUSED),
    ]
}

/// What a command sees in the place of alpha's resolv.conf.
fn instead(trial: &Trial, put: impl FnOnce(&Files, &str)) -> String {
    trial.sandbox.host_file("resolv.conf", HOST);
    put(trial.sandbox.files(), "/etc/netns/alpha/resolv.conf");
    trial.look("/etc/resolv.conf")
}

fn fifo(trial: &Trial) -> String {
    instead(trial, |files, path| files.fifo(path))
}

fn socket(trial: &Trial) -> String {
    instead(trial, |files, path| files.socket(path))
}

fn device(trial: &Trial) -> String {
    instead(trial, |files, path| files.symlink("/dev/null", path))
}

fn dangling(trial: &Trial) -> String {
    instead(trial, |files, path| files.symlink("nowhere", path))
}

fn directory(trial: &Trial) -> String {
    instead(trial, |files, path| files.mkdir(path))
}

fn file(trial: &Trial) -> String {
    trial.sandbox.files().mkdir("/etc/app");
    trial.sandbox.host_file("app/conf", HOST);
    trial.alpha.file("app", "");
    trial.look("/etc/app/conf")
}

fn unreadable(trial: &Trial) -> String {
    trial.sandbox.host_file("resolv.conf", HOST);
    trial.alpha.file("resolv.conf", "");
    let files = trial.sandbox.files();
    files.chmod(trial.alpha.path("resolv.conf"), 0o600);
    said(&trial.script_of_alice_alone("look /etc/resolv.conf").run())
}

fn no_directory(trial: &Trial) -> String {
    trial.sandbox.host_file("resolv.conf", HOST);
    trial.sandbox.files().remove(trial.alpha.directory());
    trial.sandbox.files().write(trial.alpha.directory(), "");
    trial.look("/etc/resolv.conf")
}
