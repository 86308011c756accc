//! Getting messages to a server and back: the seam between glibc's rules, which decide what is
//! sent when, and hickory, which carries it.
//!
//! hickory's resolver and its request layers are left out on purpose. They parse each message as a
//! whole and drop what they cannot read or did not expect, where glibc acts on it: a bare header
//! with REFUSED sends glibc to the next server at once, a bad record behind the needed ones does
//! no harm. What is used is hickory's way to sockets, [`RuntimeProvider`], and its framing of
//! streams, [`TcpClientStream`].

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::time::Instant;

use hickory_resolver::net::runtime::{DnsUdpSocket, RuntimeProvider};
use hickory_resolver::net::tcp::TcpClientStream;
use hickory_resolver::net::xfer::{DnsClientStream, DnsStreamHandle};
use hickory_resolver::net::{BufDnsStreamHandle, NetError};
use hickory_resolver::proto::op::SerialMessage;
use tokio::time::timeout_at;

use super::sockets::Sockets;
use crate::trace::Transport as Over;

/// The longest message (`MAXPACKET`).
const MAX_MESSAGE: usize = 65536;

/// How many buffers of that length are kept.
const BUFFERS_KEPT: usize = 64;

thread_local! {
    /// For the next datagrams: to clear one of this size takes longer than to receive most.
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A way to reach servers. Tests put a script in its place.
pub(crate) trait Transport {
    /// A socket for one server.
    type Channel: Channel;

    /// The time that deadlines are measured by.
    fn now(&self) -> Instant;

    /// A socket connected to the server. The deadline matters to streams.
    fn open(
        &self,
        server: SocketAddr,
        over: Over,
        deadline: Instant,
    ) -> impl Future<Output = io::Result<Self::Channel>>;
}

/// A socket connected to a server.
pub(crate) trait Channel {
    /// Sends a message, or has it sent before the next one is awaited.
    fn send(&mut self, message: &[u8]) -> impl Future<Output = io::Result<()>>;

    /// The next message from the server, whatever it is. None once the deadline has passed.
    fn receive(&mut self, deadline: Instant) -> impl Future<Output = io::Result<Option<Vec<u8>>>>;
}

/// The network, through a provider of sockets. The future must be polled within a tokio runtime.
///
/// A provider's datagram sockets must be connected to the server: nothing else keeps strangers'
/// packets out, and a port with no one behind it would cost the whole timeout.
#[derive(Clone, Default)]
pub(crate) struct Network<P = Sockets> {
    provider: P,
}

/// The [`Network`]'s channels.
pub(crate) enum NetworkChannel<P: RuntimeProvider> {
    /// A connected socket and the server.
    Datagrams(P::Udp, SocketAddr),
    /// A connection. What is put into the handle is sent while a message is awaited.
    Stream(Box<TcpClientStream<P::Tcp>>, BufDnsStreamHandle, SocketAddr),
}

impl<P: RuntimeProvider> Transport for Network<P> {
    type Channel = NetworkChannel<P>;

    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn open(
        &self,
        server: SocketAddr,
        over: Over,
        deadline: Instant,
    ) -> io::Result<Self::Channel> {
        match over {
            Over::Udp => {
                let local = match server {
                    SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                    SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                };
                let socket = self.provider.bind_udp((local, 0).into(), server).await?;
                Ok(NetworkChannel::Datagrams(socket, server))
            }
            Over::Tcp => {
                let limit = deadline.saturating_duration_since(Instant::now());
                let (stream, handle) =
                    TcpClientStream::new(server, None, Some(limit), self.provider.clone());
                let stream = timeout_at(deadline.into(), stream)
                    .await
                    .map_err(|_| io::ErrorKind::TimedOut)?
                    .map_err(io_error)?;
                Ok(NetworkChannel::Stream(Box::new(stream), handle, server))
            }
        }
    }
}

impl<P: RuntimeProvider> Channel for NetworkChannel<P> {
    async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            NetworkChannel::Datagrams(socket, server) => {
                let sent = socket.send_to(message, *server).await?;
                if sent != message.len() {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                Ok(())
            }
            NetworkChannel::Stream(_, handle, server) => handle
                .send(SerialMessage::new(message.to_vec(), *server))
                .map_err(io_error),
        }
    }

    async fn receive(&mut self, deadline: Instant) -> io::Result<Option<Vec<u8>>> {
        // A timer lets what is ready pass; a flood of packets must not outrun it.
        if Instant::now() >= deadline {
            return Ok(None);
        }
        let received = match self {
            NetworkChannel::Datagrams(socket, _) => {
                let mut buffer = BUFFERS
                    .with_borrow_mut(Vec::pop)
                    .unwrap_or_else(|| vec![0; MAX_MESSAGE]);
                let received = timeout_at(deadline.into(), socket.recv_from(&mut buffer)).await;
                let received = received.map(|received| {
                    let (length, _) = received?;
                    Ok(buffer[..length].to_vec())
                });
                BUFFERS.with_borrow_mut(|buffers| {
                    if buffers.len() < BUFFERS_KEPT {
                        buffers.push(buffer);
                    }
                });
                received
            }
            NetworkChannel::Stream(stream, ..) => {
                let received = timeout_at(deadline.into(), next(stream.as_mut())).await;
                received.map(|received| match received {
                    Some(Ok(message)) => Ok(message.into_parts().0),
                    Some(Err(error)) => Err(io_error(error)),
                    None => Err(io::ErrorKind::UnexpectedEof.into()),
                })
            }
        };
        received.ok().transpose()
    }
}

/// The next message of a stream. The bound brings `Stream` along, of which hickory does not
/// re-export the name.
async fn next<S: DnsClientStream>(stream: &mut S) -> Option<Result<SerialMessage, NetError>> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// The error of the system, where it is one.
fn io_error(error: NetError) -> io::Error {
    match error {
        NetError::Io(error) => match error.raw_os_error() {
            Some(number) => io::Error::from_raw_os_error(number),
            None => io::Error::new(error.kind(), error.to_string()),
        },
        NetError::Timeout => io::ErrorKind::TimedOut.into(),
        other => io::Error::other(other.to_string()),
    }
}
