//! What is asked of the resolver, and its verdict, the same for both directions.

use std::fmt;
use std::net::IpAddr;

use netns::{printable, printable_bytes};
use netns_resolver::{Address, Code, Error, Options, Resolver, Scope, Trace};

/// One question.
#[derive(Clone, Copy)]
pub(crate) enum Question<'a> {
    /// The addresses of a host.
    Forward(&'a [u8], Options),
    /// The name of an address, given as text.
    Reverse(&'a [u8]),
}

/// What came of it.
pub(crate) struct Verdict {
    pub(crate) result: Result<Found, Failure>,
    pub(crate) trace: Trace,
}

/// The answer.
pub(crate) struct Found {
    /// With `-x`, the address asked.
    pub(crate) addresses: Vec<Address>,
    pub(crate) canonical_name: Vec<u8>,
    pub(crate) order_guessed: bool,
}

/// Why there is none.
pub(crate) enum Failure {
    /// What glibc would say.
    Code(Code),
    /// The question could not be asked.
    Own(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Code(code) => write!(f, "{code} ({})", code.name()),
            Failure::Own(why) => f.write_str(why),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.code() {
            Some(code) => Failure::Code(code),
            None => Failure::Own(error.to_string()),
        }
    }
}

impl Question<'_> {
    /// The verdict.
    pub(crate) async fn ask(&self, resolver: &Resolver) -> Verdict {
        match *self {
            // No program can ask for such a host.
            Question::Forward(host, _) if host.contains(&0) => Verdict {
                result: Err(Failure::Own(
                    "has a NUL byte, which no host name can".into(),
                )),
                trace: Trace::default(),
            },
            Question::Forward(host, options) => {
                let outcome = resolver.lookup_async(host, options).await;
                let result = outcome.result.map_err(Failure::from).map(|answer| Found {
                    addresses: answer.addresses,
                    canonical_name: answer.canonical_name,
                    order_guessed: answer.order_guessed,
                });
                Verdict {
                    result,
                    trace: outcome.trace,
                }
            }
            Question::Reverse(text) => {
                let Some(address) = parse_address(text) else {
                    let why = "not an address (-x takes IPv4 or IPv6 addresses)".into();
                    return Verdict {
                        result: Err(Failure::Own(why)),
                        trace: Trace::default(),
                    };
                };
                let outcome = resolver.reverse_async(address.ip).await;
                let result = outcome.result.map_err(Failure::from).map(|name| Found {
                    addresses: vec![address],
                    canonical_name: name,
                    order_guessed: false,
                });
                Verdict {
                    result,
                    trace: outcome.trace,
                }
            }
        }
    }

    /// The lines of the default output.
    pub(crate) fn shown(&self, verdict: &Verdict) -> Vec<String> {
        match (self, &verdict.result) {
            (_, Err(_)) => Vec::new(),
            (Question::Forward(..), Ok(found)) => found
                .addresses
                .iter()
                .map(|address| printable(&address.to_string()).to_string())
                .collect(),
            (Question::Reverse(_), Ok(found)) => {
                vec![printable_bytes(&found.canonical_name).to_string()]
            }
        }
    }
}

/// An address as inet_pton(3) reads it. A scope is carried along; no name depends on it.
pub(crate) fn parse_address(text: &[u8]) -> Option<Address> {
    let text = std::str::from_utf8(text).ok()?;
    let (ip, scope) = match text.split_once('%') {
        Some((ip, scope)) => (ip, Some(scope)),
        None => (text, None),
    };
    let ip: IpAddr = ip.parse().ok()?;
    if scope.is_some() && ip.is_ipv4() {
        return None;
    }
    let scope = scope.map(|scope| Scope {
        id: scope.parse().unwrap_or(0),
        name: Some(scope.into()),
    });
    Some(Address { ip, scope })
}
