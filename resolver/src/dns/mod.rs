//! The service `dns` of nsswitch.conf: the answers of glibc 2.36's nss_dns, over hickory's sockets.
//!
//! A lookup goes down through the files in this order: the search list (`search`), one question
//! (`query`), the servers (`exchange`), one server (`datagram`, `stream`), its socket
//! (`transport`). The responses go up unread but for their header; `answer` makes addresses of
//! them.
//!
//! Beyond the state of one lookup glibc keeps, for the life of a thread, the knowledge that a
//! server cannot handle two questions at once. Here each lookup learns that anew, as a program
//! does that looks up one name.

mod alias;
mod answer;
mod datagram;
mod exchange;
mod name;
mod query;
mod search;
mod session;
mod stream;
mod transport;
mod wire;

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(crate) use alias::HostAliases;
pub(crate) use transport::Network;
pub(crate) use transport::Transport;

use crate::address::Family;
use crate::nss::{HostError, Reply, Status};
use crate::trace::Trace;
use session::{Errno, Session};
use wire::RecordType;

/// What resolv.conf(5), `LOCALDOMAIN`, `RES_OPTIONS` and `HOSTALIASES` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DnsConfig {
    /// In order, duplicates included. Never empty with glibc, which falls back to 127.0.0.1; if it
    /// is, lookups end in TRYAGAIN.
    pub(crate) servers: Vec<SocketAddr>,
    /// The search list, as spelt.
    pub(crate) search: Vec<Vec<u8>>,
    /// A name with at least this many dots is tried as it is first.
    pub(crate) ndots: u32,
    /// Seconds to wait for the first server. 0 acts as 1.
    pub(crate) timeout: u32,
    /// How often all servers are asked. 0: no query at all, and a temporary failure.
    pub(crate) attempts: u32,
    /// Begin each exchange with another server.
    pub(crate) rotate: bool,
    /// Offer datagrams of 1200 bytes.
    pub(crate) edns0: bool,
    /// A first, AAAA when it is answered.
    pub(crate) single_request: bool,
    /// The same, each from a socket of its own.
    pub(crate) single_request_reopen: bool,
    /// TCP only.
    pub(crate) use_vc: bool,
    /// A name without dots is not tried as it is after the search list.
    pub(crate) no_tld_query: bool,
    /// No AAAA queries.
    pub(crate) no_aaaa: bool,
    /// Set AD in queries. What comes back of it reaches no caller of a lookup.
    pub(crate) trust_ad: bool,
    /// Networks and masks for the order of IPv4 addresses.
    pub(crate) sortlist: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// The user's aliases.
    pub(crate) aliases: HostAliases,
}

/// The service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dns<'a, T> {
    /// What to ask whom.
    pub(crate) conf: &'a DnsConfig,
    /// How to get there.
    pub(crate) transport: &'a T,
}

impl<T: Transport> Dns<'_, T> {
    /// The addresses of a name: `gethostbyname4_r` for both families, `gethostbyname2_r` for one.
    pub(crate) async fn addresses(&self, name: &[u8], family: Family, trace: &mut Trace) -> Reply {
        if !name::is_host_name(name) {
            return Reply::Failed(Status::NotFound, Some(HostError::HostNotFound));
        }
        let has_dots = name.contains(&b'.');
        let alias = if has_dots {
            None
        } else {
            self.conf.aliases.target(name)
        };
        let types: &[_] = match family {
            Family::Unspec if !self.conf.no_aaaa => &[RecordType::A, RecordType::Aaaa],
            Family::Unspec | Family::Inet => &[RecordType::A],
            Family::Inet6 => &[RecordType::Aaaa],
        };
        let mut session = Session::new(self.conf, self.transport);
        let result = session.search(alias.unwrap_or(name), types).await;
        trace.append(session.trace);
        let responses = match result {
            Ok(responses) => responses,
            Err(error) => return failure(session.errno, error),
        };
        let (Family::Inet | Family::Inet6, Some(response)) = (family, &responses.first) else {
            return answer::addresses_of_both(&responses);
        };
        let mut reply = answer::addresses(response, types[0]);
        if family == Family::Inet {
            answer::sort(&mut reply, &self.conf.sortlist);
        }
        reply
    }

    /// The name of an address: `gethostbyaddr2_r`. IPv4 addresses in IPv6 form are looked up, and
    /// returned, as IPv4: `::ffff:a.b.c.d`, and `::a.b.c.d` but for `::1`.
    pub(crate) async fn pointer(&self, ip: IpAddr, trace: &mut Trace) -> Reply {
        let ip = match ip {
            IpAddr::V6(v6) if v6 != Ipv6Addr::LOCALHOST => v6.to_ipv4().map_or(ip, IpAddr::V4),
            ip => ip,
        };
        let mut session = Session::new(self.conf, self.transport);
        let result = session
            .query(reverse_name(ip).as_bytes(), &[RecordType::Ptr])
            .await;
        trace.append(session.trace);
        match result.map(|responses| responses.first) {
            Ok(Some(response)) => answer::pointer(&response, ip),
            Ok(None) => Reply::Failed(Status::Unavail, Some(HostError::NoRecovery)),
            // glibc forgets errno before it looks at it, so no server is ever UNAVAIL here.
            Err(failure) => Reply::Failed(Status::NotFound, Some(failure.error)),
        }
    }
}

/// What a search without result is to the switch. errno decides on the status.
fn failure(errno: Errno, error: HostError) -> Reply {
    let (status, error) = match errno {
        Errno::NoServer => (Status::TryAgain, HostError::TryAgain),
        Errno::NoFile(number) => (Status::Unavail, HostError::Internal(number)),
        Errno::Refused | Errno::TimedOut => (Status::Unavail, error),
        Errno::Other => (Status::NotFound, error),
    };
    Reply::Failed(status, Some(error))
}

/// The name below `in-addr.arpa` (RFC 1035 section 3.5) or `ip6.arpa` (RFC 3596 section 2.5).
fn reverse_name(ip: IpAddr) -> String {
    let mut name = String::new();
    // Writing to a String cannot fail.
    let _ = match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            write!(name, "{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => {
            for byte in ip.octets().iter().rev() {
                let _ = write!(name, "{:x}.{:x}.", byte & 0xf, byte >> 4);
            }
            name.write_str("ip6.arpa")
        }
    };
    name
}
