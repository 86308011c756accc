//! gai.conf(5): the tables by which addresses are put in order.
//!
//! Source: glibc `sysdeps/posix/getaddrinfo.c` (`gaiconf_init` and the default tables).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Departure;
use crate::Notes;
use crate::text::{is_space, lines, skip, split_where, strtoul_exact};

/// The tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaiConf {
    labels: Vec<Prefix>,
    precedence: Vec<Prefix>,
    scopes: Vec<V4Scope>,
    /// `reload yes`: a running program reads the file again when it changes. Without it the file is
    /// read once per process.
    pub reload: bool,
    /// Lines that have no effect.
    pub notes: Notes,
}

/// The value of all addresses under a prefix. IPv4 counts as `::ffff:a.b.c.d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefix {
    prefix: Ipv6Addr,
    /// 0 to 128.
    bits: u32,
    value: i32,
}

/// The scope of all IPv4 addresses in a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct V4Scope {
    net: u32,
    mask: u32,
    scope: i32,
}

/// The label and the precedence of what no line covers, and the scope (global).
const OTHER_LABEL: i32 = 1;
const OTHER_PRECEDENCE: i32 = 40;
const OTHER_SCOPE: i32 = 14;

/// What holds without a file, or without a line of that kind in it: the tables of RFC 3484, with
/// labels of their own for site-local (`fec0::/10`) and unique local (`fc00::/7`) addresses and
/// for Teredo (`2001::/32`).
impl Default for GaiConf {
    fn default() -> Self {
        let prefix = |segments: [u16; 8], bits, value| Prefix {
            prefix: segments.into(),
            bits,
            value,
        };
        let loopback = [0, 0, 0, 0, 0, 0, 0, 1];
        let six_to_four = [0x2002, 0, 0, 0, 0, 0, 0, 0];
        let mapped = [0, 0, 0, 0, 0, 0xffff, 0, 0];
        GaiConf {
            labels: vec![
                prefix(loopback, 128, 0),
                prefix(six_to_four, 16, 2),
                prefix([0; 8], 96, 3),
                prefix(mapped, 96, 4),
                prefix([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, 5),
                prefix([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, 6),
                prefix([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, 7),
                prefix([0; 8], 0, OTHER_LABEL),
            ],
            precedence: vec![
                prefix(loopback, 128, 50),
                prefix(six_to_four, 16, 30),
                prefix([0; 8], 96, 20),
                prefix(mapped, 96, 10),
                prefix([0; 8], 0, OTHER_PRECEDENCE),
            ],
            scopes: vec![
                V4Scope::new(Ipv4Addr::new(169, 254, 0, 0), 16, 2),
                V4Scope::new(Ipv4Addr::new(127, 0, 0, 0), 8, 2),
                V4Scope::new(Ipv4Addr::UNSPECIFIED, 0, OTHER_SCOPE),
            ],
            reload: false,
            notes: Notes::default(),
        }
    }
}

impl GaiConf {
    /// Reads the contents of the file.
    ///
    /// A line is a keyword and two values, separated by white space; what follows is ignored, and
    /// so is everything from a `#` on. One `label`, `precedence` or `scopev4` line that can be
    /// read replaces that whole table. Where the lines say nothing of all other addresses (`/0`),
    /// they have label 1, precedence 40 and the global scope.
    ///
    /// A prefix or a net without a length has no effect: glibc 2.36 looks at a variable that it has
    /// not set. Over a label or a precedence it then skips the line, over a `scopev4` it crashes.
    pub fn parse(file: &[u8]) -> GaiConf {
        let mut labels = Vec::new();
        let mut precedence = Vec::new();
        let mut scopes = Vec::new();
        let mut conf = GaiConf::default();
        for (index, line) in lines(file).enumerate() {
            let (line, _) = split_where(line, |byte| byte == b'#');
            let (keyword, rest) = split_where(skip(line, is_space), is_space);
            let (first, rest) = split_where(skip(rest, is_space), is_space);
            let (second, _) = split_where(skip(rest, is_space), is_space);
            let understood = match keyword {
                b"label" => Prefix::parse(first, second).map(|prefix| labels.push(prefix)),
                b"precedence" => Prefix::parse(first, second).map(|prefix| precedence.push(prefix)),
                b"scopev4" => V4Scope::parse(first, second).map(|scope| scopes.push(scope)),
                b"reload" => {
                    conf.reload = first == b"yes";
                    Some(())
                }
                b"" => Some(()),
                _ => None,
            };
            if understood.is_some() {
                continue;
            }
            conf.notes
                .note(format!("gai.conf: line {} has no effect", index + 1));
            match keyword {
                _ if first.contains(&b'/') => {}
                b"label" | b"precedence" => conf.notes.depart(Departure::LaterGaiConf),
                // The variable still has what that one has set it to.
                b"scopev4" if scopes.is_empty() => {
                    conf.notes.depart(Departure::ScopeWithoutLength);
                }
                _ => {}
            }
        }
        if !labels.is_empty() {
            conf.labels = prefix_table(labels, OTHER_LABEL);
        }
        if !precedence.is_empty() {
            conf.precedence = prefix_table(precedence, OTHER_PRECEDENCE);
        }
        if !scopes.is_empty() {
            if scopes.iter().all(|scope| scope.mask != 0) {
                scopes.push(V4Scope::new(Ipv4Addr::UNSPECIFIED, 0, OTHER_SCOPE));
            }
            scopes.sort_by_key(|scope| std::cmp::Reverse(scope.mask));
            conf.scopes = scopes;
        }
        conf
    }

    /// The label of an address, for rule 5.
    pub fn label(&self, ip: IpAddr) -> i32 {
        value(&self.labels, ip, OTHER_LABEL)
    }

    /// The precedence of an address, for rule 6.
    pub fn precedence(&self, ip: IpAddr) -> i32 {
        value(&self.precedence, ip, OTHER_PRECEDENCE)
    }

    /// The scope of an IPv4 address, for rules 2 and 8: 2 is link-local, 14 global.
    pub fn scope_v4(&self, ip: Ipv4Addr) -> i32 {
        let ip = u32::from(ip);
        let entry = self
            .scopes
            .iter()
            .find(|scope| ip & scope.mask == scope.net);
        entry.map_or(OTHER_SCOPE, |entry| entry.scope)
    }
}

/// The first entry that covers the address counts. The tables cover all.
fn value(table: &[Prefix], ip: IpAddr, default: i32) -> i32 {
    let ip = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    table
        .iter()
        .find(|entry| entry.covers(ip))
        .map_or(default, |entry| entry.value)
}

/// Longest prefixes first; of equal ones the first in the file counts.
fn prefix_table(mut table: Vec<Prefix>, other: i32) -> Vec<Prefix> {
    if table.iter().all(|entry| entry.bits != 0) {
        table.push(Prefix {
            prefix: Ipv6Addr::UNSPECIFIED,
            bits: 0,
            value: other,
        });
    }
    table.sort_by_key(|entry| std::cmp::Reverse(entry.bits));
    table
}

impl Prefix {
    fn parse(prefix: &[u8], value: &[u8]) -> Option<Prefix> {
        let (prefix, length) = prefix_and_length(prefix)?;
        Some(Prefix {
            prefix: text(prefix)?.parse().ok()?,
            bits: bits(length, 128)?,
            value: int(value)?,
        })
    }

    fn covers(&self, ip: Ipv6Addr) -> bool {
        let differing = u128::from(self.prefix) ^ u128::from(ip);
        differing.leading_zeros() >= self.bits
    }
}

impl V4Scope {
    fn new(net: Ipv4Addr, bits: u32, scope: i32) -> V4Scope {
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        V4Scope {
            net: u32::from(net) & mask,
            mask,
            scope,
        }
    }

    /// The net is written as IPv4, or as IPv4-mapped IPv6 with a length of 96 to 128.
    fn parse(net: &[u8], scope: &[u8]) -> Option<V4Scope> {
        let (net, length) = prefix_and_length(net)?;
        let (net, bits) = match text(net)?.parse().ok()? {
            IpAddr::V4(net) => (net, bits(length, 32)?),
            IpAddr::V6(net) => (net.to_ipv4_mapped()?, bits(length, 128)?.checked_sub(96)?),
        };
        Some(V4Scope::new(net, bits, int(scope)?))
    }
}

/// What stands before and after the first `/`.
fn prefix_and_length(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let (prefix, length) = split_where(word, |byte| byte == b'/');
    Some((prefix, length.strip_prefix(b"/")?))
}

fn text(word: &[u8]) -> Option<&str> {
    std::str::from_utf8(word).ok()
}

/// A length of a prefix; nothing at all is 0.
fn bits(word: &[u8], max: u32) -> Option<u32> {
    u32::try_from(strtoul_exact(word)?)
        .ok()
        .filter(|&bits| bits <= max)
}

/// A label, a precedence or a scope; nothing at all is 0.
fn int(word: &[u8]) -> Option<i32> {
    i32::try_from(strtoul_exact(word)?).ok()
}

#[cfg(test)]
mod tests;
