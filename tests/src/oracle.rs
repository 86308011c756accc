//! Who is asked for an answer: the C library of this machine, or our resolver.
//!
//! An oracle is a process of the sandbox that lives for many questions, so that thousands of
//! generated files can be tried. Questions and answers are lines of text.

use std::ffi::OsStr;
use std::fmt;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt as _;

use crate::programs::{broken, under_test};
use crate::{Command, Namespace, Running, Sandbox};

/// `ai_family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `AF_UNSPEC`.
    Unspec,
    /// `AF_INET`.
    Inet,
    /// `AF_INET6`.
    Inet6,
}

impl Family {
    /// All three.
    pub const ALL: [Family; 3] = [Family::Unspec, Family::Inet, Family::Inet6];
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// getaddrinfo(3).
    Forward {
        /// Any bytes but NUL.
        name: Vec<u8>,
        /// `ai_family`.
        family: Family,
        /// With `AI_ADDRCONFIG`.
        addrconfig: bool,
    },
    /// getnameinfo(3) with `NI_NAMEREQD`.
    Reverse(IpAddr),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The addresses in order, with their scope ids (0: none).
    pub addresses: Vec<(IpAddr, u32)>,
    /// The canonical name (forward) or the name (reverse). None where AI_CANONNAME made the call
    /// fail, as it does in some cases.
    pub name: Option<Vec<u8>>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}:", Shown(name))?,
            None => write!(f, "(no name):")?,
        }
        for (address, scope) in &self.addresses {
            write!(f, " {address}")?;
            if *scope != 0 {
                write!(f, "%{scope}")?;
            }
        }
        Ok(())
    }
}

/// An answer for people to read.
#[must_use]
pub fn show(answer: &Answer) -> String {
    match answer {
        Ok(found) => found.to_string(),
        Err((code, 0)) => format!("error {code}"),
        Err((code, errno)) => format!("error {code}, errno {errno}"),
    }
}

/// Bytes for people to read: escaped, and only the ends of what is long.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ENDS: usize = 60;
        let Shown(bytes) = self;
        let middle = bytes.len().saturating_sub(2 * ENDS);
        if middle == 0 {
            return write!(f, "\"{}\"", bytes.escape_ascii());
        }
        let (start, end) = (&bytes[..ENDS], &bytes[bytes.len() - ENDS..]);
        write!(
            f,
            "\"{}\" ({middle} bytes) \"{}\"",
            start.escape_ascii(),
            end.escape_ascii()
        )
    }
}

/// What was found, or the `EAI_*` code; with `EAI_SYSTEM` its errno, else 0.
pub type Answer = Result<Found, (i32, i32)>;

/// A running oracle; it ends when dropped.
#[derive(Debug)]
pub struct Oracle {
    process: Running,
}

impl Oracle {
    /// The C library, in the view that `ip netns exec` makes of a namespace.
    #[must_use]
    pub fn glibc(sandbox: &Sandbox, namespace: &Namespace) -> Oracle {
        Oracle::glibc_with(sandbox, namespace, &[])
    }

    /// The same, with these environment variables.
    #[must_use]
    pub fn glibc_with(
        sandbox: &Sandbox,
        namespace: &Namespace,
        environment: &[(&str, Vec<u8>)],
    ) -> Oracle {
        let program = under_test("testbed").into_os_string();
        let command = sandbox.ip_netns_exec(namespace, [program]);
        Oracle::start(command.args(["oracle", "glibc"]), environment)
    }

    /// Our resolver, outside the namespace it resolves for.
    #[must_use]
    pub fn resolver(sandbox: &Sandbox, namespace: &Namespace) -> Oracle {
        Oracle::resolver_with(sandbox, namespace, &[])
    }

    /// The same, with these environment variables.
    #[must_use]
    pub fn resolver_with(
        sandbox: &Sandbox,
        namespace: &Namespace,
        environment: &[(&str, Vec<u8>)],
    ) -> Oracle {
        let command = sandbox.command([under_test("testbed")]);
        let command = command.args(["oracle", "resolver"]).arg(namespace);
        Oracle::start(command, environment)
    }

    /// Our resolver for the namespace that it runs in, in a program started by netns-exec.
    #[must_use]
    pub fn resolver_inside(sandbox: &Sandbox, namespace: &Namespace) -> Oracle {
        let command = sandbox.netns_exec([namespace.name()]);
        let command = command.arg(under_test("testbed"));
        Oracle::start(command.args(["oracle", "resolver", "."]), &[])
    }

    fn start(mut command: Command, environment: &[(&str, Vec<u8>)]) -> Oracle {
        for (name, value) in environment {
            command = command.env(name, OsStr::from_bytes(value));
        }
        let mut process = command.spawn();
        process.expect_ready();
        Oracle { process }
    }

    /// Ask.
    ///
    /// # Panics
    /// If the oracle has crashed.
    pub fn ask(&mut self, question: &Question) -> Answer {
        self.try_ask(question).unwrap_or_else(|why| broken(why))
    }

    /// Ask; the error says that the oracle has crashed, or was killed for saying nothing.
    ///
    /// # Errors
    /// What it wrote to standard error.
    pub fn try_ask(&mut self, question: &Question) -> Result<Answer, String> {
        self.process.tell(&question.to_line());
        let line = self.process.try_line()?;
        answer_from_line(&line).ok_or_else(|| format!("no oracle's answer: {line}"))
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::Forward {
                name,
                family,
                addrconfig,
            } => {
                let flags = if *addrconfig { ", AI_ADDRCONFIG" } else { "" };
                write!(f, "{}, {family:?}{flags}", Shown(name))
            }
            Question::Reverse(address) => write!(f, "the name of {address}"),
        }
    }
}

impl Question {
    /// The line that asks it.
    fn to_line(&self) -> String {
        match self {
            Question::Forward {
                name,
                family,
                addrconfig,
            } => {
                let family = match family {
                    Family::Unspec => "unspec",
                    Family::Inet => "inet",
                    Family::Inet6 => "inet6",
                };
                let flags = if *addrconfig { "addrconfig" } else { "-" };
                format!("{family} {flags} {}", hex(name))
            }
            Question::Reverse(address) => format!("reverse - {address}"),
        }
    }
}

/// Read a question's line.
pub(crate) fn question_from_line(line: &str) -> Option<Question> {
    let mut words = line.split(' ');
    let (kind, flags, what) = (words.next()?, words.next()?, words.next()?);
    let family = match kind {
        "reverse" => return Some(Question::Reverse(what.parse().ok()?)),
        "unspec" => Family::Unspec,
        "inet" => Family::Inet,
        "inet6" => Family::Inet6,
        _ => return None,
    };
    Some(Question::Forward {
        name: bytes(what)?,
        family,
        addrconfig: flags == "addrconfig",
    })
}

/// Write an answer as a line.
pub(crate) fn answer_to_line(answer: &Answer) -> String {
    match answer {
        Err((code, errno)) => format!("error {code} {errno}"),
        Ok(found) => {
            let name = found
                .name
                .as_deref()
                .map_or("-".into(), |name| format!("={}", hex(name)));
            let addresses = found.addresses.iter();
            addresses.fold(format!("found {name}"), |line, (address, scope)| {
                format!("{line} {address}%{scope}")
            })
        }
    }
}

fn answer_from_line(line: &str) -> Option<Answer> {
    let mut words = line.split(' ');
    match words.next()? {
        "error" => Some(Err((
            words.next()?.parse().ok()?,
            words.next()?.parse().ok()?,
        ))),
        "found" => {
            let name = match words.next()?.strip_prefix('=') {
                None => None,
                Some(name) => Some(bytes(name)?),
            };
            let addresses = words.map(|word| {
                let (address, scope) = word.split_once('%')?;
                Some((address.parse().ok()?, scope.parse().ok()?))
            });
            Some(Ok(Found {
                addresses: addresses.collect::<Option<_>>()?,
                name,
            }))
        }
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers_survive_the_line() {
        for name in [&b""[..], b"alpha", b"\xff \n"] {
            let question = Question::Forward {
                name: name.into(),
                family: Family::Inet6,
                addrconfig: true,
            };
            assert_eq!(question_from_line(&question.to_line()), Some(question));
        }
        let question = Question::Reverse("fe80::1".parse().unwrap());
        assert_eq!(question_from_line(&question.to_line()), Some(question));
        for answer in [
            Err((-2, 0)),
            Ok(Found {
                addresses: vec![("fe80::1".parse().unwrap(), 3)],
                name: Some(Vec::new()),
            }),
            Ok(Found {
                addresses: Vec::new(),
                name: None,
            }),
        ] {
            assert_eq!(answer_from_line(&answer_to_line(&answer)), Some(answer));
        }
    }
}
