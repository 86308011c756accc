//! `testbed demo`: the story of alpha and beta, told by the commands themselves.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::need;
use crate::{NSSWITCH_DNS, Sandbox, programs};

const ZONE: &str = include_str!("../../../fixtures/corp.zone");

/// Each step: what to notice, and the command a user would type.
const STORY: &[(&str, &str)] = &[
    (
        "Two network namespaces, each with its own hosts file. The host has a third.",
        "ip netns list; head /etc/hosts /etc/netns/*/hosts",
    ),
    (
        "In alpha, alpha answers.",
        "netns-exec alpha ping -c1 alpha",
    ),
    (
        "And beta is unknown there.",
        "netns-exec alpha ping -c1 beta",
    ),
    (
        "In beta it is the reverse.",
        "netns-exec beta ping -c1 beta",
    ),
    ("", "netns-exec beta ping -c1 alpha"),
    (
        "A name that only the host's file has exists in neither.",
        "getent hosts hostonly; netns-exec alpha getent hosts hostonly || echo \"status $?\"",
    ),
    (
        "The same from outside, without running anything inside.",
        "netns-resolve alpha alpha",
    ),
    ("", "netns-resolve alpha beta; echo \"status $?\""),
    (
        "alpha has a DNS server of its own, on a loopback address of the namespace.",
        "cat /etc/netns/alpha/resolv.conf; netns-exec alpha getent ahosts wiki.corp.test",
    ),
    (
        "Why does a name resolve as it does?",
        "netns-resolve --explain alpha wiki.corp.test",
    ),
    (
        "For scripts.",
        "netns-resolve --json alpha alpha wiki.corp.test nosuch",
    ),
    (
        "What cannot be put in place is an error: the command does not run.",
        "ln -s nowhere /etc/netns/beta/resolv.conf; netns-exec beta true; echo \"status $?\"",
    ),
];

/// See the module.
#[must_use]
pub(super) fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    match std::panic::catch_unwind(tell) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(_)) => ExitCode::FAILURE,
        Err(payload) => {
            let why = crate::case::reason(&*payload);
            let _ = writeln!(io::stderr(), "The demo cannot run here: {why}");
            ExitCode::FAILURE
        }
    }
}

fn tell() -> io::Result<()> {
    need::program("ip");
    need::program("ping");
    for name in ["netns-exec", "netns-resolve"] {
        let _ = programs::under_test(name);
    }
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    alpha.file("nsswitch.conf", NSSWITCH_DNS);
    alpha.file("resolv.conf", "nameserver 127.0.0.53\nsearch corp.test\n");
    let _dns = sandbox.dns(&alpha, "127.0.0.53", ZONE);

    let mut out = io::stdout().lock();
    for (notice, command) in STORY {
        if !notice.is_empty() {
            writeln!(out, "\n# {notice}")?;
        }
        writeln!(out, "$ {command}")?;
        // The shell of a person sends both outputs to one terminal.
        let script = format!("exec 2>&1\n{command}");
        out.write_all(&sandbox.command(["sh", "-c", &script]).run().stdout)?;
        out.flush()?;
    }
    Ok(())
}
