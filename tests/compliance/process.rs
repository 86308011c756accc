//! What the command inherits: all that its caller has, and nothing more.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, both, need, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        both!(no_descriptor_leaks),
        both!(descriptors_of_the_caller_are_kept),
        both!(pid_is_the_same),
        both!(parent_is_the_same),
        both!(sigpipe_is_at_its_default),
        both!(ignored_signals_stay_ignored),
        ours!(nobody_to_complain_to_is_no_signal),
        both!(signal_mask_is_kept),
        both!(argv_is_untouched),
        both!(environment_is_the_caller_s_and_netns)
            .differs(Wrapper::IpNetnsExec, "ip netns exec sets no NETNS"),
        ours!(netns_of_the_caller_is_replaced),
        both!(standard_input_passes),
        both!(output_passes_byte_for_byte),
        both!(working_directory_is_kept),
        both!(working_directory_in_an_override_is_the_override)
            .differs(Wrapper::IpNetnsExec, "there `.` stays the host's directory"),
        both!(working_directory_in_sys_is_the_namespace_s).differs(
            Wrapper::IpNetnsExec,
            "there `.` stays in the sysfs of the host",
        ),
        both!(umask_is_kept),
        ours!(signals_reach_the_command),
        ours!(shell_is_run_without_a_command),
        ours!(program_loads_no_shared_library),
    ]
}

fn run(wrapper: Wrapper, args: &[&str]) -> testbed::Run {
    let (sandbox, _alpha) = Sandbox::alpha();
    wrapper.command(&sandbox, "alpha", args).run()
}

/// A command that starts the wrapper from a shell, which can prepare itself.
fn from_shell(wrapper: Wrapper, before: &str, args: &str) -> testbed::Run {
    let (sandbox, _alpha) = Sandbox::alpha();
    let words: Vec<_> = wrapper
        .words()
        .iter()
        .map(|word| word.display().to_string())
        .collect();
    let script = format!("{before} {} alpha {args}", words.join(" "));
    sandbox.command(["sh", "-c", &script]).run()
}

fn no_descriptor_leaks(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let list = ["ls", "/proc/self/fd"];
    let outside = sandbox.command(list).run();
    wrapper
        .command(&sandbox, "alpha", list)
        .run()
        .prints(&outside.out());
}

fn descriptors_of_the_caller_are_kept(wrapper: Wrapper) {
    from_shell(wrapper, "exec 7</etc/hostname;", "sh -c 'cat <&7'").prints("sandbox");
}

fn pid_is_the_same(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "echo $$; read line";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), running.pid().to_string());
}

fn parent_is_the_same(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "echo $PPID; read line";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), std::process::id().to_string());
}

/// A mask of signals in `/proc/self/status`, as the command sees it.
fn signals(wrapper: Wrapper, before: &str, field: &str) -> u64 {
    let run = from_shell(wrapper, before, &format!("grep {field} /proc/self/status"));
    let mask = run.exits(0).out();
    let mask = mask.split_whitespace().last().unwrap_or("").to_owned();
    u64::from_str_radix(&mask, 16).unwrap_or_else(|_| panic!("{run}"))
}

const HUP: u64 = 1;
const USR1: u64 = 1 << 9;
const PIPE: u64 = 1 << 12;

fn sigpipe_is_at_its_default(wrapper: Wrapper) {
    assert_eq!(signals(wrapper, "exec", "SigIgn") & PIPE, 0);
}

fn ignored_signals_stay_ignored(wrapper: Wrapper) {
    let ignored = signals(wrapper, "exec env --ignore-signal=HUP,PIPE", "SigIgn");
    assert_eq!(ignored & (HUP | PIPE), HUP | PIPE);
}

fn nobody_to_complain_to_is_no_signal(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    // The reader has ended when there is something to read.
    let script = "(sleep 0.1; netns-exec nosuch true; echo $? >/run/status) 2>&1 | true; \
                  while ! [ -s /run/status ]; do sleep 0.01; done; cat /run/status";
    sandbox.command(["sh", "-c", script]).run().prints("125");
}

fn signal_mask_is_kept(wrapper: Wrapper) {
    assert_eq!(signals(wrapper, "exec", "SigBlk"), 0);
    assert_eq!(
        signals(wrapper, "exec env --block-signal=USR1", "SigBlk"),
        USR1
    );
}

fn argv_is_untouched(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let odd: [&[u8]; 7] = [b"", b" ", b"--", b"-x", b"\xff\xfe", b"a\nb", b"--help"];
    let args = odd.map(OsStr::from_bytes);
    let command = wrapper
        .command(&sandbox, "alpha", ["printf", "%s|"])
        .args(args);
    let expected: Vec<u8> = odd.iter().flat_map(|arg| [*arg, b"|"].concat()).collect();
    let run = command.run();
    assert_eq!(run.exits(0).stdout, expected, "{run}");
}

fn environment_is_the_caller_s_and_netns(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let odd = OsString::from_vec(b"\xff=\n ".into());
    let environment = |command: testbed::Command| {
        let run = command.env("ODD", &odd).env("EMPTY", "").run();
        let mut variables: Vec<Vec<u8>> = run
            .exits(0)
            .stdout
            .split(|byte| *byte == 0)
            .map(<[u8]>::to_vec)
            .collect();
        variables.sort();
        variables
    };
    let outside = environment(sandbox.command(["env", "-0"]));
    let inside = environment(wrapper.command(&sandbox, "alpha", ["env", "-0"]));
    let mut expected = [outside, vec![b"NETNS=alpha".to_vec()]].concat();
    expected.sort();
    assert_eq!(inside, expected);
}

fn netns_of_the_caller_is_replaced(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let command = wrapper
        .command(&sandbox, "alpha", ["env"])
        .env("NETNS", "other");
    let text = command.run().out();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("NETNS="))
        .collect();
    assert_eq!(lines, ["NETNS=alpha"]);
}

fn standard_input_passes(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let input: Vec<u8> = (0..200_000u32).map(|number| (number % 251) as u8).collect();
    let run = wrapper
        .command(&sandbox, "alpha", ["cat"])
        .input(&input)
        .run();
    assert!(run.exits(0).stdout == input);
}

fn output_passes_byte_for_byte(wrapper: Wrapper) {
    let run = run(
        wrapper,
        &["sh", "-c", "printf '\\377\\000x'; printf '\\376' >&2"],
    );
    assert_eq!(
        (&run.stdout[..], &run.stderr[..]),
        (&b"\xff\0x"[..], &b"\xfe"[..])
    );
}

fn in_directory(wrapper: Wrapper, directory: &str, args: &[&str]) -> testbed::Run {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/app");
    sandbox.host_file("app/conf", "host\n");
    sandbox.files().mkdir(alpha.path("app"));
    alpha.file("app/conf", "alpha\n");
    sandbox.files().mkdir("/etc/plain/deep");
    wrapper
        .command(&sandbox, "alpha", args)
        .directory(directory)
        .run()
}

fn working_directory_is_kept(wrapper: Wrapper) {
    for directory in ["/", "/usr", "/etc", "/etc/plain/deep", "/run", "/proc"] {
        in_directory(wrapper, directory, &["pwd", "-P"])
            .prints(directory)
            .quiet();
    }
}

fn working_directory_in_an_override_is_the_override(wrapper: Wrapper) {
    in_directory(wrapper, "/etc", &["cat", "hosts"]).prints("127.0.1.1 alpha");
    in_directory(wrapper, "/etc/app", &["cat", "conf"])
        .prints("alpha")
        .quiet();
}

fn working_directory_in_sys_is_the_namespace_s(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.set_up(sandbox.command(["ip", "link", "add", "hostbridge", "type", "bridge"]));
    let list = wrapper
        .command(&sandbox, "alpha", ["ls"])
        .directory("/sys/class/net");
    list.run().prints("lo");
    let place = wrapper
        .command(&sandbox, "alpha", ["pwd", "-P"])
        .directory("/sys/class/net");
    place.run().prints("/sys/class/net").quiet();
}

fn umask_is_kept(wrapper: Wrapper) {
    from_shell(wrapper, "umask 027; exec", "sh -c umask").prints("0027");
}

fn signals_reach_the_command(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "trap 'echo caught; exit 3' TERM; echo started; while :; do read line; done";
    let mut running = wrapper
        .command(&sandbox, "alpha", ["sh", "-c", script])
        .spawn();
    assert_eq!(running.line(), "started");
    running.signal(nix::sys::signal::Signal::SIGTERM);
    running.tell("");
    let run = running.end();
    run.exits(3);
    assert_eq!(run.out(), "caught");
}

fn shell_is_run_without_a_command(wrapper: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let shell = |value: Option<&str>| {
        let command = wrapper
            .command(&sandbox, "alpha", [""; 0])
            .input("cat /etc/hosts\n");
        match value {
            Some(value) => command.env("SHELL", value).run(),
            None => command.run(),
        }
    };
    shell(None).prints("127.0.1.1 alpha");
    shell(Some("")).prints("127.0.1.1 alpha");
    // As a shell, cat repeats what it reads.
    shell(Some("/bin/cat")).prints("cat /etc/hosts");
    shell(Some("/nonexistent"))
        .exits(127)
        .complains(&["/nonexistent"]);
}

/// Loading them takes a fifth of the time that a start takes. `--watch` is the form that stays.
fn program_loads_no_shared_library(_: Wrapper) {
    need::static_libc();
    let (sandbox, _alpha) = Sandbox::alpha();
    let mut watch = sandbox.netns_exec(["--watch"]).spawn();
    assert_eq!(watch.line(), "watching");
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", watch.pid())).unwrap_or_default();
    let libraries: Vec<_> = maps.lines().filter(|line| line.contains(".so")).collect();
    assert!(
        maps.contains("/netns-exec") && libraries.is_empty(),
        "{maps}"
    );
}
