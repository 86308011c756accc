//! Namespaces looked at, each with all its processes: what is wrong, since what, how to mend it.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write as _};

use doctor::{Report, render};
use netns::{Selector, printable};

use crate::{Cli, Exit, Failure, complain};

/// `--check`: 0 if nothing is wrong anywhere, 1 if something is, 125 if something could not be
/// looked at.
pub(crate) fn run(cli: &Cli) -> Result<Exit, Failure> {
    let (names, json) = arguments(cli)?;
    let (mut is_healthy, mut is_complete) = (true, true);
    for name in names {
        let report = match Selector::new(name) {
            Ok(selector) => doctor::check(&selector),
            Err(error) => {
                complain(error);
                is_complete = false;
                continue;
            }
        };
        for obstacle in &report.obstacles {
            complain(format_args!("{}: {obstacle}", printable(&report.namespace)));
        }
        is_healthy &= report.findings.is_empty();
        is_complete &= report.obstacles.is_empty();
        tell(&report, json)?;
    }
    Ok(match (is_complete, is_healthy) {
        (false, _) => Exit::Failed,
        (true, false) => Exit::Trouble,
        (true, true) => Exit::Success,
    })
}

/// The names, and whether JSON is wanted. There is no command here whose options these could be,
/// so `--json` may also stand after a name. A namespace that is called like an option can be given
/// by its path.
fn arguments(cli: &Cli) -> Result<(Vec<OsString>, bool), Failure> {
    let (mut names, mut json) = (Vec::new(), cli.json);
    let mut arguments = cli.name_and_command.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--json" {
            json = true;
        } else if argument == "--" {
            names.extend(arguments.by_ref().cloned());
        } else if argument.as_encoded_bytes().starts_with(b"-") {
            let why = format!(
                "unexpected argument '{}' after NAME (netns-exec --help)",
                printable(argument)
            );
            return Err((Exit::Failed, why));
        } else {
            names.push(argument.clone());
        }
    }
    if names.is_empty() {
        let why = "no NAME given: which network namespace? (netns-exec --help)";
        return Err((Exit::Failed, why.into()));
    }
    Ok((names, json))
}

/// Write a report. A reader that has seen enough is no failure: the exit status still tells.
fn tell(report: &Report, json: bool) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = if json {
        render::json(report, &mut out)
    } else {
        render::text(report, &mut out)
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err((
            Exit::Failed,
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}
