//! The sockets that [`Network`](super::transport::Network) asks over, by hickory's ways to have
//! one's own: [`RuntimeProvider`] and [`DnsUdpSocket`].

use std::future::Future;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hickory_resolver::net::runtime::{
    DnsUdpSocket, RuntimeProvider, TokioRuntimeProvider, TokioTime,
};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, connect, setsockopt, socket, sockopt,
};
use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

/// Sockets made where they are asked for: in the network namespace of the calling thread.
#[derive(Clone, Default)]
pub(crate) struct Sockets {
    tokio: TokioRuntimeProvider,
}

impl RuntimeProvider for Sockets {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = TokioTime;
    type Udp = ConnectedSocket;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.tokio.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        local: Option<SocketAddr>,
        limit: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        self.tokio.connect_tcp(server, local, limit)
    }

    /// Not bound: to connect does that too.
    fn bind_udp(
        &self,
        _: SocketAddr,
        server: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Udp>>>> {
        Box::pin(async move { ConnectedSocket::to(server) })
    }
}

/// A datagram socket that hears from one server only, and hears that there is no one on its port.
pub(crate) struct ConnectedSocket {
    /// Waited for where there is something to read, and never for room to write: each wait for
    /// that, even an unwanted one, wakes the thread once more for every datagram.
    socket: AsyncFd<UdpSocket>,
    server: SocketAddr,
}

impl ConnectedSocket {
    fn to(server: SocketAddr) -> io::Result<ConnectedSocket> {
        let family = match server {
            SocketAddr::V4(_) => AddressFamily::Inet,
            SocketAddr::V6(_) => AddressFamily::Inet6,
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(family, SockType::Datagram, flags, None)?;
        // Without this only "port unreachable" gets through; with it "host unreachable" and the
        // like also end the wait (glibc resolv/res_enable_icmp.c).
        match server {
            SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?,
            SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?,
        }
        connect(socket.as_raw_fd(), &SockaddrStorage::from(server))?;
        // What replaces this function is unsafe, for types that may close their descriptor when
        // they like; a socket of std keeps it.
        #[allow(deprecated)]
        let socket = AsyncFd::with_interest(socket.into(), Interest::READABLE)?;
        Ok(ConnectedSocket { socket, server })
    }

    /// A full buffer is as good as a datagram lost on the way: the timeout sees to both. It has
    /// room for more of them than are ever sent at a time.
    fn send(&self, message: &[u8]) -> io::Result<usize> {
        match self.socket.get_ref().send(message) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(message.len()),
            result => result,
        }
    }

    /// Waits for a datagram or an error. tokio wakes no reader for an error alone, so the wait is
    /// for both by name.
    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self
                .socket
                .ready(Interest::READABLE | Interest::ERROR)
                .await?;
            if ready.ready().is_error() {
                if let Some(error) = self.socket.get_ref().take_error()? {
                    return Err(error);
                }
                // Nothing there after all: have tokio forget about it, or this would spin.
                ready.clear_ready_matching(Ready::ERROR);
            }
            if let Ok(result) = ready.try_io(|socket| socket.get_ref().recv(buffer)) {
                return result;
            }
        }
    }
}

impl DnsUdpSocket for ConnectedSocket {
    type Time = TokioTime;

    /// The signature is that which `async_trait` makes of the method.
    fn recv_from<'s, 'b, 'f>(
        &'s self,
        buffer: &'b mut [u8],
    ) -> Pin<Box<dyn Future<Output = io::Result<(usize, SocketAddr)>> + Send + 'f>>
    where
        's: 'f,
        'b: 'f,
        Self: 'f,
    {
        Box::pin(async move { Ok((self.receive(buffer).await?, self.server)) })
    }

    /// Without the news of errors, for which there is no way to poll. Not used here.
    fn poll_recv_from(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(context))?;
            if let Ok(result) = ready.try_io(|socket| socket.get_ref().recv(buffer)) {
                return Poll::Ready(Ok((result?, self.server)));
            }
        }
    }

    fn poll_send_to(
        &self,
        _: &mut Context<'_>,
        message: &[u8],
        _: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.send(message))
    }
}
