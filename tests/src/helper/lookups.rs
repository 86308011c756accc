//! `testbed lookups`: look a name up through the C library and read resolv.conf, in turn and as
//! fast as possible, until standard input ends. Then say whose answers they were, see
//! [`crate::storm`].

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use netns::glibc::{self, Family, Flags};

use super::{Failure, context, say, wait_for_end_of_input};
use crate::storm::{NAME, OF_THE_HOST, OF_THE_NAMESPACE, Seen};

/// See the module.
pub(super) fn main() -> Result<(), Failure> {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    thread::spawn(|| {
        wait_for_end_of_input();
        IS_OVER.store(true, Ordering::Relaxed);
    });
    let name = context(CString::new(NAME), NAME)?;
    let look_up = || {
        let found = glibc::getaddrinfo(&name, Family::Unspec, Flags::default()).ok()?;
        Some(found.addresses.first()?.0.to_string())
    };
    let read = || {
        let text = fs::read_to_string("/etc/resolv.conf").ok()?;
        Some(text.strip_prefix("nameserver ")?.trim_end().to_owned())
    };
    let mut files = [File::new(), File::new()];
    say("ready")?;
    while !IS_OVER.load(Ordering::Relaxed) {
        files[0].has_answered(look_up().as_deref());
        files[1].has_answered(read().as_deref());
    }
    let [hosts, resolv_conf] = files.map(File::end);
    let seen = Seen {
        answers: hosts.answers + resolv_conf.answers,
        of_the_host: hosts.of_the_host + resolv_conf.of_the_host,
        others: hosts.others + resolv_conf.others,
        longest_uncovered: hosts.longest_uncovered.max(resolv_conf.longest_uncovered),
        is_covered_at_the_end: hosts.is_covered_at_the_end && resolv_conf.is_covered_at_the_end,
    };
    say(seen.to_json())
}

/// What was seen of one file.
struct File {
    seen: Seen,
    /// When the last answer of the namespace came.
    covered: Instant,
}

impl File {
    fn new() -> File {
        File {
            seen: Seen {
                answers: 0,
                of_the_host: 0,
                others: 0,
                longest_uncovered: Duration::ZERO,
                is_covered_at_the_end: true,
            },
            covered: Instant::now(),
        }
    }

    fn has_answered(&mut self, answer: Option<&str>) {
        let seen = &mut self.seen;
        seen.answers += 1;
        match answer {
            Some(OF_THE_NAMESPACE) => {
                if !seen.is_covered_at_the_end {
                    seen.longest_uncovered = seen.longest_uncovered.max(self.covered.elapsed());
                }
                seen.is_covered_at_the_end = true;
                self.covered = Instant::now();
            }
            Some(OF_THE_HOST) => {
                seen.of_the_host += 1;
                seen.is_covered_at_the_end = false;
            }
            _ => seen.others += 1,
        }
    }

    fn end(mut self) -> Seen {
        if !self.seen.is_covered_at_the_end {
            self.seen.longest_uncovered = self.seen.longest_uncovered.max(self.covered.elapsed());
        }
        self.seen
    }
}
