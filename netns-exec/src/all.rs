//! `--all`: a command in every namespace, several at a time.
//!
//! One loop on poll(2) starts commands, passes on what they print and notes how they end. What it
//! holds in memory are the commands that run, not those that are to run or have.

mod job;
mod output;
mod progress;

use std::ffi::{CString, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use netns::process::SigpipeIgnored;
use netns::view::Base;
use netns::{Name, Namespace, names};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::{Cli, Exit, Failure, command, complain};
use job::{CHUNK, Job, Viewless};
use output::{Output, Stream};
use progress::Progress;

/// How long commands may take to end after a signal before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// Run the command everywhere, with SIGPIPE as it was before we ignored it.
pub(crate) fn run(cli: &Cli, sigpipe: &SigpipeIgnored) -> Result<Exit, Failure> {
    let command = cli.name_and_command.as_slice();
    if command.is_empty() {
        let why = "--all takes a COMMAND (netns-exec --help)";
        return Err((Exit::Failed, why.into()));
    }
    let failed = |error: netns::Error| (Exit::Failed, error.to_string());
    let mut names = names().map_err(failed)?;
    if let Some(pattern) = &cli.pattern {
        let text = CString::new(pattern.as_bytes());
        let text = text.map_err(|_| (Exit::Failed, "--match: GLOB has a NUL byte".to_owned()))?;
        names.retain(|name| name.matches(&text));
    }
    let base = Base::enter().map_err(failed)?;
    let mut all = All::new(cli, command, &base, sigpipe, names.len()).map_err(|errno| {
        let why = format!("cannot run several commands: {}", errno.desc());
        (Exit::Failed, why)
    })?;
    all.run_in(names.into_iter())
}

/// Commands in all namespaces.
struct All<'a> {
    cli: &'a Cli,
    command: &'a [OsString],
    base: &'a Base,
    sigpipe: &'a SigpipeIgnored,
    at_once: usize,
    jobs: Vec<Job>,
    /// What they print is read into it. One for all, and never cleared: after each fork(2) the
    /// first write to a page copies it.
    chunk: Vec<u8>,
    output: Output,
    progress: Progress,
    signals: SignalFd,
    /// The mask of signals that commands inherit.
    inherited: SigSet,
    viewless: Viewless,
    /// The signal that ends everything, and when.
    ending: Option<(Signal, Instant)>,
    /// Nobody reads any more.
    is_unread: bool,
}

impl<'a> All<'a> {
    fn new(
        cli: &'a Cli,
        command: &'a [OsString],
        base: &'a Base,
        sigpipe: &'a SigpipeIgnored,
        count: usize,
    ) -> nix::Result<All<'a>> {
        let mask = job::signals();
        let inherited = mask.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(All {
            cli,
            command,
            base,
            sigpipe,
            at_once: match cli.jobs {
                Some(jobs) => jobs.get(),
                None => available_parallelism().map_or(1, usize::from),
            },
            jobs: Vec::new(),
            chunk: vec![0; CHUNK],
            output: Output::default(),
            progress: Progress::new(count),
            signals: SignalFd::with_flags(&mask, flags)?,
            inherited,
            viewless: Viewless::new()?,
            ending: None,
            is_unread: false,
        })
    }

    fn run_in(&mut self, mut names: impl Iterator<Item = Name>) -> Result<Exit, Failure> {
        let failed = |errno: Errno| {
            let why = format!("cannot wait for commands: {}", errno.desc());
            (Exit::Failed, why)
        };
        loop {
            while self.jobs.len() < self.at_once && self.ending.is_none() {
                let Some(name) = names.next() else { break };
                self.start(name);
            }
            if self.jobs.is_empty() {
                break;
            }
            self.wait().map_err(failed)?;
            if self.is_unread && self.ending.is_none() {
                self.end_all(Signal::SIGPIPE);
            }
        }
        let is_interrupted = self.ending.map(|(signal, _)| signal);
        self.progress.sum_up(&mut self.output, is_interrupted);
        if let Some(signal) = is_interrupted {
            // As if it had never been held back.
            let _ = self.inherited.thread_set_mask();
            let _ = raise(signal);
        }
        Ok(if self.progress.viewless > 0 {
            Exit::Failed
        } else if self.progress.failed > 0 {
            Exit::Trouble
        } else {
            Exit::Success
        })
    }

    fn start(&mut self, name: Name) {
        let started = self.base.open(&name).map_err(|error| error.to_string());
        let started = started.and_then(|namespace| {
            let child = || self.become_command(&name, &namespace);
            Job::start(&name, child)
                .map_err(|errno| format!("cannot start a process: {}", errno.desc()))
        });
        match started {
            Ok(job) => self.jobs.push(job),
            Err(why) => {
                self.progress.ended(false, true);
                self.output
                    .complain(&mut self.progress, format_args!("{name}: {why}"));
            }
        }
        self.progress.show(&self.jobs);
    }

    /// In the process of a job. Returns only if it does not become the command.
    fn become_command(&self, name: &Name, namespace: &Namespace) -> u8 {
        let label = name.as_os_str();
        let become_it = || {
            self.sigpipe.restore();
            self.inherited.thread_set_mask().map_err(|errno| {
                let why = format!("cannot unblock signals: {}", errno.desc());
                (Exit::Failed, why)
            })?;
            command::enter_and_become(self.cli, namespace, Some(name), label, self.command)
        };
        match become_it() {
            Ok(never) => match never {},
            Err((exit, why)) => {
                complain(why);
                if exit == Exit::Failed {
                    self.viewless.tell();
                }
                exit as u8
            }
        }
    }

    /// Until something happens.
    fn wait(&mut self) -> nix::Result<()> {
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        let mut streams = Vec::new();
        for (index, job) in self.jobs.iter().enumerate() {
            for (stream, pipe) in job.pipes() {
                fds.push(PollFd::new(pipe, PollFlags::POLLIN));
                streams.push((index, stream));
            }
        }
        let timeout = match self.ending {
            None => self.progress.timeout(),
            Some((_, end)) => {
                let rest = end.saturating_duration_since(Instant::now());
                PollTimeout::try_from(rest).unwrap_or(PollTimeout::MAX)
            }
        };
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let is_ready = |fd: &PollFd<'_>| fd.any() == Some(true);
        let is_signal = is_ready(&fds[0]);
        let ready: Vec<_> = fds[1..].iter().map(is_ready).collect();
        for ((index, stream), _) in streams.into_iter().zip(ready).filter(|(_, ready)| *ready) {
            self.pass_on(index, stream);
        }
        if is_signal {
            self.take_signals()?;
        }
        if let Some((_, end)) = self.ending
            && Instant::now() >= end
        {
            self.jobs.iter().for_each(|job| job.signal(Signal::SIGKILL));
        }
        self.progress.show(&self.jobs);
        Ok(())
    }

    /// Pass on what a command has printed.
    fn pass_on(&mut self, index: usize, stream: Stream) {
        let lines = self.jobs[index].read(stream, &mut self.chunk);
        self.write(stream, &lines);
    }

    fn write(&mut self, stream: Stream, lines: &[u8]) {
        self.is_unread |= self
            .output
            .write(&mut self.progress, stream, lines)
            .is_err();
    }

    fn take_signals(&mut self) -> nix::Result<()> {
        while let Some(info) = self.signals.read_signal()? {
            match Signal::try_from(info.ssi_signo.cast_signed()) {
                Ok(Signal::SIGCHLD) => {}
                Ok(signal) => self.end_all(signal),
                Err(_) => {}
            }
        }
        loop {
            match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(()),
                Ok(status) => self.ended(status),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    fn ended(&mut self, status: WaitStatus) {
        let Some(index) = self
            .jobs
            .iter()
            .position(|job| Some(job.pid()) == status.pid())
        else {
            return;
        };
        let mut job = self.jobs.swap_remove(index);
        // Whoever it has left behind writes to nobody.
        for stream in Stream::BOTH {
            let lines = job.read_to_end(stream, &mut self.chunk);
            self.write(stream, &lines);
        }
        let is_viewless = self.viewless.has_told(job.pid());
        let how = job::description(status);
        self.progress.ended(how.is_none(), is_viewless);
        if let Some(how) = how
            && !is_viewless
        {
            let name = job.name();
            self.output
                .complain(&mut self.progress, format_args!("{name}: {how}"));
        }
    }

    /// Start nothing more, and let what runs end.
    fn end_all(&mut self, signal: Signal) {
        self.ending
            .get_or_insert_with(|| (signal, Instant::now() + GRACE));
        self.jobs.iter().for_each(|job| job.signal(signal));
    }
}
