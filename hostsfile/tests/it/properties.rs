use std::io::{self, Read};
use std::net::IpAddr;

use hostsfile::{Answer, Excerpt, Family, Hosts, Line};
use proptest::prelude::*;
use proptest::sample::select;

use crate::naive;

/// Names that are near each other, so that searches meet prefixes, cases and dots.
const NAMES: &[&[u8]] = &[
    b"a",
    b"A",
    b"aa",
    b"a.",
    b".a",
    b"ab",
    b"aB",
    b"alpha",
    b"Alpha",
    b"alpha.example",
    b"::1",
    b"1.2.3.4",
    b"-",
    b"_",
    b"\xff",
    b"\xc3\xa9",
    b"\xe9",
    b"K",
    b"k",
    b"\xe2\x84\xaa",
];

/// Good addresses, and texts that other readers of addresses take.
const ADDRESSES: &[&[u8]] = &[
    b"127.0.0.1",
    b"1.2.3.4",
    b"0.0.0.0",
    b"255.255.255.255",
    b"::1",
    b"::",
    b"::ffff:1.2.3.4",
    b"::ffff:127.0.0.1",
    b"::ffff:7f00:1",
    b"::1.2.3.4",
    b"fd00::7",
    b"1:2:3:4:5:6:7:8",
    b"1.2.3",
    b"01.2.3.4",
    b"1.2.3.256",
    b"fe80::1%lo",
    b"[::1]",
    b"0x7f.0.0.1",
    b"1.2.3.4.",
    b"::00001",
    b"12345::",
    b"\xef\xbb\xbf127.0.0.1",
    b"a",
    b"alpha",
    b"1::2::3",
];

const SEPARATORS: &[&[u8]] = &[
    b" ", b" ", b" ", b"\t", b"  ", b"\r", b"\x0b", b"\x0c", b" \t ",
];

const ODDITIES: &[&[u8]] = &[
    b"#",
    b"\0",
    b" # a",
    b"",
    b"\n",
    b"\xef\xbb\xbf",
    b"\xa0",
    b"\x85",
];

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => select(NAMES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

/// A line that mostly makes sense, with something odd in it now and then.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let gap = || select(SEPARATORS);
    let leading = prop_oneof![8 => Just(&b""[..]), 1 => gap(), 1 => select(ODDITIES)];
    let trailing =
        prop_oneof![6 => Just(&b""[..]), 1 => gap(), 1 => Just(&b"\r"[..]), 2 => select(ODDITIES)];
    let names = prop::collection::vec((gap(), name()), 0..5);
    (leading, select(ADDRESSES), names, trailing).prop_map(|(leading, address, names, trailing)| {
        let mut line = [leading, address].concat();
        for (gap, name) in names {
            line.extend_from_slice(gap);
            line.extend(name);
        }
        line.extend_from_slice(trailing);
        line
    })
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let lines =
        (prop::collection::vec(line(), 0..12), any::<bool>()).prop_map(|(lines, newline)| {
            let mut file = lines.join(&b'\n');
            if newline {
                file.push(b'\n');
            }
            file
        });
    // No structure at all, but for bytes that have a meaning.
    let noise = prop::collection::vec(select(&b"aA1:.#\0 \t\r\n\xff"[..]), 0..60);
    prop_oneof![8 => lines, 1 => noise]
}

fn plain(line: &Line) -> naive::Entry {
    naive::Entry {
        number: line.number(),
        address: line.address,
        names: line.names().map(<[u8]>::to_vec).collect(),
    }
}

/// A reader that gives a few bytes at a time.
struct Pieces<'t>(&'t [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.1);
        self.0.read(&mut buffer[..count])
    }
}

fn plain_answer(answer: &Answer) -> naive::Answer {
    naive::Answer {
        addresses: answer.addresses().collect(),
        canonical_name: answer.canonical_name().to_vec(),
        aliases: answer.aliases().map(<[u8]>::to_vec).collect(),
        numbers: answer.lines().map(|line| line.number()).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn lines_are_those_of_the_naive_reader(file in file()) {
        let hosts = Hosts::from_bytes(&file[..]);
        prop_assert_eq!(hosts.lines().map(|line| plain(&line)).collect::<Vec<_>>(), naive::entries(&file));
    }

    #[test]
    fn lookups_are_those_of_the_naive_reader(file in file(), name in name(), multi in any::<bool>()) {
        let hosts = Hosts::from_bytes(&file[..]);
        let indexed = Hosts::from_bytes(&file[..]);
        indexed.index_names();
        for (family, number) in [(Family::Any, 0), (Family::V4, 4), (Family::V6, 6)] {
            let expected = naive::lookup(&file, &name, number, multi);
            let answer = hosts.lookup(&name, family, multi);
            prop_assert_eq!(answer.as_ref().map(plain_answer), expected, "{:?}", family);
            let from_index = indexed.lookup(&name, family, multi);
            prop_assert_eq!(from_index, answer, "{:?}, indexed", family);
        }
    }

    #[test]
    fn an_excerpt_has_the_answer_of_the_file(
        file in file(), name in name(), multi in any::<bool>(), address in select(ADDRESSES),
        piece in 1..20usize,
    ) {
        let hosts = Hosts::from_bytes(&file[..]);
        for family in [Family::Any, Family::V4, Family::V6] {
            let excerpt = Excerpt::lookup(Pieces(&file, piece), &name, family, multi).unwrap();
            let answer = hosts.lookup(&name, family, multi);
            prop_assert_eq!(excerpt.answer(), answer.clone(), "{:?}", family);
            let read = match answer {
                // The lines behind the first that answers do not matter.
                Some(answer) if !multi => answer.lines().next().map_or(0, |line| line.number()),
                _ => usize::MAX,
            };
            let overrun = hosts.overrun().filter(|&line| line <= read);
            prop_assert_eq!(excerpt.overrun(), overrun, "{:?}", family);
        }
        let Some(address) = naive::address(address) else { return Ok(()) };
        let excerpt = Excerpt::reverse(Pieces(&file, piece), address).unwrap();
        prop_assert_eq!(excerpt.lines().next(), hosts.reverse(address));
    }

    #[test]
    fn every_name_of_a_line_finds_that_line(file in file(), index in any::<bool>()) {
        let hosts = Hosts::from_bytes(&file[..]);
        if index {
            hosts.index_names();
        }
        for line in hosts.lines() {
            for name in line.names() {
                let name = name.to_ascii_uppercase();
                prop_assert!(hosts.lines_with(&name).any(|found| found == line), "{:?}", line);
            }
        }
    }

    #[test]
    fn reverse_lookups_are_those_of_the_naive_reader(file in file(), address in select(ADDRESSES)) {
        let Some(address) = naive::address(address) else { return Ok(()) };
        let hosts = Hosts::from_bytes(&file[..]);
        let line = hosts.reverse(address);
        prop_assert_eq!(line.map(|line| plain(&line)), naive::reverse(&file, address));
        hosts.index_addresses();
        prop_assert_eq!(hosts.reverse(address), line);
    }

    #[test]
    fn a_line_is_an_entry_or_skipped_or_blank(file in file()) {
        let hosts = Hosts::from_bytes(&file[..]);
        let mut numbers: Vec<usize> = hosts.lines().map(|line| line.number())
            .chain(hosts.skipped().map(|line| line.number())).collect();
        numbers.sort_unstable();
        let all = numbers.len();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), all);
        for line in hosts.skipped() {
            prop_assert_eq!(naive::address(line.field), None);
        }
    }

    #[test]
    fn addresses_are_those_of_the_naive_reader(text in "[0-9a-fA-F:.]{0,24}|([0-9a-f]{0,5}:{1,2}){0,9}(1\\.2\\.3\\.4)?[0-9a-f]{0,5}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
        let file = format!("{text} name\n");
        let read = Hosts::from_bytes(file).lines().next().map(|line| line.address);
        let expected: Option<IpAddr> = naive::address(text.as_bytes());
        prop_assert_eq!(read, expected);
    }
}
