//! Where this project does not follow glibc: its errors of memory and what it does at random. A
//! generated world that has one of them is counted and not asked; no test asks for one.

use crate::world::{File, World};

/// A departure on purpose.
pub struct Departure {
    /// A few words.
    pub name: &'static str,
    /// What glibc does, and why nobody should do the same.
    pub because: &'static str,
    /// Whether a world may show it. Says yes too often rather than too rarely.
    applies: fn(&World) -> bool,
}

/// The first of them that a world may show.
#[must_use]
pub fn departure(world: &World) -> Option<&'static Departure> {
    DEPARTURES.iter().find(|known| (known.applies)(world))
}

/// All of them.
pub const DEPARTURES: &[Departure] = &[
    Departure {
        name: "hosts: indented line without an end",
        because: "the line is moved to the front of its buffer without its NUL, and bytes of the \
                  buffer are read again",
        applies: |world| {
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
        applies: |world| {
            lines(world, File::Nsswitch)
                .filter_map(services)
                .any(|list| matches!(list.first(), None | Some(b'[' | 0)))
        },
    },
    Departure {
        name: "no service that can be loaded, after a failed system call",
        because: "the code is made of errno as earlier calls have left it: the attempt to open a \
                  file that is not there, or to find the interface of a scope",
        applies: |world| {
            let missing = |file| world.files[file as usize].is_none();
            let fails = missing(File::HostConf)
                || missing(File::ResolvConf)
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
        applies: |world| {
            lines(world, File::ResolvConf).any(|line| {
                line.strip_prefix(b"sortlist")
                    .is_some_and(|list| !sortlist_ends(list))
            })
        },
    },
    Departure {
        name: "resolv.conf: search list that does not fit its old store",
        because: "a failed assertion ends the process at every lookup",
        applies: |world| {
            let long = |list: &[u8]| list.len() > 250;
            world.variable("LOCALDOMAIN").is_some_and(long)
                || lines(world, File::ResolvConf).any(|line| {
                    long(line) && (line.starts_with(b"search") || line.starts_with(b"domain"))
                })
        },
    },
    Departure {
        name: "resolv.conf: rotate",
        because: "the first server is chosen at random",
        applies: |world| {
            let rotates = |text: &[u8]| text.windows(6).any(|part| part == b"rotate");
            rotates(world.content(File::ResolvConf))
                || world.variable("RES_OPTIONS").is_some_and(rotates)
        },
    },
    Departure {
        name: "gai.conf: scopev4 without a length",
        because: "a pointer that was never set is followed",
        applies: |world| {
            lines(world, File::GaiConf).any(|line| {
                let words: Vec<&[u8]> = line
                    .split(|byte| is_space(*byte))
                    .filter(|word| !word.is_empty())
                    .collect();
                matches!(words[..], [b"scopev4", net, ..] if !net.contains(&b'/'))
            })
        },
    },
];

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
