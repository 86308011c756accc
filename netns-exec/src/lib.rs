//! The netns-exec command: enter a view of a network namespace and become a command.
//!
//! Thin: what a view is and how it is made is in the `netns` crate.
#![forbid(unsafe_code)]

mod all;
mod checking;
mod cli;
mod command;
mod healing;

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use netns::{printable, process, usage_error};

pub use cli::Cli;

/// The exit statuses that are not the command's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// netns-exec itself failed, and the command was not run.
    Failed = 125,
    /// The command was found but could not be executed.
    NotExecutable = 126,
    /// The command was not found.
    NotFound = 127,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Run the program with the arguments and environment of this process.
///
/// Returns only if no command was started, because it failed or was to do something else.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match dispatch(&cli) {
        Ok(status) => status,
        Err((exit, message)) => {
            complain(message);
            exit.into()
        }
    }
}

/// `--help` and `--version` succeed; bad usage is one line and the status of our own failures.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        // A reader that has seen enough is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let why = match error.kind() {
        ErrorKind::MissingRequiredArgument => "no NAME given: which network namespace?".into(),
        _ => usage_error(&error.render().to_string()),
    };
    complain(format_args!("{why} (netns-exec --help)"));
    Exit::Failed.into()
}

fn dispatch(cli: &Cli) -> Result<ExitCode, Failure> {
    if process::gained_privileges() {
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
    if cli.check {
        return checking::run(cli);
    }
    if cli.heal || cli.watch {
        return healing::run(cli);
    }
    if cli.all {
        return all::run(cli);
    }
    match command::run(cli)? {}
}

/// Why the program did not do what it was asked to.
type Failure = (Exit, String);

/// A failure of netns-exec itself at the namespace called `label`.
fn failed_at(label: &OsStr, error: &netns::Error) -> Failure {
    (Exit::Failed, format!("{}: {error}", printable(label)))
}

/// One line on standard error. If even that is closed, the exit status still tells.
fn complain(message: impl Display) {
    let _ = writeln!(io::stderr(), "netns-exec: {message}");
}
