//! The steps that led to an answer. `--explain`, `--json` and tracing events render these records;
//! the lookup itself only leaves them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use conf::{Note, Notes};

use crate::address::Address;
use crate::departure::Departure;
use crate::nss::{Action, Status};

/// All steps of one lookup, in the order in which they were taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    steps: Vec<Step>,
    departures: Vec<Departure>,
}

impl Trace {
    /// The steps, first to last.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where this lookup did not follow glibc on purpose, each once.
    pub fn departures(&self) -> &[Departure] {
        &self.departures
    }

    pub(crate) fn push(&mut self, step: Step) {
        tracing::trace!(?step);
        self.steps.push(step);
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.push(Step::Note(text.into()));
    }

    pub(crate) fn depart(&mut self, departure: Departure) {
        if !self.departures.contains(&departure) {
            self.departures.push(departure);
            self.push(Step::Departure(departure));
        }
    }

    /// What there is to say about a file.
    pub(crate) fn append_notes(&mut self, notes: &Notes) {
        for note in notes.iter() {
            match note {
                Note::Text(text) => self.note(text),
                Note::Departure(departure) => self.depart(Departure::Conf(*departure)),
            }
        }
    }

    pub(crate) fn append(&mut self, other: Trace) {
        for step in other.steps {
            match step {
                Step::Departure(departure) if self.departures.contains(&departure) => {}
                step => {
                    if let Step::Departure(departure) = step {
                        self.departures.push(departure);
                    }
                    self.steps.push(step);
                }
            }
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The text is an address: nothing was looked up.
    Numeric,
    /// A configuration file was looked for.
    File(FileLookup),
    /// A line of a hosts file matched.
    HostsLine(HostsLine),
    /// A service of nsswitch.conf answered, and the switch acted on its status.
    Service(ServiceOutcome),
    /// The fully qualified names that DNS is asked for, in order, as far as they were tried.
    Search(SearchStep),
    /// One DNS query and its outcome.
    Query(Query),
    /// The addresses were put in order (RFC 3484).
    Order(Vec<Ordered>),
    /// Here the lookup does not follow glibc, on purpose.
    Departure(Departure),
    /// Something else that shaped the answer, in words.
    Note(String),
}

/// A configuration file and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileLookup {
    /// Its name below `/etc`: `hosts`.
    pub name: &'static str,
    /// The path that a program in the view sees as `/etc/NAME`.
    pub path: PathBuf,
    /// Whether that is the namespace's own.
    pub origin: FileOrigin,
    /// The `errno` text of opening it, for example when it does not exist.
    pub error: Option<String>,
}

/// Which of the two candidates won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOrigin {
    /// `/etc/netns/NAME/F`.
    Namespace,
    /// `/etc/F`, because the namespace has none of its own.
    Host,
}

/// A line of a hosts file that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostsLine {
    /// The file.
    pub path: PathBuf,
    /// The line's number, from 1.
    pub number: usize,
    /// The address as the line has it.
    pub address: IpAddr,
    /// The names on the line, any bytes, first the official one.
    pub names: Vec<Vec<u8>>,
}

/// What a service said, and what the switch did next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceOutcome {
    /// The service's name in nsswitch.conf.
    pub service: String,
    /// Its status.
    pub status: Status,
    /// Whether the lookup ended here.
    pub action: Action,
    /// Why, where the status alone does not say: `masked host daemon`, `no such module`.
    pub note: Option<String>,
}

/// How a name became fully qualified names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchStep {
    /// The name as asked.
    pub name: Vec<u8>,
    /// `ndots` in force.
    pub ndots: u32,
    /// The names to try, in order, each with a trailing dot.
    pub candidates: Vec<String>,
}

/// One DNS query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Where it went.
    pub server: SocketAddr,
    /// Over what.
    pub transport: Transport,
    /// The name asked, with a trailing dot.
    pub name: String,
    /// `A`, `AAAA`, `PTR`.
    pub record_type: &'static str,
    /// What came back.
    pub outcome: QueryOutcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// The transport of a DNS query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A datagram.
    Udp,
    /// A stream, after a truncated datagram or with `use-vc`.
    Tcp,
}

/// What came of a DNS query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryOutcome {
    /// A response with this code (`NOERROR`, `NXDOMAIN`, ...) and this many answer records.
    Response {
        /// The response code's name, RFC 1035 and the IANA registry.
        code: String,
        /// Records in the answer section.
        answers: usize,
        /// Whether it was cut short (TC).
        truncated: bool,
    },
    /// Nothing came in time.
    Timeout,
    /// The query could not be sent or the response not be read: why.
    Failed(String),
}

/// An address in its final place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ordered {
    /// The address.
    pub address: Address,
    /// The source address the kernel would use to reach it, if it can be reached.
    pub source: Option<IpAddr>,
    /// The rule of RFC 3484 that put it before the next one: `rule 6: higher precedence`. None for
    /// the last.
    pub rule: Option<&'static str>,
}
