//! The service `files`: the hosts file.

use std::net::IpAddr;
use std::path::Path;

use nix::errno::Errno;

use super::NOT_FOUND;
use crate::address::Family;
use crate::departure::Departure;
use crate::error::Error;
use crate::files::Unread;
use crate::lookup::Lookup;
use crate::nss::{Found, HostError, Reply, Status};
use crate::trace::{HostsLine, Step};

impl Lookup<'_> {
    pub(super) fn files(&mut self, name: &[u8], family: Family) -> Result<Reply, Error> {
        let (hosts, path) = match self.hosts()? {
            Ok(found) => found,
            Err(Unread::Closed(errno)) => {
                return Ok(no_hosts_file(errno, family, self.host_error));
            }
            Err(Unread::Open(errno)) => return Ok(unreadable(errno)),
        };
        let wanted = match family {
            Family::Unspec => hostsfile::Family::Any,
            Family::Inet => hostsfile::Family::V4,
            Family::Inet6 => hostsfile::Family::V6,
        };
        let multi = self.host_conf()?.multi;
        let trace = &mut self.trace;
        let reply = hosts.lookup(name, wanted, multi, |answer, overrun| {
            if overrun {
                trace.depart(Departure::IndentedLine);
            }
            let Some(answer) = answer else {
                return NOT_FOUND;
            };
            for line in answer.lines() {
                trace.push(Step::HostsLine(hosts_line(&path, line)));
            }
            Reply::Found(Found {
                addresses: answer.addresses().map(Into::into).collect(),
                canonical_name: answer.canonical_name().to_vec(),
            })
        });
        Ok(reply.unwrap_or_else(|unread| unreadable(unread.errno())))
    }

    pub(super) fn files_reverse(&mut self, ip: IpAddr) -> Result<Reply, Error> {
        if matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some()) {
            self.trace.depart(Departure::MappedReverse);
        }
        let (hosts, path) = match self.hosts()? {
            Ok(found) => found,
            Err(Unread::Closed(_)) => return Ok(Reply::Failed(Status::Unavail, None)),
            Err(Unread::Open(errno)) => return Ok(unreadable(errno)),
        };
        let trace = &mut self.trace;
        let reply = hosts.reverse(ip, |line, overrun| {
            if overrun {
                trace.depart(Departure::IndentedLine);
            }
            let Some(line) = line else {
                return NOT_FOUND;
            };
            trace.push(Step::HostsLine(hosts_line(&path, &line)));
            Reply::Found(Found {
                addresses: vec![ip.into()],
                canonical_name: line.canonical_name().to_vec(),
            })
        });
        Ok(reply.unwrap_or_else(|unread| unreadable(unread.errno())))
    }
}

/// nss_files without a file to read (`nss/nss_files/files-hosts.c`): the function for both
/// families sets `h_errno`, that for one family does not.
fn no_hosts_file(errno: Errno, family: Family, before: Option<HostError>) -> Reply {
    let busy = errno == Errno::EAGAIN;
    let status = if busy {
        Status::TryAgain
    } else {
        Status::Unavail
    };
    let host_error = match family {
        Family::Unspec if busy => Some(HostError::TryAgain),
        Family::Unspec => Some(HostError::HostNotFound),
        // What says "see errno" now means another one.
        _ if matches!(before, Some(HostError::Internal(_))) => {
            Some(HostError::Internal(errno as i32))
        }
        Family::Inet | Family::Inet6 => None,
    };
    Reply::Failed(status, host_error)
}

/// The same with one that was opened (`files-XXX.c`, `internal_getent`).
fn unreadable(errno: Errno) -> Reply {
    Reply::Failed(Status::Unavail, Some(HostError::Internal(errno as i32)))
}

fn hosts_line(path: &Path, line: &hostsfile::Line<'_>) -> HostsLine {
    HostsLine {
        path: path.to_owned(),
        number: line.number(),
        address: line.address,
        names: line.names().map(<[u8]>::to_vec).collect(),
    }
}
