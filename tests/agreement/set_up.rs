//! A rule, the smallest set-up that shows it, and the answers.

use serde_json::Value;
use testbed::{Command, Namespace, Run, Sandbox};

use crate::peers::{How, Peer};

/// Who is asked on DNS, unless a row says otherwise.
pub(crate) const SERVER: &str = "127.0.0.53";

/// What the files are, unless a row says otherwise. The namespace has all of them.
pub(crate) const DEFAULTS: [(&str, &str); 5] = [
    ("hosts", ""),
    ("nsswitch.conf", "hosts: files dns\n"),
    ("host.conf", ""),
    ("resolv.conf", "nameserver 127.0.0.53\nsearch corp.test\n"),
    ("gai.conf", ""),
];

/// The words of `ip -n alpha` for [`Row::connected`].
pub(crate) const INTERFACE: [&str; 9] = [
    "link add v0 type veth peer name v1",
    "link set v0 addrgenmode none",
    "link set v1 addrgenmode none",
    "link set v1 up",
    "link set v0 up",
    "addr add 10.0.0.5/24 dev v0",
    "addr add 2001:db8::5/64 dev v0 nodad",
    "route add default dev v0",
    "-6 route add default dev v0",
];

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Ask {
    /// getaddrinfo of AF_UNSPEC.
    Any(&'static str),
    /// Of AF_INET.
    Four(&'static str),
    /// Of AF_INET6.
    Six(&'static str),
    /// Of AF_INET6 with AI_ADDRCONFIG.
    SixAddrconfig(&'static str),
    /// Of AF_UNSPEC with AI_ADDRCONFIG.
    AnyAddrconfig(&'static str),
    /// The canonical name that goes with AF_UNSPEC.
    Canonical(&'static str),
    /// getnameinfo.
    Reverse(&'static str),
}

impl Ask {
    /// The arguments of a peer's program.
    fn arguments(self) -> [&'static str; 2] {
        match self {
            Ask::Any(name) => ["unspec", name],
            Ask::Four(name) => ["inet", name],
            Ask::Six(name) => ["inet6", name],
            Ask::SixAddrconfig(name) => ["inet6+addrconfig", name],
            Ask::AnyAddrconfig(name) => ["unspec+addrconfig", name],
            Ask::Canonical(name) => ["canonical", name],
            Ask::Reverse(address) => ["reverse", address],
        }
    }

    /// Those of netns-resolve, for a namespace.
    fn of_netns_resolve(self, namespace: &'static str) -> Vec<&'static str> {
        let options: &[&str] = match self {
            Ask::Any(_) | Ask::Canonical(_) => &[],
            Ask::Four(_) => &["-4"],
            Ask::Six(_) => &["-6"],
            Ask::SixAddrconfig(_) => &["-6", "--addrconfig"],
            Ask::AnyAddrconfig(_) => &["--addrconfig"],
            Ask::Reverse(_) => &["-x"],
        };
        let [_, name] = self.arguments();
        let mut arguments = vec!["--json"];
        arguments.extend(options);
        arguments.extend([namespace, "--", name]);
        arguments
    }

    /// In words.
    pub(crate) fn describe(self) -> String {
        match self {
            Ask::Any(name) => name.to_owned(),
            Ask::Four(name) => format!("{name}, AF_INET"),
            Ask::Six(name) => format!("{name}, AF_INET6"),
            Ask::SixAddrconfig(name) => format!("{name}, AF_INET6 with AI_ADDRCONFIG"),
            Ask::AnyAddrconfig(name) => format!("{name}, with AI_ADDRCONFIG"),
            Ask::Canonical(name) => format!("the canonical name of {name}"),
            Ask::Reverse(address) => format!("the name of {address}"),
        }
    }
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) rule: &'static str,
    pub(crate) ask: Ask,
    /// In place of [`DEFAULTS`]; `None`: no such file in the namespace, nor on the host.
    pub(crate) files: Vec<(&'static str, Option<&'static str>)>,
    /// Address and script of each DNS server. Without any there is an empty one at [`SERVER`].
    pub(crate) servers: Vec<(&'static str, &'static str)>,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    /// Whether there is an interface other than the loopback.
    pub(crate) connected: bool,
}

impl Row {
    pub(crate) fn new(rule: &'static str, ask: Ask) -> Row {
        Row {
            rule,
            ask,
            files: Vec::new(),
            servers: Vec::new(),
            environment: Vec::new(),
            connected: false,
        }
    }

    pub(crate) fn file(mut self, name: &'static str, content: &'static str) -> Row {
        self.files.push((name, Some(content)));
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Row {
        self.files.push((name, None));
        self
    }

    pub(crate) fn hosts(self, content: &'static str) -> Row {
        self.file("hosts", content)
    }

    pub(crate) fn nsswitch(self, content: &'static str) -> Row {
        self.file("nsswitch.conf", content)
    }

    pub(crate) fn resolv_conf(self, content: &'static str) -> Row {
        self.file("resolv.conf", content)
    }

    /// What the server at [`SERVER`] has.
    pub(crate) fn dns(self, script: &'static str) -> Row {
        self.dns_at(SERVER, script)
    }

    pub(crate) fn dns_at(mut self, address: &'static str, script: &'static str) -> Row {
        self.servers.push((address, script));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: &'static str) -> Row {
        self.environment.push((name, value));
        self
    }

    pub(crate) fn connected(mut self) -> Row {
        self.connected = true;
        self
    }
}

/// What a peer said.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Addresses in order, or a name.
    Found(String),
    /// The name of an `EAI_*` code, or what stands for one.
    Error(String),
    /// A signal, or a status.
    Crashed(String),
    /// There is no such question.
    CannotBeAsked,
    NotRun,
}

impl Said {
    /// Whether it comes to the same as glibc's. Without error codes there are two kinds of failure.
    pub(crate) fn agrees(&self, glibc: &Said) -> bool {
        match (self, glibc) {
            (Said::Error(kind), Said::Error(code)) => {
                let not_found = ["EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"];
                match kind.as_str() {
                    "not found" => not_found.contains(&code.as_str()),
                    "failed" => !not_found.contains(&code.as_str()),
                    kind => kind == code,
                }
            }
            _ => self == glibc,
        }
    }
}

/// Put a row's set-up up and ask all peers.
pub(crate) fn run(row: &Row, peers: &[Peer]) -> Vec<Said> {
    let sandbox = Sandbox::new();
    let alpha = sandbox.namespace("alpha");
    if row.connected {
        for words in INTERFACE {
            let command = sandbox.command(["ip", "-n", "alpha"]);
            sandbox.set_up(command.args(words.split(' ')));
        }
    }
    write_files(row, &sandbox, &alpha);
    let empty = [(SERVER, "")];
    let servers = if row.servers.is_empty() {
        &empty[..]
    } else {
        &row.servers
    };
    let servers = servers
        .iter()
        .map(|(address, script)| sandbox.dns(&alpha, address, script));
    let _answering: Vec<_> = servers.collect();

    let ask = |peer: &Peer| match &peer.how {
        How::NotRun => Said::NotRun,
        How::Program(program) => {
            let command = sandbox.netns_exec(["alpha"]).arg(program);
            said(&with_environment(command.args(row.ask.arguments()), row).run())
        }
        How::NetnsResolve => netns_resolve(row, &sandbox),
    };
    peers.iter().map(ask).collect()
}

fn write_files(row: &Row, sandbox: &Sandbox, alpha: &Namespace) {
    for (name, default) in DEFAULTS {
        let own = row.files.iter().find(|(file, _)| *file == name);
        match own.map_or(Some(default), |(_, content)| *content) {
            Some(content) => {
                sandbox.host_file(name, "");
                alpha.file(name, content);
            }
            None => sandbox.files().remove(format!("/etc/{name}")),
        }
    }
    // The rest is not in /etc.
    for (name, content) in &row.files {
        if let (true, Some(content)) = (name.starts_with('/'), content) {
            sandbox.files().write(name, content);
        }
    }
}

fn with_environment(command: Command, row: &Row) -> Command {
    let environment = row.environment.iter();
    environment.fold(command, |command, (name, value)| command.env(name, value))
}

/// What a peer's program printed.
fn said(run: &Run) -> Said {
    if run.code() != Some(0) {
        return Said::Crashed(match run.signal() {
            Some(signal) => format!("killed by signal {signal}"),
            None => format!("exit status {}", run.code().unwrap_or_default()),
        });
    }
    let line = run.out();
    match line.strip_prefix('!') {
        Some(error) => Said::Error(error.to_owned()),
        None if line == "?" => Said::CannotBeAsked,
        None => Said::Found(line),
    }
}

/// netns-resolve in the view; from outside it says the same.
fn netns_resolve(row: &Row, sandbox: &Sandbox) -> Said {
    let inside = sandbox.netns_exec(["alpha", "netns-resolve"]);
    let inside = inside.args(row.ask.of_netns_resolve("."));
    let outside = sandbox.netns_resolve(row.ask.of_netns_resolve("alpha"));
    let said = [inside, outside].map(|command| {
        let run = with_environment(command, row).run();
        let line: Option<Value> = serde_json::from_slice(&run.stdout).ok();
        match line {
            Some(line) => json_answer(row.ask, &line),
            None => said(&run),
        }
    });
    let [inside, outside] = said;
    if inside == outside {
        inside
    } else {
        Said::Crashed("not the same inside and outside".into())
    }
}

fn json_answer(ask: Ask, line: &Value) -> Said {
    if let Some(error) = line["error"].as_str() {
        return Said::Error(error.to_owned());
    }
    Said::Found(match ask {
        Ask::Canonical(_) | Ask::Reverse(_) => {
            line["canonical_name"].as_str().unwrap_or_default().into()
        }
        _ => {
            let addresses = line["addresses"].as_array().into_iter().flatten();
            let addresses: Vec<&str> = addresses.filter_map(Value::as_str).collect();
            addresses.join(" ")
        }
    })
}
