//! A place where worlds are put up, one after the other, and both sides are asked.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use serde_json::Value;

use crate::oracle::{Answer, Family, Found, Oracle, Question, show};
use crate::world::{ALIASES, File, SERVERS, Setup, World};
use crate::{Namespace, Sandbox, dns};

/// A sandbox with one namespace, its servers and its oracles.
#[derive(Debug)]
pub struct Stage {
    sandbox: Sandbox,
    alpha: Namespace,
    world: World,
    servers: Vec<dns::Server>,
    glibc: Option<Oracle>,
    ours: Option<Oracle>,
}

/// What someone said, or that he crashed.
pub type Said = Result<Answer, String>;

/// What both said.
#[derive(Clone, Debug)]
pub struct Both {
    /// Our resolver.
    pub ours: Said,
    /// The C library.
    pub glibc: Said,
}

impl Both {
    /// Whether ours is as good as glibc's. Where `AI_CANONNAME` makes glibc fail there is no name
    /// to compare.
    #[must_use]
    pub fn agree(&self) -> bool {
        match (&self.ours, &self.glibc) {
            (Ok(ours), Ok(glibc)) => agree(ours, glibc),
            _ => false,
        }
    }
}

/// Without errno and scopes.
fn without_details(answer: &Answer) -> Answer {
    let mut found = answer.clone().map_err(|(code, _)| (code, 0))?;
    for (_, scope) in &mut found.addresses {
        *scope = 0;
    }
    Ok(found)
}

fn agree(ours: &Answer, glibc: &Answer) -> bool {
    match (ours, glibc) {
        (Ok(ours), Ok(glibc)) if glibc.name.is_none() => ours.addresses == glibc.addresses,
        _ => ours == glibc,
    }
}

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |said: &Said| match said {
            Ok(answer) => show(answer),
            Err(why) => format!("crashed: {why}"),
        };
        writeln!(f, "    // ours:  {}", said(&self.ours))?;
        write!(f, "    // glibc: {}", said(&self.glibc))
    }
}

impl Stage {
    /// A namespace with these interfaces, and an empty world.
    #[must_use]
    pub fn new(setup: Setup) -> Stage {
        let sandbox = Sandbox::new();
        let alpha = sandbox.namespace("alpha");
        for words in interfaces(setup) {
            let command = sandbox.command(["ip", "-n", "alpha"]);
            sandbox.set_up(command.args(words.split(' ')));
        }
        let world = World::empty(setup);
        let mut stage = Stage {
            sandbox,
            alpha,
            servers: Vec::new(),
            glibc: None,
            ours: None,
            world: World {
                // So that all of them are written.
                files: [const { None }; 6],
                ..world.clone()
            },
        };
        stage.put_up(&world);
        stage
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.alpha
    }

    /// The sandbox.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The world that is up.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Put up a world with this stage's set-up. Who is asked lives on, unless something has changed
    /// that a process looks at once in its life.
    pub fn put_up(&mut self, world: &World) {
        if !self.outlives(world) {
            self.dismiss();
        }
        for file in File::ALL {
            let (before, now) = (
                &self.world.files[file as usize],
                &world.files[file as usize],
            );
            if before != now {
                self.write(file, now.as_deref());
            }
        }
        self.servers.truncate(world.servers.len());
        for (index, script) in world.servers.iter().enumerate() {
            match self.servers.get_mut(index) {
                Some(server) => {
                    if self.world.servers.get(index) != Some(script) {
                        server.replace_script(script);
                    }
                }
                None => {
                    let server = self.sandbox.dns(&self.alpha, SERVERS[index], script);
                    self.servers.push(server);
                }
            }
        }
        self.world = world.clone();
    }

    /// Ask from now on processes that have seen nothing else.
    pub fn dismiss(&mut self) {
        (self.glibc, self.ours) = (None, None);
    }

    /// Ask from now on a glibc that has seen nothing else.
    pub fn dismiss_glibc(&mut self) {
        self.glibc = None;
    }

    /// Ask both.
    pub fn ask(&mut self, question: &Question) -> Both {
        let (sandbox, alpha) = (&self.sandbox, &self.alpha);
        let environment = &self.world.environment;
        let glibc = || Oracle::glibc_with(sandbox, alpha, environment);
        let ours = || Oracle::resolver_with(sandbox, alpha, environment);
        Both {
            glibc: said(&mut self.glibc, glibc, question),
            ours: said(&mut self.ours, ours, question),
        }
    }

    /// Put up a world and ask both, with processes that have seen nothing else.
    pub fn ask_in(&mut self, world: &World, question: &Question) -> Both {
        self.dismiss();
        self.put_up(world);
        self.ask(question)
    }

    /// What the program netns-resolve says, and whether that is as good as glibc's answer.
    /// `None` if the question cannot be asked or the answer not be told on a command line.
    #[must_use]
    pub fn program_agrees(
        &self,
        question: &Question,
        glibc: &Answer,
    ) -> Option<Result<(), String>> {
        let name = glibc.as_ref().ok().and_then(|found| found.name.as_deref());
        if name.is_some_and(|name| !name.is_ascii()) {
            return None;
        }
        let mut command = self.sandbox.netns_resolve(["--json"]);
        command = command.args(arguments(question)?);
        for (name, value) in &self.world.environment {
            command = command.env(name, OsStr::from_bytes(value));
        }
        let run = command.timeout(Duration::from_secs(60)).run();
        let answer = run.out().lines().next().and_then(json_answer);
        let Some(program) = answer else {
            return Some(Err(run.to_string()));
        };
        let same = agree(&program, &without_details(glibc));
        Some(if same { Ok(()) } else { Err(run.to_string()) })
    }

    /// Whether a process that has seen the present world may be asked about this one.
    fn outlives(&self, world: &World) -> bool {
        let once = |world: &World| {
            // A mount is there from the start or never.
            let present = world.files.each_ref().map(Option::is_some);
            let once = [File::HostConf, File::GaiConf, File::Aliases];
            let content = once.map(|file| world.content(file).to_vec());
            (present, content, world.environment.clone())
        };
        let no_reload = |text: &[u8]| text.windows(9).any(|part| part == b"no-reload");
        once(world) == once(&self.world) && !no_reload(self.world.content(File::ResolvConf))
    }

    fn write(&self, file: File, content: Option<&[u8]>) {
        match (file.in_etc(), content) {
            (Some(name), Some(content)) => {
                // Without a file to mount over, ip netns exec leaves the namespace's out.
                self.sandbox.host_file(name, "");
                self.alpha.file(name, content);
            }
            (Some(name), None) => {
                self.sandbox.files().remove(format!("/etc/{name}"));
                self.sandbox.files().remove(self.alpha.path(name));
            }
            (None, Some(content)) => self.sandbox.files().write(ALIASES, content),
            (None, None) => self.sandbox.files().remove(ALIASES),
        }
    }
}

/// Ask whoever is there, else whoever is called.
fn said(here: &mut Option<Oracle>, call: impl FnOnce() -> Oracle, question: &Question) -> Said {
    let oracle = here.get_or_insert_with(call);
    let answer = oracle.try_ask(question);
    if answer.is_err() {
        *here = None;
    }
    answer
}

/// `ip -n alpha` with each of these.
fn interfaces(setup: Setup) -> Vec<String> {
    // Nobody is at the other end: a server there is missed after one question to the neighbours
    // instead of three seconds, or a search list of ten names would outlast the oracles' patience.
    const LINK: &[&str] = &[
        "link add v0 type veth peer name v1",
        "link set v0 addrgenmode none",
        "link set v1 addrgenmode none",
        "ntable change name arp_cache dev v0 mcast_probes 1 retrans 50",
        "ntable change name ndisc_cache dev v0 mcast_probes 1 retrans 50",
        "link set v1 up",
        "link set v0 up",
    ];
    let (link, rest): (_, &[&str]) = match setup {
        Setup::Loopback => (&[][..], &[]),
        Setup::Ipv4 => (
            LINK,
            &["addr add 10.0.0.5/24 dev v0", "route add default dev v0"],
        ),
        Setup::Both => (
            LINK,
            &[
                "addr add 10.0.0.5/24 dev v0",
                "addr add 2001:db8::5/64 dev v0 nodad",
                "addr add fd00::5/64 dev v0 nodad",
                "route add default dev v0",
                "-6 route add default dev v0",
            ],
        ),
        Setup::Ipv6 => (
            LINK,
            &[
                "addr add 2001:db8::5/64 dev v0 nodad",
                "-6 route add default dev v0",
            ],
        ),
        Setup::LinkLocal => (
            LINK,
            &[
                "addr add 169.254.7.7/16 dev v0",
                "addr add fe80::5/64 dev v0 nodad",
            ],
        ),
        Setup::GlobalOnLoopback => (
            &[][..],
            &[
                "addr add 10.0.0.5/24 dev lo",
                "addr add 2001:db8::5/64 dev lo nodad",
            ],
        ),
    };
    let all = link.iter().chain(rest);
    all.map(|words| (*words).to_owned()).collect()
}

/// The arguments of netns-resolve, if the name can be one of them: `-` and `.` have a meaning.
fn arguments(question: &Question) -> Option<Vec<String>> {
    let text = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    match question {
        Question::Reverse(address) => Some(text(&["-x", "alpha", &address.to_string()])),
        Question::Forward {
            name,
            family,
            addrconfig,
        } => {
            let name = str::from_utf8(name).ok()?;
            if name == "-" || name.is_empty() {
                return None;
            }
            let mut arguments = match family {
                Family::Unspec => vec![],
                Family::Inet => vec!["-4"],
                Family::Inet6 => vec!["-6"],
            };
            if *addrconfig {
                arguments.push("--addrconfig");
            }
            arguments.extend(["alpha", "--", name]);
            Some(text(&arguments))
        }
    }
}

/// What a line of `netns-resolve --json` says; scopes are not looked at.
fn json_answer(line: &str) -> Option<Answer> {
    let line: Value = serde_json::from_str(line).ok()?;
    if let Some(error) = line["error"].as_str() {
        let code = match error {
            "EAI_NONAME" => -2,
            "EAI_AGAIN" => -3,
            "EAI_FAIL" => -4,
            "EAI_NODATA" => -5,
            "EAI_ADDRFAMILY" => -9,
            "EAI_SYSTEM" => -11,
            "EAI_OVERFLOW" => -12,
            _ => return None,
        };
        return Some(Err((code, 0)));
    }
    let addresses = line["addresses"].as_array()?.iter().map(|address| {
        let text = address.as_str()?.split('%').next()?;
        Some((text.parse().ok()?, 0))
    });
    Some(Ok(Found {
        addresses: addresses.collect::<Option<_>>()?,
        name: Some(line["canonical_name"].as_str()?.into()),
    }))
}
