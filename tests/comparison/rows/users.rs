//! Who may run a command, as whom, and what may name the namespace.

use super::Row;
use crate::cell::{ALPHA, said};
use crate::tools::Tool;
use crate::trial::{ALICE, Trial, shell};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "root runs a command as alice",
            as_alice,
            "uid 1001, groups 1001 2001 2002, no capabilities",
        )
        .systemd("`User=`, `SupplementaryGroups=`")
        .note("By the tool's own option. alice is in the groups 2001 and 2002."),
        Row::new("alice runs it", by_alice, "not run, exit 125").note(
            "firejail is installed set-user-ID root, and as Debian configures it, keeps `--netns` \
             to root. netns-exec refuses to be installed so.",
        ),
        Row::new(
            "alice runs it, with CAP_SYS_ADMIN",
            by_alice_with_a_capability,
            "alpha's, as 1001, with a warning",
        )
        .note(
            "An ambient capability, as of a service that is not root. The warning is that the view \
             cannot be healed, for its record has no place in `/run`.",
        ),
        Row::new(
            "alice runs it, in a user namespace of hers",
            rootless,
            "alpha's, with a warning",
        )
        .systemd("in a service of her own manager, with `PrivateUsers=`")
        .note(
            "The network namespace is made there too. The warning is the one above. firejail \
             complains that it cannot make its directory in `/run`.",
        ),
        Row::new("The namespace of a process", unnamed, "entered")
            .systemd("entered")
            .note("One without a name, by `/proc/PID/ns/net`."),
        Row::new("`/run/netns/alpha` by that path", by_path, ALPHA)
            .systemd("the host's")
            .note("Whose hosts file the command sees."),
    ]
}

/// Whose files, and as whom.
const WHO: &str = "echo \"$(look /etc/hosts), as $(id -u)\"";

fn as_alice(trial: &Trial) -> String {
    let Some(words) = trial.tool.words_as_alice("alpha") else {
        return "*no option*".into();
    };
    let script = "capabilities=$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)
        [ \"$capabilities\" = 0000000000000000 ] && capabilities=no
        echo \"uid $(id -u), groups $(id -G), $capabilities capabilities\"";
    said(&trial.sandbox.command(words).args(shell(script)).run())
}

fn by_alice(trial: &Trial) -> String {
    trial.label_hosts();
    let run = || said(&trial.script(WHO).user(ALICE).run());
    if trial.tool != Tool::Firejail {
        return run();
    }
    let as_installed = run();
    let script = "sed -i 's/^restricted-network .*/restricted-network no/' \
                  /etc/firejail/firejail.config";
    trial
        .sandbox
        .set_up(trial.sandbox.command(["sh", "-c", script]));
    format!("{as_installed}; with `restricted-network no` {}", run())
}

fn by_alice_with_a_capability(trial: &Trial) -> String {
    trial.label_hosts();
    let caller = [
        "setpriv",
        "--reuid=alice",
        "--regid=alice",
        "--clear-groups",
        "--inh-caps=+sys_admin",
        "--ambient-caps=+sys_admin",
    ];
    let command = trial
        .sandbox
        .command(caller)
        .args(trial.tool.words("alpha"));
    said(&command.args(shell(WHO)).run())
}

fn rootless(trial: &Trial) -> String {
    trial.label_hosts();
    said(&trial.script_of_alice_alone("look /etc/hosts").run())
}

fn unnamed(trial: &Trial) -> String {
    let script = "echo started; read line";
    let mut running = trial
        .sandbox
        .command(["unshare", "--net", "sh", "-c", script])
        .spawn();
    running.line();
    let path = format!("/proc/{}/ns/net", running.pid());
    let theirs = trial.sandbox.command(["readlink", &path]).run().out();
    let words = trial.tool.words(&path);
    let run = trial
        .sandbox
        .command(words)
        .args(["readlink", "/proc/self/ns/net"])
        .run();
    if run.out() == theirs {
        "entered".into()
    } else {
        said(&run)
    }
}

fn by_path(trial: &Trial) -> String {
    trial.label_hosts();
    let words = trial.tool.words("/run/netns/alpha");
    said(
        &trial
            .sandbox
            .command(words)
            .args(shell("look /etc/hosts"))
            .run(),
    )
}
