//! A rename storm: the host replaces `/etc/hosts` and `/etc/resolv.conf` by rename 500 times in
//! 3 seconds while a command in a namespace looks a name up through the C library and reads
//! resolv.conf, as fast as it can. How many of the answers were the host's, and for how long at a
//! stretch were they?
#![allow(clippy::print_stdout)]

use std::time::Duration;

use testbed::storm::{Seen, sandbox, storm};
use testbed::{Command, Sandbox, Wrapper};

/// What is between the command and the host's files.
struct Protection {
    title: &'static str,
    wrapper: fn(&Sandbox) -> Command,
    is_watched: bool,
    may_leak: bool,
}

const PROTECTIONS: [Protection; 4] = [
    Protection {
        title: "netns-exec --etc sealed",
        wrapper: |sandbox| sandbox.netns_exec(["--etc", "sealed", "alpha"]),
        is_watched: false,
        may_leak: false,
    },
    Protection {
        title: "netns-exec --etc bind, --watch",
        wrapper: |sandbox| sandbox.netns_exec(["--etc", "bind", "alpha"]),
        is_watched: true,
        may_leak: true,
    },
    Protection {
        title: "netns-exec --etc bind",
        wrapper: |sandbox| sandbox.netns_exec(["--etc", "bind", "alpha"]),
        is_watched: false,
        may_leak: true,
    },
    Protection {
        title: "ip netns exec",
        wrapper: |sandbox| Wrapper::IpNetnsExec.command(sandbox, "alpha", [""; 0]),
        is_watched: false,
        may_leak: true,
    },
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
        "  {:32} {:>9} {:>9} {:>18}",
        "", "answers", "of host", "longest uncovered"
    );
    for protection in PROTECTIONS {
        let (sandbox, _alpha) = sandbox();
        let watch = protection.is_watched.then(|| {
            let mut watch = sandbox.netns_exec(["--watch"]).spawn();
            assert_eq!(watch.line(), "watching");
            watch
        });
        let seen = storm(&sandbox, (protection.wrapper)(&sandbox), renames, lasting);
        drop(watch);
        print(protection.title, &seen);
        assert_eq!(seen.others, 0, "answers of nobody");
        assert!(
            protection.may_leak || seen.of_the_host == 0,
            "{} let the host's files be seen",
            protection.title
        );
    }
}

fn print(title: &str, seen: &Seen) {
    let end = if seen.is_covered_at_the_end {
        ""
    } else {
        ", to the end"
    };
    println!(
        "  {title:32} {:9} {:9} {:15.1} ms{end}",
        seen.answers,
        seen.of_the_host,
        seen.longest_uncovered.as_secs_f64() * 1000.0
    );
}
