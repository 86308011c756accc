//! How often to look although nothing was to be done: events can be had for nothing by whoever may
//! write to one of the directories.

use std::time::{Duration, Instant};

/// The part of the time that may go into looks in vain.
const SHARE: u32 = 4;
/// What may go into them before there is a pause. It is more than a program needs that writes a
/// file and renames it: its last event must find us awake.
const CREDIT: Duration = Duration::from_millis(100);
/// How long a pause is.
const PAUSE: Duration = Duration::from_millis(20);

/// The looks in vain of late.
#[derive(Default)]
pub(super) struct Pace {
    /// Their time, less the share that has passed since.
    spent: Duration,
    last: Option<Instant>,
}

impl Pace {
    /// A look in vain is over. How long to pause before the next.
    pub(super) fn idle(&mut self, begun: Instant, ended: Instant) -> Option<Duration> {
        let passed = self.last.map(|last| ended.saturating_duration_since(last));
        self.last = Some(ended);
        self.spent = self
            .spent
            .saturating_sub(passed.unwrap_or_default() / SHARE)
            + ended.saturating_duration_since(begun);
        (self.spent > CREDIT).then_some(PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// How long the pauses are altogether if looks of `length` follow each other for a second.
    fn pauses(length: Duration, apart: Duration) -> Duration {
        let (begin, mut pace, mut pauses) = (Instant::now(), Pace::default(), Duration::ZERO);
        let mut now = begin;
        while now < begin + 1000 * MS {
            let pause = pace.idle(now, now + length).unwrap_or_default();
            pauses += pause;
            now += length + apart + pause;
        }
        pauses
    }

    #[test]
    fn a_burst_is_looked_at_without_pause() {
        assert_eq!(pauses(MS, 20 * MS), Duration::ZERO);
        let (now, mut pace) = (Instant::now(), Pace::default());
        for round in 0..10 {
            assert_eq!(
                pace.idle(now + 5 * round * MS, now + 5 * (round + 1) * MS),
                None
            );
        }
    }

    #[test]
    fn a_flood_takes_about_a_quarter_of_the_time() {
        let paused = pauses(5 * MS, Duration::ZERO);
        assert!((500 * MS..800 * MS).contains(&paused), "{paused:?}");
    }
}
