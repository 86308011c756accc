//! `testbed dns ADDRESS LOG`: the server of [`crate::dns`], on port 53 of ADDRESS.
//!
//! It reads its script from standard input up to a line with a single dot, says `ready`, and runs
//! until standard input ends. Another script takes the place of the first. Each query is in the
//! file LOG before it is answered.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Metadata, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::{Failure, context, say};
use crate::dns::{Behaviour, Entry, What, parse};

/// What a UDP answer may be long without EDNS.
const UDP_SIZE: usize = 512;

/// See the module.
pub(super) fn main(args: &[OsString]) -> Result<(), Failure> {
    let [address, log] = args else {
        return Err(Failure("usage: testbed dns ADDRESS LOG".into()));
    };
    let address: IpAddr = context(address.to_string_lossy().parse(), address.display())?;
    let mut input = io::stdin().lock().lines();
    let zone = Arc::new(Zone {
        entries: RwLock::new(next_script(&mut input)?.unwrap_or_default()),
        log: context(OpenOptions::new().append(true).open(log), log.display())?,
    });
    let place = SocketAddr::new(address, 53);
    let udp = context(UdpSocket::bind(place), format_args!("UDP {place}"))?;
    let tcp = context(TcpListener::bind(place), format_args!("TCP {place}"))?;
    let (over_tcp, over_udp) = (Arc::clone(&zone), Arc::clone(&zone));
    thread::spawn(move || serve_tcp(&tcp, &over_tcp));
    thread::spawn(move || serve_udp(&Arc::new(udp), &over_udp));
    say("ready")?;
    while let Some(entries) = next_script(&mut input)? {
        *zone.entries.write().unwrap_or_else(PoisonError::into_inner) = entries;
        say("ready")?;
    }
    Ok(())
}

/// A script up to its line with a dot; None at the end of the input.
fn next_script(
    input: &mut impl Iterator<Item = io::Result<String>>,
) -> Result<Option<Vec<Entry>>, Failure> {
    let mut script = String::new();
    for line in input {
        match context(line, "standard input")? {
            line if line == "." => return parse(&script).map(Some).map_err(Failure),
            line => script = script + &line + "\n",
        }
    }
    Ok(None)
}

fn serve_udp(socket: &Arc<UdpSocket>, zone: &Zone) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        // A client that is gone shows as an error here; the next may be there.
        let Ok((length, client)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let Some(answer) = zone.answer(&buffer[..length], Transport::Udp) else {
            continue;
        };
        let socket = Arc::clone(socket);
        later(answer.delay, move || {
            socket.send_to(&answer.message, client).map(drop)
        });
    }
}

fn serve_tcp(listener: &TcpListener, zone: &Arc<Zone>) {
    for stream in listener.incoming().flatten() {
        let zone = Arc::clone(zone);
        thread::spawn(move || converse(stream, &zone));
    }
}

fn converse(mut stream: TcpStream, zone: &Zone) -> io::Result<()> {
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut query)?;
        // Silence is the end of the conversation: there glibc would wait for ever.
        let Some(answer) = zone.answer(&query, Transport::Tcp) else {
            return Ok(());
        };
        thread::sleep(answer.delay);
        let length = u16::try_from(answer.message.len()).unwrap_or(u16::MAX);
        stream.write_all(&length.to_be_bytes())?;
        stream.write_all(&answer.message)?;
    }
}

/// Now, or in a thread that waits first.
fn later(delay: Duration, action: impl FnOnce() -> io::Result<()> + Send + 'static) {
    let act = move || {
        // The client may be gone.
        let _ = action();
    };
    if delay.is_zero() {
        act();
    } else {
        thread::spawn(move || {
            thread::sleep(delay);
            act();
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
}

struct Answer {
    message: Vec<u8>,
    delay: Duration,
}

struct Zone {
    entries: RwLock<Vec<Entry>>,
    log: File,
}

impl Zone {
    /// The answer to a query; none if it is none, or if there shall be none.
    fn answer(&self, query: &[u8], transport: Transport) -> Option<Answer> {
        let request = Message::from_vec(query).ok()?;
        let question = request.queries.first()?;
        let (name, of_type) = (question.name().to_lowercase(), question.query_type());
        self.note(transport, question);

        let mut response = Message::query();
        response.metadata = Metadata::response_from_request(&request.metadata);
        response.metadata.recursion_available = true;
        response.add_query(question.clone());
        if request.edns.is_some() {
            response.set_edns(Edns::new());
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let (exists, records) = records(&entries, question.name(), of_type);
        response.add_answers(records);
        if !exists {
            response.metadata.response_code = ResponseCode::NXDomain;
        }

        let mut delay = Duration::ZERO;
        let mut manglings = Vec::new();
        for behaviour in behaviours(&entries, &name, of_type) {
            let code = match behaviour {
                Behaviour::ServFail => ResponseCode::ServFail,
                Behaviour::Refused => ResponseCode::Refused,
                Behaviour::NotImp => ResponseCode::NotImp,
                Behaviour::FormErr => ResponseCode::FormErr,
                Behaviour::NxDomain => {
                    response.metadata.response_code = ResponseCode::NXDomain;
                    continue;
                }
                Behaviour::Truncated => {
                    if transport == Transport::Udp {
                        truncate(&mut response);
                    }
                    continue;
                }
                Behaviour::Silent => return None,
                Behaviour::Lame => {
                    response.metadata.recursion_available = false;
                    ResponseCode::NoError
                }
                Behaviour::Delay(time) => {
                    delay = *time;
                    continue;
                }
                Behaviour::Owner(other) => {
                    for record in &mut response.answers {
                        record.name = other.clone();
                    }
                    continue;
                }
                Behaviour::Class => {
                    for record in &mut response.answers {
                        record.dns_class = DNSClass::CH;
                    }
                    continue;
                }
                Behaviour::Question => {
                    response.queries = vec![Query::query(Name::root(), of_type)];
                    continue;
                }
                Behaviour::Id
                | Behaviour::Cut(_)
                | Behaviour::Bare
                | Behaviour::Extra
                | Behaviour::Missing => {
                    manglings.push(behaviour);
                    continue;
                }
            };
            response.metadata.response_code = code;
            response.answers.clear();
        }

        let mut message = response.to_vec().ok()?;
        let limit = usize::from(request.max_payload()).max(UDP_SIZE);
        if transport == Transport::Udp && message.len() > limit {
            truncate(&mut response);
            message = response.to_vec().ok()?;
        }
        for behaviour in manglings {
            mangle(&mut message, behaviour);
        }
        Some(Answer { message, delay })
    }

    fn note(&self, transport: Transport, question: &Query) {
        let transport = if transport == Transport::Tcp {
            "tcp"
        } else {
            "udp"
        };
        let (of_type, name) = (question.query_type(), question.name().to_ascii());
        // One write for one line: threads must not mix theirs. A test will miss a lost line.
        let line = format!("{transport} {of_type} {name}\n");
        let _ = (&self.log).write_all(line.as_bytes());
    }
}

/// Make a message one that nobody would write.
fn mangle(message: &mut Vec<u8>, behaviour: &Behaviour) {
    /// The length of a header, and where it counts the answers.
    const HEADER: usize = 12;
    const ANSWERS: usize = 7;
    match behaviour {
        Behaviour::Id => message[0] ^= 0x55,
        // The question stays whole: without it nobody takes the message for an answer.
        Behaviour::Cut(bytes) if message[ANSWERS] > 0 => {
            message.truncate(message.len().saturating_sub(*bytes));
        }
        Behaviour::Bare => {
            message.truncate(HEADER);
            message[4..].fill(0);
        }
        Behaviour::Extra => message.extend(b"extra"),
        Behaviour::Missing => message[ANSWERS] = message[ANSWERS].wrapping_add(1),
        _ => {}
    }
}

/// What `name` has of a type, following CNAMEs; and whether it exists.
fn records(entries: &[Entry], name: &Name, of_type: RecordType) -> (bool, Vec<Record>) {
    let (mut exists, mut records) = (false, Vec::new());
    let mut owner = name.clone();
    // As often as there are entries: a loop of CNAMEs ends.
    for _ in entries {
        let key = owner.to_lowercase();
        let mut target = None;
        for entry in entries {
            if entry.name.as_ref() != Some(&key) {
                continue;
            }
            exists = true;
            let What::Record(data) = &entry.what else {
                continue;
            };
            if let RData::CNAME(name) = data {
                target = Some(name.0.clone());
            }
            if data.record_type() == of_type || target.is_some() {
                records.push(Record::from_rdata(owner.clone(), 60, data.clone()));
            }
        }
        match target {
            Some(name) if of_type != RecordType::CNAME => owner = name,
            _ => break,
        }
    }
    (exists, records)
}

/// How to misbehave: as the name's own lines say; those of `*` are for names without any.
fn behaviours<'e>(entries: &'e [Entry], name: &Name, of_type: RecordType) -> Vec<&'e Behaviour> {
    let known = entries
        .iter()
        .any(|entry| entry.name.as_ref() == Some(name));
    let name = known.then_some(name);
    let own = entries.iter().filter(|entry| entry.name.as_ref() == name);
    own.filter_map(|entry| match &entry.what {
        What::Behaviour(only, behaviour) if only.is_none_or(|only| only == of_type) => {
            Some(behaviour)
        }
        _ => None,
    })
    .collect()
}

fn truncate(response: &mut Message) {
    response.answers.clear();
    response.metadata.truncation = true;
}
