//! Which files a command sees when it starts.

use testbed::Run;

use super::Row;
use crate::cell::{ALPHA, HOST, ended, refused, said};
use crate::trial::{Trial, shell};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new("`ping alpha`, `ping beta`", story, "answers, is unknown")
            .systemd("the host's, where `BindPaths=` does not name each file")
            .note(
                "alpha and beta each have a hosts file with only their own name. What a namespace \
                 is given should be all that is found there.",
            ),
        Row::new(
            "A name of the host's hosts file",
            name_of_the_host,
            "is unknown",
        )
        .systemd("is found, where `BindPaths=` does not name the file")
        .note("The choice is by file: nothing of a file of the host's that alpha has too."),
        Row::new("A file that the host lacks", lacking_on_the_host, ALPHA)
            .systemd("with `BindPaths=`: must be there, or systemd be able to create it")
            .note(
                "alpha has a resolv.conf and the host has none. There is nothing to mount on, and \
                 a file created on the host would be seen by all.",
            ),
        Row::new("`/etc/resolv.conf` is a dangling symlink", dangling, ALPHA)
            .note("So it is where the link leads to the file of a resolver that does not run."),
        Row::new("A directory", directory, "replaced").note(
            "The host has `/etc/app` with two files, alpha one of them. ip-netns(8) has no \
             merging.",
        ),
        Row::new(
            "Started in that directory: `cat conf`",
            working_directory,
            ALPHA,
        )
        .note("The working directory is still the host's when the other comes over it."),
        Row::by_form(
            "The command writes to `/etc/hosts`",
            writing,
            ["to alpha's file"; 4],
        )
        .systemd("to the file that `BindPaths=` names"),
        Row::by_form(
            "The command makes a new file in `/etc`",
            new_file,
            [
                "made on the host",
                "made on the host",
                "refused: Read-only file system",
                "refused: Read-only file system",
            ],
        )
        .note("What sealed costs: no entry of `/etc` itself can be made, renamed or removed."),
        Row::new("Run from within beta: whose files are there", nested, ALPHA).note(
            "The tool runs itself in beta, and that a command in alpha. Looked at are a file that \
             both namespaces have, and one that only beta has.",
        ),
    ]
}

fn story(trial: &Trial) -> String {
    let ping = |name| found(&trial.command(["ping", "-c1", "-W1", name]).run());
    format!("{}, {}", ping("alpha"), ping("beta"))
}

fn found(ping: &Run) -> String {
    match ping.code() {
        Some(0) => "answers".into(),
        _ if ping.err().contains("Name or service not known") => "is unknown".into(),
        _ => ended(ping),
    }
}

fn name_of_the_host(trial: &Trial) -> String {
    let run = trial.command(["getent", "hosts", "hostonly"]).run();
    match run.code() {
        Some(0) => "is found".into(),
        Some(2) => "is unknown".into(),
        _ => ended(&run),
    }
}

fn lacking_on_the_host(trial: &Trial) -> String {
    trial.alpha.file("resolv.conf", ALPHA);
    trial.look("/etc/resolv.conf")
}

fn dangling(trial: &Trial) -> String {
    let files = trial.sandbox.files();
    files.symlink("../run/nowhere/resolv.conf", "/etc/resolv.conf");
    trial.alpha.file("resolv.conf", ALPHA);
    trial.look("/etc/resolv.conf")
}

/// `/etc/app`, of the host and of alpha.
fn app(trial: &Trial) {
    trial.sandbox.files().mkdir("/etc/app");
    trial.sandbox.host_file("app/conf", HOST);
    trial.sandbox.host_file("app/other", HOST);
    trial.sandbox.files().mkdir(trial.alpha.path("app"));
    trial.alpha.file("app/conf", ALPHA);
}

fn directory(trial: &Trial) -> String {
    app(trial);
    let run = trial.script("look /etc/app/conf; echo; ls /etc/app").run();
    match said(&run).as_str() {
        "alpha's conf" => "replaced".into(),
        "alpha's conf other" => "merged".into(),
        "the host's conf other" => HOST.into(),
        other => other.into(),
    }
}

fn working_directory(trial: &Trial) -> String {
    app(trial);
    said(&trial.script("look conf").directory("/etc/app").run())
}

fn writing(trial: &Trial) -> String {
    let files = trial.sandbox.files();
    trial.label_hosts();
    let run = trial.script("echo written >/etc/hosts").run();
    let is_written = |file: &[u8]| file == b"written\n";
    match (
        is_written(&files.read(trial.alpha.path("hosts"))),
        is_written(&files.read("/etc/hosts")),
    ) {
        (true, false) => "to alpha's file".into(),
        (false, true) => "to the host's file".into(),
        (true, true) => "to both files".into(),
        (false, false) => refused(&run),
    }
}

fn new_file(trial: &Trial) -> String {
    let run = trial.script("echo >/etc/new").run();
    match (run.code(), trial.sandbox.files().exists("/etc/new")) {
        (_, true) => "made on the host".into(),
        (Some(0), false) => "made in the view".into(),
        (_, false) => refused(&run),
    }
}

fn nested(trial: &Trial) -> String {
    const NOT_BETA: &str = "and not beta's";
    trial.sandbox.host_file("hosts", HOST);
    trial.sandbox.host_file("other", NOT_BETA);
    trial.alpha.file("hosts", ALPHA);
    trial.beta.file("hosts", "beta's");
    trial.beta.file("other", "and beta's");
    let run = trial
        .sandbox
        .command(trial.tool.words("beta"))
        .args(trial.tool.words("alpha"))
        .args(shell("look /etc/hosts; echo; look /etc/other"))
        .run();
    let files = said(&run);
    let files = files.strip_suffix(NOT_BETA).unwrap_or(&files);
    files.trim().replace("beta's and beta's", "beta's")
}
