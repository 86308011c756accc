//! What it takes to start a command in a namespace, or in all, against `ip netns exec` and
//! `nsenter`: paired runs, and the ratio of the times beyond that of the command itself. One line a
//! figure:
//!
//! ```text
//! WHAT | ratio | bar | ours | peer
//! ```
//!
//! Times are medians, in microseconds beyond the bare command's.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::ffi::OsString;
use std::time::Duration;

use testbed::programs::{installed, installed_with_glibc, least_view};
use testbed::{NSSWITCH_FILES, Sandbox, Wrapper, need};

/// How much is measured.
struct Effort {
    runs: usize,
    runs_at_scale: usize,
    runs_in_all: usize,
    rounds_of_many: usize,
    starts_of_many: usize,
    namespaces: usize,
}

const BENCH: Effort = Effort {
    runs: 500,
    runs_at_scale: 400,
    runs_in_all: 5,
    rounds_of_many: 7,
    starts_of_many: 100,
    namespaces: 2000,
};

/// `cargo test --benches` only wants to know whether it works.
const TEST: Effort = Effort {
    runs: 5,
    runs_at_scale: 3,
    runs_in_all: 1,
    rounds_of_many: 1,
    starts_of_many: 2,
    namespaces: 20,
};

const WORKERS: usize = 8;

fn main() {
    let effort = if std::env::args().any(|arg| arg == "--bench") {
        BENCH
    } else {
        TEST
    };
    if !need::has_static_libc() {
        println!("nothing measured: no static C library (libc.a)");
        return;
    }
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    // Without it there would be nothing to mount on, and ip netns exec would leave it out.
    sandbox.host_file("resolv.conf", "nameserver 127.0.0.1\n");
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    alpha.file("nsswitch.conf", NSSWITCH_FILES);
    let program = installed("netns-exec").into_os_string();
    let in_alpha = |wrapper| [wrapper, words(&["alpha", "/bin/true"])].concat();
    let ours = in_alpha(vec![program.clone()]);
    let ip = in_alpha(Wrapper::IpNetnsExec.words());
    let least = in_alpha(vec![least_view().into()]);
    let nsenter = words(&["nsenter", "--net=/run/netns/alpha", "/bin/true"]);

    println!("start of /bin/true in a namespace with 3 overrides:");
    println!("WHAT | ratio | bar | ours | peer");
    let start = &[effort.runs];
    let with_glibc = installed_with_glibc().map_or(ours.clone(), |it| in_alpha(vec![it.into()]));
    let commands = [ours.as_slice(), &ip, &with_glibc, &least, &nsenter];
    let times = over_bare(&sandbox, start, commands);
    let [our_time, of_ip, of_glibc, of_least, of_nsenter] = times;
    show(
        "start, 2 namespaces, to ip netns exec",
        "0.70",
        our_time,
        of_ip,
    );
    show(WITH_GLIBC, "", of_glibc, of_ip);
    show(
        "the same to nsenter, which makes no view",
        "",
        our_time,
        of_nsenter,
    );
    show(LEAST, "", of_least, of_ip);
    let many = [effort.rounds_of_many, 1, WORKERS, effort.starts_of_many];
    let [our_time, of_ip] = over_bare(&sandbox, &many, [ours.as_slice(), &ip]);
    let starts = effort.starts_of_many;
    let what = format!("{WORKERS} workers, {starts} starts each, to ip netns exec");
    show(&what, "0.70", our_time, of_ip);
    let [our_calls, ip_calls] = [&ours, &ip].map(|words| calls(&sandbox, words));
    if let Some((ours, peer)) = our_calls.zip(ip_calls) {
        let what = "system calls before the command, to ip netns exec";
        show(what, "0.50", ours, peer);
    }
    let [our_libraries, ip_libraries] = [&ours[0], &"ip".into()].map(|it| libraries(&sandbox, it));
    println!("shared libraries, to ip | | 1 | {our_libraries} | {ip_libraries}");

    let memory_of_few = memory_of_all(&sandbox);
    let namespaces = effort.namespaces;
    let add: String = (2..namespaces)
        .map(|number| format!("netns add n{number}\n"))
        .collect();
    let batch = sandbox.command(["ip", "-batch", "-"]).input(add);
    sandbox.set_up(batch.timeout(Duration::from_secs(300)));
    let start = &[effort.runs_at_scale];
    let commands = [ours.as_slice(), &ip, &with_glibc, &least];
    let [our_time, of_ip, of_glibc, of_least] = over_bare(&sandbox, start, commands);
    let what = format!("start, {namespaces} namespaces, to ip netns exec");
    show(&what, "0.85", our_time, of_ip);
    show(WITH_GLIBC, "", of_glibc, of_ip);
    show(LEAST, "", of_least, of_ip);
    let all = |program: OsString| [vec![program], words(&["--all", "/bin/true"])].concat();
    let (ours_in_all, least_in_all) = (all(program), all(least_view().into()));
    let ip_in_all = words(&["ip", "-all", "netns", "exec", "/bin/true"]);
    let commands = [ours_in_all.as_slice(), &ip_in_all, &least_in_all];
    let [our_time, of_ip, of_least] = over_bare(&sandbox, &[effort.runs_in_all, 0], commands);
    let what = format!("--all, {namespaces} namespaces, to ip -all netns exec");
    show(&what, "0.10", our_time, of_ip);
    show(LEAST, "", of_least, of_ip);
    let more = memory_of_all(&sandbox).saturating_sub(memory_of_few);
    println!("its memory, KiB more than with 2 namespaces | | | {more} |");
    // As systemd has it.
    sandbox.set_up(sandbox.command(["mount", "--make-rshared", "/"]));
    sandbox.set_up(sandbox.netns_exec(["--pin", "alpha"]));
    let [our_time, of_ip] = over_bare(&sandbox, start, [ours.as_slice(), &ip]);
    show("such a start after --pin", "0.25", our_time, of_ip);
}

/// What netns-exec takes where the toolchain has no other C library, or where no other is tested.
const WITH_GLIBC: &str = "the same with the GNU C library, to ip netns exec";

/// What a static program takes that does no more than the mounts.
const LEAST: &str = "the same of a static C program with the mounts alone, to ip netns exec";

/// Something of ours, or of such a limit, and of a peer.
fn show(what: &str, bar: &str, ours: f64, peer: f64) {
    println!(
        "{what} | {:.2} | {bar} | {ours:.0} | {peer:.0}",
        ours / peer
    );
}

/// The times of commands beyond that of the bare command, in microseconds.
fn over_bare<const N: usize>(
    sandbox: &Sandbox,
    effort: &[usize],
    commands: [&[OsString]; N],
) -> [f64; N] {
    let mut pair = sandbox.command(["testbed", "pair"]);
    pair = pair.args(effort.iter().map(usize::to_string));
    pair = pair.args(["--", "/bin/true"]);
    for words in commands {
        pair = pair.arg("--").args(words);
    }
    let run = pair.timeout(Duration::from_secs(600)).run();
    let out = run.exits(0).out();
    let mut times = out.lines().map(|line| line.parse::<f64>().unwrap());
    let bare = times.next().unwrap();
    let over: Vec<f64> = times.map(|time| time - bare).collect();
    over.try_into().unwrap()
}

/// The largest resident size of a process of `netns-exec --all`, in KiB.
fn memory_of_all(sandbox: &Sandbox) -> usize {
    let command = sandbox.command(["testbed", "peak", "netns-exec", "--all", "/bin/true"]);
    let run = command.timeout(Duration::from_secs(300)).run();
    run.exits(0).out().parse().unwrap()
}

/// The system calls from the execve(2) of the wrapper to that of the command.
fn calls(sandbox: &Sandbox, command: &[OsString]) -> Option<f64> {
    if !need::is_installed("strace") {
        return None;
    }
    let run = sandbox.command(["strace"]).args(command).run();
    let trace = run.exits(0).err();
    let calls = trace
        .lines()
        .position(|line| line.starts_with("execve(\"/bin/true\""));
    Some(calls.unwrap() as f64)
}

/// How many shared libraries the dynamic loader is to load for a program.
fn libraries(sandbox: &Sandbox, program: &OsString) -> usize {
    let script = "ldd \"$(command -v \"$0\")\" 2>/dev/null | grep -c '=> /' || true";
    let run = sandbox.command(["sh", "-c", script]).arg(program).run();
    run.exits(0).out().parse().unwrap()
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}
