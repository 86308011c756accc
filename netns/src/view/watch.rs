//! Views healed as soon as something happens to them: a loop on inotify(7).
//!
//! Events only say when to look; what is to be done is found out by looking. So nothing is lost
//! when events are.

mod directories;
mod pace;

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::found::{FoundView, look_for};
use super::heal::{Care, Mended};
use crate::error::errno_of;
use crate::namespace::NamespaceId;
use crate::{Error, Name};
use directories::Directories;
use pace::Pace;

/// How long the host may take to put a new file where it has removed one.
const PATIENCE: Duration = Duration::from_millis(500);

/// Something worth telling while views are watched.
#[derive(Debug)]
pub enum WatchEvent<'a> {
    /// All views are whole, and whatever happens from now on is seen.
    Ready,
    /// Something was put right in a view.
    Mended(&'a FoundView, &'a Mended),
    /// A view could not be healed. Told once, until something else is wrong with it.
    Failed(&'a FoundView, &'a Error),
}

/// What it takes to watch.
pub struct Watch {
    name: Option<Name>,
    directories: Directories,
    /// What is mounted here, proc_pid_mountinfo(5): a mount of the host's comes into the views.
    mounts: File,
    signals: SignalFd,
    /// Those known so far.
    views: Vec<FoundView>,
    /// Until when something that is to be done may be put off.
    deadline: Option<Instant>,
    failures: HashMap<NamespaceId, String>,
}

/// What the loop was woken by.
enum Wake {
    /// A signal: it ends.
    Signal,
    /// Something that happened, or that the time is over.
    Look {
        /// Views are to be entered even if they look whole.
        thorough: bool,
    },
}

impl Watch {
    /// Watch over all views, or those that show the overrides of `name`. Each view that is known
    /// takes a descriptor.
    ///
    /// SIGTERM, SIGINT and SIGHUP are blocked in the calling thread from now on: they end
    /// [`Watch::run`].
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn new(name: Option<Name>) -> Result<Watch, Error> {
        let failed = |errno| Error::system("watch for changes", errno);
        let mask = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP]);
        mask.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Watch {
            directories: Directories::new(name.clone())?,
            name,
            mounts: File::open("/proc/self/mountinfo")
                .map_err(|error| Error::system("read /proc/self/mountinfo", errno_of(&error)))?,
            signals: SignalFd::with_flags(&mask, flags).map_err(failed)?,
            views: Vec::new(),
            deadline: None,
            failures: HashMap::new(),
        })
    }

    /// Heal views whenever one needs it, until a signal says to end.
    ///
    /// # Errors
    /// [`Error::System`] if it is not possible to watch any longer.
    pub fn run(mut self, report: &mut dyn FnMut(WatchEvent<'_>)) -> Result<(), Error> {
        let mut pace = Pace::default();
        self.round(true, report)?;
        report(WatchEvent::Ready);
        while let Wake::Look { thorough } = self.wait()? {
            let begun = Instant::now();
            if self.round(thorough, report)? {
                continue;
            }
            if let Some(pause) = pace.idle(begun, Instant::now())
                && self.is_to_end_within(pause)?
            {
                break;
            }
        }
        Ok(())
    }

    /// Wait for something to happen.
    fn wait(&mut self) -> Result<Wake, Error> {
        loop {
            let mut fds = [
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.directories.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.mounts.as_fd(), PollFlags::POLLPRI),
            ];
            wait_for(&mut fds, rest_until(self.deadline))?;
            let [is_signal, is_event, is_mount] = fds.map(|fd| fd.any() == Some(true));
            if is_signal {
                return Ok(Wake::Signal);
            }
            let happened = self.directories.drain()?;
            if happened.something || is_mount || !is_event {
                let thorough = happened.hidden;
                return Ok(Wake::Look { thorough });
            }
        }
    }

    fn is_to_end_within(&self, pause: Duration) -> Result<bool, Error> {
        let mut fds = [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(pause).unwrap_or(PollTimeout::MAX);
        wait_for(&mut fds, timeout)?;
        Ok(fds[0].any() == Some(true))
    }

    /// Heal what is known, at once, and then what is new. Whether anything was to be done.
    fn round(
        &mut self,
        thorough: bool,
        report: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<bool, Error> {
        let care = Care {
            thorough,
            patient: self.deadline.is_none_or(|end| Instant::now() < end),
        };
        let mut round = Round {
            care,
            was_busy: false,
            is_waiting: false,
        };
        for view in &self.views {
            round.heal(view, &mut self.failures, report);
        }
        // Before looking any further: what happens afterwards is an event again.
        let looks_further = self.directories.complete()?;
        let known = look_for(self.name.as_ref(), &mut self.views)?;
        let unseen = if looks_further { 0 } else { known };
        for view in &self.views[unseen..] {
            round.heal(view, &mut self.failures, report);
        }
        let views = &self.views;
        self.failures
            .retain(|id, _| views.iter().any(|view| view.id() == *id));
        self.deadline = match (round.is_waiting, self.deadline) {
            (false, _) => None,
            (true, None) => Some(Instant::now() + PATIENCE),
            (true, deadline) => deadline,
        };
        Ok(round.was_busy)
    }
}

/// One look at all views.
struct Round {
    care: Care,
    was_busy: bool,
    is_waiting: bool,
}

impl Round {
    fn heal(
        &mut self,
        view: &FoundView,
        failures: &mut HashMap<NamespaceId, String>,
        report: &mut dyn FnMut(WatchEvent<'_>),
    ) {
        let healed = view.heal(self.care);
        self.is_waiting |= healed.is_waiting;
        self.was_busy |= !healed.mended.is_empty();
        for mended in &healed.mended {
            report(WatchEvent::Mended(view, mended));
        }
        match &healed.failure {
            None => {
                failures.remove(&view.id());
            }
            Some(error) => {
                let text = error.to_string();
                if failures.insert(view.id(), text.clone()) != Some(text) {
                    report(WatchEvent::Failed(view, error));
                }
            }
        }
    }
}

fn rest_until(deadline: Option<Instant>) -> PollTimeout {
    let Some(deadline) = deadline else {
        return PollTimeout::NONE;
    };
    // Rounded up: not to wake just before.
    let rest = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    PollTimeout::try_from(rest).unwrap_or(PollTimeout::MAX)
}

fn wait_for(fds: &mut [PollFd<'_>], timeout: PollTimeout) -> Result<(), Error> {
    loop {
        match poll(fds, timeout) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::system("wait for changes", errno)),
        }
    }
}
