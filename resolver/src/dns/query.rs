//! One question under one fully qualified name, and what its responses amount to:
//! `__res_context_query` of glibc.
//!
//! Sources: glibc `resolv/res_query.c`, `res_mkquery.c`, `res-noaaaa.c`.

use conf::resolv_conf::ResolvConf;
use hickory_resolver::proto::op::{Edns, Message as Question, Query as QuestionRecord};
use hickory_resolver::proto::rr;

use super::Transport;
use super::exchange::{Outgoing, Received};
use super::name::WireName;
use super::session::{Errno, Session};
use super::wire::{Message, RecordType, code};
use crate::nss::HostError;

/// What `edns0` advertises: no fragments on any link (`RESOLV_EDNS_BUFFER_SIZE`).
const EDNS_PAYLOAD: u16 = 1200;

/// Responses of which at least one has an answer section. One for each question, in the order in
/// which they arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Responses {
    /// The first. None if that was an error, and only the second one counts.
    pub(super) first: Option<Message>,
    pub(super) second: Option<Message>,
}

/// Why there are none. The session's errno says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) error: HostError,
    /// The last word of the servers was SERVFAIL. The search goes on after that, but not after a
    /// timeout.
    pub(super) servfail: bool,
}

impl Failure {
    pub(super) fn new(error: HostError) -> Self {
        Failure {
            error,
            servfail: false,
        }
    }
}

impl<T: Transport> Session<'_, T> {
    /// Asks for one type, or for A and AAAA at once, under the name as it is.
    pub(super) async fn query(
        &mut self,
        name: &[u8],
        types: &[RecordType],
    ) -> Result<Responses, Failure> {
        let Some(wire) = WireName::from_text(name) else {
            self.errno = Errno::Other;
            return Err(Failure::new(HostError::NoRecovery));
        };
        let received = if types == [RecordType::Aaaa] && self.conf.no_aaaa {
            self.suppressed_aaaa(&wire).await
        } else {
            let questions: Option<Vec<_>> = types
                .iter()
                .map(|&each| Outgoing::new(&wire, each, self.conf, true))
                .collect();
            match questions {
                Some(questions) => self.exchange(&questions).await,
                None => return Err(Failure::new(HostError::NoRecovery)),
            }
        };
        verdict(received)
    }

    /// `no-aaaa`: an A query, without EDNS, tells whether the name exists; of what it brings only
    /// the code is kept.
    async fn suppressed_aaaa(&mut self, wire: &WireName) -> Received {
        let Some(question) = Outgoing::new(wire, RecordType::A, self.conf, false) else {
            return Received::failed(None);
        };
        let received = self.exchange(&[question]).await;
        let echoes = |message: &Message| message.question_type() == Some(RecordType::A.number());
        if !received.failed {
            let first = received.first.map(|message| {
                if echoes(&message) {
                    message.without_records()
                } else {
                    message
                }
            });
            return Received { first, ..received };
        }
        if received.leftover.as_ref().is_some_and(echoes) {
            return received;
        }
        // Nothing that echoes the question came. glibc takes what is in its buffer for the
        // response all the same: nothing, which reads as NODATA, or a bare header.
        let first = received.leftover.or_else(|| Message::new(vec![0; 12]));
        Received {
            first,
            ..Received::default()
        }
    }
}

/// What the responses amount to. Error codes come here from streams, or when a datagram has a code
/// that does not send glibc to the next server.
fn verdict(received: Received) -> Result<Responses, Failure> {
    let servfail = received
        .first
        .as_ref()
        .or(received.leftover.as_ref())
        .is_some_and(|message| message.code() == code::SERVFAIL);
    let failure = |error| Err(Failure { error, servfail });
    let either = received.first.as_ref().or(received.second.as_ref());
    let other = received.second.as_ref().or(either);
    let (Some(one), Some(other), false) = (either, other, received.failed) else {
        return failure(HostError::TryAgain);
    };
    if one.has_answers() || other.has_answers() {
        return Ok(Responses {
            first: received.first,
            second: received.second,
        });
    }
    let decisive = if one.code() == code::NOERROR {
        other
    } else {
        one
    };
    failure(match decisive.code() {
        code::NOERROR => HostError::NoData,
        code::NXDOMAIN => HostError::HostNotFound,
        code::SERVFAIL => HostError::TryAgain,
        _ => HostError::NoRecovery,
    })
}

impl Outgoing {
    /// Encodes a question. None if hickory refuses the name, which it has no reason to: its limits
    /// are those of the wire form.
    fn new(
        name: &WireName,
        record_type: RecordType,
        conf: &ResolvConf,
        edns_allowed: bool,
    ) -> Option<Self> {
        let hickory_type = match record_type {
            RecordType::A => rr::RecordType::A,
            RecordType::Ptr => rr::RecordType::PTR,
            RecordType::Aaaa => rr::RecordType::AAAA,
        };
        let hickory_name = rr::Name::from_labels(name.labels()).ok()?;
        let mut question = Question::query();
        question.metadata.recursion_desired = true;
        question.metadata.authentic_data = conf.trust_ad;
        question.add_query(QuestionRecord::query(hickory_name, hickory_type));
        if conf.edns0 && edns_allowed {
            let mut edns = Edns::new();
            edns.set_max_payload(EDNS_PAYLOAD);
            question.set_edns(edns);
        }
        Some(Outgoing {
            name: name.clone(),
            record_type,
            id: question.metadata.id,
            bytes: question.to_vec().ok()?,
        })
    }
}
