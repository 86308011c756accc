//! A rename storm: the host replaces `/etc/hosts` and `/etc/resolv.conf` by rename 500 times in
//! 3 seconds while a command in a namespace looks a name up through the C library and reads
//! resolv.conf, as fast as it can. How many of the answers were the host's, and for how long at a
//! stretch were they?
#![allow(clippy::print_stdout)]

use std::time::Duration;

use testbed::storm::{Seen, sandbox, storm};
use testbed::{Command, Sandbox, Wrapper};

/// A title, whether `--watch` runs, and how a command is started.
type Protection = (&'static str, bool, fn(&Sandbox) -> Command);

/// Who is between the command and the host's files.
const PROTECTIONS: [Protection; 4] = [
    ("netns-exec --etc sealed", false, |sandbox| {
        sandbox.netns_exec(["--etc", "sealed", "alpha"])
    }),
    ("netns-exec, beside --watch", true, |sandbox| {
        sandbox.netns_exec(["alpha"])
    }),
    ("netns-exec", false, |sandbox| sandbox.netns_exec(["alpha"])),
    ("ip netns exec", false, |sandbox| {
        Wrapper::IpNetnsExec.command(sandbox, "alpha", [""; 0])
    }),
];

fn main() {
    // `cargo test --benches` only wants to know whether it works.
    let (renames, lasting) = if std::env::args().any(|arg| arg == "--bench") {
        (500, Duration::from_secs(3))
    } else {
        (10, Duration::from_millis(100))
    };
    println!(
        "{renames} renames over /etc/hosts and over /etc/resolv.conf in {} s, what a command sees:",
        lasting.as_secs_f64()
    );
    println!(
        "  {:28} {:>9} {:>9} {:>18}",
        "", "answers", "of host", "longest uncovered"
    );
    for (title, is_watched, command) in PROTECTIONS {
        let (sandbox, _alpha) = sandbox();
        let watch = is_watched.then(|| {
            let mut watch = sandbox.netns_exec(["--watch"]).spawn();
            assert_eq!(watch.line(), "watching");
            watch
        });
        let seen = storm(&sandbox, command(&sandbox), renames, lasting);
        drop(watch);
        print(title, &seen);
        assert_eq!(seen.others, 0, "answers of nobody");
        if title.ends_with("sealed") {
            assert_eq!(
                seen.of_the_host, 0,
                "{title} has let the host's files through"
            );
        }
    }
}

fn print(title: &str, seen: &Seen) {
    let end = if seen.is_covered_at_the_end {
        ""
    } else {
        ", to the end"
    };
    println!(
        "  {title:28} {:9} {:9} {:15.1} ms{end}",
        seen.answers,
        seen.of_the_host,
        seen.longest_uncovered.as_secs_f64() * 1000.0
    );
}
