//! What one lookup carries from a query to the next: the parts of glibc's `struct __res_state`,
//! and of `errno`, that the outcome depends on.

use std::io;

use super::{DnsConfig, Transport};
use crate::trace::Trace;

/// A lookup under way.
pub(super) struct Session<'a, T> {
    pub(super) conf: &'a DnsConfig,
    pub(super) transport: &'a T,
    /// The queries made so far.
    pub(super) trace: Trace,
    /// The errno of the last attempt to reach a server. Success resets it.
    pub(super) errno: Errno,
    /// A and AAAA are asked one after the other: `single-request`, or a server that answered only
    /// one of two (`RES_F_SNGLKUP`).
    pub(super) single_request: bool,
    /// Each from a socket of its own (`RES_F_SNGLKUPREOP`).
    pub(super) reopen: bool,
}

impl<'a, T: Transport> Session<'a, T> {
    pub(super) fn new(conf: &'a DnsConfig, transport: &'a T) -> Self {
        Session {
            conf,
            transport,
            trace: Trace::default(),
            errno: Errno::Other,
            single_request: conf.single_request || conf.single_request_reopen,
            reopen: conf.single_request_reopen,
        }
    }
}

/// The values of `errno` that nss_dns tells apart (`resolv/nss_dns/dns-host.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errno {
    /// None, or one without a meaning here.
    Other,
    /// ESRCH: there is no server to ask.
    NoServer,
    /// EMFILE, ENFILE: no file descriptor to be had. The number is kept.
    NoFile(i32),
    /// ECONNREFUSED: no server could be reached.
    Refused,
    /// ETIMEDOUT: no server had a usable answer in time.
    TimedOut,
}

/// Too many open files in the process; the same number on all of Linux.
const EMFILE: i32 = 24;
/// Too many open files in the system.
const ENFILE: i32 = 23;
/// No memory for a socket.
const ENOMEM: i32 = 12;
/// The address family is not there: IPv6 switched off.
const EAFNOSUPPORT: i32 = 97;
/// No buffers for a socket.
const ENOBUFS: i32 = 105;

impl Errno {
    /// What an error of a stream amounts to.
    pub(super) fn of(error: &io::Error) -> Self {
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::ConnectionRefused, _) => Errno::Refused,
            (io::ErrorKind::TimedOut, _) => Errno::TimedOut,
            (_, Some(number @ (EMFILE | ENFILE))) => Errno::NoFile(number),
            _ => Errno::Other,
        }
    }

    /// The same if it says that there is no socket to be had at all: then glibc asks no other
    /// server. None if only this one server cannot be reached.
    pub(super) fn of_missing_socket(error: &io::Error) -> Option<Self> {
        matches!(
            error.raw_os_error(),
            Some(EMFILE | ENFILE | ENOMEM | EAFNOSUPPORT | ENOBUFS)
        )
        .then(|| Errno::of(error))
    }
}
