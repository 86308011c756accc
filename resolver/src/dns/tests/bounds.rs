//! Whatever the configuration says and the servers do, a lookup ends, as soon as the timeouts
//! allow.

use std::cell::Cell;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use conf::environment::Environment;
use conf::host_aliases::HostAliases;
use conf::resolv_conf::{Context, ResolvConf};
use proptest::prelude::*;
use proptest::sample::select;

use super::script::*;
use crate::address::Family;
use crate::dns::name::WireName;
use crate::dns::wire::Message;
use crate::dns::{Dns, Question, stream};
use crate::trace::Trace;

/// resolv.conf of these words, with servers of the script's.
fn configuration(words: &[&str], count: u8) -> ResolvConf {
    let context = Context {
        environment: &Environment::default(),
        host_name: b"host.test",
        interface_index: &|_| None,
    };
    ResolvConf {
        nameservers: servers(count).nameservers,
        ..ResolvConf::parse(words.concat().as_bytes(), &context)
    }
}

const WORDS: &[&str] = &[
    "options ",
    "search ",
    "domain ",
    "\n",
    " ",
    "a",
    "b.test",
    ".",
    "ndots:",
    "timeout:",
    "attempts:",
    "0",
    "2",
    "9999",
    "-1",
    "single-request ",
    "single-request-reopen ",
    "use-vc ",
    "edns0 ",
    "no-aaaa ",
    "no-tld-query ",
    "sortlist 10.0.0.0 ",
];

/// What a server may do, chosen by number: a good answer, a bad one, any bytes, or nothing.
fn act(choice: u8, asked: &Asked) -> Act {
    let mut bytes = Response::to(asked).address("@").bytes();
    match choice % 12 {
        0 => return ok(asked),
        1 => return nodata(asked),
        2 => return nxdomain(asked),
        3 => return servfail(asked),
        4 => return refused(asked),
        5 => return Response::to(asked).truncated().into(),
        6 => return Response::to(asked).cname("@", "b.test").into(),
        7 => return Act::Fail(ErrorKind::ConnectionRefused),
        8 => return Act::Silence,
        9 => bytes[0] ^= 1,
        10 => bytes.truncate(usize::from(choice)),
        _ => {
            let at = usize::from(choice) % bytes.len();
            bytes[at] ^= choice;
        }
    }
    bytes.into()
}

/// The seconds that one lookup may take: for each name that is tried, every round over the servers
/// (three times where a server seems to take one query at a time), and the streams.
fn seconds(conf: &ResolvConf) -> u64 {
    let count = conf.nameservers.len() as u64;
    let names = conf.search.len() as u64 + 2;
    let round: u64 = (0..count)
        .map(|index| (u64::from(conf.timeout) << index).max(1))
        .sum();
    names * (u64::from(conf.attempts) * round * 3 + count * 2 * stream::LIMIT.as_secs())
}

proptest! {
    #[test]
    fn any_configuration_and_any_servers_come_to_an_end(
        words in proptest::collection::vec(select(WORDS), 0..30),
        aliases in "([a-c] [a-c.]{1,4}\n){0,4}",
        name in "[a-c.\\\\]{0,8}",
        count in 1u8..=3,
        choices in proptest::collection::vec(any::<u8>(), 1..20),
        family in select(vec![Family::Unspec, Family::Inet, Family::Inet6]),
    ) {
        let conf = configuration(&words, count);
        let next = Cell::new(0);
        let script = Script::new(move |asked| {
            next.set((next.get() + 1) % choices.len());
            act(choices[next.get()], asked)
        });
        let dns = Dns {
            conf: &conf,
            aliases: &HostAliases::parse(aliases.as_bytes()),
            transport: &script,
        };
        let question = Question::Addresses(name.into_bytes(), family);
        crate::block_on::block_on(dns.ask(&question, &mut Trace::default()));
        prop_assert!(script.seconds() <= seconds(&conf), "{} s: {conf:?}", script.seconds());
    }

    #[test]
    fn any_name_of_a_message_is_the_same_as_text(
        labels in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 0..8),
    ) {
        let mut message: Vec<u8> = labels
            .iter()
            .flat_map(|label| [&[label.len() as u8], label.as_slice()].concat())
            .collect();
        message.push(0);
        let (name, length) = WireName::unpack(&message, 0).expect("a name");
        prop_assert_eq!(length, message.len());
        prop_assert!(name.labels().eq(labels.iter().map(Vec::as_slice)));
        prop_assert_eq!(WireName::from_text(&name.to_text()), Some(name));
    }
}

/// As many records as fit, the owner of each a walk over all pointers that a pointer reaches.
#[test]
fn a_message_of_pointers_is_read_before_the_timeout() {
    // One question, many answers; the root's address; a record with the pointers as its data.
    let mut bytes = vec![0, 0, 0x80, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 1, 0, 1];
    let record = [0, 1, 0, 1, 0, 0, 0, 0];
    let pointers: u16 = (0x3fff - 28) / 2;
    bytes.push(0);
    bytes.extend(record);
    bytes.extend((2 * pointers).to_be_bytes());
    let mut target: u16 = 12;
    for _ in 0..pointers {
        let here = bytes.len() as u16;
        bytes.extend((0xc000 | target).to_be_bytes());
        target = here;
    }
    let mut records = 1;
    while bytes.len() + 12 <= 65535 {
        bytes.extend((0xc000 | target).to_be_bytes());
        bytes.extend(record);
        bytes.extend([0, 0]);
        records += 1;
    }
    let message = Message::new(bytes).expect("a header");
    let start = Instant::now();
    let contents = message.read().expect("a question");
    let read = contents.records.filter(Result::is_ok).count();
    assert_eq!(read, records);
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}
