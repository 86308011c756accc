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
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use netns::process::{self, FileLimit, NotStarted, SigchldHeeded, SigpipeIgnored, Start};
use netns::view::{self, Base};
use netns::{Name, Namespace, User};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::pipe2;

use super::Event;
use super::child::Child;
use super::printed::Printed;
use super::slots::{Slots, Turn};
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
    /// The limit of open files that commands have.
    pub(super) file_limit: Option<FileLimit>,
    pub(super) slots: Arc<Slots>,
    pub(super) jobs: Jobs,
    pub(super) events: SyncSender<Event>,
}

/// A command that runs, or is about to.
pub(super) struct Job {
    pub(super) name: Name,
    pub(super) child: Arc<Child>,
    /// No other job is there before it has ended.
    pub(super) is_alone: bool,
}

/// Why a job has started no command.
pub(super) enum Unstarted {
    Failed(Failure),
    /// There are too many for this process or the system.
    Exhausted(String),
    /// Its turn did not come while the view was new. It is to be started again.
    Late,
    /// Everything is to end.
    Dropped,
}

impl Unstarted {
    /// For want of something that others may give back, or a failure.
    pub(super) fn new(errno: Errno, why: String) -> Unstarted {
        match errno {
            // The last one is that of too many mount namespaces.
            Errno::EMFILE | Errno::ENFILE | Errno::EAGAIN | Errno::ENOMEM | Errno::ENOSPC => {
                Unstarted::Exhausted(why)
            }
            _ => Unstarted::Failed((Exit::Failed, why)),
        }
    }
}

impl From<netns::Error> for Unstarted {
    fn from(error: netns::Error) -> Self {
        let errno = error.errno().unwrap_or(Errno::UnknownErrno);
        Unstarted::new(errno, error.to_string())
    }
}

/// The jobs that there are.
#[derive(Default)]
pub(super) struct Jobs(Mutex<Vec<Job>>);

impl Jobs {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Take out the one in this namespace, which nobody signals any more.
    pub(super) fn remove(&self, name: &Name) -> Option<Job> {
        let mut jobs = self.lock();
        let index = jobs.iter().position(|job| job.name == *name)?;
        Some(jobs.swap_remove(index))
    }

    /// Send all a signal.
    pub(super) fn signal(&self, signal: Signal) {
        self.lock().iter().for_each(|job| job.child.signal(signal));
    }
}

/// Start a command in a namespace.
///
/// # Errors
/// If there is no thread to be had.
pub(super) fn start(
    task: &Arc<Task>,
    name: Name,
    namespace: Namespace,
    is_alone: bool,
) -> io::Result<()> {
    let child = Arc::<Child>::default();
    task.jobs.lock().push(Job {
        name: name.clone(),
        child: child.clone(),
        is_alone,
    });
    let ours = task.clone();
    let is_name = name.clone();
    let thread = thread::Builder::new().spawn(move || {
        let end = run(&ours, &name, namespace, &child);
        // If this fails, nobody waits for it any more.
        let _ = ours.events.send(Event::Ended(name, end));
    });
    thread.map(drop).inspect_err(|_| {
        task.jobs.remove(&is_name);
    })
}

/// On the thread of a job, until its command has ended.
fn run(task: &Task, name: &Name, namespace: Namespace, child: &Child) -> Result<(), Unstarted> {
    let label = name.as_os_str();
    let mut told = Vec::new();
    let report = &mut |event| told.extend(command::line(label, task.cli.verbose, &event));
    let (ours, theirs) = pipes()?;
    let mut printed = Printed::new(&task.events, name);
    let started = (|| {
        let options = command::options(&task.cli);
        let view = task.base.enter_bare(&namespace, options, report)?;
        drop(namespace);
        let slot = match task.slots.take(PATIENCE) {
            Turn::Now(slot) => slot,
            Turn::Missed => return Err(Unstarted::Late),
            Turn::Never => return Err(Unstarted::Dropped),
        };
        // What files decide is of the time when the command starts.
        let mut view = view.furnish(Some(name), report)?;
        let user = command::find_user(&task.cli)?;
        view.settle(report)?;
        let looking = user.as_ref().map(User::look_as_user).transpose()?;
        if looking.is_some() {
            view.verify()?;
        }
        let pidfd = spawn(task, name, user.as_ref(), &theirs, child)?;
        drop(looking);
        child.heed(&task.slots);
        // Now that there is a process in it, whoever heals views sees it.
        if let Err(error) = view.renew(report) {
            report(view::Event::Warning(error.to_string()));
        }
        Ok((slot, pidfd))
    })();
    if !matches!(started, Err(Unstarted::Late | Unstarted::Dropped)) {
        told.iter().for_each(|line| printed.complain(line));
    }
    let (slot, pidfd) = started?;
    drop(theirs);
    printed.pass_on(ours, &pidfd, slot);
    Ok(())
}

/// Start the command, which prints to two pipes.
fn spawn(
    task: &Task,
    name: &Name,
    user: Option<&User>,
    [out, err]: &[OwnedFd; 2],
    child: &Child,
) -> Result<OwnedFd, Unstarted> {
    let start = Start {
        pid: &child.pid,
        stdio: [task.nothing.as_fd(), out.as_fd(), err.as_fd()],
        mask: &task.mask,
        sigpipe: &task.sigpipe,
        sigchld: &task.sigchld,
        file_limit: task.file_limit,
        user,
    };
    process::spawn(&task.command, name.as_os_str(), &start).map_err(|error| match error {
        NotStarted::Failed(error) => error.into(),
        error => Unstarted::Failed(command::not_started(&task.command, error)),
    })
}

/// The ends of two pipes to read from, and those to write to.
fn pipes() -> Result<([File; 2], [OwnedFd; 2]), Unstarted> {
    let pipe = || {
        pipe2(OFlag::O_CLOEXEC).map_err(|errno| {
            let why = format!("cannot take what it prints: {}", errno.desc());
            Unstarted::new(errno, why)
        })
    };
    let ((out, out_writer), (err, err_writer)) = (pipe()?, pipe()?);
    Ok(([out.into(), err.into()], [out_writer, err_writer]))
}
