//! Everything an answer depends on, in a form that can be generated, made smaller and printed as
//! the source of a test.

use std::fmt;

use crate::oracle::{Family, Question};
use crate::shrink::shrink;

/// The interfaces of the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// `lo` alone, with the addresses that every one has.
    Loopback,
    /// IPv4 and its default route on an interface without any IPv6 address.
    Ipv4,
    /// Global and unique local addresses, with default routes for both families.
    Both,
    /// IPv6 and its default route.
    Ipv6,
    /// Link-local addresses of both families.
    LinkLocal,
    /// Global addresses on `lo`.
    GlobalOnLoopback,
}

impl Setup {
    /// All.
    pub const ALL: [Setup; 6] = [
        Setup::Loopback,
        Setup::Ipv4,
        Setup::Both,
        Setup::Ipv6,
        Setup::LinkLocal,
        Setup::GlobalOnLoopback,
    ];
}

/// A file of `/etc`, or the one that `HOSTALIASES` points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// `hosts`
    Hosts,
    /// `nsswitch.conf`
    Nsswitch,
    /// `host.conf`
    HostConf,
    /// `resolv.conf`
    ResolvConf,
    /// `gai.conf`
    GaiConf,
    /// [`ALIASES`]
    Aliases,
}

/// The path of the aliases file, for `HOSTALIASES`.
pub const ALIASES: &str = "/run/testbed/aliases";

impl File {
    /// All.
    pub const ALL: [File; 6] = [
        File::Hosts,
        File::Nsswitch,
        File::HostConf,
        File::ResolvConf,
        File::GaiConf,
        File::Aliases,
    ];

    /// Its name in `/etc`; None for the aliases file.
    #[must_use]
    pub fn in_etc(self) -> Option<&'static str> {
        match self {
            File::Hosts => Some("hosts"),
            File::Nsswitch => Some("nsswitch.conf"),
            File::HostConf => Some("host.conf"),
            File::ResolvConf => Some("resolv.conf"),
            File::GaiConf => Some("gai.conf"),
            File::Aliases => None,
        }
    }
}

/// Where the servers listen; that of a server without a script has nobody.
pub const SERVERS: [&str; 3] = ["127.0.0.53", "127.0.0.54", "::1"];

/// Files, environment, DNS servers and interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The interfaces.
    pub setup: Setup,
    /// In the order of [`File::ALL`]; `None` is a file that neither the namespace nor the host has.
    pub files: [Option<Vec<u8>>; 6],
    /// Variables and their values, without NUL.
    pub environment: Vec<(&'static str, Vec<u8>)>,
    /// Scripts for the first of [`SERVERS`]; see [`crate::dns`].
    pub servers: Vec<String>,
}

/// A world and a question, written as in a table of tests.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// What the test holds to.
    pub rule: &'static str,
    /// The interfaces.
    pub setup: Setup,
    /// The files that are not empty.
    pub files: &'static [(File, &'static [u8])],
    /// The files that neither the namespace nor the host has.
    pub missing: &'static [File],
    /// Variables and their values.
    pub environment: &'static [(&'static str, &'static [u8])],
    /// Scripts of the servers.
    pub servers: &'static [&'static str],
    /// What to ask.
    pub ask: Ask,
}

/// A question, written as in a table of tests.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// getaddrinfo(3).
    Name(&'static [u8], Family),
    /// With `AI_ADDRCONFIG`.
    AddrConfig(&'static [u8], Family),
    /// getnameinfo(3) of an address.
    Address(&'static str),
}

impl Ask {
    /// The question.
    ///
    /// # Panics
    /// If an address is none.
    #[must_use]
    pub fn question(self) -> Question {
        let forward = |name: &[u8], family, addrconfig| Question::Forward {
            name: name.into(),
            family,
            addrconfig,
        };
        match self {
            Ask::Name(name, family) => forward(name, family, false),
            Ask::AddrConfig(name, family) => forward(name, family, true),
            Ask::Address(text) => Question::Reverse(text.parse().expect("an address")),
        }
    }
}

impl Scene {
    /// Nothing in any file, `lo` alone, no server: for `..` in a table.
    pub const EMPTY: Scene = Scene {
        rule: "",
        setup: Setup::Loopback,
        files: &[],
        missing: &[],
        environment: &[],
        servers: &[],
        ask: Ask::Name(b"", Family::Unspec),
    };

    /// The world of it.
    #[must_use]
    pub fn world(&self) -> World {
        let mut world = World::empty(self.setup);
        for (file, content) in self.files {
            world.set(*file, *content);
        }
        for file in self.missing {
            world.files[*file as usize] = None;
        }
        let environment = self.environment.iter();
        world.environment = environment
            .map(|(name, value)| (*name, value.to_vec()))
            .collect();
        world.servers = self.servers.iter().map(|&text| text.to_owned()).collect();
        world
    }
}

impl World {
    /// Empty files and no server: names come from nowhere.
    #[must_use]
    pub fn empty(setup: Setup) -> World {
        World {
            setup,
            files: [const { Some(Vec::new()) }; 6],
            environment: Vec::new(),
            servers: Vec::new(),
        }
    }

    /// What is in a file; nothing in one that is missing.
    #[must_use]
    pub fn content(&self, file: File) -> &[u8] {
        self.files[file as usize].as_deref().unwrap_or_default()
    }

    /// Put this in a file.
    pub fn set(&mut self, file: File, content: impl Into<Vec<u8>>) {
        self.files[file as usize] = Some(content.into());
    }

    /// The value of a variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&[u8]> {
        let mut environment = self.environment.iter();
        let (_, value) = environment.find(|(variable, _)| *variable == name)?;
        Some(value)
    }

    /// Leave out what can be left out while `fails` says that the rest, with the question, still
    /// fails: variables, servers, files, their lines and words, records, bytes of the name.
    #[must_use]
    pub fn shrink(
        &self,
        question: &Question,
        mut fails: impl FnMut(&World, &Question) -> bool,
    ) -> (World, Question) {
        let (mut world, mut question) = (self.clone(), question.clone());
        loop {
            let before = (world.clone(), question.clone());
            world.shrink_once(|world| fails(world, &question));
            question = simpler(&question, |question| fails(&world, question));
            if before == (world.clone(), question.clone()) {
                return (world, question);
            }
        }
    }

    fn shrink_once(&mut self, mut fails: impl FnMut(&World) -> bool) {
        let mut world = self.clone();
        let environment = shrink(&world.environment, |environment| {
            let environment = environment.to_vec();
            fails(&World {
                environment,
                ..world.clone()
            })
        });
        world.environment = environment;
        while !world.servers.is_empty() {
            let mut fewer = world.clone();
            fewer.servers.pop();
            if !fails(&fewer) {
                break;
            }
            world = fewer;
        }
        for file in File::ALL {
            let mut try_content = |world: &mut World, content: Vec<u8>| {
                let mut other = world.clone();
                other.set(file, content);
                let smaller = *world != other && fails(&other);
                if smaller {
                    *world = other;
                }
                smaller
            };
            if try_content(&mut world, Vec::new()) || world.content(file).is_empty() {
                continue;
            }
            for split in [lines, words] {
                let pieces = split(world.content(file));
                let _least = shrink(&pieces, |pieces| try_content(&mut world, pieces.concat()));
            }
        }
        for index in 0..world.environment.len() {
            let pieces = words(&world.environment[index].1);
            let least = shrink(&pieces, |pieces| {
                let mut other = world.clone();
                other.environment[index].1 = pieces.concat();
                fails(&other)
            });
            world.environment[index].1 = least.concat();
        }
        for index in 0..world.servers.len() {
            let script = world.servers[index].clone();
            let records: Vec<&str> = script.split_inclusive('\n').collect();
            let least = shrink(&records, |records| {
                let mut other = world.clone();
                other.servers[index] = records.concat();
                fails(&other)
            });
            world.servers[index] = least.concat();
        }
        *self = world;
    }
}

fn lines(content: &[u8]) -> Vec<Vec<u8>> {
    let lines = content.split_inclusive(|byte| *byte == b'\n');
    lines.map(<[u8]>::to_vec).collect()
}

/// With the white space behind them.
fn words(content: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let word = rest.iter().take_while(|byte| !byte.is_ascii_whitespace());
        let spaces = rest[word.clone().count()..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace());
        let (word, after) = rest.split_at(word.count() + spaces.count());
        words.push(word.to_vec());
        rest = after;
    }
    words
}

fn simpler(question: &Question, mut fails: impl FnMut(&Question) -> bool) -> Question {
    let Question::Forward {
        name,
        family,
        addrconfig,
    } = question
    else {
        return question.clone();
    };
    let with = |name: &[u8], addrconfig| Question::Forward {
        name: name.into(),
        family: *family,
        addrconfig,
    };
    let addrconfig = *addrconfig && !fails(&with(name, false));
    // Short names mean something to the zone: only a long one is cut.
    if name.len() <= 16 {
        return with(name, addrconfig);
    }
    let name = shrink(name, |name| fails(&with(name, addrconfig)));
    with(&name, addrconfig)
}

/// A question as in a table of tests.
pub struct AskOf<'a>(pub &'a Question);

impl fmt::Display for AskOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Question::Forward {
                name,
                family,
                addrconfig,
            } => {
                let ask = if *addrconfig { "AddrConfig" } else { "Name" };
                let name = name.escape_ascii();
                write!(f, "Ask::{ask}(b\"{name}\", Family::{family:?})")
            }
            Question::Reverse(address) => write!(f, "Ask::Address(\"{address}\")"),
        }
    }
}

/// The source of the [`Scene`], up to its question.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "        setup: Setup::{:?},", self.setup)?;
        let filled = File::ALL.map(|file| (file, self.content(file)));
        list(
            f,
            "files",
            filled
                .iter()
                .filter(|(_, content)| !content.is_empty())
                .map(|(file, content)| {
                    format!("(File::{file:?}, b\"{}\")", content.escape_ascii())
                }),
        )?;
        list(
            f,
            "missing",
            File::ALL
                .iter()
                .filter(|file| self.files[**file as usize].is_none())
                .map(|file| format!("File::{file:?}")),
        )?;
        list(
            f,
            "environment",
            self.environment
                .iter()
                .map(|(name, value)| format!("(\"{name}\", b\"{}\")", value.escape_ascii())),
        )?;
        list(
            f,
            "servers",
            self.servers.iter().map(|script| format!("{script:?}")),
        )
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    field: &str,
    items: impl Iterator<Item = String>,
) -> fmt::Result {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return Ok(());
    }
    writeln!(f, "        {field}: &[")?;
    for item in items {
        writeln!(f, "            {item},")?;
    }
    writeln!(f, "        ],")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENE: Scene = Scene {
        files: &[
            (File::Hosts, b"10.0.0.1 a b c\n10.0.0.2 d\n"),
            (File::ResolvConf, b"nameserver 127.0.0.53\n"),
        ],
        missing: &[File::GaiConf],
        environment: &[("LOCALDOMAIN", b"one two")],
        servers: &["www A 10.0.0.1\ndb A 10.0.0.2\n", ""],
        ask: Ask::AddrConfig(b"alpha", Family::Inet),
        ..Scene::EMPTY
    };

    #[test]
    fn only_what_matters_is_left() {
        let (world, question) = SCENE.world().shrink(&SCENE.ask.question(), |world, _| {
            world
                .content(File::Hosts)
                .windows(2)
                .any(|two| two == b"b ")
                && world.variable("LOCALDOMAIN").is_some()
                && world.servers.iter().any(|script| script.contains("db"))
        });
        assert_eq!(
            world.to_string() + &AskOf(&question).to_string(),
            "        setup: Setup::Loopback,\n\
             \x20       files: &[\n            (File::Hosts, b\"b \"),\n        ],\n\
             \x20       environment: &[\n            (\"LOCALDOMAIN\", b\"\"),\n        ],\n\
             \x20       servers: &[\n            \"db A 10.0.0.2\\n\",\n        ],\n\
             Ask::Name(b\"alpha\", Family::Inet)"
        );
    }
}
