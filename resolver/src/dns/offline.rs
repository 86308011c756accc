//! A transport of one who may not enter the namespace: it tells whether a question needs it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::transport::{Channel, Transport};
use crate::trace::Transport as Over;

/// Has no sockets. An answer that came about without one is good.
#[derive(Debug, Default)]
pub(crate) struct Offline {
    wanted: AtomicBool,
}

impl Offline {
    /// Whether anybody wanted a socket.
    pub(crate) fn was_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }
}

impl Transport for Offline {
    type Channel = Infallible;

    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn open(&self, _: SocketAddr, _: Over, _: Instant) -> io::Result<Infallible> {
        self.wanted.store(true, Ordering::Relaxed);
        // Whoever hears this tries no other server.
        Err(io::Error::from_raw_os_error(libc::ENOBUFS))
    }
}

impl Channel for Infallible {
    async fn send(&mut self, _: &[u8]) -> io::Result<()> {
        match *self {}
    }

    async fn receive(&mut self, _: Instant) -> io::Result<Option<Vec<u8>>> {
        match *self {}
    }
}
