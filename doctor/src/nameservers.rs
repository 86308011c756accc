//! The nameservers of resolv.conf: whether each can be reached from the namespace.
//!
//! Only what can be told without sending anything out: whether there is a route, and, for a server
//! at an address of the namespace itself, whether somebody answers there. To such a server a query
//! is sent: who takes it may not show among the sockets, for netfilter can send it elsewhere.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use conf::environment::Environment;
use conf::resolv_conf::{Context, ResolvConf, names_a_server};
use netns::interfaces;

use crate::configuration::Configuration;
use crate::finding::{Finding, Kind, Since};
use crate::target::Target;

/// How long a server of the namespace itself may take to refuse: the kernel does so at once.
const PATIENCE: Duration = Duration::from_millis(200);

/// A query for the nameservers of the root (RFC 1035, 4.1), without recursion: the least work.
const QUERY: [u8; 17] = [
    0x65, 0x74, // its number
    0, 0, // a query
    0, 1, 0, 0, 0, 0, 0, 0, // one question
    0, // the root
    0, 2, 0, 1, // NS, IN
];

/// A server that cannot be reached.
#[derive(Debug)]
pub(crate) struct Unreachable {
    server: SocketAddr,
    why: Why,
}

#[derive(Debug)]
enum Why {
    NoRoute(io::Error),
    NobodyListens,
}

/// The servers of resolv.conf that cannot be reached from the namespace that the calling thread is
/// in. A file without any has glibc ask 127.0.0.1, which is nobody's intention: that is none.
pub(crate) fn look(resolv_conf: &[u8]) -> Vec<Unreachable> {
    if !names_a_server(resolv_conf) {
        return Vec::new();
    }
    let conf = ResolvConf::parse(
        resolv_conf,
        &Context {
            environment: &Environment::default(),
            host_name: b"",
            interface_index: &interfaces::index_of,
        },
    );
    let mut unreachable: Vec<Unreachable> = Vec::new();
    for &server in &conf.nameservers {
        let is_known = unreachable.iter().any(|known| known.server == server);
        if let Some(why) = why_not(server, conf.use_vc).filter(|_| !is_known) {
            unreachable.push(Unreachable { server, why });
        }
    }
    unreachable
}

/// None if it can be reached, or if that cannot be told.
fn why_not(server: SocketAddr, over_tcp: bool) -> Option<Why> {
    let socket = match connect(server) {
        Ok(socket) => socket,
        Err(error) => return Some(Why::NoRoute(error)),
    };
    let source = socket.local_addr().ok()?.ip();
    if source != server.ip() && !server.ip().is_loopback() {
        return None;
    }
    let asked = if over_tcp {
        TcpStream::connect_timeout(&server, PATIENCE).map(drop)
    } else {
        ask(&socket)
    };
    let refused = asked.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
    refused.then_some(Why::NobodyListens)
}

/// A socket that sends to the server; nothing is sent yet.
fn connect(server: SocketAddr) -> io::Result<UdpSocket> {
    let from: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from)?;
    socket.connect(server)?;
    Ok(socket)
}

fn ask(socket: &UdpSocket) -> io::Result<()> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send(&QUERY)?;
    socket.recv(&mut [0; 512]).map(drop)
}

/// Tell of them. `file` is the resolv.conf they stand in.
pub(crate) fn examine<'a>(
    target: &'a Target,
    file: &'a Configuration,
    unreachable: Vec<Unreachable>,
) -> impl Iterator<Item = Finding> + 'a {
    unreachable.into_iter().map(|Unreachable { server, why }| {
        let ip = server.ip();
        let another = if file.is_own {
            "name another server there".to_owned()
        } else {
            match &target.name {
                Some(name) => format!("give {name} a resolv.conf of its own, with another server"),
                None => "give the namespace a name, and a resolv.conf of its own".to_owned(),
            }
        };
        let (why, since, mend) = match why {
            Why::NoRoute(error) => (
                format!("there is no route ({})", description(&error)),
                file.since(),
                if ip.is_loopback() {
                    target.ip("link set lo up")
                } else {
                    format!(
                        "{} or another route, or {another}",
                        target.ip(&format!("route add {ip} ..."))
                    )
                },
            ),
            Why::NobodyListens => (
                "nobody listens there".to_owned(),
                Since::always("each network namespace has addresses of its own for itself"),
                format!("start a server with {}, or {another}", target.start()),
            ),
        };
        Finding {
            kind: Kind::NameserverUnreachable,
            path: Some(file.path.clone()),
            what: format!("nameserver {ip} cannot be reached: {why}"),
            since: Some(since),
            mend,
            processes: Vec::new(),
        }
    })
}

/// The error without the number that std adds.
fn description(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => nix::errno::Errno::from_raw(errno).desc().to_owned(),
        None => error.to_string(),
    }
}
