//! nsswitch.conf(5): which services are asked for hosts, in which order, and what each status
//! leads to.
//!
//! Source: glibc `nss/nss_database.c` and `nss/nss_action_parse.c`.

use std::fmt;

use thiserror::Error;

use crate::text::{is_space, lines, skip, split_where};

/// The databases glibc knows (`nss/databases.def`). A line for another one is not read at all.
const DATABASES: [&str; 17] = [
    "aliases",
    "ethers",
    "group",
    "group_compat",
    "gshadow",
    "hosts",
    "initgroups",
    "netgroup",
    "networks",
    "passwd",
    "passwd_compat",
    "protocols",
    "publickey",
    "rpc",
    "services",
    "shadow",
    "shadow_compat",
];

/// The file as far as host names are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nsswitch {
    /// The services to ask for hosts, in order; the error disables every lookup: getaddrinfo gives
    /// `EAI_SYSTEM` with `EINVAL` for `AF_INET`, `EAI_NONAME` otherwise.
    ///
    /// The list may be empty, for a `hosts` line without a service. glibc then reads past the end
    /// of its list, and fails with whatever it finds there, or crashes; here it means that no
    /// service is asked, and no name exists.
    pub hosts: Result<Vec<Service>, SyntaxError>,
}

/// A service and what is done about its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name; bytes that are not UTF-8 are replaced, which makes no known service of it.
    pub name: String,
    success: Action,
    not_found: Action,
    unavail: Action,
    try_again: Action,
}

/// A line that glibc cannot read for a database that it knows. It reads no further, and as long
/// as the line is there, no database has any service.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("nsswitch.conf: line {line} ({database}) has a syntax error, which disables all lookups")]
pub struct SyntaxError {
    /// Its number, from 1.
    pub line: usize,
    /// Its database.
    pub database: &'static str,
}

/// What holds without a file, or without a `hosts` line in it: `files dns`.
impl Default for Nsswitch {
    fn default() -> Self {
        Nsswitch {
            hosts: Ok(vec![Service::new("files"), Service::new("dns")]),
        }
    }
}

impl Nsswitch {
    /// Reads the contents of the file.
    ///
    /// Each line names a database and its services. The colon between them is optional, white
    /// space before the name is allowed, the last `hosts` line counts. A last line without
    /// newline is not read.
    pub fn parse(file: &[u8]) -> Nsswitch {
        let mut found = Nsswitch::default();
        let complete = match file.iter().rposition(|&byte| byte == b'\n') {
            Some(last) => &file[..=last],
            None => &[],
        };
        for (index, line) in lines(complete).enumerate() {
            let line = skip(line, is_space);
            let (database, rest) = split_where(line, |byte| is_space(byte) || byte == b':');
            // Without anything after the name, not even white space, the line is skipped. Only a
            // line with a NUL is like that.
            if rest.is_empty() {
                continue;
            }
            let Some(database) = DATABASES.iter().find(|known| known.as_bytes() == database) else {
                continue;
            };
            match services(skip(rest, |byte| is_space(byte) || byte == b':')) {
                None => {
                    found.hosts = Err(SyntaxError {
                        line: index + 1,
                        database,
                    });
                    break;
                }
                Some(services) if *database == "hosts" => found.hosts = Ok(services),
                Some(_) => {}
            }
        }
        found
    }
}

impl Service {
    /// With the actions that hold where nothing else is said.
    pub fn new(name: impl Into<String>) -> Service {
        Service {
            name: name.into(),
            success: Action::Return,
            not_found: Action::Continue,
            unavail: Action::Continue,
            try_again: Action::Continue,
        }
    }

    /// What is done when the service says `status`.
    pub fn action(&self, status: Status) -> Action {
        match status {
            Status::Success => self.success,
            Status::NotFound => self.not_found,
            Status::Unavail => self.unavail,
            Status::TryAgain => self.try_again,
        }
    }

    fn set(&mut self, status: Status, action: Action) {
        *match status {
            Status::Success => &mut self.success,
            Status::NotFound => &mut self.not_found,
            Status::Unavail => &mut self.unavail,
            Status::TryAgain => &mut self.try_again,
        } = action;
    }

    /// `[!STATUS=action]`.
    fn set_all_but(&mut self, status: Status, action: Action) {
        let kept = self.action(status);
        for status in [
            Status::Success,
            Status::NotFound,
            Status::Unavail,
            Status::TryAgain,
        ] {
            self.set(status, action);
        }
        self.set(status, kept);
    }
}

/// The outcome of one service, `enum nss_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The service has the entry.
    Success,
    /// The service works and has no such entry.
    NotFound,
    /// The service cannot be used now.
    Unavail,
    /// The service is busy; a later attempt may do better.
    TryAgain,
}

impl fmt::Display for Status {
    /// As nsswitch.conf(5) writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Success => "SUCCESS",
            Status::NotFound => "NOTFOUND",
            Status::Unavail => "UNAVAIL",
            Status::TryAgain => "TRYAGAIN",
        })
    }
}

/// The action nsswitch.conf gives for a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// End the lookup with this result.
    Return,
    /// Go on to the next service.
    Continue,
    /// Go on and merge; getaddrinfo cannot.
    Merge,
}

/// The services of a line; None if there is a syntax error.
///
/// A bracket where a service should stand ends the list without an error, so of two brackets after
/// one service the second one, and what follows, does not count.
fn services(mut text: &[u8]) -> Option<Vec<Service>> {
    let mut services = Vec::new();
    loop {
        let (name, rest) = split_where(skip(text, is_space), |byte| is_space(byte) || byte == b'[');
        if name.is_empty() {
            return Some(services);
        }
        let mut service = Service::new(String::from_utf8_lossy(name));
        text = skip(rest, is_space);
        if let [b'[', criteria @ ..] = text {
            text = read_criteria(skip(criteria, is_space), &mut service)?;
        }
        services.push(service);
    }
}

/// What stands between brackets: at least one `STATUS=action`, each after `!` or not. Gives what
/// follows the closing bracket.
fn read_criteria<'a>(mut text: &'a [u8], service: &mut Service) -> Option<&'a [u8]> {
    let word_end = |byte| is_space(byte) || byte == b'=' || byte == b']';
    loop {
        let (all_but, start) = match text {
            [b'!', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let (word, rest) = split_where(start, word_end);
        let status = status(word)?;
        let rest = skip(rest, is_space).strip_prefix(b"=")?;
        let (word, rest) = split_where(skip(rest, is_space), word_end);
        let action = action(word)?;
        if all_but {
            service.set_all_but(status, action);
        } else {
            service.set(status, action);
        }
        text = skip(rest, is_space);
        if let [b']', rest @ ..] = text {
            return Some(rest);
        }
    }
}

fn status(word: &[u8]) -> Option<Status> {
    Some(match word.to_ascii_uppercase().as_slice() {
        b"SUCCESS" => Status::Success,
        b"NOTFOUND" => Status::NotFound,
        b"UNAVAIL" => Status::Unavail,
        b"TRYAGAIN" => Status::TryAgain,
        _ => return None,
    })
}

fn action(word: &[u8]) -> Option<Action> {
    Some(match word.to_ascii_uppercase().as_slice() {
        b"RETURN" => Action::Return,
        b"CONTINUE" => Action::Continue,
        b"MERGE" => Action::Merge,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
