//! `netns-exec --all`: a command in every namespace.

mod adverse; // with something in the way
mod commands;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use testbed::case::Case;
use testbed::{Run, Sandbox, alone};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        alone!(each_has_its_own_view_and_lines_say_whose_they_are),
        alone!(pattern_chooses_by_name),
        alone!(one_failure_is_1_and_is_named),
        alone!(view_that_cannot_be_made_is_125_and_the_others_run),
        alone!(missing_command_is_a_failure_of_the_command),
        alone!(so_many_run_at_a_time),
        alone!(lines_of_several_commands_do_not_mix),
        alone!(last_line_without_an_end_is_ended),
        alone!(what_runs_on_in_the_background_is_not_waited_for),
        alone!(signal_ends_all_at_once),
        alone!(signal_that_is_ignored_stays_so),
        alone!(closed_output_ends_all),
        alone!(host_is_left_as_it_was),
        alone!(bad_usage_is_one_line),
        alone!(without_namespaces_there_is_nothing_to_do),
        alone!(memory_does_not_grow_with_namespaces),
    ];
    cases.extend(commands::cases());
    cases.extend(adverse::cases());
    cases
}

fn all(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.netns_exec(["--all"]).args(args).run()
}

/// The lines in byte order: which command is first is chance.
fn sorted(text: String) -> Vec<String> {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

fn each_has_its_own_view_and_lines_say_whose_they_are() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "cat /etc/hosts; echo $NETNS >&2; cat; exit 0";
    let run = all(&sandbox, &["sh", "-c", script]);
    run.exits(0);
    assert_eq!(
        sorted(run.out()),
        ["alpha: 127.0.1.1 alpha", "beta: 127.0.1.1 beta"]
    );
    assert_eq!(
        sorted(run.err()),
        [
            "alpha: alpha",
            "beta: beta",
            "netns-exec: 2 namespaces, none failed"
        ]
    );
}

fn pattern_chooses_by_name() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let _ = sandbox.namespace("alpine");
    let run = all(
        &sandbox,
        &["--match", "alp[hi]*", "-j", "1", "--", "echo", "-v"],
    );
    run.exits(0).prints("alpha: -v\nalpine: -v");
}

fn one_failure_is_1_and_is_named() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let run = all(
        &sandbox,
        &["sh", "-c", "grep -q alpha /etc/hosts && exit 7; exit 0"],
    );
    assert_eq!(run.exits(1).out(), "");
    assert_eq!(
        sorted(run.err()),
        [
            "netns-exec: 2 namespaces, 1 failed",
            "netns-exec: alpha: exit status 7"
        ]
    );
    let run = all(&sandbox, &["--match", "beta", "sh", "-c", "kill -9 $$"]);
    run.exits(1);
    assert!(
        run.err().contains("netns-exec: beta: killed by SIGKILL"),
        "{run}"
    );
    // A command's 125 is not one of ours.
    all(&sandbox, &["sh", "-c", "exit 125"]).exits(1);
}

fn view_that_cannot_be_made_is_125_and_the_others_run() {
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    sandbox.files().fifo(alpha.path("resolv.conf"));
    sandbox.files().write("/run/netns/leftover", "");
    let run = all(&sandbox, &["echo", "has run"]);
    assert_eq!(run.exits(125).out(), "beta: has run");
    for words in [
        "alpha: netns-exec: /etc/netns/alpha/resolv.conf is a fifo",
        "netns-exec: leftover: /run/netns/leftover is not a network namespace",
        "netns-exec: 3 namespaces, 2 without a view",
    ] {
        assert!(run.err().contains(words), "no {words:?} in {run}");
    }
}

fn missing_command_is_a_failure_of_the_command() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = all(&sandbox, &["nosuchcommand"]);
    run.exits(1);
    assert!(
        run.err()
            .contains("alpha: netns-exec: nosuchcommand: command not found"),
        "{run}"
    );
    assert!(
        run.err().contains("netns-exec: alpha: exit status 127"),
        "{run}"
    );
}

fn so_many_run_at_a_time() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    for name in ["gamma", "delta", "epsilon"] {
        let _ = sandbox.namespace(name);
    }
    sandbox.files().mkdir("/run/running");
    let script =
        "mkdir /run/running/$NETNS; ls /run/running | wc -l; sleep 0.3; rmdir /run/running/$NETNS";
    for jobs in ["1", "3"] {
        let run = all(&sandbox, &["-j", jobs, "sh", "-c", script]);
        let out = run.exits(0).out();
        let most = out.lines().filter_map(|line| line.rsplit(' ').next()).max();
        assert_eq!(most, Some(jobs), "{run}");
    }
}

fn lines_of_several_commands_do_not_mix() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "for i in $(seq 200); do printf %s $NETNS-; printf %s $i-; echo $NETNS; done";
    let run = all(&sandbox, &["sh", "-c", script]);
    assert_eq!(run.exits(0).out().lines().count(), 400);
    let out = run.out();
    for name in ["alpha", "beta"] {
        let lines = out.lines().filter(|line| line.starts_with(name));
        let expected = (1..=200).map(|i| format!("{name}: {name}-{i}-{name}"));
        assert!(lines.eq(expected), "{run}");
    }
}

fn last_line_without_an_end_is_ended() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = all(
        &sandbox,
        &["sh", "-c", "printf 'one\n\ntwo'; printf three >&2"],
    );
    run.exits(0).prints("alpha: one\nalpha: \nalpha: two");
    assert!(run.err().contains("alpha: three\n"), "{run}");
}

fn what_runs_on_in_the_background_is_not_waited_for() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let begun = Instant::now();
    let run = all(&sandbox, &["sh", "-c", "sleep 60 & echo $!"]);
    let pid = run.exits(0).out().trim_start_matches("alpha: ").to_owned();
    assert!(begun.elapsed() < Duration::from_secs(30), "{run}");
    sandbox.set_up(sandbox.command(["kill", &pid]));
}

fn signal_ends_all_at_once() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let _ = sandbox.namespace("gamma");
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        // Also what the command has started, and what does not care.
        let script = "trap '' INT TERM; echo started; sleep 60; sleep 60";
        let command = sandbox.netns_exec(["--all", "-j", "2", "sh", "-c", script]);
        let mut running = command.spawn();
        assert!(running.line().ends_with(": started"));
        assert!(running.line().ends_with(": started"));
        let begun = Instant::now();
        running.signal(signal);
        let run = running.end();
        assert!(begun.elapsed() < Duration::from_secs(30), "{run}");
        assert_eq!(run.signal(), Some(signal as i32), "{run}");
        assert!(!run.out().contains("gamma"), "{run}");
        let sum = format!("netns-exec: 3 namespaces, 2 done before {signal}");
        assert!(run.err().contains(&sum), "{run}");
    }
}

fn signal_that_is_ignored_stays_so() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script =
        "trap '' HUP; exec netns-exec --all sh -c 'kill -HUP $PPID $$; sleep 0.2; echo on'";
    let run = sandbox.command(["sh", "-c", script]).run();
    run.exits(0).prints("alpha: on");
}

fn closed_output_ends_all() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "netns-exec --all yes | head -n1";
    let run = sandbox.command(["sh", "-c", script]).run();
    assert!(run.exits(0).out().ends_with(": y"), "{run}");
}

fn host_is_left_as_it_was() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    // The place for records is made by the first.
    sandbox.netns_exec(["alpha", "true"]).run().exits(0);
    let mounts = || {
        sandbox
            .files()
            .read(format!("/proc/{}/mountinfo", sandbox.pid()))
    };
    let before = mounts();
    all(&sandbox, &["true"]).exits(0);
    assert_eq!(before, mounts());
    // Mounts of the host still come in, though the base was made before.
    let script = "echo started; read line </run/line; cat /run/mounted/file";
    sandbox.files().fifo("/run/line");
    sandbox.files().mkdir("/run/mounted");
    let mut running = sandbox
        .netns_exec(["--all", "--match", "alpha", "sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "alpha: started");
    let script = "mount -t tmpfs t /run/mounted; echo new >/run/mounted/file; echo >/run/line";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    assert_eq!(running.line(), "alpha: new");
    running.end().exits(0);
}

fn bad_usage_is_one_line() {
    let (sandbox, _alpha) = Sandbox::alpha();
    for (args, word) in [
        (&["--all"][..], "COMMAND"),
        (&["--all", "-j", "0", "true"], "-j"),
        (&["--all", "-j", "x", "true"], "-j"),
        (&["--all", "--check", "alpha"], "--check"),
        (&["-j", "2", "alpha", "true"], "--all"),
        (&["--match", "*", "alpha", "true"], "--all"),
    ] {
        let run = sandbox.netns_exec(args.iter().copied()).run();
        run.exits(125).complains(&[word]);
    }
}

fn without_namespaces_there_is_nothing_to_do() {
    let sandbox = Sandbox::new();
    let run = all(&sandbox, &["echo", "has run"]);
    run.exits(0).prints("");
    assert_eq!(run.err(), "netns-exec: 0 namespaces, none failed");
}

fn memory_does_not_grow_with_namespaces() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let peak = |sandbox: &Sandbox| -> u64 {
        // Its own peak, told by the last of its commands.
        let script = "sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$PPID/status";
        let run = all(sandbox, &["-j", "1", "sh", "-c", script]);
        let last = run.exits(0).out().lines().last().map(str::to_owned);
        let peak = last.and_then(|line| line.rsplit(' ').next()?.parse().ok());
        peak.unwrap_or_else(|| panic!("{run}"))
    };
    let few = peak(&sandbox);
    let script = "for i in $(seq 200); do ip netns add many$i; done";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    let many = peak(&sandbox);
    assert!(many < few + 300, "{few} kB, {many} kB");
}
