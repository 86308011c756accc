//! Running a command in a view.

use std::convert::Infallible;
use std::env;
use std::ffi::{OsStr, OsString};

use netns::process::{self, NotStarted};
use netns::view::{self, Event, View};
use netns::{Name, Namespace, Selector, User, printable};

use crate::{Cli, Exit, Failure, cli, complain, failed_at};

/// Enter the view and become the command.
pub(crate) fn run(cli: &Cli) -> Result<Infallible, Failure> {
    let failed = |error: netns::Error| (Exit::Failed, error.to_string());
    let (selector, command) = target(&cli.name_and_command).map_err(failed)?;
    let failed = |error| failed_at(selector.as_os_str(), &error);
    let (namespace, name) = Namespace::find_to_enter(&selector).map_err(failed)?;
    // A namespace without a name is called by its path, which a change of directory must not
    // make another.
    let label = match &name {
        Some(name) => name.as_os_str().to_owned(),
        None => std::path::absolute(selector.path())
            .unwrap_or(selector.path())
            .into(),
    };
    enter_and_become(cli, &namespace, name.as_ref(), &label, &command)
        .map_err(|(exit, why)| (exit, format!("{}: {why}", printable(&label))))
}

/// Enter the view of a namespace, which is called `label`, and become the command.
pub(crate) fn enter_and_become(
    cli: &Cli,
    namespace: &Namespace,
    name: Option<&Name>,
    label: &OsStr,
    command: &[OsString],
) -> Result<Infallible, Failure> {
    let failed = |error: netns::Error| (Exit::Failed, error.to_string());
    let options = options(cli);
    let report = &mut |event| tell(label, cli.verbose, &event);
    let pinned = match name {
        Some(name) => View::enter_pinned(namespace, name, options, report).map_err(failed)?,
        None => None,
    };
    let enter = |report: &mut dyn FnMut(Event)| View::enter(namespace, name, options, report);
    let mut view = match pinned {
        Some(view) => view,
        None => enter(report).map_err(failed)?,
    };
    // Looking up a user may take its time; the host may replace files meanwhile.
    let find_user = || cli.user.as_deref().map(User::find).transpose();
    let mut user = find_user().map_err(failed)?;
    if let Err(error) = view.settle(report) {
        let netns::Error::Pinned { why } = error else {
            return Err(failed(error));
        };
        report(Event::SetAside(why));
        view = enter(report).map_err(failed)?;
        user = find_user().map_err(failed)?;
        view.settle(report).map_err(failed)?;
    }
    if let Some(user) = user {
        user.become_user().map_err(failed)?;
        view.verify().map_err(failed)?;
    }
    process::exec(command, label).map_err(|error| {
        let (exit, why) = match error {
            NotStarted::NotFound => (Exit::NotFound, "command not found".to_owned()),
            NotStarted::NotExecutable(why) => {
                (Exit::NotExecutable, format!("cannot be executed: {why}"))
            }
        };
        (exit, format!("{}: {why}", printable(&command[0])))
    })
}

/// How the command line wants a view to be.
pub(crate) fn options(cli: &Cli) -> view::Options {
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
    options
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

pub(crate) fn tell(namespace: &OsStr, verbose: bool, event: &Event) {
    let namespace = printable(namespace);
    match event {
        Event::Mounted { target, source } if verbose => {
            complain(format_args!(
                "{namespace}: {} on {}",
                printable(source),
                printable(target)
            ));
        }
        Event::Entered(pin) if verbose => {
            complain(format_args!("{namespace}: entered {}", printable(pin)));
        }
        Event::SetAside(why) if verbose => {
            complain(format_args!("{namespace}: pinned view set aside: {why}"));
        }
        Event::Mounted { .. } | Event::Entered(_) | Event::SetAside(_) => {}
        Event::Warning(text) => complain(format_args!("{namespace}: warning: {text}")),
    }
}
