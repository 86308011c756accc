//! resolv.conf(5): the servers to ask, the names to try, and how.
//!
//! Source: glibc `resolv/res_init.c` and `resolv_conf.c`.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::Departure;
use crate::Notes;
use crate::environment::Environment;
use crate::numeric;
use crate::text::{atoi, c_string, is_space, lines, skip, split_where};

/// The port of every server.
const PORT: u16 = 53;
/// Servers that count (`MAXNS`).
const MAX_SERVERS: usize = 3;
/// The largest values that options can set (`RES_MAXNDOTS`, `RES_MAXRETRANS`, `RES_MAXRETRY`).
const MAX_NDOTS: i32 = 15;
const MAX_TIMEOUT: i32 = 30;
const MAX_ATTEMPTS: i32 = 5;

/// The file and the environment, taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    /// The servers, 1 to 3, in order, duplicates included.
    pub nameservers: Vec<SocketAddr>,
    /// Suffixes to try, in order and as written: any bytes, without limit on their number. A
    /// leading dot does not count; an empty one, and `.`, is the root.
    pub search: Vec<Vec<u8>>,
    /// A name with at least so many dots is tried as it is first; 0 to 15.
    pub ndots: u32,
    /// Seconds to wait for a server's answer at first; 1 to 30.
    pub timeout: u32,
    /// How often to ask each server; 0 to 5, where 0 sends no query at all.
    pub attempts: u32,
    /// `rotate`: begin each lookup with another server.
    pub rotate: bool,
    /// `edns0`: send EDNS options.
    pub edns0: bool,
    /// `single-request`: ask for A, and only then for AAAA.
    pub single_request: bool,
    /// `single-request-reopen`: the same, with a new socket for the second.
    pub single_request_reopen: bool,
    /// `no-tld-query`: do not try a name without dots as it is.
    pub no_tld_query: bool,
    /// `no-reload`: keep this configuration when the file changes.
    pub no_reload: bool,
    /// `use-vc`: TCP only.
    pub use_vc: bool,
    /// `trust-ad`: ask for, and pass on, the AD bit.
    pub trust_ad: bool,
    /// `no-aaaa`: do not ask for AAAA.
    pub no_aaaa: bool,
    /// `sortlist`: nets whose addresses come first, in order, without limit on their number.
    pub sortlist: Vec<SortlistEntry>,
    /// The scope of a server means nothing, or was looked up in vain as the name of an interface:
    /// in glibc that leaves errno set.
    pub scope_fails: bool,
    /// What in the file has no effect, or not the one its author may expect.
    pub notes: Notes,
}

/// No servers and no search list, the options as they are by default.
impl Default for ResolvConf {
    fn default() -> ResolvConf {
        ResolvConf {
            nameservers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: 5,
            attempts: 2,
            rotate: false,
            edns0: false,
            single_request: false,
            single_request_reopen: false,
            no_tld_query: false,
            no_reload: false,
            use_vc: false,
            trust_ad: false,
            no_aaaa: false,
            sortlist: Vec::new(),
            scope_fails: false,
            notes: Notes::default(),
        }
    }
}

/// A net of `sortlist`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortlistEntry {
    /// Its address, as written: bits outside the mask are kept, as glibc keeps them.
    pub address: Ipv4Addr,
    /// Its mask, as written, or that of the address's class.
    pub mask: Ipv4Addr,
}

/// What the file is read together with.
pub struct Context<'a> {
    /// `LOCALDOMAIN` and `RES_OPTIONS`.
    pub environment: &'a Environment,
    /// What gethostname(2) gives: its domain is the default search list.
    pub host_name: &'a [u8],
    /// if_nametoindex(3) in the namespace, for servers with a scope.
    pub interface_index: &'a dyn Fn(&[u8]) -> Option<u32>,
}

impl ResolvConf {
    /// Reads the contents of the file; empty if there is none, which is no error.
    ///
    /// A keyword stands in column 0, in lower case, before a space or a tab. `#` and `;` in column
    /// 0 make a comment. A CR is data.
    pub fn parse(file: &[u8], context: &Context<'_>) -> ResolvConf {
        let mut conf = ResolvConf::default();
        if let Some(list) = &context.environment.localdomain {
            let (list, _) = split_where(c_string(list), |byte| byte == b'\n');
            conf.search = search_list(list);
        }
        for (index, line) in lines(file).enumerate() {
            conf.read_line(line, index + 1, context);
        }
        if conf.nameservers.is_empty() {
            conf.nameservers
                .push(SocketAddrV4::new(Ipv4Addr::LOCALHOST, PORT).into());
            conf.notes.note("no nameserver: 127.0.0.1 is asked");
        }
        if conf.search.is_empty()
            && let [b'.', domain @ ..] = skip(c_string(context.host_name), |byte| byte != b'.')
        {
            conf.search.push(domain.to_vec());
        }
        if let Some(options) = &context.environment.res_options {
            conf.read_options(c_string(options));
        }
        conf.cut_search();
        if conf.rotate && conf.nameservers.len() > 1 {
            conf.notes.depart(Departure::Rotate);
        }
        conf
    }

    /// An address in any form of inet_aton(3), or IPv6 with or without a scope. A scope that means
    /// nothing counts as none. glibc looks at those of all servers, also of such as do not count.
    fn server(&mut self, text: &[u8], context: &Context<'_>) -> Option<SocketAddr> {
        let (ip, scope) = match numeric::parse(text)? {
            numeric::Numeric::V4(ip) => return Some(SocketAddrV4::new(ip, PORT).into()),
            numeric::Numeric::V6 { ip, scope } => (ip, scope),
        };
        let is_no_interface = Cell::new(false);
        let interface_index = |name: &[u8]| {
            let index = (context.interface_index)(name).filter(|index| *index != 0);
            is_no_interface.set(index.is_none());
            index
        };
        let id = scope.map(|text| numeric::scope_id(ip.into(), text, &interface_index));
        self.scope_fails |= id == Some(None) || is_no_interface.get();
        Some(SocketAddrV6::new(ip, PORT, 0, id.flatten().unwrap_or(0)).into())
    }

    fn read_line(&mut self, line: &[u8], number: usize, context: &Context<'_>) {
        if let Some(value) = value_of(line, b"domain") {
            let (domain, _) = split_where(value, |byte| is_blank(byte) || byte == b'\n');
            if !domain.is_empty() && context.environment.localdomain.is_none() {
                self.search = vec![domain.to_vec()];
            }
        } else if let Some(value) = value_of(line, b"search") {
            let (list, _) = split_where(value, |byte| byte == b'\n');
            if !list.is_empty() && context.environment.localdomain.is_none() {
                self.search = search_list(list);
            }
        } else if let Some(value) = value_of(line, b"nameserver") {
            let (address, _) = split_where(value, |byte| is_blank(byte) || byte == b'\n');
            match self.server(address, context) {
                None => self
                    .notes
                    .note(format!("line {number}: nameserver without an address")),
                Some(_) if self.nameservers.len() == MAX_SERVERS => {
                    self.notes
                        .note(format!("line {number}: only the first 3 nameservers count"));
                }
                Some(server) => self.nameservers.push(server),
            }
        } else if let Some(value) = value_of(line, b"sortlist") {
            if self.read_sortlist(value).is_none() {
                self.notes.note(format!(
                    "line {number}: sortlist is read up to its first bad entry"
                ));
                self.notes.depart(Departure::Sortlist);
            }
        } else if let Some(value) = value_of(line, b"options") {
            self.read_options(value);
        }
    }

    /// Values are compared by prefix, in this order: `single-request-reopen` does not also set
    /// `single-request`, and `rotate-not` is `rotate`.
    fn read_options(&mut self, options: &[u8]) {
        let mut rest = skip(options, is_blank);
        while !rest.is_empty() {
            if let Some(value) = rest.strip_prefix(b"ndots:") {
                let ndots = atoi(value);
                // A field of four bits: -1 is 15.
                self.ndots = ndots.min(MAX_NDOTS) as u32 & 15;
                if ndots < 0 {
                    self.notes.depart(Departure::Ndots);
                }
            } else if let Some(value) = rest.strip_prefix(b"timeout:") {
                // Kept as it is, but waiting for less than a second is waiting for one.
                self.timeout = atoi(value).clamp(1, MAX_TIMEOUT) as u32;
            } else if let Some(value) = rest.strip_prefix(b"attempts:") {
                self.attempts = atoi(value).clamp(0, MAX_ATTEMPTS) as u32;
            } else if let Some(flag) = self.flag(rest) {
                *flag = true;
            } else if rest.starts_with(b"-") || rest.starts_with(b"strict-error") {
                self.notes.depart(Departure::LaterOption);
            }
            rest = skip(skip(rest, |byte| !is_blank(byte)), is_blank);
        }
    }

    /// The flag that `text` starts with.
    fn flag(&mut self, text: &[u8]) -> Option<&mut bool> {
        let flags: [(&[u8], &mut bool); 9] = [
            (b"rotate", &mut self.rotate),
            (b"edns0", &mut self.edns0),
            (b"single-request-reopen", &mut self.single_request_reopen),
            (b"single-request", &mut self.single_request),
            (b"no-reload", &mut self.no_reload),
            (b"use-vc", &mut self.use_vc),
            (b"trust-ad", &mut self.trust_ad),
            (b"no-aaaa", &mut self.no_aaaa),
            // Also with underscores, the form of old.
            (
                if text.starts_with(b"no_") {
                    b"no_tld_query"
                } else {
                    b"no-tld-query"
                },
                &mut self.no_tld_query,
            ),
        ];
        flags
            .into_iter()
            .find(|(name, _)| text.starts_with(name))
            .map(|(_, flag)| flag)
    }

    /// Reads `address[/mask]` entries up to the end of the line or a `;`. `&` is as good as `/`.
    ///
    /// glibc never gets past a byte that can neither be skipped nor begin an entry: white space
    /// other than blanks (a CR), a byte outside ASCII, a mask without an address. None in that
    /// case.
    fn read_sortlist(&mut self, mut rest: &[u8]) -> Option<()> {
        let is_mask = |byte| byte == b'/' || byte == b'&';
        let is_end = |byte: u8| byte == b';' || !byte.is_ascii() || is_space(byte);
        loop {
            rest = skip(rest, is_blank);
            if matches!(rest, [] | [b'\n' | b';', ..]) {
                return Some(());
            }
            let (net, after) = split_where(rest, |byte| is_mask(byte) || is_end(byte));
            if net.is_empty() {
                return None;
            }
            rest = after;
            let Some(address) = numeric::inet_aton_exact(net) else {
                continue;
            };
            let mut mask = class_mask(address);
            if let [first, after @ ..] = rest
                && is_mask(*first)
            {
                let (text, after) = split_where(after, is_end);
                mask = numeric::inet_aton_exact(text).unwrap_or(mask);
                rest = after;
            }
            self.sortlist.push(SortlistEntry { address, mask });
        }
    }

    /// glibc copies the first entries into an old structure, 6 of them and 256 bytes at most, and
    /// then compares both. If the copy is short for want of room, and holds no more than 56 bytes
    /// (`sizeof` of another member), the comparison fails, and with it an assertion: every lookup
    /// ends the process. The list is cut there instead.
    fn cut_search(&mut self) {
        let mut room = 256;
        for (index, suffix) in self.search.iter().take(6).enumerate() {
            let size = suffix.len() + 1;
            if size > room {
                let copied = 256 - room;
                if index == 0 || copied <= 56 {
                    self.search.truncate(index);
                    self.notes.note(format!(
                        "the search list is cut after {index} entries, for the next one is too long"
                    ));
                    self.notes.depart(Departure::SearchList);
                }
                return;
            }
            room -= size;
        }
    }
}

/// Whether a file names a server at all. Without one, glibc asks 127.0.0.1.
pub fn names_a_server(file: &[u8]) -> bool {
    lines(file).any(|line| value_of(line, b"nameserver").is_some())
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// What follows `keyword` and the blanks after it; None on lines without that keyword.
fn value_of<'a>(line: &'a [u8], keyword: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(keyword)?;
    rest.first()
        .is_some_and(|&byte| is_blank(byte))
        .then(|| skip(rest, is_blank))
}

/// Suffixes separated by blanks. A blank in front leaves an empty first one, which only
/// `LOCALDOMAIN` can have.
fn search_list(list: &[u8]) -> Vec<Vec<u8>> {
    let mut suffixes = list.split(|&byte| is_blank(byte)).map(<[u8]>::to_vec);
    let first = suffixes.next();
    first
        .into_iter()
        .chain(suffixes.filter(|suffix| !suffix.is_empty()))
        .collect()
}

/// The mask of the class of old that an address belongs to: A, B, or else C.
fn class_mask(address: Ipv4Addr) -> Ipv4Addr {
    match address.octets()[0] {
        0..=127 => Ipv4Addr::new(255, 0, 0, 0),
        128..=191 => Ipv4Addr::new(255, 255, 0, 0),
        _ => Ipv4Addr::new(255, 255, 255, 0),
    }
}

#[cfg(test)]
mod tests;
