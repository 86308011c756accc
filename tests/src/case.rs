//! Test cases: one rule each, run against one wrapper, both, or none.

use std::any::Any;
use std::cell::RefCell;
use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::{env, io};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::Wrapper;
use crate::need::Unmet;

/// The test bed itself failed: the payload of a panic. Never a known difference.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) String);

/// A rule and the function that panics where it does not hold.
pub struct Case {
    name: String,
    body: Body,
    differences: Vec<(Wrapper, &'static str)>,
}

enum Body {
    Alone(fn()),
    Wrapped(Vec<Wrapper>, fn(Wrapper)),
}

impl Case {
    /// A rule that no wrapper takes part in. Use [`alone!`](crate::alone).
    #[must_use]
    pub fn alone(path: &str, body: fn()) -> Case {
        Case::new(path, Body::Alone(body))
    }

    /// A rule for both wrappers. Use [`both!`](crate::both).
    #[must_use]
    pub fn both(path: &str, body: fn(Wrapper)) -> Case {
        Case::new(path, Body::Wrapped(Wrapper::ALL.to_vec(), body))
    }

    /// A rule for something that only netns-exec has. Use [`ours!`](crate::ours).
    #[must_use]
    pub fn ours(path: &str, body: fn(Wrapper)) -> Case {
        Case::new(path, Body::Wrapped(vec![Wrapper::NetnsExec], body))
    }

    fn new(path: &str, body: Body) -> Case {
        // The path is that of the function: `compliance::module::function`.
        let name = path.split_once("::").map_or(path, |(_, name)| name);
        Case {
            name: name.to_owned(),
            body,
            differences: Vec::new(),
        }
    }

    /// A known difference: with `wrapper` the rule does not hold, for this reason. It is a failure
    /// if it does.
    #[must_use]
    pub fn differs(mut self, wrapper: Wrapper, because: &'static str) -> Case {
        self.differences.push((wrapper, because));
        self
    }

    fn trials(self, report: &Arc<Mutex<Report>>) -> Vec<Trial> {
        let trial = |name: String, run: Box<dyn FnOnce() -> Outcome + Send>, known| {
            let (report, label) = (Arc::clone(report), name.clone());
            Trial::ignorable_test(name, move || judge(&label, run(), known, &report))
        };
        match self.body {
            Body::Alone(body) => vec![trial(self.name, Box::new(move || attempt(body)), None)],
            Body::Wrapped(wrappers, body) => wrappers
                .into_iter()
                .map(|wrapper| {
                    let known = self.differences.iter().find(|(with, _)| *with == wrapper);
                    trial(
                        format!("{}::{}", self.name, wrapper.label()),
                        Box::new(move || attempt(move || body(wrapper))),
                        known.map(|(_, because)| *because),
                    )
                })
                .collect(),
        }
    }
}

/// A [`Case`] that no wrapper takes part in, named after its function.
#[macro_export]
macro_rules! alone {
    ($body:ident) => {
        $crate::case::Case::alone(concat!(module_path!(), "::", stringify!($body)), $body)
    };
}

/// A [`Case`] for both wrappers, named after its function.
#[macro_export]
macro_rules! both {
    ($body:ident) => {
        $crate::case::Case::both(concat!(module_path!(), "::", stringify!($body)), $body)
    };
}

/// A [`Case`] for netns-exec, named after its function.
#[macro_export]
macro_rules! ours {
    ($body:ident) => {
        $crate::case::Case::ours(concat!(module_path!(), "::", stringify!($body)), $body)
    };
}

enum Outcome {
    Holds,
    DoesNotHold(String),
    Unmet(String),
    Broken(String),
}

/// What there is to say at the end.
#[derive(Default)]
struct Report {
    could_not_run: Vec<(String, String)>,
    differences: Vec<(String, &'static str)>,
}

fn judge(
    name: &str,
    outcome: Outcome,
    known: Option<&'static str>,
    report: &Mutex<Report>,
) -> Result<Completion, Failed> {
    match (outcome, known) {
        (Outcome::Holds, None) => Ok(Completion::Completed),
        (Outcome::Holds, Some(because)) => {
            Err(format!("a known difference is none any more: {because}").into())
        }
        (Outcome::DoesNotHold(_), Some(because)) => {
            lock(report).differences.push((name.into(), because));
            Ok(Completion::Completed)
        }
        (Outcome::DoesNotHold(why) | Outcome::Broken(why), _) => Err(why.into()),
        (Outcome::Unmet(reason), _) if is_ci() => Err(format!("could not run: {reason}").into()),
        (Outcome::Unmet(reason), _) => {
            lock(report)
                .could_not_run
                .push((name.into(), reason.clone()));
            Ok(Completion::ignored_with(reason))
        }
    }
}

thread_local! {
    /// Where the last panic of this thread was, for the message of the failed test.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn attempt(body: impl FnOnce()) -> Outcome {
    let payload = match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(()) => return Outcome::Holds,
        Err(payload) => payload,
    };
    let (place, text) = (PLACE.take(), reason(&*payload));
    if payload.is::<Unmet>() {
        Outcome::Unmet(text.into())
    } else if payload.is::<Broken>() {
        Outcome::Broken(format!("{place}: {text}"))
    } else {
        Outcome::DoesNotHold(format!("{place}: {text}"))
    }
}

/// What a panic says.
pub(crate) fn reason(payload: &(dyn Any + Send)) -> &str {
    if let Some(Unmet(reason)) = payload.downcast_ref() {
        reason
    } else if let Some(Broken(why)) = payload.downcast_ref() {
        why
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        payload
            .downcast_ref::<&str>()
            .copied()
            .unwrap_or("panicked")
    }
}

fn lock(report: &Mutex<Report>) -> std::sync::MutexGuard<'_, Report> {
    report
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true")
}

/// Run the cases as the command line says, and name those that could not run.
#[must_use]
pub fn main(cases: Vec<Case>) -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        PLACE.set(place.unwrap_or_default());
    }));
    let report = Arc::default();
    let trials = cases
        .into_iter()
        .flat_map(|case| case.trials(&report))
        .collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    // Nobody left to read it: the exit status still tells.
    let _ = summarize(&mut lock(&report));
    conclusion.exit_code()
}

fn summarize(report: &mut Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !report.differences.is_empty() {
        report.differences.sort();
        writeln!(out, "Known differences, all still there:")?;
        for (name, because) in &report.differences {
            writeln!(out, "  {name}: {because}")?;
        }
        writeln!(out)?;
    }
    if !report.could_not_run.is_empty() {
        report.could_not_run.sort();
        writeln!(out, "COULD NOT RUN HERE:")?;
        for (name, reason) in &report.could_not_run {
            writeln!(out, "  {name}: {reason}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
