//! What a command of `--all` is given: what one that is started alone is given.

use std::time::{Duration, Instant};

use testbed::case::Case;
use testbed::{Sandbox, alone, need};

use super::all;

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(command_runs_as_the_user),
        alone!(command_that_only_root_can_find_is_127),
        alone!(script_without_an_interpreter_is_run_by_the_shell),
        alone!(umask_and_working_directory_are_the_callers),
        alone!(signals_are_as_the_caller_has_them),
        alone!(view_is_of_the_time_when_its_turn_comes),
        alone!(views_are_told_once),
        alone!(mounts_below_sys_are_those_of_then),
        alone!(what_prints_without_end_is_not_waited_for),
    ]
}

fn command_runs_as_the_user() {
    need::root();
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "id -u; id -G; cat /etc/hosts; grep Cap[IPEA] /proc/self/status; kill -0 $PPID";
    let run = all(&sandbox, &["-u", "alice", "sh", "-c", script]);
    // The last one is what fails: the user has no power over this program.
    run.exits(1);
    let expected = ["1001", "1001 2001 2002", "127.0.1.1 alpha"]
        .into_iter()
        .chain(["CapInh", "CapPrm", "CapEff", "CapAmb"])
        .map(|line| match line.starts_with("Cap") {
            true => format!("alpha: {line}:\t0000000000000000"),
            false => format!("alpha: {line}"),
        });
    let of_alpha = run.out();
    let of_alpha = of_alpha.lines().filter(|line| line.starts_with("alpha"));
    assert!(expected.eq(of_alpha), "{run}");
    assert!(run.err().contains("ermitted"), "{run}");
    // Nor over the thread that waits for the command.
    let script = "sleep 0.2; for task in /proc/$PPID/task/*; do kill -9 ${task##*/}; done; exit 0";
    all(&sandbox, &["-u", "alice", "sh", "-c", script]).exits(0);
}

/// As if it were looked for by the user.
fn command_that_only_root_can_find_is_127() {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/private");
    sandbox.files().write("/run/private/secret", "#!/bin/sh\n");
    sandbox.files().chmod("/run/private/secret", 0o755);
    sandbox.files().chmod("/run/private", 0o700);
    for (user, failure) in [("alice", "alpha: exit status 127"), ("root", "none failed")] {
        let command = sandbox.netns_exec(["--all", "-u", user, "secret"]);
        let run = command.env("PATH", "/run/private:/usr/bin:/bin").run();
        assert!(run.err().contains(failure), "{run}");
    }
}

fn script_without_an_interpreter_is_run_by_the_shell() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().write("/run/script", "echo $1 $NETNS\n");
    sandbox.set_up(sandbox.command(["chmod", "+x", "/run/script"]));
    let many = ["word"; 20_000];
    let args = [&["/run/script", "first"][..], &many].concat();
    all(&sandbox, &args).exits(0).prints("alpha: first alpha");
}

fn umask_and_working_directory_are_the_callers() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/run/here");
    for options in ["", "--etc sealed"] {
        let script =
            format!("umask 0027; cd /run/here; netns-exec --all {options} sh -c 'umask; pwd'");
        let run = sandbox.command(["sh", "-c", &script]).run();
        run.exits(0).prints("alpha: 0027\nalpha: /run/here");
    }
    let script = "cd /etc; exec netns-exec --all cat hosts";
    let run = sandbox.command(["sh", "-c", script]).run();
    run.exits(0).prints("alpha: 127.0.1.1 alpha");
}

fn signals_are_as_the_caller_has_them() {
    let (sandbox, _alpha) = Sandbox::alpha();
    // The numbers above 28 are those of real-time signals, and of the C library's own.
    let script = "grep -E 'Sig(Blk|Ign)' /proc/self/status | sed 's/0.*\\(.......\\)$/\\1/'";
    for trap in ["", "trap '' PIPE;", "trap '' CHLD;", "trap '' INT HUP;"] {
        let show = |before: &[&str]| {
            let with_trap = format!("{trap} exec \"$@\"");
            let words = [
                &["sh", "-c", &with_trap, "sh"],
                before,
                &["sh", "-c", script],
            ];
            sandbox.command(words.concat()).run().exits(0).out()
        };
        let expected = show(&[]).replace("Sig", "alpha: Sig");
        assert_eq!(show(&["netns-exec", "--all"]), expected, "{trap}");
    }
}

/// The next views are made while commands run. Those of commands that take long would be old.
fn view_is_of_the_time_when_its_turn_comes() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let names = ["alpha", "beta", "gamma", "delta"];
    for name in &names[2..] {
        let _ = sandbox.namespace(name);
    }
    // Whichever two are first wait.
    let script = "if [ -e /run/go ]; then cat /etc/hosts; ls /etc/new; exit; fi; \
                  echo started; until [ -e /run/go ]; do sleep 0.02; done";
    let command = sandbox.netns_exec(["--all", "-j", "2", "sh", "-c", script]);
    let mut running = command.spawn();
    assert!(running.line().ends_with(": started"));
    assert!(running.line().ends_with(": started"));
    std::thread::sleep(Duration::from_millis(300));
    sandbox.host_file("new", "");
    for name in names {
        let directory = format!("/etc/netns/{name}");
        sandbox.set_up(sandbox.command(["rm", "-rf", &directory]));
        sandbox.files().mkdir(&directory);
        let path = format!("{directory}/hosts");
        sandbox.files().write(path, "127.0.1.1 new\n");
    }
    sandbox.files().write("/run/go", "");
    let run = running.end();
    let out = run.exits(0).out();
    let lines = out.lines().filter_map(|line| line.split_once(": "));
    let lines: Vec<_> = lines.map(|(_, line)| line).collect();
    let expected = ["127.0.1.1 new", "/etc/new"];
    assert_eq!(lines.len(), 4, "{run}");
    for line in expected {
        assert_eq!(lines.iter().filter(|it| **it == line).count(), 2, "{run}");
    }
}

/// The places are looked for once, but nothing is made of those that are others by then.
fn mounts_below_sys_are_those_of_then() {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let gone = "/sys/fs/fuse/connections";
    let mounts = "findmnt -nro TARGET | grep ^/sys/ | sort";
    if !sandbox
        .command(["sh", "-c", mounts])
        .run()
        .out()
        .contains(gone)
    {
        need::unmet("a sysfs and mounts below it cannot be mounted in a sandbox here");
    }
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    let script = format!(
        "if [ $NETNS = beta ]; then {mounts}; fi; \
         echo started; until [ -e /run/go ]; do sleep 0.02; done"
    );
    let command = sandbox.netns_exec(["--all", "-j", "1", "sh", "-c", &script]);
    let mut running = command.spawn();
    assert_eq!(running.line(), "alpha: started");
    let change = format!("umount {gone}; mount -t tmpfs new /sys/class; touch /run/go");
    sandbox.set_up(sandbox.command(["sh", "-ec", &change]));
    let out = running.end().exits(0).out();
    let of_beta = out.lines().filter_map(|line| line.strip_prefix("beta: "));
    let of_host = format!("{mounts}; echo started");
    let of_host = sandbox.command(["sh", "-c", &of_host]).run().out();
    assert!(of_beta.eq(of_host.lines()), "{out}");
    assert!(of_host.contains("/sys/class"), "{of_host}");
}

fn views_are_told_once() {
    let sandbox = Sandbox::new();
    for number in 0..8 {
        let namespace = sandbox.namespace(format!("n{number}"));
        namespace.file("hosts", "127.0.1.1 name\n");
    }
    let run = all(&sandbox, &["-v", "-j", "2", "sleep", "0.15"]);
    let err = run.exits(0).err();
    let told = err.lines().filter(|line| line.ends_with(" on /etc/hosts"));
    assert_eq!(told.count(), 8, "{run}");
}

fn what_prints_without_end_is_not_waited_for() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let begun = Instant::now();
    let run = all(&sandbox, &["sh", "-c", "yes & sleep 0.2"]);
    run.exits(0);
    assert!(begun.elapsed() < Duration::from_secs(30), "{run}");
}
