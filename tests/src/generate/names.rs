//! Names and addresses: those that files and zones have, and odd ones.

use std::net::IpAddr;

use crate::random::Random;

/// What most names start with.
const HOSTS: &[&str] = &["www", "db", "alpha", "beta", "my_db", "a", "mail"];

/// What most names end with, and search lists have.
const DOMAINS: &[&str] = &["corp.test", "one.test", "two.test", "test", "example"];

/// Names without an address form or white space, UTF-8: those that a zone may have too.
const ODD: &[&str] = &[
    "-www",
    "www-",
    "-",
    "_srv._tcp.corp.test",
    "a%b.corp.test",
    "x..y",
    "..",
    ".www",
    "*",
    "*.corp.test",
    "w\u{e9}b.corp.test",
    "www\\.corp.test",
    "w\\119w",
    "www\\",
    "w\\256w",
    "\\www",
    "www@",
    "www/24",
    "www:80",
    "w,x;y",
    "localhost",
    "foo.localhost",
    "localhost.localdomain",
    "_gateway",
    "1e3",
    "123abc.test",
    "com",
    "x.y.z.corp.test",
];

/// Names that are addresses, or nearly so, and names that no zone can have.
const NUMERIC: &[&[u8]] = &[
    b"10.0.0.1",
    b"1.256",
    b"127.1",
    b"0x7f.1",
    b"010.1",
    b"08.1",
    b"0x",
    b"0x7f000001",
    b"4294967295",
    b"4294967296",
    b"1..2",
    b"1.2.3.4.",
    b"1.2.3.4.5",
    b"1.2.3.256",
    b"1.2.3.4 ",
    b" 1.2.3.4",
    b"1.2.3.4 x",
    b"1234.",
    b"1.2.3",
    b".1",
    b"1.",
    b"::1",
    b"::",
    b"::ffff:10.0.0.1",
    b"::10.0.0.1",
    b"fe80::1",
    b"fe80::1%lo",
    b"fe80::1%1",
    b"fe80::1%v0",
    b"fe80::1%0",
    b"fe80::1%",
    b"fe80::1%nosuch",
    b"fe80::1%01",
    b"fe80::1%-1",
    b"fe80::1%4294967296",
    b"::1%lo",
    b"::1%1",
    b"ff02::1%lo",
    b"ff01::1%lo",
    b"ff05::1%lo",
    b"2001:db8::1%1",
    b"fec0::1%lo",
    b"10.0.0.1%lo",
    b"[::1]",
    b"1:2:3",
    b"::1 ",
    b"2001:DB8::A",
];

const BYTES: &[&[u8]] = &[
    b"",
    b" ",
    b".",
    b"www ",
    b" www",
    b"w ww",
    b"www\t",
    b"www\r",
    b"www\n",
    b"\xff\xfe",
    b"w\x80w.corp.test",
    b"w\x01w",
    b"\x7f",
];

const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.5",
    "10.0.1.9",
    "127.0.0.1",
    "127.0.1.1",
    "169.254.7.9",
    "192.0.2.1",
    "198.51.100.7",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "::1",
    "::",
    "fd00::1",
    "fd00::5",
    "2001:db8::1",
    "2001:db8::5",
    "2001:db8:0:1::1",
    "2001::1",
    "2002:a00:1::1",
    "2002:c000:201::1",
    "3ffe::1",
    "fe80::1",
    "fe80::5",
    "fec0::1",
    "ff02::1",
    "64:ff9b::a00:1",
    "::ffff:10.0.0.1",
    "::10.0.0.1",
];

/// An address as text.
pub(super) fn address_text(random: &mut Random) -> &'static str {
    random.pick(ADDRESSES)
}

/// An address.
pub(super) fn address(random: &mut Random) -> IpAddr {
    address_text(random)
        .parse()
        .unwrap_or_else(|_| unreachable!("the list has addresses only"))
}

/// The names of a world: few, so that files, zones and questions meet.
pub(super) struct Names {
    pool: Vec<String>,
    domains: [&'static str; 2],
}

impl Names {
    pub(super) fn choose(random: &mut Random) -> Names {
        let domains = [random.pick(DOMAINS), random.pick(DOMAINS)];
        let count = 3 + random.below(4);
        Names {
            pool: (0..count).map(|_| any(random, &domains)).collect(),
            domains,
        }
    }

    /// A domain that names are in, most of the time.
    pub(super) fn domain(&self, random: &mut Random) -> &'static str {
        if random.one_in(6) {
            return random.pick(DOMAINS);
        }
        random.pick(&self.domains)
    }

    /// A name that a zone may have, as text without white space.
    pub(super) fn name(&self, random: &mut Random) -> String {
        if random.one_in(8) {
            any(random, DOMAINS)
        } else {
            self.pool[random.below(self.pool.len())].clone()
        }
    }

    /// A name worth asking for, or being in a hosts file.
    pub(super) fn asked(&self, random: &mut Random) -> Vec<u8> {
        let name = self.name(random);
        let name = match random.below(24) {
            0 => return random.pick(NUMERIC).into(),
            1 if random.one_in(2) => return random.pick(BYTES).into(),
            1 => return long(random),
            2 => name.to_uppercase(),
            3 | 4 => name + ".",
            5 if random.one_in(3) => name + "..",
            // To be completed by the search list.
            6..=12 => name.split('.').next().unwrap_or_default().to_owned(),
            _ => name,
        };
        name.into_bytes()
    }
}

fn any(random: &mut Random, domains: &[&'static str]) -> String {
    let host = random.pick(HOSTS);
    match random.below(12) {
        0 => host.into(),
        1 => random.pick(ODD).into(),
        2 => format!("x.{host}.{}", random.pick(domains)),
        3 => random
            .pick(&[
                "alpha.example",
                "beta.example",
                "localhost",
                "a.b",
                "www.www",
            ])
            .into(),
        _ => format!("{host}.{}", random.pick(domains)),
    }
}

/// A name near one of the limits: of a label, of a name, of the buffers of programs.
fn long(random: &mut Random) -> Vec<u8> {
    let total = [63, 64, 65, 127, 253, 254, 255, 256, 300, 1024, 1025, 2000][random.below(12)];
    let label = [63, 63, 50, 64][random.below(4)];
    let mut name: Vec<u8> = Vec::with_capacity(total);
    while name.len() < total {
        let dot = name.len() % (label + 1) == label && total - name.len() > 1;
        name.push(if dot { b'.' } else { b'l' });
    }
    if random.one_in(3) {
        name.push(b'.');
    }
    name
}
