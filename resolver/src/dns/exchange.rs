//! Which server is asked, how often, and over what: `__res_context_send` of glibc.
//!
//! All servers in turn (from a rotating first one with `rotate`), `attempts` rounds. A truncated
//! datagram, or `use-vc`, turns the rest of the exchange to streams, and then no further round
//! follows. One exchange is one question, or those for A and AAAA together.
//!
//! Source: glibc `resolv/res_send.c`.

use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use conf::resolv_conf::ResolvConf;
use hickory_resolver::proto::op::Message as Question;

use super::Transport;
use super::name::WireName;
use super::session::{Errno, Session};
use super::wire::{Message, RecordType, code};
use crate::error::io_text;
use crate::trace::{self, QueryOutcome, Step};

/// A question ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) name: WireName,
    pub(super) record_type: RecordType,
    /// The message id.
    pub(super) id: u16,
    /// The message.
    pub(super) bytes: Vec<u8>,
}

impl Outgoing {
    /// Whether the datagram is a response to this question, which is looked for in the buffer that
    /// begins with the datagram. Servers that refuse to work may leave the question out.
    pub(super) fn is_answered_by(&self, message: &Message, buffer: &Message) -> bool {
        let bare_refusal =
            message.is_bare_header() && message.questions() == 0 && sends_on(message);
        message.id() == self.id && (bare_refusal || buffer.asks(&self.name, self.record_type))
    }

    /// Whether a buffer that begins with a response to this ends within the question.
    pub(super) fn is_cut_in(&self, buffer: &Message) -> bool {
        let name: usize = self.name.labels().map(|label| 1 + label.len()).sum();
        buffer.id() == self.id && buffer.lacks_room_for_question(name + 1)
    }
}

/// What an exchange ended with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Received {
    /// The first response, whichever question it is for. None if that was an error code, or if
    /// the exchange failed.
    pub(super) first: Option<Message>,
    /// The other one. None if there was one question, or if the first alone has to do.
    pub(super) second: Option<Message>,
    /// No server gave a usable response.
    pub(super) failed: bool,
    /// Where there is no `first`: the last datagram or message that stood in its place. The search
    /// looks at its code.
    pub(super) leftover: Option<Message>,
}

impl Received {
    pub(super) fn failed(leftover: Option<Message>) -> Self {
        Received {
            failed: true,
            leftover,
            ..Received::default()
        }
    }
}

/// How it went with one server.
pub(super) enum Attempt {
    /// This is the response, or the responses.
    Answered {
        first: Option<Message>,
        second: Option<Message>,
    },
    /// Try the next one.
    NextServer,
    /// A response is too long for a datagram: ask again over a stream.
    UseStream,
    /// No socket can be made: give up.
    GiveUp(Errno),
}

/// What the attempts of one exchange leave behind, whatever they end with.
pub(super) struct Progress {
    /// A server was there, even if it kept silent: the exchange ends in a timeout, not in "no
    /// server".
    pub(super) reached: bool,
    /// What ended the last stream.
    pub(super) stream_error: Errno,
    /// As [`Received::leftover`].
    pub(super) leftover: Option<Message>,
}

impl<T: Transport> Session<'_, T> {
    /// Sends one or two questions until there is a response.
    pub(super) async fn exchange(&mut self, questions: &[Outgoing]) -> Received {
        let servers = self.conf.nameservers.as_slice();
        let mut progress = Progress {
            reached: false,
            stream_error: Errno::TimedOut,
            leftover: None,
        };
        if servers.is_empty() {
            self.errno = Errno::NoServer;
            return Received::failed(None);
        }
        self.buffers.begin();
        let first_server = first_server(self.conf);
        let mut streams = self.conf.use_vc;
        let mut round = 0;
        while round < self.conf.attempts {
            round += 1;
            for shift in 0..servers.len() {
                let index = (first_server + shift) % servers.len();
                let mut attempt = Attempt::UseStream;
                if !streams {
                    attempt = self.datagrams(questions, index, &mut progress).await;
                }
                if let Attempt::UseStream = attempt {
                    streams = true;
                    round = self.conf.attempts;
                    attempt = self.stream(questions, servers[index], &mut progress).await;
                }
                match attempt {
                    Attempt::Answered {
                        first: None,
                        second: None,
                    }
                    | Attempt::NextServer
                    | Attempt::UseStream => {}
                    Attempt::Answered { first, second } => {
                        self.errno = Errno::Other;
                        let leftover = if first.is_none() {
                            progress.leftover
                        } else {
                            None
                        };
                        return Received {
                            first,
                            second,
                            failed: false,
                            leftover,
                        };
                    }
                    Attempt::GiveUp(errno) => {
                        self.errno = errno;
                        return Received::failed(progress.leftover);
                    }
                }
            }
        }
        self.errno = match (streams, progress.reached) {
            (true, _) => progress.stream_error,
            (false, true) => Errno::TimedOut,
            (false, false) => Errno::Refused,
        };
        Received::failed(progress.leftover)
    }

    /// How long datagrams to this server may take: `timeout` doubled for each server before it,
    /// shared among all of them from the second on, at least a second.
    pub(super) fn patience(&self, index: usize) -> Duration {
        let mut seconds = u64::from(self.conf.timeout) << index.min(16);
        if index > 0 {
            seconds /= self.conf.nameservers.len() as u64;
        }
        Duration::from_secs(seconds.max(1))
    }

    /// Records a query of which the outcome is known.
    pub(super) fn record(
        &mut self,
        server: SocketAddr,
        transport: trace::Transport,
        question: &Outgoing,
        sent: Instant,
        outcome: QueryOutcome,
    ) {
        self.trace.push(Step::Query(trace::Query {
            server,
            transport,
            name: question.name.display(),
            record_type: question.record_type.text(),
            outcome,
            elapsed: self.transport.now().saturating_duration_since(sent),
        }));
    }
}

/// Whether this code sends glibc on to the next server, when it comes in a datagram.
pub(super) fn sends_on(message: &Message) -> bool {
    matches!(
        message.code(),
        code::SERVFAIL | code::NOTIMP | code::REFUSED
    )
}

/// An empty response of a server that has no authority and does not recurse: it is not in service
/// for this name.
pub(super) fn is_lame(message: &Message) -> bool {
    message.code() == code::NOERROR
        && message.answers() == 0
        && !message.authoritative()
        && !message.recursion_available()
        && message.additionals() == 0
}

/// A response, for the trace.
pub(super) fn describe(message: &Message) -> QueryOutcome {
    let code = match message.code() {
        code::NOERROR => "NOERROR".into(),
        1 => "FORMERR".into(),
        code::SERVFAIL => "SERVFAIL".into(),
        code::NXDOMAIN => "NXDOMAIN".into(),
        code::NOTIMP => "NOTIMP".into(),
        code::REFUSED => "REFUSED".into(),
        6 => "YXDOMAIN".into(),
        7 => "YXRRSET".into(),
        8 => "NXRRSET".into(),
        9 => "NOTAUTH".into(),
        10 => "NOTZONE".into(),
        other => format!("RCODE{other}"),
    };
    QueryOutcome::Response {
        code,
        answers: usize::from(message.answers()),
        truncated: message.truncated(),
    }
}

/// A failure, for the trace.
pub(super) fn describe_error(error: &io::Error) -> QueryOutcome {
    QueryOutcome::Failed(io_text(error))
}

/// The server that an exchange begins with. `rotate` goes round the servers over the life of the
/// process, from a random start.
fn first_server(conf: &ResolvConf) -> usize {
    static START: OnceLock<usize> = OnceLock::new();
    static EXCHANGES: AtomicUsize = AtomicUsize::new(0);
    if !conf.rotate || conf.nameservers.len() <= 1 {
        return 0;
    }
    // Hickory draws message ids at random.
    let start = *START.get_or_init(|| usize::from(Question::query().metadata.id));
    start.wrapping_add(EXCHANGES.fetch_add(1, Ordering::Relaxed)) % conf.nameservers.len()
}
