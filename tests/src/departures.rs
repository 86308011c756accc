//! Where this project does not follow glibc: its errors of memory and what it does at random. A
//! generated question that may meet one of them is counted and not asked; no test asks for one.

use std::collections::HashMap;

use crate::oracle::{Family, Question};
use crate::world::{File, World};

/// A departure on purpose.
pub struct Departure {
    /// A few words.
    pub name: &'static str,
    /// What glibc does, and why nobody should do the same.
    pub because: &'static str,
    /// Whether a question may show it. Says yes too often rather than too rarely.
    applies: fn(&World, &Question) -> bool,
}

/// The first of them that a question in a world may show.
#[must_use]
pub fn departure(world: &World, question: &Question) -> Option<&'static Departure> {
    DEPARTURES
        .iter()
        .find(|known| (known.applies)(world, question))
}

/// All of them.
pub const DEPARTURES: &[Departure] = &[
    Departure {
        name: "hosts: indented line without an end",
        because: "the line is moved to the front of its buffer without its NUL, and bytes of the \
                  buffer are read again",
        applies: |world, _| {
            let mut lines = world
                .content(File::Hosts)
                .split_inclusive(|byte| *byte == b'\n');
            lines.any(|line| {
                let indented = line.first().is_some_and(|byte| is_space(*byte));
                indented && (!line.ends_with(b"\n") || line.contains(&0))
            })
        },
    },
    Departure {
        name: "nsswitch.conf: empty list of services",
        because: "the list is read beyond its end: the answer depends on memory, or it crashes",
        applies: |world, _| {
            lines(world, File::Nsswitch)
                .filter_map(services)
                .any(|list| matches!(list.first(), None | Some(b'[' | 0)))
        },
    },
    Departure {
        name: "hosts: long line, and servers that fail, for IPv4",
        because: "the code is made of errno as it was left when a buffer was too small for a line \
                  that has nothing to do with the name",
        applies: |world, question| {
            let long = |line: &[u8]| line.len() > 300;
            asks_for_ipv4(question) && lines(world, File::Hosts).any(long)
        },
    },
    Departure {
        name: "nsswitch.conf: merge, for IPv4 or the name of an address",
        because: "the code is made of a variable that was never set, and the result of a buffer \
                  that was never filled",
        applies: |world, question| {
            let merges = world.content(File::Nsswitch).to_ascii_lowercase();
            let one_family = match question {
                Question::Reverse(_) => true,
                Question::Forward { .. } => asks_for_ipv4(question),
            };
            one_family && merges.windows(5).any(|part| part == b"merge")
        },
    },
    Departure {
        name: "no service that can be loaded, after a system call failed",
        because: "the code is made of errno as the first lookup of the process has left it: its \
                  attempt to open host.conf, or to find the interface of a scope",
        applies: |world, _| {
            let fails = world.files[File::HostConf as usize].is_none()
                || world.content(File::ResolvConf).contains(&b'%');
            let known = |line: &[u8]| {
                let first = services(line).and_then(|list| {
                    let mut words = list.split(|byte| is_space(*byte));
                    words.next()
                });
                first.is_none_or(|word| matches!(word, b"files" | b"dns"))
            };
            fails && !lines(world, File::Nsswitch).all(known)
        },
    },
    Departure {
        name: "resolv.conf: sortlist that is not read to its end",
        because: "the loop over the entries does not get past white space other than blanks, bytes \
                  outside ASCII, or a mask without an address: every lookup spins for ever",
        applies: |world, _| {
            lines(world, File::ResolvConf).any(|line| {
                line.strip_prefix(b"sortlist")
                    .is_some_and(|list| !sortlist_ends(list))
            })
        },
    },
    Departure {
        name: "resolv.conf: search list that does not fit its old store",
        because: "a failed assertion ends the process at every lookup",
        applies: |world, _| {
            let long = |list: &[u8]| list.len() > 250;
            world.variable("LOCALDOMAIN").is_some_and(long)
                || lines(world, File::ResolvConf).any(|line| {
                    long(line) && (line.starts_with(b"search") || line.starts_with(b"domain"))
                })
        },
    },
    Departure {
        name: "DNS: a server that keeps silent over TCP",
        because: "nothing limits the time that it may take: whether it says nothing, or something \
                  else, or has more records by a loop of aliases than fit a message",
        applies: |world, _| {
            let all_streams = has_option(world, b"use-vc");
            world.servers.iter().any(|script| {
                let (long, loops) = (is_long(script), has_loop(script));
                let streams = all_streams || long || loops || script.contains(" truncated\n");
                let silent = script.contains(" silent\n") || script.contains(" id\n");
                (streams && silent) || (long && loops)
            })
        },
    },
    Departure {
        name: "resolv.conf: rotate",
        because: "the first server is chosen at random",
        applies: |world, _| has_option(world, b"rotate"),
    },
    Departure {
        name: "gai.conf: scopev4 without a length",
        because: "a pointer that was never set is followed",
        applies: |world, _| {
            lines(world, File::GaiConf).any(|line| {
                // A NUL ends it.
                let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
                let words: Vec<&[u8]> = line
                    .split(|byte| is_space(*byte))
                    .filter(|word| !word.is_empty())
                    .collect();
                matches!(words[..], [b"scopev4", net, ..] if !net.contains(&b'/'))
            })
        },
    },
];

/// AI_ADDRCONFIG may leave only IPv4.
fn asks_for_ipv4(question: &Question) -> bool {
    match question {
        Question::Reverse(_) => false,
        Question::Forward {
            family, addrconfig, ..
        } => *family == Family::Inet || *addrconfig,
    }
}

/// Whether resolv.conf or the environment has these bytes anywhere.
fn has_option(world: &World, option: &[u8]) -> bool {
    let has = |text: &[u8]| text.windows(option.len()).any(|part| part == option);
    has(world.content(File::ResolvConf)) || world.variable("RES_OPTIONS").is_some_and(has)
}

/// Whether a script may make responses that are too long for a datagram. With a loop of aliases (the
/// test's server goes round once a record) a shorter one makes them, and this one those that are too
/// long for any message.
fn is_long(script: &str) -> bool {
    let mut of_owner: HashMap<&str, usize> = HashMap::new();
    for line in script.lines() {
        let owner = line.split(' ').next().unwrap_or(line);
        *of_owner.entry(owner).or_default() += 1;
    }
    script.lines().count() > 40 || of_owner.values().any(|count| *count > 12)
}

/// Whether aliases lead back to where they started.
fn has_loop(script: &str) -> bool {
    let aliases: Vec<(&str, &str)> = script
        .lines()
        .filter_map(|line| line.split_once(" CNAME "))
        .collect();
    let leads_back = |start: &str| {
        let mut reached = vec![start];
        // Grows while it is walked through.
        for step in 0..=aliases.len() {
            let Some(&name) = reached.get(step) else {
                break;
            };
            for (_, target) in aliases.iter().filter(|(owner, _)| *owner == name) {
                if *target == start {
                    return true;
                }
                if !reached.contains(target) {
                    reached.push(target);
                }
            }
        }
        false
    };
    aliases.iter().any(|(owner, _)| leads_back(owner))
}

fn lines(world: &World, file: File) -> impl Iterator<Item = &[u8]> {
    world.content(file).split(|byte| *byte == b'\n')
}

/// What follows the name of the database in a line of nsswitch.conf for hosts.
fn services(line: &[u8]) -> Option<&[u8]> {
    let list = line.trim_ascii_start().strip_prefix(b"hosts")?;
    let start = list
        .iter()
        .position(|byte| !is_space(*byte) && *byte != b':');
    Some(start.map_or(&[][..], |start| &list[start..]))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

fn sortlist_ends(list: &[u8]) -> bool {
    list.split(|byte| matches!(byte, b' ' | b'\t')).all(|word| {
        let plain = word.iter().all(u8::is_ascii_graphic);
        plain && !word.starts_with(b"/") && !word.starts_with(b"&") && {
            // The mask of what is no address stands alone.
            let net = word.split(|byte| matches!(byte, b'/' | b'&')).next();
            net.is_some_and(|net| net == word || str::from_utf8(net).is_ok_and(is_dotted_quad))
        }
    })
}

fn is_dotted_quad(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Setup;

    #[test]
    fn silence_after_a_response_too_long_for_a_datagram_is_known() {
        let known = |script: &str| {
            let mut world = World::empty(Setup::Loopback);
            world.servers = vec![script.to_owned()];
            departure(&world, &Question::Reverse("10.0.0.1".parse().unwrap())).is_some()
        };
        let (silent, alias) = ("a !AAAA id\na A 10.0.0.1\n", "a CNAME a\n");
        assert!(!known(silent) && !known(alias));
        assert!(known(&format!("{silent}{alias}")));
        assert!(known(&format!("{silent}{}", "a A 10.0.0.1\n".repeat(12))));
    }

    #[test]
    fn loops_of_aliases_are_found() {
        assert!(has_loop("x A 10.0.0.1\na CNAME a\n"));
        assert!(has_loop("a CNAME b\nb A 10.0.0.1\nb CNAME c\nc CNAME a\n"));
        assert!(!has_loop("a CNAME b\nb CNAME c\nx CNAME c\n"));
    }
}
