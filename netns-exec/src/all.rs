//! `--all`: a command in every namespace, several at a time.
//!
//! One loop starts jobs, each of which has a thread, and is told by them what their commands print
//! and how they end; nobody else writes or counts. What it holds in memory are the commands that
//! run, not those that are to run or have.

mod job;
mod output;
mod printed;
mod progress;
mod slots;

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use netns::process::{self, SigchldHeeded, SigpipeIgnored};
use netns::view::Base;
use netns::{Name, Names};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise};

use crate::{Cli, Exit, Failure};
use job::{Job, Task, Unstarted};
use output::{Lines, Output, Stream};
use progress::Progress;
use slots::Slots;

/// How long commands may take to end after a signal before they are killed, and then before nobody
/// waits for them any more.
const GRACE: Duration = Duration::from_secs(2);

/// How many events wait to be taken. Who prints faster than that waits as well.
const EVENTS: usize = 16;

/// Something that happens meanwhile.
enum Event {
    /// A command has printed these lines.
    Printed(Stream, Vec<u8>),
    /// The job in this namespace is over.
    Ended(Name, Result<(), Unstarted>),
    /// This process has got a signal.
    Signal(Signal),
}

/// Run the command everywhere, with SIGPIPE as it was before we ignored it.
pub(crate) fn run(cli: &Cli, sigpipe: ManuallyDrop<SigpipeIgnored>) -> Result<Exit, Failure> {
    if cli.name_and_command.is_empty() {
        let why = "--all takes a COMMAND (netns-exec --help)";
        return Err((Exit::Failed, why.into()));
    }
    let failed = |error: netns::Error| (Exit::Failed, error.to_string());
    let mut names = Names::read().map_err(failed)?;
    if let Some(pattern) = &cli.pattern {
        let text = CString::new(pattern.as_bytes());
        let text = text.map_err(|_| (Exit::Failed, "--match: GLOB has a NUL byte".to_owned()))?;
        names.retain(|name| name.matches(&text));
    }
    let base = Base::enter().map_err(failed)?;
    let mut all = All::new(cli, base, sigpipe, names.len()).map_err(|error| {
        let why = format!("cannot run several commands: {error}");
        (Exit::Failed, why)
    })?;
    Ok(all.run_in(names))
}

/// Commands in all namespaces.
struct All {
    task: Arc<Task>,
    /// How many jobs there are at a time: more than commands may run, so that the next views are
    /// made already when a command ends.
    at_once: usize,
    slots: usize,
    jobs: Vec<Job>,
    /// The namespaces of jobs that came too late.
    late: Vec<Name>,
    events: Receiver<Event>,
    output: Output,
    progress: Progress,
    ending: Option<Ending>,
}

/// The end of everything before its time.
#[derive(Clone, Copy)]
struct Ending {
    signal: Signal,
    /// When what still runs gets the next signal.
    next: Instant,
    is_killed: bool,
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
        let task = Task {
            base,
            cli: cli.clone(),
            command: cli.name_and_command.clone(),
            nothing: File::open("/dev/null")?,
            mask,
            sigpipe,
            sigchld: SigchldHeeded::new(),
            slots: Arc::new(Slots::new(slots)),
            events: sender.clone(),
        };
        thread::Builder::new().spawn(move || hear(signals, &sender))?;
        Ok(All {
            task: Arc::new(task),
            // One at a time is to be one after the other.
            at_once: match slots {
                1 => 1,
                _ => slots.saturating_add(processors),
            },
            slots,
            jobs: Vec::new(),
            late: Vec::new(),
            events,
            output: Output::default(),
            progress: Progress::new(count),
            ending: None,
        })
    }

    fn run_in(&mut self, mut names: Names) -> Exit {
        loop {
            while self.jobs.len() < self.at_once && self.ending.is_none() {
                let Some(name) = self.late.pop().or_else(|| names.next()) else {
                    break;
                };
                self.start(name);
            }
            if self.jobs.is_empty() {
                break;
            }
            self.take_event();
            self.go_on_ending();
            self.show();
        }
        let is_interrupted = self.ending.map(|ending| ending.signal);
        self.progress.sum_up(&mut self.output, is_interrupted);
        if let Some(signal) = is_interrupted {
            // As if it had never been held back.
            let _ = self.task.mask.thread_set_mask();
            let _ = raise(signal);
        }
        if self.progress.viewless > 0 {
            Exit::Failed
        } else if self.progress.failed > 0 {
            Exit::Trouble
        } else {
            Exit::Success
        }
    }

    fn start(&mut self, name: Name) {
        let started = self
            .task
            .base
            .open(&name)
            .map_err(|error| error.to_string());
        let started = started.and_then(|namespace| {
            Job::start(&self.task, name.clone(), namespace)
                .map_err(|error| format!("cannot start a thread: {error}"))
        });
        match started {
            Ok(job) => self.jobs.push(job),
            Err(why) => {
                self.progress.ended(false, true);
                self.output
                    .complain(&mut self.progress, format_args!("{name}: {why}"));
            }
        }
        self.show();
    }

    fn show(&mut self) {
        let running = self.jobs.iter().map(Job::name);
        self.progress.show(running);
    }

    /// Wait until something happens, or is due.
    fn take_event(&mut self) {
        let due = match self.ending {
            None => self.progress.due(),
            Some(ending) => Some(ending.next),
        };
        let event = match due {
            None => self.events.recv().map_err(RecvTimeoutError::from),
            Some(due) => {
                let rest = due.saturating_duration_since(Instant::now());
                self.events.recv_timeout(rest)
            }
        };
        match event {
            Ok(Event::Printed(stream, lines)) => self.write(stream, &lines),
            Ok(Event::Ended(name, end)) => self.ended(name, end),
            Ok(Event::Signal(signal)) => self.end_all(signal),
            // There is a sender in the task.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }

    fn write(&mut self, stream: Stream, lines: &[u8]) {
        let written = self.output.write(&mut self.progress, stream, lines);
        if written.is_err() {
            // Nobody reads any more.
            self.end_all(Signal::SIGPIPE);
        }
    }

    fn ended(&mut self, name: Name, end: Result<(), Unstarted>) {
        let Some(index) = self.jobs.iter().position(|job| *job.name() == name) else {
            return;
        };
        let job = self.jobs.swap_remove(index);
        let how = match end {
            Ok(()) => job.wait(),
            Err(Unstarted::Failed((exit, why))) => {
                let line = Lines::of(&name).take(format!("netns-exec: {why}\n").as_bytes());
                self.write(Stream::Error, &line);
                if exit == Exit::Failed {
                    return self.progress.ended(false, true);
                }
                Some(format!("exit status {}", exit as u8))
            }
            Err(Unstarted::Late) => {
                // Commands take their time here, so views need not be there before them.
                self.at_once = self.slots;
                self.late.push(name);
                return;
            }
            Err(Unstarted::Dropped) => return,
        };
        self.progress.ended(how.is_none(), false);
        if let Some(how) = how {
            self.output
                .complain(&mut self.progress, format_args!("{name}: {how}"));
        }
    }

    /// Start nothing more, and let what runs end.
    fn end_all(&mut self, signal: Signal) {
        self.ending.get_or_insert_with(|| Ending {
            signal,
            next: Instant::now() + GRACE,
            is_killed: false,
        });
        self.task.slots.end(signal);
        self.jobs.iter().for_each(|job| job.signal(signal));
    }

    /// Kill what has not ended in time, then leave what cannot be killed.
    fn go_on_ending(&mut self) {
        let Some(ending) = &mut self.ending else {
            return;
        };
        if Instant::now() < ending.next {
            return;
        }
        if ending.is_killed {
            self.jobs.clear();
            return;
        }
        ending.is_killed = true;
        ending.next = Instant::now() + GRACE;
        self.jobs.iter().for_each(|job| job.signal(Signal::SIGKILL));
    }
}

/// The signals that end everything. One that is ignored is to stay so.
fn signals() -> SigSet {
    let ends = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM];
    let heard = ends.into_iter().filter(|&signal| !process::ignores(signal));
    SigSet::from_iter(heard)
}

/// On a thread of its own: tell of signals.
fn hear(signals: SigSet, events: &SyncSender<Event>) {
    while let Ok(signal) = signals.wait()
        && events.send(Event::Signal(signal)).is_ok()
    {}
}
