//! How many instructions the commands execute, counted by valgrind's callgrind: the same number each
//! time, whatever else the machine is doing. A line a figure; above its limit it is an error.
//!
//! ```text
//! WHAT | instructions | limit
//! ```
//!
//! The limits leave room for another compiler or C library. What would double a count fails.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::time::Duration;

use testbed::hosts_files::large;
use testbed::{NSSWITCH_FILES, Sandbox, need};

const LINES: usize = 100_000;

/// So many names are asked for at once.
const NAMES: usize = 1000;

fn main() {
    // `cargo test --benches` only wants to know whether it works, without what it may not have.
    if !need::is_installed("valgrind") {
        println!("no valgrind, so no instructions are counted");
        return;
    }
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("nsswitch.conf", NSSWITCH_FILES);
    println!("WHAT | instructions | limit");
    let start = instructions(&sandbox, &["alpha", "192.0.2.1"], "");
    show(
        "start of netns-resolve, and a numeric host",
        start,
        450_000.0,
    );
    let one = instructions(&sandbox, &["alpha", "alpha"], "") - start;
    show("one name of a hosts file of one line", one, 50_000.0);

    alpha.file("hosts", large(LINES));
    let lines = LINES as f64;
    let last = format!("host{}", LINES - 1);
    let one = instructions(&sandbox, &["alpha", &last], "") - start;
    show("one name of 100,000 lines, a line", one / lines, 110.0);
    let one = instructions(&sandbox, &["alpha", "nosuch"], "") - start;
    show("a name that is in none of them, a line", one / lines, 80.0);
    let mut names = String::new();
    for number in 0..NAMES {
        let _ = writeln!(names, "host{}", number * (LINES / NAMES));
    }
    let many = instructions(&sandbox, &["alpha", "-"], &names) - start;
    show(
        "1,000 names of them with an index, a line",
        many / lines,
        2_000.0,
    );
}

fn show(what: &str, count: f64, limit: f64) {
    println!("{what} | {count:.1} | {limit}");
    assert!(count <= limit, "{what}: more than {limit} instructions");
}

/// Of all threads of netns-resolve.
fn instructions(sandbox: &Sandbox, args: &[&str], input: &str) -> f64 {
    let valgrind = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
    ];
    let command = sandbox.command(valgrind).arg("netns-resolve").args(args);
    let command = command.input(input).timeout(Duration::from_secs(300));
    let told = command.run().err();
    let count = told
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = count.unwrap_or_else(|| panic!("valgrind counts nothing: {told}"));
    count.trim().parse().unwrap()
}
