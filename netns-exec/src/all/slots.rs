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
    ending: Option<Signal>,
}

/// The place of one command, free again when this is dropped.
pub(super) struct Slot(Arc<Slots>);

/// What comes of waiting for a place.
pub(super) enum Turn {
    Now(Slot),
    /// Not without waiting.
    Later(Slot),
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
        let mut state = self.lock();
        let has_waited = is_to_wait(&mut state);
        if has_waited {
            let waited = self
                .changed
                .wait_timeout_while(state, patience, is_to_wait)
                .unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
        }
        match *state {
            State {
                ending: Some(_), ..
            } => Turn::Never,
            State { free: 0, .. } => Turn::Missed,
            _ => {
                state.free -= 1;
                let slot = Slot(self.clone());
                if has_waited {
                    Turn::Later(slot)
                } else {
                    Turn::Now(slot)
                }
            }
        }
    }

    /// Nobody is to get a place from now on, for this signal ends everything.
    pub(super) fn end(&self, signal: Signal) {
        self.lock().ending = Some(signal);
        self.changed.notify_all();
    }

    /// The signal that ends everything.
    pub(super) fn ending(&self) -> Option<Signal> {
        self.lock().ending
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
        assert!(matches!(turn, Turn::Now(_) | Turn::Later(_)));
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
        slots.end(Signal::SIGINT);
        assert!(matches!(waiting.join().expect("no panic"), Turn::Never));
        assert_eq!(slots.ending(), Some(Signal::SIGINT));
    }
}
