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

mod answer;
mod buffer;
mod datagram;
mod exchange;
mod name;
mod offline;
mod query;
mod search;
mod session;
mod sockets;
mod stream;
mod transport;
mod wire;

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

pub(crate) use offline::Offline;
pub(crate) use transport::Network;
pub(crate) use transport::Transport;

use conf::host_aliases::HostAliases;
use conf::resolv_conf::ResolvConf;

use crate::address::Family;
use crate::nss::{HostError, Reply, Status};
use crate::trace::Trace;
use session::{Errno, Session};
use wire::RecordType;

/// The service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dns<'a, T> {
    /// What to ask whom.
    pub(crate) conf: &'a ResolvConf,
    /// The user's aliases.
    pub(crate) aliases: &'a HostAliases,
    /// How to get there.
    pub(crate) transport: &'a T,
}

/// What is asked of it.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// The addresses of a name.
    Addresses(Vec<u8>, Family),
    /// The name of an address.
    Pointer(IpAddr),
}

impl<T: Transport> Dns<'_, T> {
    pub(crate) async fn ask(&self, question: &Question, trace: &mut Trace) -> Reply {
        match question {
            Question::Addresses(name, family) => self.addresses(name, *family, trace).await,
            Question::Pointer(ip) => self.pointer(*ip, trace).await,
        }
    }

    /// The addresses of a name: `gethostbyname4_r` for both families, `gethostbyname2_r` for one.
    async fn addresses(&self, name: &[u8], family: Family, trace: &mut Trace) -> Reply {
        if !name::is_host_name(name) {
            return Reply::Failed(Status::NotFound, Some(HostError::HostNotFound));
        }
        let has_dots = name.contains(&b'.');
        let alias = if has_dots {
            None
        } else {
            self.aliases.target(name)
        };
        let types: &[_] = match family {
            Family::Unspec if !self.conf.no_aaaa => &[RecordType::A, RecordType::Aaaa],
            Family::Unspec | Family::Inet => &[RecordType::A],
            Family::Inet6 => &[RecordType::Aaaa],
        };
        let mut session = Session::new(self);
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
    async fn pointer(&self, ip: IpAddr, trace: &mut Trace) -> Reply {
        let ip = match ip {
            IpAddr::V6(v6) if v6 != Ipv6Addr::LOCALHOST => v6.to_ipv4().map_or(ip, IpAddr::V4),
            ip => ip,
        };
        let mut session = Session::new(self);
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
