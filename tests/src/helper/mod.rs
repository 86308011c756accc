//! The `testbed` program: what must run in a process of its own, most of it inside a sandbox.
//!
//! It has one thread when a subcommand starts, as entering a user namespace demands.

pub mod demo;
pub mod dns;
pub mod enter;
pub mod getaddrinfo;
pub mod hold;
pub mod lookups;
pub mod oracle;
pub mod pair;
pub mod peak;
pub mod socket;
pub mod without;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Run the subcommand that the arguments of this process name.
#[must_use]
pub fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let (subcommand, args) = args
        .split_first()
        .map_or((OsStr::new(""), &[][..]), |(first, rest)| {
            (first.as_os_str(), rest)
        });
    let result = match subcommand.to_str() {
        Some("hold") => hold::main(args),
        Some("enter") => enter::main(args),
        Some("dns") => dns::main(args),
        Some("oracle") => oracle::main(args),
        Some("without") => without::main(args),
        Some("pair") => pair::main(args),
        Some("peak") => peak::main(args),
        Some("socket") => socket::main(args),
        Some("lookups") => lookups::main(),
        Some("getaddrinfo") => getaddrinfo::main(),
        Some("demo") => return demo::main(),
        _ => Err(Failure(
            "subcommands: hold, enter, dns, oracle, pair, peak, without, socket, lookups, getaddrinfo, demo".into(),
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(why)) => {
            let _ = writeln!(io::stderr(), "testbed: {why}");
            ExitCode::from(99)
        }
    }
}

/// Why a subcommand failed, for the person who reads a broken test.
#[derive(Debug)]
pub struct Failure(String);

/// Add to an error what was being done.
fn context<T, E: fmt::Display>(
    result: Result<T, E>,
    what: impl fmt::Display,
) -> Result<T, Failure> {
    result.map_err(|error| Failure(format!("{what}: {error}")))
}

/// Say a line to the process that started this one, at once.
fn say(line: impl fmt::Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let said = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    context(said, "standard output")
}

/// Wait until the process that started this one closes standard input or ends.
fn wait_for_end_of_input() {
    // An error is an end as well.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
}
