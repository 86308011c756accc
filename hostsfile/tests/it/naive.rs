//! hosts(5) line by line, written from the rules alone: the judge of the crate's fast paths.
//!
//! It shares no code with the crate, not even the reading of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// 0, 4 or 6, as in `AF_UNSPEC`, `AF_INET`, `AF_INET6`.
pub(crate) type Family = u8;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) number: usize,
    pub(crate) address: IpAddr,
    /// The canonical name and the aliases.
    pub(crate) names: Vec<Vec<u8>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) canonical_name: Vec<u8>,
    pub(crate) aliases: Vec<Vec<u8>>,
    pub(crate) numbers: Vec<usize>,
}

pub(crate) fn entries(file: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, line) in file.split(|&byte| byte == b'\n').enumerate() {
        let mut fields = fields(line);
        if fields.is_empty() {
            continue;
        }
        let Some(address) = address(&fields.remove(0)) else {
            continue;
        };
        if fields.is_empty() {
            fields.push(Vec::new());
        }
        entries.push(Entry {
            number: index + 1,
            address,
            names: fields,
        });
    }
    entries
}

pub(crate) fn lookup(file: &[u8], name: &[u8], family: Family, multi: bool) -> Option<Answer> {
    let lower = |name: &[u8]| name.to_ascii_lowercase();
    let mut matching: Vec<(IpAddr, Entry)> = entries(file)
        .into_iter()
        .filter(|entry| entry.names.iter().any(|own| lower(own) == lower(name)))
        .filter_map(|entry| Some((seen_as(entry.address, family)?, entry)))
        .collect();
    if !multi {
        matching.truncate(1);
    }
    let canonical_name = matching.first()?.1.names[0].clone();
    let mut aliases = Vec::new();
    for (_, entry) in &matching {
        aliases.extend_from_slice(&entry.names[1..]);
        if entry.names[0] != canonical_name {
            aliases.push(entry.names[0].clone());
        }
    }
    Some(Answer {
        addresses: matching.iter().map(|(address, _)| *address).collect(),
        canonical_name,
        aliases,
        numbers: matching.iter().map(|(_, entry)| entry.number).collect(),
    })
}

pub(crate) fn reverse(file: &[u8], address: IpAddr) -> Option<Entry> {
    let family = if address.is_ipv4() { 4 } else { 6 };
    entries(file)
        .into_iter()
        .find(|entry| seen_as(entry.address, family) == Some(address))
}

/// The fields of a line, up to a comment or NUL.
fn fields(line: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = vec![Vec::new()];
    for &byte in line {
        match byte {
            b'#' | 0 => break,
            b' ' | 0x09 | 0x0b | 0x0c | 0x0d => fields.push(Vec::new()),
            _ => fields
                .last_mut()
                .expect("there is one from the start")
                .push(byte),
        }
    }
    fields.retain(|field| !field.is_empty());
    fields
}

fn seen_as(address: IpAddr, family: Family) -> Option<IpAddr> {
    match address {
        IpAddr::V4(_) => (family != 6).then_some(address),
        IpAddr::V6(_) if family != 4 => Some(address),
        IpAddr::V6(v6) => match v6.octets() {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => {
                Some(Ipv4Addr::new(a, b, c, d).into())
            }
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] => {
                Some(Ipv4Addr::new(127, 0, 0, 1).into())
            }
            _ => None,
        },
    }
}

/// Strict addresses: RFC 4291, section 2.2, and four decimal numbers without leading zeros.
pub(crate) fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if !text.contains(':') {
        return Some(Ipv4Addr::from(octets(text)?).into());
    }
    let groups = match text.split_once("::") {
        None => groups(text)?,
        Some((_, after)) if after.contains("::") => return None,
        // An IPv4 part may only end the whole.
        Some((before, _)) if before.contains('.') => return None,
        Some((before, after)) => {
            let mut all = if before.is_empty() {
                Vec::new()
            } else {
                groups(before)?
            };
            let tail = if after.is_empty() {
                Vec::new()
            } else {
                groups(after)?
            };
            // At least one group is left out.
            let zeros = 8usize
                .checked_sub(all.len() + tail.len())
                .filter(|&zeros| zeros > 0)?;
            all.extend(vec![0; zeros]);
            all.extend(tail);
            all
        }
    };
    Some(Ipv6Addr::from(<[u16; 8]>::try_from(groups).ok()?).into())
}

/// One or more groups between colons, the last two perhaps as IPv4.
fn groups(text: &str) -> Option<Vec<u16>> {
    let parts: Vec<&str> = text.split(':').collect();
    let mut groups = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if index + 1 == parts.len() && part.contains('.') {
            let [a, b, c, d] = octets(part)?;
            groups.push(u16::from(a) << 8 | u16::from(b));
            groups.push(u16::from(c) << 8 | u16::from(d));
        } else {
            let digits = part.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !digits || !(1..=4).contains(&part.len()) {
                return None;
            }
            groups.push(u16::from_str_radix(part, 16).ok()?);
        }
    }
    Some(groups)
}

fn octets(text: &str) -> Option<[u8; 4]> {
    let octet = |part: &str| {
        // The one way of writing a number up to 255, so neither `+1` nor `01`.
        (0..=255u8).find(|number| number.to_string() == part)
    };
    let octets: Option<Vec<u8>> = text.split('.').map(octet).collect();
    octets?.try_into().ok()
}
