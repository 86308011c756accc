//! `testbed oracle glibc` and `testbed oracle resolver NAME`: the processes behind
//! [`crate::oracle`]. One line for each line of standard input, until it ends.

use std::ffi::{CString, OsString};
use std::io;
use std::io::BufRead as _;

use netns::glibc::{self, Flags, GaiError};

use super::{Failure, context, say};
use crate::oracle::{Answer, Family, Found, Question, answer_to_line, question_from_line};

/// `EAI_SYSTEM` of netdb.h: only then has errno a meaning.
const EAI_SYSTEM: i32 = -11;

/// See the module.
pub(super) fn main(args: &[OsString]) -> Result<(), Failure> {
    match args {
        [kind] if kind == "glibc" => serve(ask_glibc),
        [kind, name] if kind == "resolver" => {
            let name = context(name.to_str().ok_or("not UTF-8"), name.display())?;
            let resolver = context(netns_resolver::Resolver::named(name), name)?;
            serve(|question| ask_resolver(&resolver, question))
        }
        _ => Err(Failure(
            "usage: testbed oracle glibc | resolver NAME".into(),
        )),
    }
}

fn serve(ask: impl Fn(&Question) -> Answer) -> Result<(), Failure> {
    say("ready")?;
    for line in io::stdin().lock().lines() {
        let line = context(line, "standard input")?;
        let question = context(question_from_line(&line).ok_or("no question"), &line)?;
        say(answer_to_line(&ask(&question)))?;
    }
    Ok(())
}

fn ask_glibc(question: &Question) -> Answer {
    let code = |error: GaiError| {
        let errno = if error.code == EAI_SYSTEM {
            error.errno
        } else {
            0
        };
        (error.code, errno)
    };
    match question {
        Question::Reverse(address) => {
            let name = glibc::getnameinfo(*address, 0).map_err(code)?;
            Ok(Found {
                addresses: vec![(*address, 0)],
                name: Some(name),
            })
        }
        Question::Forward {
            name,
            family,
            addrconfig,
        } => {
            let family = match family {
                Family::Unspec => glibc::Family::Unspec,
                Family::Inet => glibc::Family::Inet,
                Family::Inet6 => glibc::Family::Inet6,
            };
            // What glibc is asked ends at a NUL; the tests do not ask for one.
            let name = CString::new(name.as_slice()).unwrap_or_default();
            let ask = |canonname| {
                let flags = Flags {
                    addrconfig: *addrconfig,
                    canonname,
                };
                glibc::getaddrinfo(&name, family, flags)
            };
            let (plain, named) = (ask(false).map_err(code)?, ask(true));
            Ok(Found {
                addresses: plain.addresses,
                name: named.ok().and_then(|info| info.canonical_name),
            })
        }
    }
}

/// The one place where the tests know the resolver's programming interface.
fn ask_resolver(resolver: &netns_resolver::Resolver, question: &Question) -> Answer {
    use netns_resolver::{Code, Error, Options};

    let failed = |error: Error| match error {
        Error::Code(Code::System(errno)) => (EAI_SYSTEM, errno as i32),
        Error::Code(code) => (code.value(), 0),
        // No code of glibc's: 1 is none either.
        _ => (1, 0),
    };
    match question {
        Question::Reverse(address) => {
            let name = resolver.reverse(*address).result.map_err(failed)?;
            Ok(Found {
                addresses: vec![(*address, 0)],
                name: Some(name),
            })
        }
        Question::Forward {
            name,
            family,
            addrconfig,
        } => {
            let family = match family {
                Family::Unspec => netns_resolver::Family::Unspec,
                Family::Inet => netns_resolver::Family::Inet,
                Family::Inet6 => netns_resolver::Family::Inet6,
            };
            let options = Options::new().family(family).addrconfig(*addrconfig);
            let answer = resolver.lookup(name, options).result.map_err(failed)?;
            let addresses = answer.addresses.iter();
            Ok(Found {
                addresses: addresses
                    .map(|address| (address.ip, address.scope_id()))
                    .collect(),
                name: Some(answer.canonical_name),
            })
        }
    }
}
