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
    let failed = |error| failed_at(&label, &error);
    let report = &mut |event| {
        if let Some(line) = line(&label, cli.verbose, &event) {
            complain(line);
        }
    };
    let mut in_view = || {
        let (view, user) = enter(cli, &namespace, name.as_ref(), report)?;
        if let Some(user) = user {
            user.become_user()?;
            view.verify()?;
        }
        Ok(view)
    };
    // What it has open the execution closes, in one go.
    let _view = in_view().map_err(failed)?;
    process::exec(&command, &label).map_err(|error| {
        let (exit, why) = not_started(&command, error);
        (exit, format!("{}: {why}", printable(&label)))
    })
}

/// Move this thread into the view of a namespace, to start a command there. The user that the
/// command is to run as, who may not be able to see the whole view.
fn enter(
    cli: &Cli,
    namespace: &Namespace,
    name: Option<&Name>,
    report: &mut dyn FnMut(Event),
) -> Result<(View, Option<User>), netns::Error> {
    let options = options(cli);
    let pinned = match name {
        Some(name) => View::enter_pinned(namespace, name, options, report)?,
        None => None,
    };
    let enter = |report: &mut dyn FnMut(Event)| View::enter(namespace, name, options, report);
    let mut view = match pinned {
        Some(view) => view,
        None => enter(report)?,
    };
    // Looking up a user may take its time; the host may replace files meanwhile.
    let mut user = find_user(cli)?;
    if let Err(error) = view.settle(report) {
        let netns::Error::Pinned { why } = error else {
            return Err(error);
        };
        report(Event::SetAside(why));
        view = enter(report)?;
        user = find_user(cli)?;
        view.settle(report)?;
    }
    Ok((view, user))
}

/// The user that the command is to run as, as the view that this thread is in has it.
pub(crate) fn find_user(cli: &Cli) -> Result<Option<User>, netns::Error> {
    cli.user.as_deref().map(User::find).transpose()
}

/// Why a command was not started.
pub(crate) fn not_started(command: &[OsString], error: NotStarted) -> Failure {
    let (exit, why) = match error {
        NotStarted::NotFound => (Exit::NotFound, "command not found".to_owned()),
        NotStarted::NotExecutable(why) => {
            (Exit::NotExecutable, format!("cannot be executed: {why}"))
        }
        NotStarted::Failed(error) => return (Exit::Failed, error.to_string()),
    };
    (exit, format!("{}: {why}", printable(&command[0])))
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

/// What is told of an event, if it is.
pub(crate) fn line(namespace: &OsStr, verbose: bool, event: &Event) -> Option<String> {
    let namespace = printable(namespace);
    match event {
        Event::Warning(text) => Some(format!("{namespace}: warning: {text}")),
        _ if !verbose => None,
        Event::Mounted { target, source } => {
            let (target, source) = (printable(target), printable(source));
            Some(format!("{namespace}: {source} on {target}"))
        }
        Event::Entered(pin) => Some(format!("{namespace}: entered {}", printable(pin))),
        Event::SetAside(why) => Some(format!("{namespace}: pinned view set aside: {why}")),
    }
}
