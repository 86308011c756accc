//! The end of everything before its time: at a signal, or when nobody reads any more.
//!
//! It does not take the thread that writes, which may have to wait for a reader for ever.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::unistd::getpid;

use super::Event;
use super::job::Task;

/// How long commands may take to end after a signal before they are killed, and then before nobody
/// waits for them any more.
const GRACE: Duration = Duration::from_secs(2);

/// On a thread of its own: end everything by the signals that come.
pub(super) fn hear(signals: &SigSet, task: &Arc<Task>) {
    while let Ok(signal) = signals.wait() {
        end(task, signal);
    }
}

/// Start nothing more, and let what runs end by this signal.
pub(super) fn end(task: &Arc<Task>, signal: Signal) {
    let is_first = task.slots.end(signal);
    task.jobs.signal(signal);
    if !is_first {
        return;
    }
    // If it waits. If not, it will look.
    let _ = task.events.try_send(Event::Ending);
    let late = task.clone();
    let thread = thread::Builder::new().spawn(move || finish(&late, signal));
    if thread.is_err() {
        kill_all(task);
    }
}

fn finish(task: &Task, signal: Signal) {
    thread::sleep(GRACE);
    kill_all(task);
    thread::sleep(GRACE);
    let _ = task.events.try_send(Event::GivenUp);
    // Who takes events now sums up, unless it waits for a reader.
    thread::sleep(GRACE);
    die_of(task, signal);
    let _ = kill(getpid(), Signal::SIGKILL);
}

fn kill_all(task: &Task) {
    task.slots.end(Signal::SIGKILL);
    task.jobs.signal(Signal::SIGKILL);
}

/// End as if the signal had never been held back, unless the caller has it ignored or blocked.
pub(super) fn die_of(task: &Task, signal: Signal) {
    if signal == Signal::SIGPIPE {
        task.sigpipe.restore();
    }
    let _ = task.mask.thread_set_mask();
    let _ = raise(signal);
}
