//! One server, asked over TCP: `send_vc` of glibc.
//!
//! Both questions go out on one connection. Any response with the right id is final, whatever its
//! code; if one of the two is missing, the other one is lost too.
//!
//! glibc waits without end for a server that accepts the connection and then keeps silent, and two
//! minutes for a connection. Here a stream has [`LIMIT`].
//!
//! Source: glibc `resolv/res_send.c`.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Transport;
use super::exchange::{Attempt, Outgoing, Progress, describe, describe_error};
use super::session::{Errno, Session};
use super::transport::Channel;
use super::wire::Message;
use crate::departure::Departure;
use crate::trace::{QueryOutcome, Transport as Over};

/// How long one server may take over TCP, from the connection to the last response: the longest
/// `timeout` that resolv.conf can set.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

impl<T: Transport> Session<'_, T> {
    /// Asks a server over a connection. A connection that is reset is made once again.
    pub(super) async fn stream(
        &mut self,
        questions: &[Outgoing],
        server: SocketAddr,
        progress: &mut Progress,
    ) -> Attempt {
        let deadline = self.transport.now() + LIMIT;
        let mut was_reset = false;
        loop {
            let mut channel = match self.transport.open(server, Over::Tcp, deadline).await {
                Ok(channel) => channel,
                Err(error) => {
                    let now = self.transport.now();
                    self.record(
                        server,
                        Over::Tcp,
                        &questions[0],
                        now,
                        describe_error(&error),
                    );
                    if let Some(errno) = Errno::of_missing_socket(&error) {
                        return Attempt::GiveUp(errno);
                    }
                    progress.stream_error = Errno::of(&error);
                    return Attempt::NextServer;
                }
            };
            let error = match self
                .converse(questions, server, &mut channel, deadline, progress)
                .await
            {
                Ok(attempt) => return attempt,
                Err(error) => error,
            };
            progress.stream_error = Errno::of(&error);
            if error.kind() == io::ErrorKind::TimedOut {
                self.trace.depart(Departure::SlowStream);
            }
            if error.kind() != io::ErrorKind::ConnectionReset || was_reset {
                return Attempt::NextServer;
            }
            was_reset = true;
        }
    }

    async fn converse(
        &mut self,
        questions: &[Outgoing],
        server: SocketAddr,
        channel: &mut T::Channel,
        deadline: Instant,
        progress: &mut Progress,
    ) -> io::Result<Attempt> {
        let sent = self.transport.now();
        let mut answered = vec![false; questions.len()];
        let mut responses = Vec::with_capacity(questions.len());
        let outcome = async {
            for question in questions {
                channel.send(&question.bytes).await?;
            }
            while responses.len() < questions.len() {
                let bytes = channel
                    .receive(deadline)
                    .await?
                    .ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))?;
                self.buffers.receive(responses.is_empty(), &bytes);
                let message = Message::new(bytes).ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidData, "response too short")
                })?;
                let open = (0..questions.len())
                    .find(|&at| !answered[at] && questions[at].id == message.id());
                if responses.is_empty() {
                    progress.leftover = Some(message.clone());
                }
                if let Some(position) = open {
                    answered[position] = true;
                    self.record(
                        server,
                        Over::Tcp,
                        &questions[position],
                        sent,
                        describe(&message),
                    );
                    responses.push(message);
                }
            }
            io::Result::Ok(())
        }
        .await;
        if let Err(error) = outcome {
            let description = match error.kind() {
                io::ErrorKind::TimedOut => QueryOutcome::Timeout,
                _ => describe_error(&error),
            };
            for (question, _) in questions.iter().zip(&answered).filter(|(_, done)| !**done) {
                self.record(server, Over::Tcp, question, sent, description.clone());
            }
            return Err(error);
        }
        let mut responses = responses.into_iter();
        Ok(Attempt::Answered {
            first: responses.next(),
            second: responses.next(),
        })
    }
}
