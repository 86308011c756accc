//! The real transport, on the loopback interface.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use conf::host_aliases::HostAliases;
use conf::resolv_conf::ResolvConf;

use super::script::{Asked, Response, failed, ips, servers};
use crate::address::Family;
use crate::dns::name::WireName;
use crate::dns::{Dns, Network};
use crate::nss::{HostError, Reply, Status};
use crate::trace::{QueryOutcome, Step, Trace, Transport as Over};

async fn lookup(conf: &ResolvConf, family: Family) -> (Reply, Trace, Duration) {
    let transport = <Network>::default();
    let mut trace = Trace::default();
    let start = Instant::now();
    let reply = Dns {
        conf,
        aliases: &HostAliases::default(),
        transport: &transport,
    }
    .addresses(b"www.x", family, &mut trace)
    .await;
    (reply, trace, start.elapsed())
}

fn only(server: SocketAddr) -> ResolvConf {
    ResolvConf {
        nameservers: vec![server],
        timeout: 1,
        ..servers(0)
    }
}

fn asked(message: &[u8], over: Over) -> Asked {
    let (name, length) = WireName::unpack(message, 12).unwrap();
    Asked {
        server: 0,
        over,
        name: String::from_utf8(name.to_text()).unwrap(),
        record_type: u16::from_be_bytes([message[12 + length], message[13 + length]]),
        socket: 0,
        message: message.to_vec(),
    }
}

/// A server on one port of both transports. It ends with the test.
fn serve(respond: fn(&Asked) -> Option<Response>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if let Some(response) = respond(&asked(&buffer[..length], Over::Udp)) {
                socket.send_to(&response.bytes(), from).unwrap();
            }
        }
    });
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut length = [0; 2];
            while stream.read_exact(&mut length).is_ok() {
                let mut message = vec![0; u16::from_be_bytes(length).into()];
                stream.read_exact(&mut message).unwrap();
                let Some(response) = respond(&asked(&message, Over::Tcp)) else {
                    break;
                };
                let bytes = response.bytes();
                // In two parts, as a slow network would.
                stream
                    .write_all(&(bytes.len() as u16).to_be_bytes())
                    .unwrap();
                stream.flush().unwrap();
                stream.write_all(&bytes).unwrap();
            }
        }
    });
    address
}

#[tokio::test]
async fn datagrams_go_there_and_back() {
    let conf = only(serve(|asked| Some(Response::to(asked).address("@"))));
    let (reply, trace, _) = lookup(&conf, Family::Unspec).await;
    assert_eq!(ips(reply).len(), 2);
    let outcome = QueryOutcome::Response {
        code: "NOERROR".into(),
        answers: 1,
        truncated: false,
    };
    let queries: Vec<_> = trace
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Query(query) => Some((query.transport, query.outcome == outcome)),
            _ => None,
        })
        .collect();
    assert_eq!(queries, [(Over::Udp, true); 2]);
}

#[tokio::test]
async fn a_truncated_response_is_fetched_over_tcp() {
    let conf = only(serve(|asked| {
        let response = Response::to(asked);
        Some(match asked.over {
            Over::Udp => response.truncated(),
            Over::Tcp => (0..200).fold(response, |response, _| response.address("@")),
        })
    }));
    let (reply, _, _) = lookup(&conf, Family::Unspec).await;
    assert_eq!(ips(reply).len(), 400);
}

#[tokio::test]
async fn a_dead_port_is_noticed_at_once() {
    // The port was free a moment ago.
    let dead = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for use_vc in [false, true] {
        for family in [Family::Unspec, Family::Inet] {
            let conf = ResolvConf {
                use_vc,
                attempts: 3,
                ..only(dead)
            };
            let (reply, _, elapsed) = lookup(&conf, family).await;
            assert_eq!(reply, failed(Status::Unavail, HostError::TryAgain));
            assert!(elapsed < Duration::from_millis(500), "{elapsed:?}");
        }
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let (reply, trace, elapsed) = lookup(&only(serve(|_| None)), Family::Inet).await;
    assert_eq!(reply, failed(Status::Unavail, HostError::TryAgain));
    assert!(
        elapsed >= Duration::from_secs(1) && elapsed < Duration::from_secs(2),
        "{elapsed:?}"
    );
    assert!(
        matches!(trace.steps().last(), Some(Step::Query(q)) if q.outcome == QueryOutcome::Timeout)
    );
}

#[tokio::test]
async fn a_closed_connection_is_the_end_of_a_server() {
    let conf = ResolvConf {
        use_vc: true,
        ..only(serve(|_| None))
    };
    let (reply, _, elapsed) = lookup(&conf, Family::Inet).await;
    assert_eq!(reply, failed(Status::NotFound, HostError::TryAgain));
    assert!(elapsed < Duration::from_secs(1));
}

/// For callers whose runtime has several threads.
#[test]
fn a_lookup_over_the_network_may_move_between_threads() {
    fn movable(_: impl Send) {}
    let (conf, transport, mut trace) = (servers(1), <Network>::default(), Trace::default());
    let dns = Dns {
        conf: &conf,
        aliases: &HostAliases::default(),
        transport: &transport,
    };
    movable(dns.addresses(b"www.x", Family::Unspec, &mut trace));
}

#[tokio::test]
async fn a_flood_of_strange_packets_does_not_outlast_the_timeout() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let conf = only(server.local_addr().unwrap());
    let flood = thread::spawn(move || {
        let (_, client) = server.recv_from(&mut [0; 512]).unwrap();
        let end = Instant::now() + Duration::from_millis(1500);
        // The client is gone before the end.
        while Instant::now() < end && server.send_to(&[0; 20], client).is_ok() {}
    });
    let (reply, _, elapsed) = lookup(&conf, Family::Inet).await;
    assert_eq!(reply, failed(Status::Unavail, HostError::TryAgain));
    assert!(elapsed < Duration::from_millis(1400), "{elapsed:?}");
    flood.join().unwrap();
}
