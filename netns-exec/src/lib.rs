//! The netns-exec command: enter a view of a network namespace and become a command.
//!
//! Thin: what a view is and how it is made is in the `netns` crate.
#![forbid(unsafe_code)]

mod all;
mod checking;
mod cli;
mod command;
mod healing;
mod pinning;

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, Write as _};
use std::mem::ManuallyDrop;

use clap::error::ErrorKind;
use netns::process::{SigpipeIgnored, gained_privileges};
use netns::{printable, usage_error};

pub use cli::Cli;

/// The exit statuses that are not the command's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Success = 0,
    /// With `--check` something is wrong, with `--all` a command has failed.
    Trouble = 1,
    /// netns-exec itself failed, and the command was not run.
    Failed = 125,
    /// The command was found but could not be executed.
    NotExecutable = 126,
    /// The command was not found.
    NotFound = 127,
}

/// Run the program with these arguments, in place of a `fn main` (see [`netns::entry_point`]).
///
/// Returns the exit status, and only if no command was started, because it failed or was to do
/// something else.
pub fn main(args: Vec<OsString>) -> u8 {
    let exit = match Cli::read(args) {
        Ok(cli) => dispatch(&cli).unwrap_or_else(|(exit, message)| {
            complain(message);
            exit
        }),
        Err(error) => usage(&error),
    };
    exit as u8
}

/// `--help` and `--version` succeed; bad usage is one line and the status of our own failures.
fn usage(error: &clap::Error) -> Exit {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _sigpipe = SigpipeIgnored::new();
        // A reader that has seen enough is no failure.
        let _ = error.print();
        return Exit::Success;
    }
    let why = match error.kind() {
        ErrorKind::MissingRequiredArgument => "no NAME given: which network namespace?".into(),
        _ => usage_error(&error.render().to_string()),
    };
    complain(format_args!("{why} (netns-exec --help)"));
    Exit::Failed
}

fn dispatch(cli: &Cli) -> Result<Exit, Failure> {
    if gained_privileges() {
        let why = "its privileges are not its caller's: it is installed set-user-ID or with file \
                   capabilities, or real and effective ids differ (a set-user-ID wrapper must \
                   call setresuid first)";
        return Err((Exit::Failed, why.into()));
    }
    if cli.json && !cli.check {
        let why = "--json is an option of --check (netns-exec --help)";
        return Err((Exit::Failed, why.into()));
    }
    if !cli.all && (cli.pattern.is_some() || cli.jobs.is_some()) {
        let why = "--match and -j are options of --all (netns-exec --help)";
        return Err((Exit::Failed, why.into()));
    }
    if !(cli.check || cli.heal || cli.watch || cli.all || cli.pin || cli.unpin) {
        match command::run(cli)? {}
    }
    // To the very end, when std writes what standard output still holds.
    let sigpipe = ManuallyDrop::new(SigpipeIgnored::new());
    if cli.check {
        checking::run(cli)
    } else if cli.all {
        all::run(cli, sigpipe)
    } else if cli.pin || cli.unpin {
        pinning::run(cli)
    } else {
        healing::run(cli)
    }
}

/// Why the program did not do what it was asked to.
type Failure = (Exit, String);

/// A failure of netns-exec itself at the namespace called `label`.
fn failed_at(label: &OsStr, error: &netns::Error) -> Failure {
    (Exit::Failed, format!("{}: {error}", printable(label)))
}

/// One line on standard error. If even that is closed, the exit status still tells.
fn complain(message: impl Display) {
    let _sigpipe = SigpipeIgnored::new();
    let _ = writeln!(io::stderr(), "netns-exec: {message}");
}
