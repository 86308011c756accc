//! Exit status, signals, environment: what whoever starts the command has to do with.

use nix::sys::signal::Signal;

use super::Row;
use crate::cell::{ended, one_line};
use crate::trial::Trial;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new("Exit status of `exit 7`", exit_7, "exit 7")
            .systemd("7, with `systemd-run --wait`"),
        Row::new("No such command", no_such_command, "exit 127")
            .systemd("203")
            .note("127 and 126 are what shells and env(1) use, which scripts know."),
        Row::new(
            "A command that cannot be executed",
            not_executable,
            "exit 126",
        )
        .systemd("203"),
        Row::new("No such namespace", no_such_namespace, "exit 125")
            .systemd("225")
            .note("A status of its own tells that it was not the command that failed."),
        Row::new(
            "A command that ends itself by SIGTERM",
            own_signal,
            "killed by signal 15",
        ),
        Row::new(
            "What the process that was started is then",
            started,
            "the command",
        )
        .systemd("the command's parent is the service manager")
        .note(
            "A parent that stays needs memory for each command, and has to pass on signals, \
             job control and exit status.",
        ),
        Row::new("SIGTERM for that process", signal, "caught, exit 3")
            .note("The command catches it, says so and exits with 3."),
        Row::new("The environment", environment, "and NETNS=alpha")
            .systemd("a clean one of the service manager's")
            .note("What there is beside the caller's. `NETNS` lets a prompt or a script tell."),
        Row::new("Groups and capabilities of the caller", credentials, "kept").note(
            "root, with two supplementary groups, one capability less in the bounding set and an \
             ambient one. Named is what the command does not have as the caller has it.",
        ),
    ]
}

fn exit_7(trial: &Trial) -> String {
    ended(&trial.command(["sh", "-c", "exit 7"]).run())
}

fn no_such_command(trial: &Trial) -> String {
    ended(&trial.command(["nosuchcommand"]).run())
}

fn not_executable(trial: &Trial) -> String {
    trial.sandbox.files().write("/run/plain", "");
    ended(&trial.command(["/run/plain"]).run())
}

fn no_such_namespace(trial: &Trial) -> String {
    let words = trial.tool.words("nosuch");
    ended(&trial.sandbox.command(words).arg("true").run())
}

fn own_signal(trial: &Trial) -> String {
    ended(&trial.command(["sh", "-c", "kill -TERM $$"]).run())
}

fn started(trial: &Trial) -> String {
    let mut running = trial.command(["cat"]).spawn();
    // It is at work when it says what it is told.
    running.tell("started");
    running.line();
    let link = format!("/proc/{}/exe", running.pid());
    let program = trial.sandbox.command(["readlink", &link]).run();
    match program.exits(0).out().rsplit('/').next() {
        Some("cat") => "the command".into(),
        other => format!("{}, which stays", other.unwrap_or_default()),
    }
}

fn signal(trial: &Trial) -> String {
    let script = "trap 'echo caught; exit 3' TERM; echo started; while :; do sleep 0.02; done";
    let mut running = trial.command(["sh", "-c", script]).spawn();
    running.line();
    running.signal(Signal::SIGTERM);
    let run = running.end();
    match run.out().as_str() {
        "caught" => format!("caught, {}", ended(&run)),
        _ => format!("not caught, {}", ended(&run)),
    }
}

fn environment(trial: &Trial) -> String {
    let variables = |run: testbed::Run| -> Vec<String> {
        let mut lines: Vec<_> = run.exits(0).out().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let caller = variables(trial.sandbox.command(["env"]).run());
    let inside = variables(trial.command(["env"]).run());
    let without = |all: &[String], some: &[String]| -> Vec<String> {
        all.iter()
            .filter(|one| !some.contains(one))
            .cloned()
            .collect()
    };
    let (more, less) = (without(&inside, &caller), without(&caller, &inside));
    let mut words = Vec::new();
    match &more[..] {
        [] => {}
        [one] => words.push(format!("and {one}")),
        [one, rest @ ..] => words.push(format!("and {one} and {} more", rest.len())),
    }
    if !less.is_empty() {
        words.push(format!("without {}", less.join(", ")));
    }
    if words.is_empty() {
        return "the caller's".into();
    }
    words.join("; ")
}

fn credentials(trial: &Trial) -> String {
    let caller = [
        "setpriv",
        "--groups=2001,2002",
        "--bounding-set=-sys_boot",
        "--inh-caps=+net_raw",
        "--ambient-caps=+net_raw",
    ];
    let show = [
        "grep",
        "-E",
        "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)",
        "/proc/self/status",
    ];
    let command = |words: Vec<std::ffi::OsString>| {
        let run = trial.sandbox.command(caller).args(words).args(show).run();
        let lines = run.out();
        lines.lines().map(one_line).collect::<Vec<_>>()
    };
    let outside = command(Vec::new());
    let inside = command(trial.tool.words("alpha"));
    let lost: Vec<&str> = outside
        .iter()
        .filter(|line| !inside.contains(line))
        .filter_map(|line| line.split(':').next())
        .collect();
    if lost.is_empty() {
        return "kept".into();
    }
    format!("not kept: {}", lost.join(", "))
}
