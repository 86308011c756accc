//! One command that runs, on a thread of its own: it moves into a view, starts the command there
//! when it is its turn, passes on what that prints, and tells when it has ended.
//!
//! Whatever a view changes is the thread's, and gone with it. The thread that starts jobs, and
//! what it has open, stays where it is.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd as _, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use netns::process::{self, SigchldHeeded, SigpipeIgnored, Start, Started};
use netns::view::{self, Base, View};
use netns::{Name, Namespace, User};
use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, pipe2};

use super::Event;
use super::printed::Printed;
use super::slots::{Slot, Slots, Turn};
use crate::{Cli, Exit, Failure, command};

/// How long a view waits for its command's turn. After that it is too old: the host may have
/// changed.
const PATIENCE: Duration = Duration::from_millis(100);

/// What all jobs have in common.
pub(super) struct Task {
    pub(super) base: Base,
    pub(super) cli: Cli,
    pub(super) command: Vec<OsString>,
    /// What commands read.
    pub(super) nothing: File,
    /// The signals that are blocked for commands.
    pub(super) mask: SigSet,
    /// SIGPIPE and SIGCHLD do for commands what they did before.
    pub(super) sigpipe: ManuallyDrop<SigpipeIgnored>,
    pub(super) sigchld: SigchldHeeded,
    pub(super) slots: Arc<Slots>,
    pub(super) events: SyncSender<Event>,
}

/// A command that runs, or is about to.
pub(super) struct Job {
    name: Name,
    process: Process,
}

/// Why a job has started no command.
pub(super) enum Unstarted {
    Failed(Failure),
    /// Its turn did not come while the view was new. It is to be started again.
    Late,
    /// Everything is to end.
    Dropped,
}

impl From<netns::Error> for Unstarted {
    fn from(error: netns::Error) -> Self {
        Unstarted::Failed((Exit::Failed, error.to_string()))
    }
}

impl Job {
    /// Start a command in a namespace.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(super) fn start(task: &Arc<Task>, name: Name, namespace: Namespace) -> io::Result<Job> {
        let process = Process::default();
        let job = Job {
            name: name.clone(),
            process: process.clone(),
        };
        let task = task.clone();
        thread::Builder::new().spawn(move || {
            let run = || run(&task, &name, &namespace, &process);
            let end = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
                let why = "its thread has panicked";
                Err(Unstarted::Failed((Exit::Failed, why.into())))
            });
            // If this fails, nobody waits for it any more.
            let _ = task.events.send(Event::Ended(name, end));
        })?;
        Ok(job)
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    /// Send its process, and all that it has started, a signal.
    pub(super) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// How it failed, once its process has ended; None if it did not.
    pub(super) fn wait(&self) -> Option<String> {
        match self.process.pid().map(|pid| waitpid(pid, None))? {
            Ok(WaitStatus::Exited(_, 0)) => None,
            Ok(WaitStatus::Exited(_, code)) => Some(format!("exit status {code}")),
            Ok(WaitStatus::Signaled(_, signal, _)) => Some(format!("killed by {signal}")),
            Ok(other) => Some(format!("{other:?}")),
            Err(errno) => Some(format!("exit status lost: {}", errno.desc())),
        }
    }
}

/// The process of a command, which leads a group: 0 until there is one.
#[derive(Clone, Default)]
struct Process(Arc<AtomicI32>);

impl Process {
    fn pid(&self) -> Option<Pid> {
        let pid = self.0.load(Ordering::SeqCst);
        (pid != 0).then(|| Pid::from_raw(pid))
    }

    /// It was not waited for yet, so its number is no other's.
    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            let _ = killpg(pid, signal);
        }
    }
}

/// On the thread of a job, until its command has ended.
fn run(
    task: &Task,
    name: &Name,
    namespace: &Namespace,
    process: &Process,
) -> Result<(), Unstarted> {
    let mut printed = Printed::new(&task.events, name);
    let (ours, [out, err]) = pipes().map_err(Unstarted::Failed)?;
    let (user, slot) = prepare(task, name, namespace, &mut printed)?;
    let start = Start {
        stdio: [task.nothing.as_fd(), out.as_fd(), err.as_fd()],
        mask: &task.mask,
        sigpipe: &task.sigpipe,
        sigchld: &task.sigchld,
        user: user.as_ref(),
    };
    let Started { pid, pidfd } = process::spawn(&task.command, name.as_os_str(), &start)
        .map_err(|error| Unstarted::Failed(command::not_started(&task.command, error)))?;
    drop((out, err));
    process.0.store(pid.as_raw(), Ordering::SeqCst);
    // Whoever ends everything either sees the process or is seen here.
    if let Some(signal) = task.slots.ending() {
        process.signal(signal);
    }
    printed.pass_on(ours, &pidfd, slot);
    Ok(())
}

/// Move this thread into the view, and wait for the command's turn. The user that it is to run as,
/// and its place.
fn prepare(
    task: &Task,
    name: &Name,
    namespace: &Namespace,
    printed: &mut Printed<'_>,
) -> Result<(Option<User>, Slot), Unstarted> {
    let mut told = Vec::new();
    let report = &mut |event| {
        told.extend(command::line(name.as_os_str(), task.cli.verbose, &event));
    };
    let entered = enter(task, name, namespace, report);
    let mut tell = || told.iter().for_each(|line| printed.complain(line));
    let (view, user) = entered.inspect_err(|_| tell())?;
    let slot = match task.slots.take(PATIENCE) {
        Turn::Now(slot) => slot,
        Turn::Later(slot) if view.verify().is_ok() => slot,
        Turn::Later(_) | Turn::Missed => return Err(Unstarted::Late),
        Turn::Never => return Err(Unstarted::Dropped),
    };
    tell();
    Ok((user, slot))
}

/// Move this thread into the view, as far as the user sees it that the command is to run as.
fn enter(
    task: &Task,
    name: &Name,
    namespace: &Namespace,
    report: &mut dyn FnMut(view::Event),
) -> Result<(View, Option<User>), netns::Error> {
    let options = command::options(&task.cli);
    let mut view = task.base.enter_view(namespace, name, options, report)?;
    let user = command::find_user(&task.cli)?;
    view.settle(report)?;
    if let Some(user) = &user {
        user.look_as_user()?;
        view.verify()?;
    }
    Ok((view, user))
}

/// The ends of two pipes to read from, and those to write to.
fn pipes() -> Result<([File; 2], [OwnedFd; 2]), Failure> {
    let pipe = || {
        pipe2(OFlag::O_CLOEXEC).map_err(|errno| {
            let why = format!("cannot take what it prints: {}", errno.desc());
            (Exit::Failed, why)
        })
    };
    let ((out, out_writer), (err, err_writer)) = (pipe()?, pipe()?);
    Ok(([out.into(), err.into()], [out_writer, err_writer]))
}
