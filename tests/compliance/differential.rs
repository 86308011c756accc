//! Generated hosts files: hostsfile and the resolver against the live glibc.
//!
//! `make differential SEED=n N=n` tries other files, and more of them. A failure prints the seed
//! and the smallest file that still shows the difference.

use std::env;
use std::net::{IpAddr, Ipv6Addr};

use hostsfile::Hosts;
use testbed::case::Case;
use testbed::hosts_files::{self, HostsFile, large, large_v4, large_v6};
use testbed::oracle::{Answer, Family, Found, Oracle, Question, show};
use testbed::random::Random;
use testbed::shrink::shrink;
use testbed::{NSSWITCH_FILES, Namespace, Sandbox, alone};

mod services;
mod worlds;
use services::lists_of_three_services_agree;
use worlds::generated_worlds_agree;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(hostsfile_with_multi_on_agrees),
        alone!(hostsfile_with_multi_off_agrees),
        alone!(resolver_with_multi_on_agrees),
        alone!(resolver_with_multi_off_agrees),
        alone!(file_of_100_000_lines_agrees),
        alone!(lists_of_three_services_agree),
        alone!(generated_worlds_agree),
    ]
}

/// A number from the environment.
fn number(variable: &str, default: u64) -> u64 {
    match env::var(variable) {
        Ok(text) if !text.is_empty() => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        _ => default,
    }
}

const EAI_NONAME: i32 = -2;
const EAI_OVERFLOW: i32 = -12;
/// The longest name that getnameinfo has a place for, with its final NUL.
const NI_MAXHOST: usize = 1025;

/// A namespace whose names come from its hosts file alone, and the C library inside.
struct Bench {
    sandbox: Sandbox,
    alpha: Namespace,
    glibc: Oracle,
}

impl Bench {
    fn new(multi: bool) -> Bench {
        let sandbox = Sandbox::new();
        let alpha = sandbox.namespace("alpha");
        alpha.file("nsswitch.conf", NSSWITCH_FILES);
        // Read once a process, so it is there before the oracle starts.
        alpha.file("host.conf", if multi { "multi on\n" } else { "" });
        alpha.file("hosts", "");
        let glibc = Oracle::glibc(&sandbox, &alpha);
        Bench {
            sandbox,
            alpha,
            glibc,
        }
    }
}

/// Try many files. `ask` gives the other's answer to a question about the file now in place, and
/// `same` says whether that is as good as glibc's.
fn compare(
    bench: &mut Bench,
    questions: impl Fn(&mut Random) -> Vec<Question>,
    mut ask: impl FnMut(&HostsFile, &Question) -> Answer,
    same: impl Fn(&Answer, &Answer) -> bool,
) {
    let seed = number("DIFFERENTIAL_SEED", 1);
    for index in 0..number("DIFFERENTIAL_FILES", 5000) {
        let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(index));
        let file = HostsFile::generate(&mut random);
        let Bench { alpha, glibc, .. } = &mut *bench;
        alpha.file("hosts", file.content());
        for question in questions(&mut random) {
            let (ours, theirs) = (ask(&file, &question), glibc.ask(&question));
            if same(&ours, &theirs) {
                continue;
            }
            let lines = shrink(&file.lines, |lines| {
                let file = file.with_lines(lines);
                alpha.file("hosts", file.content());
                !same(&ask(&file, &question), &glibc.ask(&question))
            });
            let file = file.with_lines(&lines);
            alpha.file("hosts", file.content());
            let (ours, theirs) = (ask(&file, &question), glibc.ask(&question));
            panic!(
                "seed {seed}, file {index}: {question}\nhosts file:\n{file}ours:  {}\nglibc: {}",
                show(&ours),
                show(&theirs)
            );
        }
    }
}

fn hostsfile_with_multi_on_agrees() {
    hostsfile_agrees(true);
}

fn hostsfile_with_multi_off_agrees() {
    hostsfile_agrees(false);
}

fn hostsfile_agrees(multi: bool) {
    let mut bench = Bench::new(multi);
    let questions = |random: &mut Random| {
        let mut questions = questions(random);
        questions.retain(reaches_the_file);
        questions
    };
    let ask = |file: &HostsFile, question: &Question| {
        lookup(&Hosts::from_bytes(file.content()), question, multi)
    };
    compare(&mut bench, questions, ask, |ours, theirs| {
        match (ours, theirs) {
            // Why there is no answer, and the order of addresses, are not the hosts file's business.
            (Err(_), Err(_)) => true,
            (Ok(ours), Ok(theirs)) => sorted(ours) == sorted(theirs) && ours.name == theirs.name,
            _ => false,
        }
    });
}

fn sorted(found: &Found) -> Vec<(IpAddr, u32)> {
    let mut addresses = found.addresses.clone();
    addresses.sort();
    addresses
}

/// Whether glibc asks the hosts file at all. Not for names that it may take for addresses, for `*`
/// (which means none to getaddrinfo), nor for the name of `::` (inet/gethstbyad_r.c).
fn reaches_the_file(question: &Question) -> bool {
    match question {
        Question::Forward { name, .. } => {
            let numeric = name.contains(&b':') || name.first().is_some_and(u8::is_ascii_digit);
            !numeric && name != b"*"
        }
        Question::Reverse(address) => *address != Ipv6Addr::UNSPECIFIED,
    }
}

fn lookup(hosts: &Hosts, question: &Question, multi: bool) -> Answer {
    let found = match question {
        Question::Forward { name, family, .. } => {
            let family = match family {
                Family::Unspec => hostsfile::Family::Any,
                Family::Inet => hostsfile::Family::V4,
                Family::Inet6 => hostsfile::Family::V6,
            };
            hosts.lookup(name, family, multi).map(|answer| Found {
                addresses: answer.addresses().map(|address| (address, 0)).collect(),
                name: Some(answer.canonical_name().to_vec()),
            })
        }
        Question::Reverse(address) => {
            let line = hosts.reverse(*address);
            let name = line.map(|line| line.canonical_name().to_vec());
            if name.as_ref().is_some_and(|name| name.len() >= NI_MAXHOST) {
                return Err((EAI_OVERFLOW, 0));
            }
            name.map(|name| Found {
                addresses: vec![(*address, 0)],
                name: Some(name),
            })
        }
    };
    found.ok_or((EAI_NONAME, 0))
}

fn resolver_with_multi_on_agrees() {
    resolver_agrees(true);
}

fn resolver_with_multi_off_agrees() {
    resolver_agrees(false);
}

fn resolver_agrees(multi: bool) {
    let mut bench = Bench::new(multi);
    let mut resolver = Oracle::resolver(&bench.sandbox, &bench.alpha);
    let ask = |_: &HostsFile, question: &Question| resolver.ask(question);
    compare(&mut bench, questions, ask, |ours, theirs| {
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) if theirs.name.is_none() => ours.addresses == theirs.addresses,
            (ours, theirs) => ours == theirs,
        }
    });
}

fn questions(random: &mut Random) -> Vec<Question> {
    let mut questions = Vec::new();
    for name in hosts_files::names(random, 5) {
        questions.extend(Family::ALL.map(|family| Question::Forward {
            name: name.to_vec(),
            family,
            addrconfig: false,
        }));
    }
    for _ in 0..3 {
        questions.push(Question::Reverse(hosts_files::address(random)));
    }
    questions
}

/// Real input: a file as large sites have it.
fn file_of_100_000_lines_agrees() {
    let mut bench = Bench::new(true);
    let content = large(100_000);
    bench.alpha.file("hosts", &content);
    let hosts = Hosts::from_bytes(content);
    let mut resolver = Oracle::resolver(&bench.sandbox, &bench.alpha);
    for host in [0, 7, 50_000, 50_007, 99_997, 99_998, 1_000_000] {
        for name in [format!("host{host}"), format!("HOST{host}.example.test")] {
            let question = Question::Forward {
                name: name.into(),
                family: Family::Unspec,
                addrconfig: false,
            };
            let glibc = bench.glibc.ask(&question);
            assert_eq!(resolver.ask(&question), glibc, "{question:?}");
            let ours = lookup(&hosts, &question, true);
            assert_eq!(
                ours.as_ref().map(sorted),
                glibc.as_ref().map(sorted),
                "{question:?}"
            );
        }
        for address in [IpAddr::from(large_v4(host)), IpAddr::from(large_v6(host))] {
            let question = Question::Reverse(address);
            let glibc = bench.glibc.ask(&question);
            assert_eq!(resolver.ask(&question), glibc, "{question:?}");
            assert_eq!(lookup(&hosts, &question, true), glibc, "{question:?}");
        }
    }
    let run = bench.sandbox.netns_resolve(["alpha", "host99997"]).run();
    run.prints("2001:db8::1:869d\n10.1.134.157");
}
