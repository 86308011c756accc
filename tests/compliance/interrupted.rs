//! A start that is interrupted at one of its system calls, each in turn, on a host whose mounts are
//! shared, as systemd makes them: where it is killed it leaves nothing on the host, and where a call
//! fails the command runs in a whole view or not at all.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use testbed::case::Case;
use testbed::programs::under_test;
use testbed::{Command, Sandbox, Wrapper, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(nothing_is_left_of_mounts_on_files),
        ours!(nothing_is_left_of_a_cover_of_etc),
        ours!(nothing_is_left_of_a_sealed_view),
        ours!(view_is_whole_or_the_command_does_not_run),
        ours!(sealed_view_is_whole_or_the_command_does_not_run),
        ours!(pinned_view_is_whole_or_the_command_does_not_run),
    ]
}

/// Where a complete run leaves its system calls.
const TRACE: &str = "/run/trace";

fn nothing_is_left_of_mounts_on_files(_: Wrapper) {
    kill_at_every_call(&host(), "bind");
}

fn nothing_is_left_of_a_cover_of_etc(_: Wrapper) {
    let sandbox = host();
    sandbox.files().write("/etc/netns/alpha/only-here", "");
    kill_at_every_call(&sandbox, "bind");
}

fn nothing_is_left_of_a_sealed_view(_: Wrapper) {
    kill_at_every_call(&host(), "sealed");
}

fn view_is_whole_or_the_command_does_not_run(_: Wrapper) {
    fail_calls(&host(), "bind", 1);
}

fn sealed_view_is_whole_or_the_command_does_not_run(_: Wrapper) {
    fail_calls(&host(), "sealed", 2);
}

fn pinned_view_is_whole_or_the_command_does_not_run(_: Wrapper) {
    let sandbox = host();
    sandbox.set_up(sandbox.netns_exec(["--pin", "alpha"]));
    // As long as files are new, the view is looked at as a whole each time.
    thread::sleep(Duration::from_millis(300));
    fail_calls(&sandbox, "bind", 2);
}

/// A host with something of all that a view has to deal with.
fn host() -> Sandbox {
    need::program("strace");
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/sub");
    sandbox.files().mkdir(alpha.path("sub"));
    sandbox.files().mkdir("/run/nscd");
    sandbox.files().socket("/run/nscd/socket");
    // What the first view makes for all that follow.
    sandbox.files().mkdir("/run/netns-exec/view");
    sandbox.files().write(TRACE, "");
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    sandbox
}

fn kill_at_every_call(sandbox: &Sandbox, etc: &str) {
    let traced = |options: &[&str]| traced(sandbox, options, etc, "true");
    let before = state(sandbox);
    let calls = calls(sandbox, &traced(&["-o", TRACE]));
    let mut killed = 0;
    for (call, nth) in &calls {
        let inject = format!("inject={call}:signal=KILL:when={nth}");
        let run = traced(&["-o", "/dev/null", "-e", &inject]).run();
        match run.status.signal() {
            Some(signal) if signal == Signal::SIGKILL as i32 => killed += 1,
            // It did without that call this time.
            _ => drop(run.exits(0)),
        }
        let after = state(sandbox);
        assert!(
            after == before,
            "killed at {call}, call {nth} of that name, it leaves {:?} in the place of {:?}",
            without(&after, &before),
            without(&before, &after)
        );
    }
    assert!(killed * 10 > calls.len() * 9, "{killed} of {}", calls.len());
}

/// Let a system call fail: the first one, in the next run the one that many further on.
fn fail_calls(sandbox: &Sandbox, etc: &str, each: usize) {
    /// Those that never fail, and those for memory, without which the program is aborted.
    const LEFT_OUT: [&str; 9] = [
        "arch_prctl",
        "brk",
        "execve",
        "getpid",
        "mmap",
        "mprotect",
        "munmap",
        "set_tid_address",
        "umask",
    ];
    const SHOW: &str = "cat /etc/hosts; ls /etc/sub /run/nscd /sys/class/net";
    let traced = |options: &[&str]| traced(sandbox, options, etc, SHOW);
    let whole = traced(&["-o", "/dev/null"]).run().exits(0).out();
    let calls = calls(sandbox, &traced(&["-o", TRACE]));
    let mut failed = 0;
    for (call, nth) in calls.iter().step_by(each) {
        if LEFT_OUT.contains(&call.as_str()) {
            continue;
        }
        let inject = format!("inject={call}:error=ENOMEM:when={nth}");
        let run = traced(&["-o", TRACE, "-e", &inject]).run();
        // The command itself gets to it where the start did with fewer calls this time.
        let trace = sandbox.files().read(TRACE);
        let trace = String::from_utf8_lossy(&trace);
        let mut ours = trace.lines().skip(1).take_while(|line| !is_start(line));
        if !ours.any(|line| line.contains("(INJECTED)")) {
            continue;
        }
        if run.code() == Some(0) {
            assert_eq!(
                run.out(),
                whole,
                "{call}, call {nth} of that name, has failed"
            );
        } else {
            assert!(run.stdout.is_empty(), "{call} {nth}: {run}");
            run.exits(125);
            failed += 1;
        }
    }
    assert!(failed > 2, "{failed} of {}", calls.len());
}

/// Whether a line of a trace tells that a program was started.
fn is_start(line: &str) -> bool {
    line.starts_with("execve(") && line.ends_with(" = 0")
}

/// A start of this script.
fn traced(sandbox: &Sandbox, options: &[&str], etc: &str, script: &str) -> Command {
    let strace = sandbox.command(["strace", "-qq"]).args(options);
    let netns_exec = strace.arg(under_test("netns-exec"));
    netns_exec.args(["--etc", etc, "alpha", "sh", "-c", script])
}

/// The system calls up to the one that starts the command, each with its place among those of its
/// name.
fn calls(sandbox: &Sandbox, traced: &Command) -> Vec<(String, usize)> {
    let run = traced.run();
    if run.code() != Some(0) {
        need::unmet(format!("strace does not work here: {}", run.err()));
    }
    let trace = sandbox.files().read(TRACE);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let trace = String::from_utf8_lossy(&trace);
    let names = trace
        .lines()
        .filter_map(|line| Some(line.split_once('(')?.0));
    let calls = names.map(|name| {
        let count = counts.entry(name).or_default();
        *count += 1;
        (name.to_owned(), *count)
    });
    // The first is that of strace.
    let calls: Vec<_> = calls
        .take_while(|(name, nth)| name != "execve" || *nth == 1)
        // Too new for strace to be killed at it: listmount(2), which changes nothing.
        .filter(|(name, _)| !name.starts_with("syscall_"))
        .collect();
    assert!(calls.len() > 30, "{trace}");
    calls
}

/// The mounts of the host, and its files as far as a view could have to do with them.
fn state(sandbox: &Sandbox) -> Vec<String> {
    let script = "cat /proc/self/mountinfo; find /etc /run -xdev -printf '%p %y %m %i %l\\n'; \
                  find /sys -xdev -maxdepth 2 -printf '%p %y %l\\n'";
    let run = sandbox.command(["sh", "-c", script]).run();
    let mut lines: Vec<_> = run.exits(0).out().lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// The lines of one state that another does not have.
fn without<'a>(state: &'a [String], other: &[String]) -> Vec<&'a String> {
    state.iter().filter(|line| !other.contains(line)).collect()
}
