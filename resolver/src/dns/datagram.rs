//! One server, asked with datagrams: `send_dg` of glibc.
//!
//! A and AAAA go out together from one socket and share one deadline. If only one of them is
//! answered, glibc suspects a server that cannot handle two at once and starts over: first with
//! one after the other, then also with a socket for each. That stays so for the rest of the
//! lookup. If AAAA is lost even then, A alone is the answer; if A is lost, it is the next server's
//! turn.
//!
//! Source: glibc `resolv/res_send.c`.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Transport;
use super::exchange::{Attempt, Outgoing, Progress, describe, describe_error, is_lame, sends_on};
use super::session::{Errno, Session};
use super::transport::Channel;
use super::wire::Message;
use crate::departure::Departure;
use crate::trace::{QueryOutcome, Transport as Over};

/// The questions to one server, and how far they are.
struct Conversation<'q, C> {
    questions: &'q [Outgoing],
    server: SocketAddr,
    channel: C,
    /// When each question was sent last, until its outcome is recorded.
    sent: [Option<Instant>; 2],
    /// Whose response came, be it an error. A second question that there is not counts as answered.
    answered: [bool; 2],
    /// The response that came first. It survives a new start: it is what counts if the other one
    /// stays lost.
    first: Option<Message>,
    /// A packet came that answers none of the open questions.
    stray: bool,
}

impl<C: Channel> Conversation<'_, C> {
    fn start_over(&mut self) {
        self.sent = [None; 2];
        self.answered = [false, self.questions.len() < 2];
    }

    /// Whether there are two questions and exactly one is answered.
    fn has_one_of_two(&self) -> bool {
        self.questions.len() == 2 && self.answered[0] != self.answered[1]
    }

    /// The unanswered question that this is a response to, see [`Outgoing::is_answered_by`].
    fn question_answered_by(&self, message: &Message, buffer: &Message) -> Option<usize> {
        let open = |at: &usize| !self.answered[*at];
        (0..self.questions.len())
            .filter(open)
            .find(|&at| self.questions[at].is_answered_by(message, buffer))
    }

    async fn transmit(&mut self, position: usize, now: Instant) -> io::Result<()> {
        self.sent[position] = Some(now);
        self.channel.send(&self.questions[position].bytes).await
    }
}

impl<T: Transport> Session<'_, T> {
    /// Asks the server with this index.
    pub(super) async fn datagrams(
        &mut self,
        questions: &[Outgoing],
        index: usize,
        progress: &mut Progress,
    ) -> Attempt {
        let server = self.conf.nameservers[index];
        let patience = self.patience(index);
        let reached_before = progress.reached;
        let channel = match self.open_datagrams(server, patience).await {
            Ok(channel) => channel,
            Err(error) => return self.unreachable(&questions[0], server, &error),
        };
        let mut talk = Conversation {
            questions,
            server,
            channel,
            sent: [None; 2],
            answered: [false; 2],
            first: None,
            stray: false,
        };
        loop {
            talk.start_over();
            match self.talk(&mut talk, patience, progress).await {
                Ok(Some(attempt)) => {
                    let unheard = QueryOutcome::Failed("asked again over TCP".into());
                    self.record_open(&mut talk, &unheard);
                    return attempt;
                }
                Ok(None) => {}
                Err(error) => {
                    self.record_open(&mut talk, &describe_error(&error));
                    return Attempt::NextServer;
                }
            }
            // Time is up.
            self.record_open(&mut talk, &QueryOutcome::Timeout);
            if talk.first.is_none() || !talk.has_one_of_two() {
                progress.reached = true;
                return Attempt::NextServer;
            }
            if self.single_request && self.reopen {
                if talk.stray {
                    self.trace.depart(Departure::StrayPacket);
                }
                return Attempt::Answered {
                    first: talk.first,
                    second: None,
                };
            }
            progress.reached = reached_before;
            if self.single_request {
                self.reopen = true;
                talk.channel = match self.open_datagrams(server, patience).await {
                    Ok(channel) => channel,
                    Err(error) => return self.unreachable(&questions[0], server, &error),
                };
            }
            self.single_request = true;
            self.trace.depart(Departure::OneQueryAtATime);
        }
    }

    /// Sends what is to be sent and takes responses until the time is up: None. An error is the
    /// socket's.
    async fn talk(
        &mut self,
        talk: &mut Conversation<'_, T::Channel>,
        patience: Duration,
        progress: &mut Progress,
    ) -> io::Result<Option<Attempt>> {
        let deadline = self.transport.now() + patience;
        let two = talk.questions.len() == 2;
        talk.transmit(0, self.transport.now()).await?;
        if two && !self.single_request {
            talk.transmit(1, self.transport.now()).await?;
        }
        loop {
            let Some(bytes) = talk.channel.receive(deadline).await? else {
                return Ok(None);
            };
            progress.reached |= !bytes.is_empty();
            let is_first = !talk.has_one_of_two();
            let buffer = self.buffers.receive(is_first, &bytes);
            let (Some(message), Some(buffer)) = (Message::new(bytes), Message::new(buffer)) else {
                let error = "response too short";
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            };
            if is_first {
                progress.leftover = Some(message.clone());
            }
            let Some(position) = talk.question_answered_by(&message, &buffer) else {
                // For someone else, or for the second time.
                talk.stray = true;
                if talk.questions.iter().any(|it| it.is_cut_in(&buffer)) {
                    self.trace.depart(Departure::CutQuestion);
                }
                continue;
            };
            let question = &talk.questions[position];
            let sent = talk.sent[position]
                .take()
                .unwrap_or_else(|| self.transport.now());
            self.record(talk.server, Over::Udp, question, sent, describe(&message));

            if sends_on(&message) || is_lame(&message) {
                if !is_first {
                    // The other one alone has to do.
                    return Ok(Some(Attempt::Answered {
                        first: talk.first.take(),
                        second: None,
                    }));
                }
                if !two || self.single_request {
                    return Ok(Some(Attempt::NextServer));
                }
                // The other one may still be good.
                talk.first = None;
                talk.answered[position] = true;
                continue;
            }
            if message.truncated() {
                return Ok(Some(Attempt::UseStream));
            }
            talk.answered[position] = true;
            let mut second = None;
            *if is_first {
                &mut talk.first
            } else {
                &mut second
            } = Some(message);
            if talk.answered == [true, true] {
                return Ok(Some(Attempt::Answered {
                    first: talk.first.take(),
                    second,
                }));
            }
            if self.single_request {
                if self.reopen {
                    talk.channel = match self.open_datagrams(talk.server, patience).await {
                        Ok(channel) => channel,
                        Err(error) => {
                            let question = &talk.questions[1];
                            return Ok(Some(self.unreachable(question, talk.server, &error)));
                        }
                    };
                }
                talk.transmit(1, self.transport.now()).await?;
            }
        }
    }

    async fn open_datagrams(
        &self,
        server: SocketAddr,
        patience: Duration,
    ) -> io::Result<T::Channel> {
        self.transport
            .open(server, Over::Udp, self.transport.now() + patience)
            .await
    }

    /// No socket, or none that can be connected to the server.
    fn unreachable(
        &mut self,
        question: &Outgoing,
        server: SocketAddr,
        error: &io::Error,
    ) -> Attempt {
        let now = self.transport.now();
        self.record(server, Over::Udp, question, now, describe_error(error));
        Errno::of_missing_socket(error).map_or(Attempt::NextServer, Attempt::GiveUp)
    }

    /// Records the same outcome for all that was sent and has none yet.
    fn record_open(&mut self, talk: &mut Conversation<'_, T::Channel>, outcome: &QueryOutcome) {
        for (question, sent) in talk.questions.iter().zip(&mut talk.sent) {
            if let Some(sent) = sent.take() {
                self.record(talk.server, Over::Udp, question, sent, outcome.clone());
            }
        }
    }
}
