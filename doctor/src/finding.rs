//! What is wrong, since when, and how to mend it.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use netns::Process;

use crate::time::Utc;

/// What kind of thing is wrong. The text that [`Kind::name`] gives stands in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `/run/netns/NAME` is a plain file and no namespace.
    Leftover,
    /// An entry of `/etc/netns/NAME` cannot stand in for the host's.
    OverrideUnusable,
    /// A process reads the host's file because the override went away from it.
    OverrideLost,
    /// A process reads an override as it was once.
    OverrideStale,
    /// A process reads the host's file because it is older than the override.
    OverrideMissing,
    /// A process was started by something that puts no overrides in place.
    NotInView,
    /// A daemon of the host answers processes of the namespace.
    ResolverReachable,
    /// nsswitch.conf cannot be read, or has no service to ask.
    NsswitchError,
    /// nsswitch.conf passes over the namespace's own files, or asks others first.
    NsswitchOrder,
    /// A nameserver cannot be reached from the namespace.
    NameserverUnreachable,
    /// The loopback interface is down.
    LoopbackDown,
    /// Users may ping on the host, but not here.
    PingForbidden,
    /// The D-Bus address of a process leads nowhere in the namespace.
    DbusUnreachable,
}

impl Kind {
    /// Its name: lower case, words joined by `-`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Leftover => "leftover",
            Kind::OverrideUnusable => "override-unusable",
            Kind::OverrideLost => "override-lost",
            Kind::OverrideStale => "override-stale",
            Kind::OverrideMissing => "override-missing",
            Kind::NotInView => "not-in-view",
            Kind::ResolverReachable => "resolver-reachable",
            Kind::NsswitchError => "nsswitch-error",
            Kind::NsswitchOrder => "nsswitch-order",
            Kind::NameserverUnreachable => "nameserver-unreachable",
            Kind::LoopbackDown => "loopback-down",
            Kind::PingForbidden => "ping-forbidden",
            Kind::DbusUnreachable => "dbus-unreachable",
        }
    }
}

/// One thing that is wrong. All texts are safe to print and of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing it is.
    pub kind: Kind,
    /// The file it is about, as the processes or the user name it.
    pub path: Option<PathBuf>,
    /// What is wrong, to be read after the path if there is one.
    pub what: String,
    /// What led to it, where that is known.
    pub since: Option<Since>,
    /// What to do about it: a command, or advice.
    pub mend: String,
    /// The processes that suffer, by number.
    pub processes: Vec<Sufferer>,
}

/// What led to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The event or the circumstance.
    pub what: String,
    /// When that was, as the times of files tell it.
    pub at: Option<SystemTime>,
}

impl Since {
    /// An event, and its time if it is known.
    pub(crate) fn at(what: impl Into<String>, at: Option<SystemTime>) -> Since {
        Since {
            what: what.into(),
            at,
        }
    }

    /// A circumstance that has no time.
    pub(crate) fn always(what: impl Into<String>) -> Since {
        Since::at(what, None)
    }
}

/// `WHAT at TIME`.
impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} at {}", self.what, Utc(at)),
            None => self.what.fmt(f),
        }
    }
}

/// A process that suffers from a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sufferer {
    /// Its number.
    pub pid: u32,
    /// The name of its program (`comm` of proc(5)).
    pub command: OsString,
}

impl From<&Process> for Sufferer {
    fn from(process: &Process) -> Sufferer {
        Sufferer {
            pid: process.pid(),
            command: process.command(),
        }
    }
}

/// `1 process reads`, `2 processes read`: a number of processes, and the verb that goes with it.
pub(crate) fn processes(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 process {one}"),
        count => format!("{count} processes {many}"),
    }
}
