//! Where this resolver does not follow glibc on purpose: what glibc does there, in a line each.
//! `docs/DEVIATIONS.md` says more of them.
//!
//! Whoever takes one leaves it in the trace, so that a difference from glibc can be told from a
//! bug. A departure that was taken does not mean that glibc has answered otherwise: much of what
//! it does there depends on memory, on chance or on time.

use std::fmt;

/// A departure from glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Departure {
    /// Something in a configuration file.
    Conf(conf::Departure),
    /// An indented line of the hosts file without an end.
    IndentedLine,
    /// A `hosts` line of nsswitch.conf without a service.
    NoService,
    /// `[SUCCESS=merge]` before a service that has no answer.
    Merge,
    /// An error code made of an errno, or an h_errno, that nobody knows.
    Errno,
    /// AAAA lost while a packet came that answers nothing.
    StrayPacket,
    /// A response that ends within its question.
    CutQuestion,
    /// A default route over several next hops, for `myhostname`.
    NextHops,
    /// A server that takes its time over TCP.
    SlowStream,
    /// A fifo, or a device without an end, in place of a file.
    Endless,
    /// A server that answers one of two parallel queries.
    OneQueryAtATime,
    /// The name of an IPv4 address in IPv6 form.
    MappedReverse,
}

impl fmt::Display for Departure {
    /// What glibc does, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Departure::Conf(departure) => return departure.fmt(f),
            Departure::IndentedLine => {
                "hosts: glibc repeats bytes of an indented line that has a NUL or no newline"
            }
            Departure::NoService => {
                "nsswitch.conf: glibc reads past the end of a list without a service, or crashes"
            }
            Departure::Merge => {
                "nsswitch.conf: glibc merges from a buffer that it has written over"
            }
            Departure::Errno => {
                "without an answer: glibc makes the code of whatever errno or h_errno was left"
            }
            Departure::StrayPacket => {
                "DNS: glibc reads a buffer never written to, after AAAA is lost and a stray comes"
            }
            Departure::CutQuestion => {
                "DNS: glibc looks for the rest of a question that was cut in memory never written to"
            }
            Departure::NextHops => {
                "myhostname: the module aborts if a hop of a multipath route has no gateway"
            }
            Departure::SlowStream => "DNS: glibc waits without end for a server over TCP",
            Departure::Endless => "glibc waits without end for the end of what is no file",
            Departure::OneQueryAtATime => {
                "DNS: glibc keeps in mind that this server takes one query at a time"
            }
            Departure::MappedReverse => {
                "the name of an IPv4-mapped address: glibc 2.38 also finds IPv4 lines of hosts"
            }
        })
    }
}
