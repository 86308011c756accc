//! The process of a command.

use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::slots::Slots;

/// A process that is about to be started, is about to be the command, or is it.
#[derive(Default)]
pub(super) struct Child {
    /// 0 until there is one; then of this process alone until [`Child::wait`].
    pub(super) pid: AtomicI32,
}

impl Child {
    fn id(&self) -> Option<Pid> {
        let pid = self.pid.load(Ordering::SeqCst);
        (pid != 0).then(|| Pid::from_raw(pid))
    }

    pub(super) fn is_there(&self) -> bool {
        self.id().is_some()
    }

    /// Send it, and all that it has started, a signal.
    pub(super) fn signal(&self, signal: Signal) {
        // It leads a group, but not yet in its first moment.
        if let Some(pid) = self.id()
            && killpg(pid, signal).is_err()
        {
            let _ = kill(pid, signal);
        }
    }

    /// Send it what was sent to all. Whoever sends that either has seen it or is seen here.
    pub(super) fn heed(&self, slots: &Slots) {
        if let Some(signal) = slots.last_signal() {
            self.signal(signal);
        }
    }

    /// How it failed; None if it did not, or there was none. To be called when nobody signals it
    /// any more.
    pub(super) fn wait(&self) -> Option<String> {
        match waitpid(self.id()?, None) {
            Ok(WaitStatus::Exited(_, 0)) => None,
            Ok(WaitStatus::Exited(_, code)) => Some(format!("exit status {code}")),
            Ok(WaitStatus::Signaled(_, signal, _)) => Some(format!("killed by {signal}")),
            Ok(other) => Some(format!("{other:?}")),
            Err(errno) => Some(format!("exit status lost: {}", errno.desc())),
        }
    }
}
