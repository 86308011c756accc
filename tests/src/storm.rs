//! A host that replaces its `/etc/hosts` and `/etc/resolv.conf` by rename, again and again, while a
//! command in a namespace with files of its own looks names up.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::programs::{broken, under_test};
use crate::{Command, Namespace, Sandbox};

/// The name that the namespace's hosts file and the host's give different addresses, and the two
/// addresses. They are the nameservers of the two resolv.confs too.
pub(crate) const NAME: &str = "where";
pub(crate) const OF_THE_NAMESPACE: &str = "127.0.1.1";
pub(crate) const OF_THE_HOST: &str = "192.0.2.1";

/// How long the command goes on after the last rename.
const CALM: Duration = Duration::from_millis(300);

/// A sandbox with the namespace alpha, where names come from hosts files only.
#[must_use]
pub fn sandbox() -> (Sandbox, Namespace) {
    let (sandbox, alpha) = Sandbox::alpha();
    for (file, content) in files(OF_THE_NAMESPACE) {
        alpha.file(file, content);
    }
    for (file, content) in files(OF_THE_HOST) {
        sandbox.host_file(file, content);
    }
    (sandbox, alpha)
}

/// The files of the storm.
fn files(address: &str) -> [(&'static str, String); 2] {
    [
        ("hosts", format!("{address} {NAME}\n")),
        ("resolv.conf", format!("nameserver {address}\n")),
    ]
}

/// What a command saw of a storm.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// How often it looked the name up or read resolv.conf.
    pub answers: u64,
    /// How many of these answers were the host's.
    pub of_the_host: u64,
    /// How many were neither the host's nor the namespace's.
    pub others: u64,
    /// The longest time from one answer of the namespace to the next by the same file, where the
    /// host's came in between; to the end, if none of the namespace's came any more.
    pub longest_uncovered: Duration,
    /// Whether the last answers, when the storm was over, were the namespace's.
    pub is_covered_at_the_end: bool,
}

/// Replace each of the files so many times in this time, at an even pace, while a program that
/// `wrapper` starts looks names up as fast as it can.
#[must_use]
pub fn storm(sandbox: &Sandbox, wrapper: Command, renames: u32, lasting: Duration) -> Seen {
    let lookups = wrapper.arg(under_test("testbed")).arg("lookups");
    let mut lookups = lookups.spawn();
    lookups.expect_ready();
    let start = Instant::now();
    for round in 0..renames {
        let due = start + lasting * round / renames;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        for (file, content) in files(OF_THE_HOST) {
            sandbox.files().replace(format!("/etc/{file}"), content);
        }
    }
    thread::sleep(CALM);
    let run = lookups.end();
    let said = serde_json::from_slice(&run.exits(0).stdout).ok();
    said.and_then(|said| Seen::from_json(&said))
        .unwrap_or_else(|| broken(run.to_string()))
}

impl Seen {
    pub(crate) fn to_json(self) -> Value {
        json!({
            "answers": self.answers,
            "of_the_host": self.of_the_host,
            "others": self.others,
            "longest_uncovered": self.longest_uncovered.as_secs_f64(),
            "is_covered_at_the_end": self.is_covered_at_the_end,
        })
    }

    fn from_json(value: &Value) -> Option<Seen> {
        let number = |key: &str| value.get(key)?.as_u64();
        let seconds = value.get("longest_uncovered")?.as_f64()?;
        Some(Seen {
            answers: number("answers")?,
            of_the_host: number("of_the_host")?,
            others: number("others")?,
            longest_uncovered: Duration::try_from_secs_f64(seconds).ok()?,
            is_covered_at_the_end: value.get("is_covered_at_the_end")?.as_bool()?,
        })
    }
}
