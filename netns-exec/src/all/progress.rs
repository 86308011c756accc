//! How far it is: a line on a terminal, and the sum at the end.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use super::job::Jobs;
use super::output::Output;

/// How often the line is renewed.
const INTERVAL: Duration = Duration::from_millis(100);

/// How many of the running are named.
const NAMED: usize = 3;

/// The counts so far.
pub(super) struct Progress {
    count: usize,
    done: usize,
    /// Commands that did not exit 0.
    pub(super) failed: usize,
    /// Views that could not be made.
    pub(super) viewless: usize,
    is_terminal: bool,
    is_shown: bool,
    /// When the line is to be renewed.
    due: Instant,
}

impl Progress {
    pub(super) fn new(count: usize) -> Progress {
        Progress {
            count,
            done: 0,
            failed: 0,
            viewless: 0,
            is_terminal: io::stderr().is_terminal(),
            is_shown: false,
            due: Instant::now() + INTERVAL,
        }
    }

    /// A command has ended, or could not be started for want of a view.
    pub(super) fn ended(&mut self, well: bool, viewless: bool) {
        self.done += 1;
        if viewless {
            self.viewless += 1;
        } else if !well {
            self.failed += 1;
        }
    }

    /// When the line is to be renewed if nothing happens before.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.is_terminal && !self.is_shown).then_some(self.due)
    }

    /// Show how far it is, if somebody looks.
    pub(super) fn show(&mut self, jobs: &Jobs) {
        if !self.is_terminal || Instant::now() < self.due {
            return;
        }
        let jobs = jobs.lock();
        let mut running = jobs.iter().filter(|job| job.child.is_there());
        let names = running.by_ref().take(NAMED).map(|job| job.name.to_string());
        let names = names.collect::<Vec<_>>().join(", ");
        let more = if running.next().is_some() {
            ", ..."
        } else {
            ""
        };
        let failed = match self.failed + self.viewless {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let line = format!("{}/{}{failed}: {names}{more}", self.done, self.count);
        let _ = write!(io::stderr().lock(), "\r\x1b[K{line}");
        self.is_shown = true;
        self.due = Instant::now() + INTERVAL;
    }

    /// Take the line away, for others to be written.
    pub(super) fn clear(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
            self.is_shown = false;
        }
    }

    /// Tell how it went.
    pub(super) fn sum_up(&mut self, output: &mut Output, interrupted: Option<&dyn Display>) {
        self.clear();
        let count = match self.count {
            1 => "1 namespace".to_owned(),
            count => format!("{count} namespaces"),
        };
        let mut parts = vec![count];
        if let Some(why) = interrupted {
            parts.push(format!("{} done before {why}", self.done));
        }
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        if self.viewless > 0 {
            parts.push(format!("{} without a view", self.viewless));
        }
        if interrupted.is_none() && self.failed + self.viewless == 0 {
            parts.push("none failed".to_owned());
        }
        let sum = parts.join(", ");
        output.complain(self, sum);
    }
}
