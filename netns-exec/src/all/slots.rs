//! How many commands run at a time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;

/// Places for commands to run, until everything is to end.
pub(super) struct Slots {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    free: usize,
    /// The signals that everything ends by: the first and the last one.
    ending: Option<(Signal, Signal)>,
}

/// The place of one command, free again when this is dropped.
pub(super) struct Slot(Arc<Slots>);

/// What comes of waiting for a place.
pub(super) enum Turn {
    Now(Slot),
    /// Not in time.
    Missed,
    /// Everything is to end.
    Never,
}

impl Slots {
    pub(super) fn new(count: usize) -> Slots {
        Slots {
            state: Mutex::new(State {
                free: count,
                ending: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Wait for a place, but not longer than that.
    pub(super) fn take(self: &Arc<Self>, patience: Duration) -> Turn {
        let is_to_wait = |state: &mut State| state.free == 0 && state.ending.is_none();
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), patience, is_to_wait);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match *state {
            State {
                ending: Some(_), ..
            } => Turn::Never,
            State { free: 0, .. } => Turn::Missed,
            _ => {
                state.free -= 1;
                Turn::Now(Slot(self.clone()))
            }
        }
    }

    /// Nobody is to get a place from now on, for this signal ends everything. Whether it is the
    /// first to do so.
    pub(super) fn end(&self, signal: Signal) -> bool {
        let mut state = self.lock();
        let before = state.ending;
        state.ending = Some((before.map_or(signal, |(first, _)| first), signal));
        self.changed.notify_all();
        before.is_none()
    }

    /// The signal that everything ends by, if it does.
    pub(super) fn ending(&self) -> Option<Signal> {
        self.lock().ending.map(|(first, _)| first)
    }

    /// The last signal that was sent to all.
    pub(super) fn last_signal(&self) -> Option<Signal> {
        self.lock().ending.map(|(_, last)| last)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn place_is_had_by_one_at_a_time() {
        let slots = Arc::new(Slots::new(1));
        let Turn::Now(slot) = slots.take(MOMENT) else {
            panic!("none is free");
        };
        assert!(matches!(slots.take(MOMENT), Turn::Missed));
        let waiting = {
            let slots = slots.clone();
            std::thread::spawn(move || slots.take(Duration::MAX))
        };
        std::thread::sleep(MOMENT);
        drop(slot);
        let turn = waiting.join().expect("no panic");
        assert!(matches!(turn, Turn::Now(_)));
        drop(turn);
        assert!(matches!(slots.take(MOMENT), Turn::Now(_)));
    }

    #[test]
    fn at_the_end_nobody_waits() {
        let slots = Arc::new(Slots::new(0));
        let waiting = {
            let slots = slots.clone();
            std::thread::spawn(move || slots.take(Duration::MAX))
        };
        std::thread::sleep(MOMENT);
        assert!(slots.end(Signal::SIGINT));
        assert!(!slots.end(Signal::SIGKILL));
        assert!(matches!(waiting.join().expect("no panic"), Turn::Never));
        assert_eq!(slots.ending(), Some(Signal::SIGINT));
        assert_eq!(slots.last_signal(), Some(Signal::SIGKILL));
    }
}
