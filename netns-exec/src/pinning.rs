//! Views prepared for later commands, and forgotten.

use std::ffi::OsStr;
use std::io::{self, Write as _};

use netns::{Name, Namespace, Selector, printable, view};

use crate::{Cli, Exit, Failure, command, complain, failed_at};

/// `--pin` and `--unpin`.
pub(crate) fn run(cli: &Cli) -> Result<Exit, Failure> {
    let option = if cli.pin { "--pin" } else { "--unpin" };
    let [text] = cli.name_and_command.as_slice() else {
        let why = format!("{option} takes one NAME and no command (netns-exec --help)");
        return Err((Exit::Failed, why));
    };
    let failed = |error: netns::Error| failed_at(text, &error);
    let selector = Selector::new(text).map_err(|error| (Exit::Failed, error.to_string()))?;
    if cli.unpin {
        return unpin(&named(&selector, text)?);
    }
    let (namespace, name) = Namespace::find(&selector).map_err(failed)?;
    let name = name.ok_or_else(|| nameless(text))?;
    let report = &mut |event| {
        if let Some(line) = command::line(name.as_os_str(), cli.verbose, &event) {
            complain(line);
        }
    };
    view::pin(&namespace, &name, command::options(cli), report).map_err(failed)?;
    let what = "pinned: its commands share one mount namespace, so that what one mounts the others \
                see";
    // The exit status tells as well.
    let _ = writeln!(io::stdout(), "{name}: {what}");
    Ok(Exit::Success)
}

fn unpin(name: &Name) -> Result<Exit, Failure> {
    match view::unpin(name) {
        Ok(true) => Ok(Exit::Success),
        Ok(false) => Err((Exit::Failed, format!("{name}: it is not pinned"))),
        Err(error) => Err(failed_at(name.as_os_str(), &error)),
    }
}

/// A view may stay pinned when its namespace is gone.
fn named(selector: &Selector, text: &OsStr) -> Result<Name, Failure> {
    match selector {
        Selector::Name(name) => Ok(name.clone()),
        Selector::Path(_) => {
            let found = Namespace::find(selector).map_err(|error| failed_at(text, &error))?;
            found.1.ok_or_else(|| nameless(text))
        }
    }
}

fn nameless(text: &OsStr) -> Failure {
    let why = "it has no name in /run/netns to be pinned under";
    (Exit::Failed, format!("{}: {why}", printable(text)))
}
