//! What one lookup carries from a query to the next: the parts of glibc's `struct __res_state`,
//! and of `errno`, that the outcome depends on.

use std::io;

use conf::host_aliases::HostAliases;
use conf::resolv_conf::ResolvConf;
use libc::{EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, ENOMEM};

use super::buffer::Buffers;
use super::{Dns, Transport};
use crate::trace::Trace;

/// A lookup under way.
pub(super) struct Session<'a, T> {
    pub(super) conf: &'a ResolvConf,
    pub(super) aliases: &'a HostAliases,
    pub(super) transport: &'a T,
    /// The queries made so far.
    pub(super) trace: Trace,
    /// What the buffers hold that the responses are received into.
    pub(super) buffers: Buffers,
    /// The errno of the last attempt to reach a server. Success resets it.
    pub(super) errno: Errno,
    /// A and AAAA are asked one after the other: `single-request`, or a server that answered only
    /// one of two (`RES_F_SNGLKUP`).
    pub(super) single_request: bool,
    /// Each from a socket of its own (`RES_F_SNGLKUPREOP`).
    pub(super) reopen: bool,
}

impl<'a, T: Transport> Session<'a, T> {
    pub(super) fn new(dns: &Dns<'a, T>) -> Self {
        let Dns {
            conf,
            aliases,
            transport,
        } = *dns;
        Session {
            conf,
            aliases,
            transport,
            trace: Trace::default(),
            buffers: Buffers::default(),
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
    /// EMFILE, ENFILE: no file descriptor to be had, in the process or in the system. The number is
    /// kept.
    NoFile(i32),
    /// ECONNREFUSED: no server could be reached.
    Refused,
    /// ETIMEDOUT: no server had a usable answer in time.
    TimedOut,
}

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

    /// The same if it says that there is no socket to be had at all, for want of descriptors, of
    /// memory, or of the address family: then glibc asks no other server. None if only this one server cannot be reached.
    pub(super) fn of_missing_socket(error: &io::Error) -> Option<Self> {
        matches!(
            error.raw_os_error(),
            Some(EMFILE | ENFILE | ENOMEM | EAFNOSUPPORT | ENOBUFS)
        )
        .then(|| Errno::of(error))
    }
}
