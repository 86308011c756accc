//! From responses to addresses and names.
//!
//! glibc has three readers for this, and they differ. The one of a lookup for both families
//! ([`addresses_of_both`]) gives NOTFOUND where that for one family ([`addresses`]) and that for
//! the name of an address ([`pointer()`]) give TRYAGAIN; it does not look at the class of records,
//! and it takes the canonical name as it is when the first address comes.
//!
//! Common to all: the records count in order. Whose record a CNAME is does not matter, its target
//! is the name whose addresses count from there on. A target that is no host name is followed, but
//! is not the canonical name.
//!
//! Source: glibc `resolv/nss_dns/dns-host.c`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use conf::resolv_conf::SortlistEntry;

use super::name::WireName;
use super::query::Responses;
use super::wire::{CLASS_IN, Malformed, Message, Record, RecordType, TYPE_CNAME, code};
use crate::nss::{Found, HostError, Reply, Status};

/// sortlist(5) looks at this many addresses (`MAX_NR_ADDRS`).
const MAX_SORTED: usize = 48;

/// Something the readers cannot make sense of.
const UNREADABLE: Reply = Reply::Failed(Status::Unavail, Some(HostError::Unreadable));

/// A response without the record that was asked for, in a lookup for one type.
const NOTHING: Reply = Reply::Failed(Status::TryAgain, Some(HostError::NoRecovery));

/// A response without the record that was asked for, in a lookup for both families; and a name
/// that is none.
const NO_HOST: Reply = Reply::Failed(Status::NotFound, Some(HostError::HostNotFound));

/// The addresses of one family (`getanswer_r`).
pub(super) fn addresses(response: &Message, record_type: RecordType) -> Reply {
    let Ok(contents) = response.read() else {
        return UNREADABLE;
    };
    if response.code() == code::NXDOMAIN || !contents.name.is_host_name() {
        return NO_HOST;
    }
    let mut canonical_name = contents.name.clone();
    let mut expected = contents.name;
    let mut found = Vec::new();
    for record in contents.records {
        let Ok(record) = record else {
            return UNREADABLE;
        };
        if record.class != CLASS_IN {
            continue;
        }
        if record.record_type == TYPE_CNAME {
            let Ok(target) = record.target() else {
                return UNREADABLE;
            };
            if target.is_host_name() {
                canonical_name = target.clone();
            }
            expected = target;
        } else if record.record_type == record_type.number() && record.owner.same(&expected) {
            found.extend(address(&record));
        }
    }
    if found.is_empty() {
        return NOTHING;
    }
    Reply::Found(Found {
        addresses: found.into_iter().map(Into::into).collect(),
        canonical_name: canonical_name.to_text(),
    })
}

/// What the responses to A and AAAA say together, in the order in which they came, or one of them
/// alone (`gaih_getanswer`).
pub(super) fn addresses_of_both(responses: &Responses) -> Reply {
    let mut gathered = Gathered::default();
    let mut reply = NO_HOST;
    if let Some(first) = &responses.first {
        reply = gathered
            .take(first)
            .map_or_else(|failure| failure, |()| gathered.reply());
    }
    let go_on = matches!(reply.status(), Status::Success | Status::NotFound);
    if let (Some(second), true) = (&responses.second, go_on) {
        let result = gathered.take(second);
        // After a success the second one can only add addresses, even if it then turns out to be
        // unreadable.
        reply = match (reply, result) {
            (Reply::Found(_), _) | (_, Ok(())) => gathered.reply(),
            (nothing, Err(failure)) if failure.status() == Status::NotFound => nothing,
            (_, Err(failure)) => failure,
        };
    }
    reply
}

/// Addresses of one or two responses.
#[derive(Default)]
struct Gathered {
    addresses: Vec<IpAddr>,
    /// Set with the first address.
    canonical_name: Option<WireName>,
}

impl Gathered {
    /// Adds what a response has (`gaih_getanswer_slice`). An error if that is nothing, or if the
    /// response cannot be read to its end; the addresses before that are there all the same.
    fn take(&mut self, response: &Message) -> Result<(), Reply> {
        let contents = response.read().map_err(|Malformed| UNREADABLE)?;
        if !contents.name.is_host_name() {
            return Err(NO_HOST);
        }
        let before = self.addresses.len();
        let mut candidate = contents.name.clone();
        let mut expected = contents.name;
        for record in contents.records {
            let record = record.map_err(|Malformed| UNREADABLE)?;
            if record.record_type == TYPE_CNAME {
                expected = record.target().map_err(|Malformed| UNREADABLE)?;
                if expected.is_host_name() {
                    candidate = expected.clone();
                }
            } else if record.record_type == contents.record_type
                && record.owner.same(&expected)
                && let Some(address) = address(&record)
            {
                self.addresses.push(address);
                self.canonical_name.get_or_insert_with(|| candidate.clone());
            }
        }
        if self.addresses.len() == before {
            Err(NO_HOST)
        } else {
            Ok(())
        }
    }

    fn reply(&self) -> Reply {
        Reply::Found(Found {
            addresses: self.addresses.iter().copied().map(Into::into).collect(),
            canonical_name: self
                .canonical_name
                .as_ref()
                .map(WireName::to_text)
                .unwrap_or_default(),
        })
    }
}

/// The name of an address (`getanswer_ptr`): the first PTR record counts. If that holds no host
/// name, no other one does.
pub(super) fn pointer(response: &Message, ip: IpAddr) -> Reply {
    let Ok(contents) = response.read() else {
        return UNREADABLE;
    };
    let mut expected = contents.name;
    for record in contents.records {
        let Ok(record) = record else {
            return UNREADABLE;
        };
        if record.class != CLASS_IN {
            continue;
        }
        if record.record_type == TYPE_CNAME {
            let Ok(target) = record.target() else {
                return UNREADABLE;
            };
            expected = target;
        } else if record.record_type == RecordType::Ptr.number() && record.owner.same(&expected) {
            return match record.target() {
                Ok(target) if target.is_host_name() => Reply::Found(Found {
                    addresses: vec![ip.into()],
                    canonical_name: target.to_text(),
                }),
                _ => UNREADABLE,
            };
        }
    }
    NOTHING
}

/// The address in a record, if it has the length of its type's.
fn address(record: &Record<'_>) -> Option<IpAddr> {
    if record.record_type == RecordType::A.number() {
        <[u8; 4]>::try_from(record.data)
            .ok()
            .map(|bytes| Ipv4Addr::from(bytes).into())
    } else if record.record_type == RecordType::Aaaa.number() {
        <[u8; 16]>::try_from(record.data)
            .ok()
            .map(|bytes| Ipv6Addr::from(bytes).into())
    } else {
        None
    }
}

/// Puts the addresses of an IPv4 lookup in the order of `sortlist`, an entry's addresses before
/// those of the next entry, all others last (`addrsort`).
///
/// An entry whose address has bits outside its mask matches nothing.
pub(super) fn sort(reply: &mut Reply, sortlist: &[SortlistEntry]) {
    let Reply::Found(found) = reply else { return };
    let rank = |ip: IpAddr| {
        sortlist
            .iter()
            .position(|net| matches!(ip, IpAddr::V4(ip) if ip & net.mask == net.address))
    };
    let sorted = found.addresses.len().min(MAX_SORTED);
    found.addresses[..sorted].sort_by_key(|address| rank(address.ip).unwrap_or(sortlist.len()));
}
