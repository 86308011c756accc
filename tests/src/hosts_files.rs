//! Hosts files to try: generated ones with sane and odd parts mixed, and a large one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::oracle::Shown;
use crate::random::Random;

/// Names that a generated file may have, and that are asked for.
const NAMES: &[&[u8]] = &[
    b"alpha",
    b"ALPHA",
    b"Alpha",
    b"alpha.",
    b"alpha.example",
    b"Alpha.Example.",
    b"alph",
    b"alphaa",
    b"beta",
    b"beta.example",
    b"b",
    b"localhost",
    b"my_db",
    b"-dash",
    b"a..b",
    b".",
    b".alpha",
    b"*",
    b"\xc3\xa4lpha",
    b"\xc3\x84lpha",
    b"\xff\xfe",
    b"al\x01pha",
    b"name@[weird]{^}~",
    b"name;with,marks",
    b"x1.2.3.4",
];

/// Names that look like addresses; they are compared where the address syntax has no say.
const NUMERIC_NAMES: &[&[u8]] = &[
    b"10.0.0.1",
    b"1.256",
    b"1234",
    b"::1",
    b"0x7f.1",
    b"10.0.0.1.5",
];

const ADDRESSES: &[&[u8]] = &[
    b"127.0.0.1",
    b"127.0.1.1",
    b"10.0.0.1",
    b"10.0.0.2",
    b"192.0.2.255",
    b"0.0.0.0",
    b"255.255.255.255",
    b"::1",
    b"::",
    b"fd00::1",
    b"FD00::A",
    b"2001:db8:0:0:0:0:0:1",
    b"fe80::1",
    b"::ffff:10.0.0.1",
    b"::ffff:127.0.0.1",
    b"::ffff:0a00:0002",
    b"::1.2.3.4",
    b"64:ff9b::10.0.0.1",
];

const NO_ADDRESSES: &[&[u8]] = &[
    b"127.1",
    b"010.0.0.1",
    b"10.0.0.01",
    b"0x0a.0.0.1",
    b"256.0.0.1",
    b"10.0.0.1.",
    b"10.0.0.1.2",
    b"10..0.1",
    b"fe80::1%lo",
    b"[::1]",
    b"1::2::3",
    b":::",
    b"::fffff",
    b"::ffff:10.0.0",
    b"1:2:3:4:5:6:7:8:9",
    b"1:2:3:4:5:6:7",
    b"alpha",
    b"\xef\xbb\xbf10.0.0.1",
    b"-",
    b"10.0.0.1/8",
];

const SPACES: &[&[u8]] = &[b" ", b"\t", b"  ", b" \t ", b"\r", b"\x0b", b"\x0c"];

/// A hosts file in lines, so that a failing one can be made smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsFile {
    /// The lines without their ends.
    pub lines: Vec<Vec<u8>>,
    /// Whether the last line has an end.
    pub ends_with_newline: bool,
}

impl HostsFile {
    /// One of no more than a dozen lines.
    ///
    /// A line that starts with white space has no NUL and is not an unfinished last line: there
    /// glibc repeats bytes of its buffer, which nobody should copy.
    #[must_use]
    pub fn generate(random: &mut Random) -> HostsFile {
        let mut lines: Vec<_> = (0..random.below(12)).map(|_| line(random)).collect();
        if random.one_in(20)
            && let Some(first) = lines.first_mut()
        {
            first.splice(0..0, *b"\xef\xbb\xbf");
        }
        let unfinished = random.one_in(6) && !lines.last().is_some_and(|line| is_indented(line));
        HostsFile {
            lines,
            ends_with_newline: !unfinished,
        }
    }

    /// What is in the file.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        let mut content = self.lines.join(&b'\n');
        if self.ends_with_newline && !self.lines.is_empty() {
            content.push(b'\n');
        }
        content
    }

    /// With these lines instead.
    #[must_use]
    pub fn with_lines(&self, lines: &[Vec<u8>]) -> HostsFile {
        let unfinished =
            !self.ends_with_newline && !lines.last().is_some_and(|line| is_indented(line));
        HostsFile {
            lines: lines.to_vec(),
            ends_with_newline: !unfinished,
        }
    }
}

/// A quoted line for each line, with its end.
impl fmt::Display for HostsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            let last = index + 1 == self.lines.len();
            let end = if last && !self.ends_with_newline {
                &b""[..]
            } else {
                b"\n"
            };
            writeln!(f, "  {}", Shown(&[line, end].concat()))?;
        }
        Ok(())
    }
}

fn is_indented(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t' | b'\r' | 0x0b | 0x0c))
}

fn line(random: &mut Random) -> Vec<u8> {
    let mut line = Vec::new();
    if random.one_in(15) {
        return line;
    }
    if random.one_in(10) {
        line.extend(space(random));
    }
    line.extend(if random.one_in(6) {
        random.pick(NO_ADDRESSES)
    } else {
        random.pick(ADDRESSES)
    });
    for _ in 0..random.below(5) {
        line.extend(space(random));
        line.extend(name(random));
    }
    if random.one_in(10) {
        line.extend(space(random));
    }
    if random.one_in(40) {
        // Longer than the buffers that programs start with.
        let long = vec![b'x'; 200 + random.below(9000)];
        line.extend(space(random));
        line.extend(long);
        line.extend(space(random));
        line.extend(name(random));
    }
    if random.one_in(12) {
        insert(random, &mut line, b'#');
    }
    if random.one_in(30) && !is_indented(&line) {
        insert(random, &mut line, 0);
    }
    if random.one_in(10) {
        line.push(b'\r');
    }
    line
}

fn insert(random: &mut Random, line: &mut Vec<u8>, byte: u8) {
    let place = random.below(line.len() + 1);
    line.insert(place, byte);
}

fn space(random: &mut Random) -> &'static [u8] {
    if random.one_in(3) {
        random.pick(SPACES)
    } else {
        b" "
    }
}

fn name(random: &mut Random) -> &'static [u8] {
    match random.below(12) {
        0 => random.pick(NUMERIC_NAMES),
        1..=4 => random.pick(&NAMES[..4]),
        _ => random.pick(NAMES),
    }
}

/// Names worth asking a generated file for.
#[must_use]
pub fn names(random: &mut Random, count: usize) -> Vec<&'static [u8]> {
    (0..count).map(|_| name(random)).collect()
}

/// An address worth asking a generated file for.
#[must_use]
pub fn address(random: &mut Random) -> IpAddr {
    loop {
        let text = std::str::from_utf8(random.pick(ADDRESSES));
        if let Some(address) = text.ok().and_then(|text| text.parse().ok()) {
            return address;
        }
    }
}

/// A file of this many lines as large sites have them: each host with a full name and a short
/// one, every tenth with IPv6 too, comments between. Host N is `hostN.example.test`.
#[must_use]
pub fn large(lines: usize) -> Vec<u8> {
    let mut content = Vec::new();
    for number in 0..lines {
        let line = match number % 10 {
            8 => format!("# rack {}\n", number / 10),
            9 => {
                let host = number - 2;
                format!("{}\thost{host}.example.test host{host}\n", large_v6(host))
            }
            _ => format!(
                "{}\thost{number}.example.test host{number}\n",
                large_v4(number)
            ),
        };
        content.extend(line.into_bytes());
    }
    content
}

/// The IPv4 address of a host of the large file.
#[must_use]
pub fn large_v4(host: usize) -> Ipv4Addr {
    let host = u32::try_from(host).unwrap_or(u32::MAX);
    Ipv4Addr::from_bits(0x0a00_0000 | (host & 0x00ff_ffff))
}

/// The IPv6 address of a host of the large file, if its number ends in 7.
#[must_use]
pub fn large_v6(host: usize) -> Ipv6Addr {
    Ipv6Addr::from_bits((0x2001_0db8 << 96) | host as u128)
}
