//! `--all` with something in the way: output that cannot be written, limits, a caller alone.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use testbed::case::Case;
use testbed::{Command, Sandbox, alone, need};

use super::{all, sorted};

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(output_that_fails_is_125),
        alone!(signal_is_heard_while_nobody_reads),
        alone!(output_may_be_non_blocking),
        alone!(few_open_files_are_used_in_turn),
        alone!(commands_wait_for_open_files_whatever_takes_them),
        alone!(caller_may_be_alone_in_its_mount_namespace),
        alone!(override_that_comes_while_a_view_waits_is_seen),
        alone!(what_changes_before_there_is_a_process_is_not_missed),
        alone!(process_that_is_not_the_command_yet_is_killed),
        alone!(standard_descriptors_may_be_closed),
    ]
}

fn output_that_fails_is_125() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "exec netns-exec --all echo line >/dev/full";
    let run = sandbox.command(["sh", "-c", script]).run();
    let words = "before standard output failed: No space left on device";
    assert!(run.exits(125).err().contains(words), "{run}");
    // As any program whose reader is gone; unless the caller has that ignored.
    let script = "{ netns-exec --all yes; echo $? >&2; } | head -n1 >/dev/null";
    for (trap, status) in [("", "141"), ("trap '' PIPE;", "1")] {
        let script = format!("{trap} {script}");
        let run = sandbox.command(["sh", "-c", &script]).run();
        assert!(run.exits(0).err().ends_with(status), "{run}");
    }
}

fn signal_is_heard_while_nobody_reads() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "echo started; touch /run/$$; exec yes";
    let command = sandbox.netns_exec(["--all", "sh", "-c", script]);
    let mut running = command.spawn();
    running.line();
    // Until the pipe is full.
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    running.signal(Signal::SIGTERM);
    let script = "cd /run; for pid in [0-9]*; do ! kill -0 $pid 2>/dev/null || exit 1; done";
    while sandbox.command(["sh", "-c", script]).run().code() != Some(0) {
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(running.end().signal(), Some(Signal::SIGTERM as i32));
}

fn output_may_be_non_blocking() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "{ dd if=/dev/null oflag=nonblock status=none; netns-exec --all seq 100000; } |
                  { sleep 0.5; tail -n1; }";
    let run = sandbox.command(["sh", "-c", script]).run();
    run.exits(0).prints("alpha: 100000");
}

fn few_open_files_are_used_in_turn() {
    let sandbox = Sandbox::new();
    for number in 0..40 {
        let _ = sandbox.namespace(format!("n{number}"));
    }
    for limit in ["-n 40", "-Sn 40"] {
        let script =
            format!("ulimit {limit}; exec netns-exec --all -j 40 sh -c 'ulimit -Sn; sleep 0.2'");
        let out = sandbox.command(["sh", "-c", &script]).run().exits(0).out();
        let own = out.lines().filter(|line| line.ends_with(": 40"));
        assert_eq!(own.count(), 40, "{out}");
    }
}

/// Whatever it is that takes the last one, and also if those that have them end just then.
fn commands_wait_for_open_files_whatever_takes_them() {
    let sandbox = Sandbox::new();
    for number in 0..12 {
        let namespace = sandbox.namespace(format!("n{number}"));
        namespace.file("hosts", "127.0.1.1 own\n");
    }
    let script = "for limit in 15 16 17 18 20 25 30; do (ulimit -n $limit; \
                  for run in 1 2 3 4 5 6 7 8 9; do netns-exec --all -j 12 true || exit; done) || exit; \
                  done";
    sandbox.command(["sh", "-c", script]).run().exits(0);
}

/// The namespaces are mounted where it was.
fn caller_may_be_alone_in_its_mount_namespace() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let words = ["unshare", "-m", "netns-exec", "--all", "cat", "/etc/hosts"];
    let run = sandbox.command(words).run();
    assert_eq!(
        sorted(run.exits(0).out()),
        ["alpha: 127.0.1.1 alpha", "beta: 127.0.1.1 beta"]
    );
}

fn override_that_comes_while_a_view_waits_is_seen() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.1\n");
    let script = "case $NETNS in \
                  alpha) sleep 0.05; mkdir -p /etc/netns/gamma;
                         echo nameserver 127.0.0.9 >/etc/netns/gamma/resolv.conf;
                         touch /run/written;; \
                  beta) sleep 0.3;; \
                  gamma) test -e /run/written && cat /etc/resolv.conf;; esac";
    for gamma_has_a_directory in [true, false] {
        let gamma = sandbox.namespace("gamma");
        // It may be the first.
        let seen = (0..20).any(|_| {
            sandbox.set_up(sandbox.command(["rm", "-rf", "/etc/netns/gamma", "/run/written"]));
            if gamma_has_a_directory {
                sandbox.files().mkdir("/etc/netns/gamma");
                gamma.file("hosts", "");
            }
            let run = all(&sandbox, &["-j", "2", "sh", "-c", script]);
            let out = run.out();
            assert!(
                out.is_empty() || out == "gamma: nameserver 127.0.0.9",
                "{run}"
            );
            !out.is_empty()
        });
        assert!(seen);
        sandbox.set_up(sandbox.command(["ip", "netns", "delete", "gamma"]));
    }
}

/// In alpha, with a system call delayed for a second.
fn delayed(sandbox: &Sandbox, call: &str, script: &str) -> Command {
    need::program("strace");
    let delay = format!("inject={call}:delay_enter=1000000");
    // It is the program that is started, not strace, that signals are for.
    let words = ["strace", "-D", "-f", "-o", "/dev/null", "-e", &delay];
    let command = sandbox.command(words);
    command.args([
        "netns-exec",
        "--all",
        "--match",
        "alpha",
        "sh",
        "-c",
        script,
    ])
}

/// Whoever heals views cannot see one that only a thread is in.
fn what_changes_before_there_is_a_process_is_not_missed() {
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "echo started; sleep 0.5; cat /etc/hosts /etc/resolv.conf";
    let mut running = delayed(&sandbox, "clone", script).spawn();
    std::thread::sleep(Duration::from_millis(500));
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.1\n");
    alpha.file("hosts.tmp", "127.0.1.1 new\n");
    let rename = ["hosts.tmp", "hosts"].map(|file| alpha.path(file).into_os_string());
    let rename = ["mv".into()].into_iter().chain(rename);
    sandbox.set_up(sandbox.command(rename));
    alpha.file("resolv.conf", "nameserver 127.0.0.9\n");
    assert_eq!(running.line(), "alpha: started");
    let out = running.end().exits(0).out();
    assert_eq!(out, "alpha: 127.0.1.1 new\nalpha: nameserver 127.0.0.9");
}

fn process_that_is_not_the_command_yet_is_killed() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let running = delayed(&sandbox, "setpgid", "touch /run/has-run").spawn();
    std::thread::sleep(Duration::from_millis(500));
    running.signal(Signal::SIGTERM);
    let run = running.end();
    assert_eq!(run.signal(), Some(Signal::SIGTERM as i32), "{run}");
    std::thread::sleep(Duration::from_secs(1));
    sandbox.command(["ls", "/run/has-run"]).run().exits(2);
}

fn standard_descriptors_may_be_closed() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "netns-exec --all sh -c 'echo $NETNS >>/run/log; echo lost; echo lost >&2' \
                  <&- >&- 2>&-; echo $?; sort /run/log";
    let run = sandbox.command(["sh", "-c", script]).run();
    run.exits(0).prints("0\nalpha\nbeta");
}
