//! `--all`: a command in every namespace, several at a time.
//!
//! One loop starts jobs, each of which has a thread, and is told by them what their commands print
//! and how they end; nobody else writes or counts. What it holds in memory are the commands that
//! run and the names of those that are to, nothing of those that have.

mod child;
mod ending;
mod job;
mod output;
mod printed;
mod progress;
mod slots;

use std::fmt::Display;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, available_parallelism};
use std::time::Instant;

use netns::process::{self, SigchldHeeded, SigpipeIgnored};
use netns::view::Base;
use netns::{Name, Names};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use crate::{Cli, Exit, Failure};
use job::{Jobs, Task, Unstarted};
use output::{Lines, Output, Stream};
use progress::Progress;
use slots::Slots;

/// How many events wait to be taken. Who prints faster than that waits as well.
const EVENTS: usize = 16;

/// Something that happens meanwhile.
enum Event {
    /// A command has printed these lines.
    Printed(Stream, Vec<u8>),
    /// The job in this namespace is over.
    Ended(Name, Result<(), Unstarted>),
    /// Everything is to end.
    Ending,
    /// What still runs cannot be killed.
    GivenUp,
}

/// Run the command everywhere, with SIGPIPE as it was before we ignored it.
pub(crate) fn run(cli: &Cli, sigpipe: ManuallyDrop<SigpipeIgnored>) -> Result<Exit, Failure> {
    if cli.name_and_command.is_empty() {
        let why = "--all takes a COMMAND (netns-exec --help)";
        return Err((Exit::Failed, why.into()));
    }
    if !process::can_be_awaited() {
        let why = "--all takes Linux 5.3 or later (pidfd_open)";
        return Err((Exit::Failed, why.into()));
    }
    let failed = |error: netns::Error| (Exit::Failed, error.to_string());
    let mut names = Names::read().map_err(failed)?;
    if let Some(pattern) = &cli.pattern {
        names.retain(|name| name.matches(pattern));
    }
    let failed_to = |error: io::Error| (Exit::Failed, format!("cannot run commands: {error}"));
    // Else what commands print would go where these are opened again.
    process::open_standard_descriptors().map_err(|errno| failed_to(errno.into()))?;
    let base = Base::enter().map_err(failed)?;
    let mut all = All::new(cli, base, sigpipe, names.len()).map_err(failed_to)?;
    Ok(all.run_in(names))
}

/// Commands in all namespaces.
struct All {
    task: Arc<Task>,
    /// How many jobs there are at a time: more than commands may run, so that the next views are
    /// made already when a command ends.
    at_once: usize,
    slots: usize,
    /// Those to be started again.
    again: Vec<Name>,
    events: Receiver<Event>,
    output: Output,
    progress: Progress,
    /// Why standard output cannot be written to.
    unwritable: Option<Errno>,
    has_given_up: bool,
}

impl All {
    fn new(
        cli: &Cli,
        base: Base,
        sigpipe: ManuallyDrop<SigpipeIgnored>,
        count: usize,
    ) -> io::Result<All> {
        let signals = signals();
        // The threads of jobs inherit that.
        let mask = signals.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let (sender, events) = sync_channel(EVENTS);
        let processors = available_parallelism().map_or(1, usize::from);
        let slots = cli.jobs.map_or(processors, usize::from);
        let task = Arc::new(Task {
            base,
            cli: cli.clone(),
            command: cli.name_and_command.clone(),
            nothing: File::open("/dev/null")?,
            mask,
            sigpipe,
            sigchld: SigchldHeeded::new(),
            file_limit: process::raise_file_limit(),
            slots: Arc::new(Slots::new(slots)),
            jobs: Jobs::default(),
            events: sender,
        });
        let heard = task.clone();
        thread::Builder::new().spawn(move || ending::hear(&signals, &heard))?;
        Ok(All {
            task,
            // One at a time is to be one after the other.
            at_once: match slots {
                1 => 1,
                _ => slots.saturating_add(processors),
            },
            slots,
            again: Vec::new(),
            events,
            output: Output::default(),
            progress: Progress::new(count),
            unwritable: None,
            has_given_up: false,
        })
    }

    fn run_in(&mut self, mut names: Names) -> Exit {
        loop {
            while self.task.slots.ending().is_none() && self.task.jobs.len() < self.at_once {
                let Some(name) = self.again.pop().or_else(|| names.next()) else {
                    break;
                };
                self.start(name);
            }
            if self.task.jobs.len() == 0 || self.has_given_up {
                break;
            }
            self.take_event();
            self.progress.show(&self.task.jobs);
        }
        self.end()
    }

    /// Tell how it went.
    fn end(&mut self) -> Exit {
        let unwritable = self
            .unwritable
            .filter(|errno| *errno != Errno::EPIPE)
            .map(|errno| format!("standard output failed: {}", errno.desc()));
        let ending = self.task.slots.ending();
        let interrupted: Option<&dyn Display> = match (&unwritable, &ending) {
            (Some(why), _) => Some(why),
            (None, Some(signal)) => Some(signal),
            (None, None) => None,
        };
        self.progress.sum_up(&mut self.output, interrupted);
        if unwritable.is_none()
            && let Some(signal) = ending
        {
            ending::die_of(&self.task, signal);
        }
        if self.progress.viewless > 0 || unwritable.is_some() {
            Exit::Failed
        } else if self.progress.failed > 0 || ending.is_some() {
            Exit::Trouble
        } else {
            Exit::Success
        }
    }

    fn start(&mut self, name: Name) {
        // There will never be more at a time again.
        let is_alone = self.at_once == 1;
        let started = self.task.base.open(&name).map_err(Unstarted::from);
        let started = started.and_then(|namespace| {
            job::start(&self.task, name.clone(), namespace, is_alone).map_err(|error| {
                let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
                Unstarted::new(errno, format!("cannot start a thread: {error}"))
            })
        });
        match started {
            Ok(()) => {}
            Err(Unstarted::Exhausted(_)) if !is_alone => self.fewer(name),
            Err(Unstarted::Exhausted(why) | Unstarted::Failed((_, why))) => {
                self.progress.ended(false, true);
                self.complain(format_args!("{name}: {why}"));
            }
            Err(Unstarted::Late | Unstarted::Dropped) => {}
        }
        self.progress.show(&self.task.jobs);
    }

    /// No more jobs at a time than there are; this one is to wait. Even if there is none any more:
    /// those that have ended since may have had what it lacked.
    fn fewer(&mut self, name: Name) {
        self.at_once = self.task.jobs.len().max(1);
        self.again.push(name);
    }

    /// Wait until something happens, or is due.
    fn take_event(&mut self) {
        let event = match self.progress.due() {
            None => self.events.recv().map_err(RecvTimeoutError::from),
            Some(due) => {
                let rest = due.saturating_duration_since(Instant::now());
                self.events.recv_timeout(rest)
            }
        };
        match event {
            Ok(Event::Printed(stream, lines)) => self.write(stream, &lines),
            Ok(Event::Ended(name, end)) => self.ended(name, end),
            Ok(Event::GivenUp) => self.has_given_up = true,
            // There is a sender in the task.
            Ok(Event::Ending) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            }
        }
    }

    fn write(&mut self, stream: Stream, lines: &[u8]) {
        if self.unwritable.is_some() && stream == Stream::Output {
            return;
        }
        if let Err(errno) = self.output.write(&mut self.progress, stream, lines) {
            self.unwritable = Some(errno);
            ending::end(&self.task, Signal::SIGPIPE);
        }
    }

    fn complain(&mut self, message: impl Display) {
        self.output.complain(&mut self.progress, message);
    }

    fn ended(&mut self, name: Name, end: Result<(), Unstarted>) {
        let Some(job) = self.task.jobs.remove(&name) else {
            return;
        };
        let how = job.child.wait();
        let (exit, why) = match end {
            Ok(()) => {
                self.progress.ended(how.is_none(), false);
                if let Some(how) = how {
                    self.complain(format_args!("{name}: {how}"));
                }
                return;
            }
            Err(Unstarted::Dropped) => return,
            Err(Unstarted::Late) => {
                // Commands take their time here, so views need not be there before them.
                self.at_once = self.at_once.min(self.slots);
                return self.again.push(name);
            }
            Err(Unstarted::Exhausted(_)) if !job.is_alone => return self.fewer(name),
            Err(Unstarted::Exhausted(why)) => (Exit::Failed, why),
            Err(Unstarted::Failed(failure)) => failure,
        };
        let line = Lines::of(&name).take(format!("netns-exec: {why}\n").as_bytes());
        self.write(Stream::Error, &line);
        let is_viewless = exit == Exit::Failed;
        self.progress.ended(false, is_viewless);
        if !is_viewless {
            self.complain(format_args!("{name}: exit status {}", exit as u8));
        }
    }
}

/// The signals that end everything. One that is ignored is to stay so.
fn signals() -> SigSet {
    let ends = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM];
    let heard = ends.into_iter().filter(|&signal| !process::ignores(signal));
    SigSet::from_iter(heard)
}
