//! `testbed oracle glibc` and `testbed oracle resolver NAME`: the processes behind
//! [`crate::oracle`]. One line for each line of standard input, until it ends. The NAME `.` is the
//! namespace that the process is in.

use std::ffi::{CString, OsString};
use std::io;
use std::io::BufRead as _;

use netns::glibc::{self, Flags, GaiError};
use nix::unistd::alarm;

use super::{Failure, context, say};
use crate::oracle::{Answer, Family, Found, Question, answer_to_line, question_from_line};

/// `EAI_SYSTEM` of netdb.h: only then has errno a meaning.
const EAI_SYSTEM: i32 = -11;

/// How many seconds a question may take.
const PATIENCE: u32 = 60;

/// See the module.
pub(super) fn main(args: &[OsString]) -> Result<(), Failure> {
    match args {
        [kind] if kind == "glibc" => serve(|question| Ok(ask_glibc(question))),
        [kind, name] if kind == "resolver" => {
            let name = context(name.to_str().ok_or("not UTF-8"), name.display())?;
            let resolver = match name {
                "." => netns_resolver::Resolver::current(),
                name => netns_resolver::Resolver::named(name),
            };
            let resolver = context(resolver, name)?;
            serve(|question| ask_resolver(&resolver, question))
        }
        _ => Err(Failure(
            "usage: testbed oracle glibc | resolver NAME".into(),
        )),
    }
}

fn serve(ask: impl Fn(&Question) -> Result<Answer, Failure>) -> Result<(), Failure> {
    say("ready")?;
    for line in io::stdin().lock().lines() {
        let line = context(line, "standard input")?;
        let question = context(question_from_line(&line).ok_or("no question"), &line)?;
        // Who spins for ever ends as one who crashes.
        alarm::set(PATIENCE);
        let answer = ask(&question);
        alarm::cancel();
        say(answer_to_line(&answer?))?;
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
fn ask_resolver(
    resolver: &netns_resolver::Resolver,
    question: &Question,
) -> Result<Answer, Failure> {
    use netns_resolver::{Code, Error, Options};

    let result = match question {
        Question::Reverse(address) => resolver.reverse(*address).result.map(|name| Found {
            addresses: vec![(*address, 0)],
            name: Some(name),
        }),
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
            let result = resolver.lookup(name, options).result;
            result.map(|answer| Found {
                addresses: answer
                    .addresses
                    .iter()
                    .map(|address| (address.ip, address.scope_id()))
                    .collect(),
                name: Some(answer.canonical_name),
            })
        }
    };
    match result {
        Ok(found) => Ok(Ok(found)),
        Err(Error::Code(Code::System(errno))) => Ok(Err((EAI_SYSTEM, errno))),
        Err(Error::Code(code)) => Ok(Err((code.value(), 0))),
        // No answer as glibc has them.
        Err(error) => Err(Failure(error.to_string())),
    }
}
