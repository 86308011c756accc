//! The netns-resolve command: what a name resolves to in a network namespace, and why.
//!
//! Thin: the answers and the reasons come from the `netns_resolver` crate.
#![forbid(unsafe_code)]

mod cli;
mod compare;
mod explain;
mod glibc;
mod hosts;
mod json;
mod question;

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::mem;
use std::pin::pin;

use clap::error::ErrorKind;
use futures::StreamExt as _;
use netns::process::{SigpipeIgnored, open_standard_descriptors};
use netns::{Name, Selector, printable, printable_bytes, usage_error};
use netns_resolver::{Family, Options, Resolver};

pub use cli::Cli;
use compare::Comparison;
use explain::{Owners, Style};
use glibc::Glibc;
use question::{Failure, Question, Verdict};

/// How many hosts are looked up at a time: more than a server that is some milliseconds away takes
/// to be busy, less than it takes to be a burden.
const AT_ONCE: usize = 32;

/// The exit statuses, from best to worst: with several hosts the worst one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// Every host was found.
    Found = 0,
    /// A host has no such name or no such address.
    NotFound = 2,
    /// A temporary failure.
    Temporary = 3,
    /// glibc says something else.
    Different = 4,
    /// netns-resolve itself failed.
    Failed = 125,
}

/// Run the program with these arguments, in place of a `fn main` (see [`netns::entry_point`]).
/// Returns the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    // To the very end, when std writes what standard output still holds.
    mem::forget(SigpipeIgnored::new());
    let exit = match open_standard_descriptors() {
        Ok(()) => answer(args),
        Err(errno) => {
            complain(format_args!(
                "cannot make sure that the standard descriptors are open: {}",
                errno.desc()
            ));
            Exit::Failed
        }
    };
    exit as u8
}

fn answer(args: Vec<OsString>) -> Exit {
    let cli = match Cli::read(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(&cli) {
        Ok(exit) => exit,
        // A reader that has seen enough, such as head(1), is no failure.
        Err(Stopped::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Found,
        Err(Stopped::Output(error)) => {
            complain(format_args!("cannot write the answers: {error}"));
            Exit::Failed
        }
        Err(Stopped::Input(error)) => {
            complain(format_args!(
                "cannot read hosts from standard input: {error}"
            ));
            Exit::Failed
        }
        Err(Stopped::Glibc(why)) => {
            complain(why);
            Exit::Failed
        }
        Err(Stopped::Namespace(error)) => {
            complain(error);
            Exit::Failed
        }
    }
}

/// Why the program ended before it had tried every host.
enum Stopped {
    Output(io::Error),
    Input(io::Error),
    Namespace(netns::Error),
    Glibc(String),
}

/// `--help` and `--version` succeed; bad usage is one line and the status of our own failures.
fn usage(error: &clap::Error) -> Exit {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        return Exit::Found;
    }
    let why = usage_error(&error.render().to_string());
    complain(format_args!("{why} (netns-resolve --help)"));
    Exit::Failed
}

fn run(cli: &Cli) -> Result<Exit, Stopped> {
    if cli.answer_with_glibc {
        return glibc::serve(&cli.namespace)
            .map(|()| Exit::Found)
            .map_err(Stopped::Output);
    }
    let resolver = resolver(&cli.namespace).map_err(Stopped::Namespace)?;
    let label = resolver
        .namespace_name()
        .map_or(cli.namespace.as_os_str(), Name::as_os_str);
    let glibc = if cli.compare {
        Some(Glibc::start(&cli.namespace).map_err(Stopped::Glibc)?)
    } else {
        None
    };
    let around = if cli.explain { around(&resolver) } else { None };
    // Nothing here is wanted outside any more, and inside no lookup takes another thread. Who may
    // not go there is told where that matters.
    let _ = resolver.namespace().enter();
    let stdout = io::stdout();
    let mut session = Session {
        cli,
        label,
        resolver: &resolver,
        around,
        glibc,
        several: cli.hosts.len() > 1 || cli.hosts[0] == "-",
        style: Style::for_terminal(cli.explain && stdout.is_terminal()),
        worst: Exit::Found,
        out: BufWriter::new(stdout.lock()),
    };
    let verdicts = hosts::all(&cli.hosts)
        .map(async |host| {
            let host = host.map_err(Stopped::Input)?;
            let verdict = question(cli, &host).ask(&resolver).await;
            Ok((host, verdict))
        })
        .buffered(AT_ONCE)
        .ready_chunks(AT_ONCE);
    let mut verdicts = pin!(verdicts);
    resolver.block_on(async {
        while let Some(verdicts) = verdicts.next().await {
            for verdict in verdicts {
                let (host, verdict) = verdict?;
                session.tell(&host, &verdict).map_err(Stopped::Output)?;
            }
            // No other is there yet.
            session.out.flush().map_err(Stopped::Output)?;
        }
        Ok(session.worst)
    })
}

fn resolver(namespace: &OsStr) -> Result<Resolver, netns::Error> {
    if namespace == "." {
        Resolver::current()
    } else {
        Resolver::of(&Selector::new(namespace)?)
    }
}

/// The namespace that this program runs in, if it is another one and has a name. To find out takes
/// a look at every named namespace.
fn around(resolver: &Resolver) -> Option<Name> {
    let around = netns::current_name().ok().flatten();
    around.filter(|around| Some(around) != resolver.namespace_name())
}

struct Session<'a> {
    cli: &'a Cli,
    label: &'a OsStr,
    resolver: &'a Resolver,
    /// See [`around`]; only for `--explain`.
    around: Option<Name>,
    glibc: Option<Glibc>,
    several: bool,
    style: Style,
    worst: Exit,
    out: BufWriter<io::StdoutLock<'static>>,
}

impl Session<'_> {
    /// Tell what came of one host, in the form asked for.
    fn tell(&mut self, host: &[u8], verdict: &Verdict) -> io::Result<()> {
        let question = question(self.cli, host);
        self.worst = self.worst.max(exit(verdict));
        let comparison = self.compare(&question, verdict);
        if self.cli.json {
            let comparison = comparison
                .as_ref()
                .map(|comparison| compare::json(verdict, comparison));
            json::write(
                &mut self.out,
                self.label,
                host,
                verdict,
                self.cli.explain,
                comparison,
            )?;
        } else {
            if self.cli.explain {
                let owners = Owners {
                    namespace: self.label,
                    named: self.resolver.namespace_name().is_some(),
                    around: self.around.as_ref(),
                };
                explain::write(&mut self.out, self.style, &owners, &question, verdict)?;
            }
            for text in question.shown(verdict) {
                if self.several {
                    write!(self.out, "{}\t", printable_bytes(host))?;
                }
                writeln!(self.out, "{text}")?;
            }
            if let Some(comparison) = &comparison {
                compare::write(&mut self.out, host, verdict, comparison)?;
            }
        }
        let (namespace, host) = (printable(self.label), printable_bytes(host));
        match &verdict.result {
            Err(failure) if !self.cli.json || matches!(failure, Failure::Own(_)) => {
                self.complain(format_args!("{namespace}: {host}: {failure}"))
            }
            Ok(found) if found.order_guessed && !self.cli.json => self.complain(format_args!(
                "{namespace}: {host}: the order is a guess: only root sees the namespace's routes"
            )),
            _ => Ok(()),
        }
    }

    /// After what was told before it, where both go to the same place.
    fn complain(&mut self, message: impl Display) -> io::Result<()> {
        self.out.flush()?;
        complain(message);
        Ok(())
    }

    /// What glibc says to the same, if it is to be asked. A process of glibc's that has ended or
    /// hangs is replaced for the next host.
    fn compare(&mut self, question: &Question<'_>, verdict: &Verdict) -> Option<Comparison> {
        let glibc = self.glibc.as_mut()?;
        // It may take its time.
        let _ = self.out.flush();
        let comparison = compare::compare(glibc, question, verdict)?;
        if let Comparison::Different(answer) = &comparison {
            self.worst = self.worst.max(Exit::Different);
            if answer.is_err() {
                match Glibc::start(&self.cli.namespace) {
                    Ok(again) => *glibc = again,
                    Err(why) => {
                        complain(why);
                        self.worst = Exit::Failed;
                        self.glibc = None;
                    }
                }
            }
        }
        Some(comparison)
    }
}

fn question<'h>(cli: &Cli, host: &'h [u8]) -> Question<'h> {
    if cli.reverse {
        return Question::Reverse(host);
    }
    let family = match (cli.ipv4, cli.ipv6) {
        (true, _) => Family::Inet,
        (_, true) => Family::Inet6,
        _ => Family::Unspec,
    };
    let options = Options::new().family(family).addrconfig(cli.addrconfig);
    Question::Forward(host, options)
}

fn exit(verdict: &Verdict) -> Exit {
    match &verdict.result {
        Ok(_) => Exit::Found,
        Err(Failure::Own(_)) => Exit::Failed,
        Err(Failure::Code(code)) if code.is_temporary() => Exit::Temporary,
        Err(Failure::Code(_)) => Exit::NotFound,
    }
}

/// One line on standard error. If even that is closed, the exit status still tells.
fn complain(message: impl Display) {
    let _ = writeln!(io::stderr(), "netns-resolve: {message}");
}
