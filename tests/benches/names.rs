//! Many names over DNS in one process: netns-resolve, which asks for several at a time, against a
//! loop of getaddrinfo(3) in the view; with a server that answers at once, and with one that takes
//! two milliseconds.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use testbed::programs::under_test;
use testbed::{Command, NSSWITCH_DNS, Sandbox};

/// How many different names there are: nobody here keeps answers, and the server goes through its
/// script for each query, which is not what is to be measured.
const DIFFERENT: usize = 20;

fn main() {
    // `cargo test --benches` only wants to know whether it works.
    let (names, [near, away]) = if std::env::args().any(|arg| arg == "--bench") {
        // Which of two processors the server is on is chance, and tells where it is near.
        (2000, [25, 3])
    } else {
        (20, [1, 1])
    };
    println!(
        "{names} names with A and AAAA over DNS in one process, medians of {near} and {away} paired \
         runs:"
    );
    println!("  what                       | ratio | bar  | netns-resolve | getaddrinfo");
    for (what, delay, bar, runs) in [
        ("server near", 0, 0.5, near),
        ("server 2 ms away", 2, 0.15, away),
    ] {
        let (ours, theirs) = medians(names, runs, delay);
        println!(
            "  {what:26} | {:5.3} | {bar:4} | {:10.0} ms | {:8.0} ms",
            ours / theirs,
            ours * 1000.0,
            theirs * 1000.0
        );
    }
}

fn medians(names: usize, runs: usize, delay: u32) -> (f64, f64) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("resolv.conf", "");
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    let mut script = String::new();
    let mut input = String::new();
    for n in 0..DIFFERENT {
        if delay > 0 {
            let _ = writeln!(script, "n{n}.test ! delay {delay}");
        }
        let _ = writeln!(script, "n{n}.test A 10.0.0.{n}");
        let _ = writeln!(script, "n{n}.test AAAA 2001:db8::{n:x}");
    }
    for n in 0..names {
        let _ = writeln!(input, "n{}.test", n % DIFFERENT);
    }
    let _server = sandbox.dns(&alpha, "127.0.0.53", &script);
    let ours = sandbox.netns_resolve(["alpha", "-"]).input(&input);
    let theirs = sandbox.netns_exec(["alpha"]);
    let theirs = theirs.arg(under_test("testbed")).arg("getaddrinfo");
    let theirs = theirs.input(&input);
    let (mut of_ours, mut of_theirs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let (time, out) = timed(&ours);
        assert_eq!(out.lines().count(), 2 * names, "{out}");
        of_ours.push(time);
        let (time, out) = timed(&theirs);
        assert_eq!(out, names.to_string());
        of_theirs.push(time);
    }
    (median(of_ours), median(of_theirs))
}

fn timed(command: &Command) -> (Duration, String) {
    let command = command.clone().timeout(Duration::from_secs(120));
    let begun = Instant::now();
    let run = command.run();
    let time = begun.elapsed();
    (time, run.exits(0).out())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}
