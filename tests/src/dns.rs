//! A DNS server in a namespace that does as its script says.
//!
//! A script has a line for each thing it knows; `#` starts a comment:
//!
//! ```text
//! www.example.test   A      10.0.0.1      # also AAAA, CNAME, PTR
//! empty.example.test -                    # exists, without data
//! bad.example.test   !      servfail      # misbehaves, whatever the type asked
//! half.example.test  !AAAA  silent        # misbehaves for this type only
//! *                  !      refused       # for names that the script does not have
//! ```
//!
//! Records are answered in the order of the script, a CNAME with what the script has for its
//! target. Any other name is NXDOMAIN, and a name without data of the type NOERROR. [`Behaviour`]
//! lists what `!` takes.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::rdata::{A, AAAA, CNAME, PTR};
use hickory_proto::rr::{Name, RData, RecordType};

use crate::{Files, Namespace, Running, Sandbox, programs};

/// A way not to answer as the records say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// `servfail`
    ServFail,
    /// `refused`
    Refused,
    /// `notimp`
    NotImp,
    /// `formerr`
    FormErr,
    /// `nxdomain`: that code, with whatever records there are.
    NxDomain,
    /// `truncated`: over UDP only the TC bit, over TCP the answer.
    Truncated,
    /// `silent`: no answer; over TCP the end of the connection.
    Silent,
    /// `lame`: no error, no records, neither authoritative nor willing to recurse.
    Lame,
    /// `delay MILLISECONDS`: the answer, later.
    Delay(Duration),
    /// `owner NAME`: the records under another name.
    Owner(Name),
    /// `class`: the records of another class.
    Class,
    /// `question`: to another question.
    Question,
    /// `id`: to another query.
    Id,
    /// `cut BYTES`: without so many at its end, if it has records.
    Cut(usize),
    /// `bare`: the header alone, which counts nothing.
    Bare,
    /// `extra`: with bytes behind its end.
    Extra,
    /// `missing`: it counts one record more than it has.
    Missing,
}

/// A line of a script.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Fully qualified, in lower case; `None` for `*`.
    pub(crate) name: Option<Name>,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Record(RData),
    NoData,
    /// For this type, or for all.
    Behaviour(Option<RecordType>, Behaviour),
}

/// Read a script.
pub(crate) fn parse(script: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for line in script.lines() {
        let line = line.split('#').next().unwrap_or("");
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [name, words @ ..] = &words[..] {
            let what = what(words).ok_or_else(|| format!("no line of a DNS script: {line}"))?;
            let name = match *name {
                "*" => None,
                name => Some(absolute(name).ok_or_else(|| format!("no DNS name: {name}"))?),
            };
            entries.push(Entry { name, what });
        }
    }
    Ok(entries)
}

/// A fully qualified name of any bytes but white space, `#` and `.`; `.` alone is the root.
fn absolute(name: &str) -> Option<Name> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut name = Name::from_labels(labels.map(str::as_bytes))
        .ok()?
        .to_lowercase();
    name.set_fqdn(true);
    Some(name)
}

fn what(words: &[&str]) -> Option<What> {
    match words {
        ["-"] => Some(What::NoData),
        ["A", address] => Some(What::Record(RData::A(A(address.parse().ok()?)))),
        ["AAAA", address] => Some(What::Record(RData::AAAA(AAAA(address.parse().ok()?)))),
        ["CNAME", name] => Some(What::Record(RData::CNAME(CNAME(absolute(name)?)))),
        ["PTR", name] => Some(What::Record(RData::PTR(PTR(absolute(name)?)))),
        [mark, behaviour @ ..] => {
            let of_type = match mark.strip_prefix('!')? {
                "" => None,
                name => Some(RecordType::from_str(name).ok()?),
            };
            let behaviour = match behaviour {
                ["servfail"] => Behaviour::ServFail,
                ["refused"] => Behaviour::Refused,
                ["notimp"] => Behaviour::NotImp,
                ["formerr"] => Behaviour::FormErr,
                ["nxdomain"] => Behaviour::NxDomain,
                ["truncated"] => Behaviour::Truncated,
                ["silent"] => Behaviour::Silent,
                ["lame"] => Behaviour::Lame,
                ["delay", time] => Behaviour::Delay(Duration::from_millis(time.parse().ok()?)),
                ["owner", name] => Behaviour::Owner(absolute(name)?),
                ["class"] => Behaviour::Class,
                ["question"] => Behaviour::Question,
                ["id"] => Behaviour::Id,
                ["cut", bytes] => Behaviour::Cut(bytes.parse().ok()?),
                ["bare"] => Behaviour::Bare,
                ["extra"] => Behaviour::Extra,
                ["missing"] => Behaviour::Missing,
                _ => return None,
            };
            Some(What::Behaviour(of_type, behaviour))
        }
        [] => None,
    }
}

/// The name whose PTR record says what an address is called.
#[must_use]
pub fn reverse_name(address: IpAddr) -> String {
    Name::from(address).to_ascii()
}

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct Server {
    process: Running,
    log: PathBuf,
    files: Arc<Files>,
}

impl Server {
    pub(crate) fn start(
        sandbox: &Sandbox,
        namespace: Option<&Namespace>,
        address: &str,
        script: &str,
    ) -> Server {
        let mut directory = PathBuf::from("/run/testbed/queries");
        directory.extend(namespace.map(Namespace::name));
        sandbox.files().mkdir(&directory);
        let log = directory.join(address);
        sandbox.files().write(&log, "");

        let program = programs::under_test("testbed").into_os_string();
        let command = match namespace {
            Some(namespace) => sandbox.ip_netns_exec(namespace, [program]),
            None => sandbox.command([program]),
        };
        let mut server = Server {
            process: command.args(["dns", address]).arg(&log).spawn(),
            log,
            files: sandbox.shared_files(),
        };
        server.replace_script(script);
        server
    }

    /// Answer by another script from now on.
    pub fn replace_script(&mut self, script: &str) {
        if let Err(why) = parse(script) {
            programs::broken(why);
        }
        for line in script.lines().chain(["."]) {
            self.process.tell(line);
        }
        self.process.expect_ready();
    }

    /// The queries it got so far, in order, whether or not it answered: `udp A www.example.test.`
    #[must_use]
    pub fn queries(&self) -> Vec<String> {
        let log = String::from_utf8_lossy(&self.files.read(&self.log)).into_owned();
        log.lines().map(str::to_owned).collect()
    }
}
