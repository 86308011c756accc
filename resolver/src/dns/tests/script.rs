//! Servers made of a closure, with a clock of their own: a timeout takes no time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use conf::host_aliases::HostAliases;
use conf::resolv_conf::ResolvConf;

use crate::address::Family;
use crate::dns::Dns;
use crate::dns::name::WireName;
use crate::dns::transport::{Channel, Transport};
use crate::dns::wire::RecordType;
use crate::nss::{Found, HostError, Reply, Status};
use crate::trace::{Trace, Transport as Over};

pub(super) const A: u16 = 1;
pub(super) const CNAME: u16 = 5;
pub(super) const PTR: u16 = 12;
pub(super) const AAAA: u16 = 28;

/// A query as a server sees it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// From 1, the last byte of the server's address.
    pub(super) server: u8,
    pub(super) over: Over,
    /// In lower case or as asked, without the dot at the end.
    pub(super) name: String,
    pub(super) record_type: u16,
    /// Which socket it came from, counted from 1.
    pub(super) socket: usize,
    pub(super) message: Vec<u8>,
}

impl Asked {
    /// `1 A www.example`: what tests compare.
    pub(super) fn brief(&self) -> String {
        let record_type = match self.record_type {
            A => "A",
            PTR => "PTR",
            AAAA => "AAAA",
            _ => "?",
        };
        let tcp = if self.over == Over::Tcp { " tcp" } else { "" };
        format!("{} {record_type} {}{tcp}", self.server, self.name)
    }
}

/// What a server does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// These messages come, each after its time.
    Say(Vec<(Duration, Vec<u8>)>),
    /// The socket reports an error.
    Fail(io::ErrorKind),
    /// Nothing ever comes.
    Silence,
}

impl From<Vec<u8>> for Act {
    fn from(message: Vec<u8>) -> Self {
        Act::Say(vec![(Duration::from_millis(1), message)])
    }
}

impl From<Response> for Act {
    fn from(response: Response) -> Self {
        response.bytes().into()
    }
}

/// A response under construction.
#[derive(Clone, Debug)]
pub(super) struct Response {
    asked: Asked,
    flags: u16,
    question: bool,
    records: Vec<Vec<u8>>,
    tail: Vec<u8>,
}

impl Response {
    /// NOERROR from a server that recurses, without records.
    pub(super) fn to(asked: &Asked) -> Self {
        Response {
            asked: asked.clone(),
            flags: 0x8180,
            question: true,
            records: Vec::new(),
            tail: Vec::new(),
        }
    }

    pub(super) fn code(mut self, code: u16) -> Self {
        self.flags |= code;
        self
    }

    pub(super) fn truncated(mut self) -> Self {
        self.flags |= 0x0200;
        self
    }

    /// Nothing but a header, if there are no records.
    pub(super) fn without_question(mut self) -> Self {
        self.question = false;
        self
    }

    /// These bytes behind the records.
    pub(super) fn followed_by(mut self, tail: &[u8]) -> Self {
        self.tail = tail.to_vec();
        self
    }

    pub(super) fn without_recursion(mut self) -> Self {
        self.flags &= !0x0080;
        self
    }

    /// A record of the class IN. The owner `@` is the name asked.
    pub(super) fn record(self, owner: &str, record_type: u16, data: &[u8]) -> Self {
        self.record_of_class(owner, record_type, 1, data)
    }

    pub(super) fn record_of_class(
        mut self,
        owner: &str,
        record_type: u16,
        class: u16,
        data: &[u8],
    ) -> Self {
        let mut record = if owner == "@" {
            vec![0xc0, 12]
        } else {
            wire(owner)
        };
        for number in [record_type, class, 0, 60, data.len() as u16] {
            record.extend(number.to_be_bytes());
        }
        record.extend(data);
        self.records.push(record);
        self
    }

    pub(super) fn cname(self, owner: &str, target: &str) -> Self {
        self.record(owner, CNAME, &wire(target))
    }

    /// An address of the type asked for.
    pub(super) fn address(self, owner: &str) -> Self {
        match self.asked.record_type {
            AAAA => self.record(owner, AAAA, &V6.octets()),
            _ => self.record(owner, A, &V4.octets()),
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.asked.message[..2].to_vec();
        let questions = u16::from(self.question);
        for number in [self.flags, questions, self.records.len() as u16, 0, 0] {
            bytes.extend(number.to_be_bytes());
        }
        if self.question {
            bytes.extend(wire(&self.asked.name));
            bytes.extend(self.asked.record_type.to_be_bytes());
            bytes.extend([0, 1]);
        }
        bytes.extend(self.records.iter().flatten());
        bytes.extend(&self.tail);
        bytes
    }
}

/// The addresses that [`ok`] gives.
pub(super) const V4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub(super) const V6: std::net::Ipv6Addr = std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

pub(super) fn ok(asked: &Asked) -> Act {
    Response::to(asked).address("@").into()
}

pub(super) fn code(asked: &Asked, code: u16) -> Act {
    Response::to(asked).code(code).into()
}

pub(super) fn nodata(asked: &Asked) -> Act {
    Response::to(asked).into()
}

pub(super) fn servfail(asked: &Asked) -> Act {
    code(asked, 2)
}

pub(super) fn nxdomain(asked: &Asked) -> Act {
    code(asked, 3)
}

pub(super) fn refused(asked: &Asked) -> Act {
    code(asked, 5)
}

/// A name in wire form; `\\DDD` is a byte.
pub(super) fn wire(text: &str) -> Vec<u8> {
    let name = WireName::from_text(text.as_bytes()).expect("a name");
    let mut wire: Vec<u8> = name
        .labels()
        .flat_map(|label| [&[label.len() as u8], label].concat())
        .collect();
    wire.push(0);
    wire
}

type Behaviour = Box<dyn Fn(&Asked) -> Act>;

struct World {
    start: Instant,
    clock: Cell<Instant>,
    sockets: Cell<usize>,
    asked: RefCell<Vec<Asked>>,
    behaviour: Behaviour,
}

/// Servers that behave as a closure says.
pub(super) struct Script(Rc<World>);

impl Script {
    pub(super) fn new(behaviour: impl Fn(&Asked) -> Act + 'static) -> Self {
        let start = Instant::now();
        Script(Rc::new(World {
            start,
            clock: Cell::new(start),
            sockets: Cell::new(0),
            asked: RefCell::default(),
            behaviour: Box::new(behaviour),
        }))
    }

    pub(super) async fn addresses(&self, conf: &ResolvConf, name: &str, family: Family) -> Reply {
        let dns = Dns {
            conf,
            aliases: &HostAliases::default(),
            transport: self,
        };
        dns.addresses(name.as_bytes(), family, &mut Trace::default())
            .await
    }

    pub(super) async fn pointer(&self, conf: &ResolvConf, ip: &str) -> Reply {
        let dns = Dns {
            conf,
            aliases: &HostAliases::default(),
            transport: self,
        };
        dns.pointer(ip.parse().expect("an address"), &mut Trace::default())
            .await
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.0.asked.borrow().clone()
    }

    /// All queries so far, in brief.
    pub(super) fn queries(&self) -> Vec<String> {
        self.0.asked.borrow().iter().map(Asked::brief).collect()
    }

    /// Whole seconds gone by.
    pub(super) fn seconds(&self) -> u64 {
        self.0.clock.get().duration_since(self.0.start).as_secs()
    }
}

pub(super) struct ScriptChannel {
    world: Rc<World>,
    server: SocketAddr,
    over: Over,
    socket: usize,
    due: VecDeque<(Instant, io::Result<Vec<u8>>)>,
}

impl Transport for Script {
    type Channel = ScriptChannel;

    fn now(&self) -> Instant {
        self.0.clock.get()
    }

    async fn open(&self, server: SocketAddr, over: Over, _: Instant) -> io::Result<ScriptChannel> {
        let socket = self.0.sockets.get() + 1;
        self.0.sockets.set(socket);
        Ok(ScriptChannel {
            world: self.0.clone(),
            server,
            over,
            socket,
            due: VecDeque::new(),
        })
    }
}

impl Channel for ScriptChannel {
    async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let (name, length) = WireName::unpack(message, 12).expect("a question");
        let number = &message[12 + length..];
        let IpAddr::V4(server) = self.server.ip() else {
            panic!("servers are 127.0.0.x")
        };
        let asked = Asked {
            server: server.octets()[3],
            over: self.over,
            name: String::from_utf8(name.to_text()).expect("ASCII"),
            record_type: u16::from_be_bytes([number[0], number[1]]),
            socket: self.socket,
            message: message.to_vec(),
        };
        let now = self.world.clock.get();
        match (self.world.behaviour)(&asked) {
            Act::Say(messages) => {
                self.due.extend(
                    messages
                        .into_iter()
                        .map(|(after, bytes)| (now + after, Ok(bytes))),
                );
            }
            Act::Fail(kind) => self.due.push_back((now, Err(kind.into()))),
            Act::Silence => {}
        }
        self.due.make_contiguous().sort_by_key(|(at, _)| *at);
        self.world.asked.borrow_mut().push(asked);
        Ok(())
    }

    async fn receive(&mut self, deadline: Instant) -> io::Result<Option<Vec<u8>>> {
        match self.due.front() {
            Some((at, _)) if *at <= deadline => {
                let (at, result) = self.due.pop_front().expect("there is one");
                self.world.clock.set(at.max(self.world.clock.get()));
                result.map(Some)
            }
            _ => {
                self.world.clock.set(deadline);
                Ok(None)
            }
        }
    }
}

/// A configuration with this many servers and glibc's defaults, but one attempt.
pub(super) fn servers(count: u8) -> ResolvConf {
    ResolvConf {
        nameservers: (1..=count)
            .map(|last| ([127, 0, 0, last], 53).into())
            .collect(),
        ndots: 1,
        timeout: 5,
        attempts: 1,
        ..ResolvConf::default()
    }
}

/// The same with a search list.
pub(super) fn searching(domains: &[&str]) -> ResolvConf {
    let search = domains
        .iter()
        .map(|domain| domain.as_bytes().to_vec())
        .collect();
    ResolvConf {
        search,
        ..servers(1)
    }
}

pub(super) fn failed(status: Status, error: HostError) -> Reply {
    Reply::Failed(status, Some(error))
}

/// A success in brief: the canonical name and the addresses.
pub(super) fn found(reply: Reply) -> (String, Vec<String>) {
    let Reply::Found(Found {
        addresses,
        canonical_name,
    }) = reply
    else {
        panic!("nothing found: {reply:?}")
    };
    (
        String::from_utf8(canonical_name).expect("ASCII"),
        addresses.iter().map(ToString::to_string).collect(),
    )
}

/// The addresses of a success.
pub(super) fn ips(reply: Reply) -> Vec<String> {
    found(reply).1
}

/// Only so that the numbers above are those of the code.
#[test]
fn the_type_numbers_are_those_of_the_registry() {
    assert_eq!(
        [A, PTR, AAAA],
        [RecordType::A, RecordType::Ptr, RecordType::Aaaa].map(RecordType::number)
    );
}
