//! Names from hosts files: netns-resolve against getent and grep, and the library's index against
//! hickory-resolver's table. A line a figure: what, ratio, bar, ours, theirs.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs::{self, File};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, process};

use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hostsfile::Family;
use testbed::hosts_files::large;
use testbed::programs::installed;
use testbed::{NSSWITCH_FILES, Sandbox};

/// How much there is to do.
struct Size {
    /// Of the large file.
    lines: usize,
    /// Runs of what takes a millisecond, and of what takes tens of them.
    quick: usize,
    slow: usize,
}

const FULL: Size = Size {
    lines: 1_000_000,
    quick: 500,
    slow: 21,
};

/// `cargo test --benches` only wants to know whether it works.
const TRIAL: Size = Size {
    lines: 10_000,
    quick: 5,
    slow: 3,
};

fn main() {
    let size = if env::args().any(|arg| arg == "--bench") {
        FULL
    } else {
        TRIAL
    };
    let sandbox = Sandbox::new();
    sandbox.host_file("nsswitch.conf", NSSWITCH_FILES);
    let _alpha = sandbox.namespace("alpha");
    let program = installed("netns-resolve");
    let program = program.to_str().unwrap();
    ordinary_file(&sandbox, &size, program);
    let content = large(size.lines);
    sandbox.host_file("hosts", &content);
    large_file(&sandbox, &size, program, content.len());
    in_process(&content, &size);
}

fn ordinary_file(sandbox: &Sandbox, size: &Size, program: &str) {
    let times = pair(
        sandbox,
        size.quick,
        &[
            &[program, "alpha", "hostonly"],
            &["getent", "ahosts", "hostonly"],
        ],
    );
    row(
        "one name in an ordinary file, getent ahosts",
        times[0],
        0.9,
        times[1],
    );
}

fn large_file(sandbox: &Sandbox, size: &Size, program: &str, bytes: usize) {
    let lines = size.lines;
    // The last line but three, as others are not hosts of their own.
    let name = &format!("host{}", lines - 4);
    let times = pair(
        sandbox,
        size.slow,
        &[
            &[program, "alpha", name],
            &["getent", "ahosts", name],
            &["grep", "-F", "-c", name, "/etc/hosts"],
        ],
    );
    row(
        &format!("one name in {lines} lines, getent ahosts"),
        times[0],
        0.22,
        times[1],
    );
    row(
        &format!("one name in {lines} lines, grep -F -c"),
        times[0],
        1.2,
        times[2],
    );

    let names = names(size);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ours = [&[program, "alpha"], &names[..]].concat();
    // glibc takes the same time for each.
    let theirs = [&["getent", "ahosts"], &names[495..505]].concat();
    let times = pair(sandbox, size.slow.min(9), &[&ours, &theirs]);
    row(
        "1,000 names of it in one process, glibc (10 names x 100)",
        times[0],
        0.002,
        100.0 * times[1],
    );
    let peak = sandbox.command(["testbed", "peak"]).args(&ours).run();
    let peak: usize = peak.out().trim().parse().unwrap();
    memory(
        "1,000 names of it, memory beside the file",
        (peak << 10).saturating_sub(bytes),
        32,
    );
}

/// Names all over the large file, in which two of ten lines have none of their own.
fn names(size: &Size) -> Vec<String> {
    (0..1000)
        .map(|number| format!("host{}", number * (size.lines / 1000) + number % 8))
        .collect()
}

/// The median time of each command, in microseconds.
fn pair(sandbox: &Sandbox, runs: usize, commands: &[&[&str]]) -> Vec<f64> {
    let warm_up = if runs < 100 { "1" } else { "20" };
    let mut command = sandbox.command(["testbed", "pair"]);
    command = command.args([runs.to_string().as_str(), warm_up]);
    for words in commands {
        command = command.arg("--").args(*words);
    }
    let run = command.timeout(Duration::from_secs(600)).run();
    let times: Vec<f64> = run
        .out()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    assert_eq!(times.len(), commands.len(), "{run:?}");
    times
}

fn in_process(content: &[u8], size: &Size) {
    // Before there is a table of gigabytes, among whose parts they would be scattered.
    let names = names(size);
    let query = |name: &String| Query::query(Name::from_ascii(name).unwrap(), RecordType::A);
    let queries: Vec<Query> = names.iter().map(query).collect();

    let file = TestFile::new(content);
    let load = || {
        let hosts = hostsfile::Hosts::open(&file.0).unwrap();
        hosts.index_names();
        hosts
    };
    let (ours, peak) = peak_of(load);
    let mut times: Vec<_> = (0..size.slow).map(|_| time(load)).collect();
    // Seconds, so once.
    let mut theirs = hickory_resolver::Hosts::default();
    let their_time = time(|| {
        theirs
            .read_hosts_conf(File::open(&file.0).unwrap())
            .unwrap()
    });
    row(
        "read and index all lines, hickory",
        median(&mut times),
        0.02,
        their_time,
    );
    memory(
        "the index, beside the bytes",
        peak.saturating_sub(content.len()),
        40,
    );

    for (what, count) in [("one name", 1), ("1,000 names in turn", names.len())] {
        let rounds = 100_000 / count;
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        for _ in 0..size.slow {
            our_times.push(time(|| {
                for name in (0..rounds).flat_map(|_| &names[..count]) {
                    black_box(ours.lookup(black_box(name.as_bytes()), Family::Any, false));
                }
            }));
            their_times.push(time(|| {
                for query in (0..rounds).flat_map(|_| &queries[..count]) {
                    black_box(theirs.lookup_static_host(black_box(query)));
                }
            }));
        }
        let [ours, theirs] = [our_times, their_times].map(|mut times| median(&mut times) / 100.0);
        println!(
            "an indexed lookup, {what}, hickory | {:.2} | 100 ns | {ours:.0} ns | {theirs:.0} ns",
            ours / theirs
        );
    }
}

/// A file outside the sandbox, removed at the end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(content: &[u8]) -> TestFile {
        let path = env::temp_dir().join(format!("hosts-bench-{}", process::id()));
        fs::write(&path, content).unwrap();
        TestFile(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// In microseconds.
fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let result = black_box(work());
    let elapsed = start.elapsed();
    drop(result);
    elapsed.as_secs_f64() * 1e6
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// What `work` gives, and by how many bytes the resident size grew at most.
fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let status = |field: &str| -> usize {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib << 10
    };
    // Forget the peak so far, proc_pid_clear_refs(5).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    let result = work();
    (result, status("VmHWM:").saturating_sub(before))
}

/// Times in microseconds.
fn row(what: &str, ours: f64, bar: f64, theirs: f64) {
    let [ours_ms, theirs_ms] = [ours, theirs].map(|time| time / 1e3);
    println!(
        "{what} | {:.4} | {bar} | {ours_ms:.2} ms | {theirs_ms:.2} ms",
        ours / theirs
    );
}

/// Bytes, and megabytes at most.
fn memory(what: &str, bytes: usize, bar: usize) {
    println!("{what} | - | {bar} MB | {:.1} MB | -", bytes as f64 / 1e6);
}
