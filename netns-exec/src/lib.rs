//! The netns-exec command: enter a view of a network namespace and become a command.
//!
//! Thin: what a view is and how it is made is in the `netns` crate.
#![forbid(unsafe_code)]

mod cli;

use std::convert::Infallible;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use netns::process::{self, NotStarted, User};
use netns::view::{self, Event, View};
use netns::{Namespace, Selector, printable, usage_error};

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
/// Returns only if no command was started.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(&cli) {
        Ok(never) => match never {},
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

fn run(cli: &Cli) -> Result<Infallible, (Exit, String)> {
    let failed = |error: netns::Error| (Exit::Failed, error.to_string());
    if process::gained_privileges() {
        let why = "its privileges are not its caller's: it is installed set-user-ID or with file \
                   capabilities, or real and effective ids differ (a set-user-ID wrapper must \
                   call setresuid first)";
        return Err((Exit::Failed, why.into()));
    }
    let (selector, command) = target(&cli.name_and_command).map_err(failed)?;
    let labelled = |label: &OsStr, error: netns::Error| {
        (Exit::Failed, format!("{}: {error}", printable(label)))
    };
    let failed = |error| labelled(selector.as_os_str(), error);
    let (namespace, name) = Namespace::find(&selector).map_err(failed)?;
    // A namespace without a name is called by its path, which a change of directory must not
    // make another.
    let label = match &name {
        Some(name) => name.as_os_str().to_owned(),
        None => std::path::absolute(selector.path())
            .unwrap_or(selector.path())
            .into(),
    };
    let failed = |error| labelled(&label, error);

    let mut options = view::Options::default();
    options.etc = match cli.etc {
        cli::Etc::Bind => view::Etc::Bind,
        cli::Etc::Sealed => view::Etc::Sealed,
    };
    options.host_resolvers = match cli.host_resolvers {
        cli::HostResolvers::Mask => view::HostResolvers::Mask,
        cli::HostResolvers::Keep => view::HostResolvers::Keep,
    };
    options.sys = match cli.sys {
        cli::Sys::Auto => view::Sys::Auto,
        cli::Sys::Keep => view::Sys::Keep,
    };
    let report = &mut |event| tell(&label, cli.verbose, &event);
    let mut view = View::enter(&namespace, name.as_ref(), options, report).map_err(failed)?;
    // Looking up a user may take its time; the host may replace files meanwhile.
    let user = cli
        .user
        .as_deref()
        .map(User::find)
        .transpose()
        .map_err(failed)?;
    view.settle(report).map_err(failed)?;
    if let Some(user) = user {
        user.become_user().map_err(failed)?;
        view.verify().map_err(failed)?;
    }
    process::exec(&command, &label).map_err(|error| {
        let (exit, why) = match error {
            NotStarted::NotFound => (Exit::NotFound, "command not found".to_owned()),
            NotStarted::NotExecutable(why) => {
                (Exit::NotExecutable, format!("cannot be executed: {why}"))
            }
        };
        (
            exit,
            format!("{}: {}: {why}", printable(&label), printable(&command[0])),
        )
    })
}

/// The namespace, and the command with its arguments: the caller's shell if none is given.
fn target(arguments: &[OsString]) -> Result<(Selector, Vec<OsString>), netns::Error> {
    let (name, command) = arguments
        .split_first()
        .map_or((OsStr::new(""), &[][..]), |(name, rest)| {
            (name.as_os_str(), rest)
        });
    let command = match command {
        [separator, rest @ ..] if separator == "--" => rest,
        command => command,
    };
    let command = if command.is_empty() {
        vec![shell()]
    } else {
        command.to_vec()
    };
    Ok((Selector::new(name)?, command))
}

fn shell() -> OsString {
    env::var_os("SHELL")
        .filter(|shell| !shell.is_empty())
        .unwrap_or_else(|| "/bin/sh".into())
}

fn tell(namespace: &OsStr, verbose: bool, event: &Event) {
    let namespace = printable(namespace);
    match event {
        Event::Mounted { target, source } if verbose => {
            complain(format_args!(
                "{namespace}: {} on {}",
                printable(source),
                printable(target)
            ));
        }
        Event::Mounted { .. } => {}
        Event::Warning(text) => complain(format_args!("{namespace}: warning: {text}")),
    }
}

/// One line on standard error. If even that is closed, the exit status still tells.
fn complain(message: impl Display) {
    let _ = writeln!(io::stderr(), "netns-exec: {message}");
}
