//! The exit status is the command's own, or says why there was no command.

use testbed::case::Case;
use testbed::{Run, Sandbox, Wrapper, both, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    const OWN: &str = "ip netns exec exits with 1 or 255 for all failures of its own";
    vec![
        both!(every_status_passes),
        both!(death_by_signal_passes),
        both!(missing_command_is_127).differs(Wrapper::IpNetnsExec, OWN),
        both!(what_cannot_be_executed_is_126).differs(Wrapper::IpNetnsExec, OWN),
        both!(missing_namespace_is_125).differs(Wrapper::IpNetnsExec, OWN),
        ours!(bad_usage_is_125),
        ours!(help_and_version_succeed),
        ours!(dashes_after_the_name_belong_to_the_command),
        ours!(lack_of_permission_is_125),
        ours!(messages_are_safe_to_print),
    ]
}

fn run(wrapper: Wrapper, args: &[&str]) -> Run {
    let (sandbox, _alpha) = Sandbox::alpha();
    wrapper.command(&sandbox, "alpha", args).run()
}

fn every_status_passes(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    for status in 0..=255 {
        let script = format!("exit {status}");
        wrapper
            .command(&sandbox, "alpha", ["sh", "-c", &script])
            .run()
            .exits(status)
            .quiet();
    }
}

fn death_by_signal_passes(wrapper: Wrapper) {
    for signal in [1, 2, 9, 15] {
        let run = run(wrapper, &["sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!(run.signal(), Some(signal), "{run}");
    }
}

fn missing_command_is_127(wrapper: Wrapper) {
    run(wrapper, &["nosuchcmd"])
        .exits(127)
        .complains(&["nosuchcmd"]);
    run(wrapper, &["/nosuch/cmd"])
        .exits(127)
        .complains(&["/nosuch/cmd"]);
    run(wrapper, &[""]).exits(127);
}

fn what_cannot_be_executed_is_126(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().write("/run/plain", "");
    sandbox
        .files()
        .write("/run/script", "#!/nosuch/interpreter\n");
    sandbox.files().chmod("/run/script", 0o755);
    for command in ["/run", "/run/plain", "/run/script"] {
        wrapper
            .command(&sandbox, "alpha", [command])
            .run()
            .exits(126)
            .complains(&[command]);
    }
}

fn missing_namespace_is_125(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = wrapper.command(&sandbox, "nosuch", ["true"]).run();
    run.exits(125).complains(&["nosuch"]);
}

fn ours_with(args: &[&str]) -> Run {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.netns_exec([""; 0]).args(args).run()
}

fn bad_usage_is_125(_: Wrapper) {
    for args in [
        &[][..],
        &["--nosuchoption", "alpha", "true"],
        &["--etc", "nonsense", "alpha", "true"],
        &["--sys", "nonsense", "alpha", "true"],
        &["--etc"],
        &["-u"],
    ] {
        let run = ours_with(args);
        run.exits(125).complains(&["netns-exec"]);
        assert!(run.stdout.is_empty(), "{run}");
    }
}

fn help_and_version_succeed(_: Wrapper) {
    for option in ["--help", "--version", "-h"] {
        let run = ours_with(&[option]);
        assert!(run.exits(0).quiet().out().contains("netns-exec"), "{run}");
    }
}

fn dashes_after_the_name_belong_to_the_command(_: Wrapper) {
    ours_with(&["alpha", "echo", "-u", "--sys", "--", "-v"]).prints("-u --sys -- -v");
    ours_with(&["alpha", "--", "echo", "--", "-v"]).prints("-- -v");
    ours_with(&["--", "alpha", "echo", "x"]).prints("x");
}

fn lack_of_permission_is_125(_: Wrapper) {
    need::root();
    let (sandbox, _alpha) = Sandbox::alpha();
    let run = sandbox.netns_exec(["alpha", "true"]).user(65534).run();
    run.exits(125).complains(&["alpha", "root"]);
}

/// Names of untrusted origin must not reach the terminal as they are.
fn messages_are_safe_to_print(_: Wrapper) {
    for args in [
        &["no\x1b[31msuch\n", "true"][..],
        &["alpha", "no\x1b[31msuch\n"],
    ] {
        let run = ours_with(args);
        run.complains(&["no", "such"]);
        assert!(!run.err().contains('\x1b'), "{run}");
    }
}
