//! Configuration files: each a few lines of words that mean something, nearly mean something, or
//! mean nothing.

use super::names::Names;
use crate::random::Random;

type Words = &'static [&'static [u8]];

/// Lines of a file. A few end as they should not.
fn file(random: &mut Random, lines: Vec<Vec<u8>>) -> Vec<u8> {
    let mut content = Vec::new();
    for mut line in lines {
        match random.below(60) {
            0 => line.push(b'\r'),
            1 => line.insert(0, b' '),
            2 => line.extend(b" # words"),
            3 => line.extend(b"  "),
            4 if random.one_in(4) => {
                let place = random.below(line.len() + 1);
                line.insert(place, 0);
            }
            _ => {}
        }
        content.extend(line);
        content.push(b'\n');
    }
    if random.one_in(12) {
        content.pop();
    }
    content
}

fn join(words: &[&[u8]]) -> Vec<u8> {
    words.concat()
}

const SERVICES: Words = &[
    b"files",
    b"files",
    b"files",
    b"dns",
    b"dns",
    b"dns",
    b"dns",
    b"nosuch",
    b"Files",
    b"DNS",
    b"files,dns",
    b"resolve",
    b"mdns4_minimal",
];

const STATUSES: Words = &[
    b"SUCCESS",
    b"NOTFOUND",
    b"UNAVAIL",
    b"TRYAGAIN",
    b"success",
    b"NotFound",
    b"notfound",
];

const ACTIONS: Words = &[b"return", b"continue", b"RETURN", b"Continue", b"return"];

const BAD_ACTIONS: Words = &[b"merge", b"stop", b"", b"return,", b"MERGE"];

const OTHER_DATABASES: Words = &[
    b"passwd: files",
    b"group: files [NOTFOUND=return]",
    b"networks: files",
    b"shadow files",
    b"nosuch: [bad",
    b"#hosts: dns",
    b"HOSTS: dns",
    b"",
    b"   ",
    b"hostsx: dns",
];

const BROKEN_LINES: Words = &[
    b"passwd: [bad]",
    b"group: files [NOTFOUND=return",
    b"networks: files [=return]",
    b"hosts: files [NOTFOUND]",
    b"hosts: files [! NOTFOUND=return] dns",
    b"hosts: files [] dns",
    b"hosts: files [FOO=return] dns",
    b"hosts",
];

/// nsswitch.conf
pub(super) fn nsswitch(random: &mut Random) -> Vec<u8> {
    if !random.one_in(3) {
        let plain: &[u8] = random.pick(&[
            b"hosts: files dns\n",
            b"hosts: files dns\n",
            b"hosts: dns files\n",
            b"hosts: files\n",
            b"hosts: dns\n",
            b"",
        ]);
        return plain.into();
    }
    let mut lines = Vec::new();
    for _ in 0..random.below(3) {
        lines.push(random.pick(OTHER_DATABASES).to_vec());
    }
    for _ in 0..1 + random.below(8) / 7 {
        lines.push(hosts_line(random));
    }
    if random.one_in(25) {
        lines.push(random.pick(BROKEN_LINES).to_vec());
    }
    file(random, lines)
}

fn hosts_line(random: &mut Random) -> Vec<u8> {
    let start: &[u8] = match random.below(12) {
        0 => random.pick(&[
            b"hosts ",
            b"hosts :",
            b"hosts:",
            b" hosts: ",
            b"\thosts:\t",
            b"hosts::",
        ]),
        _ => b"hosts: ",
    };
    let mut line = start.to_vec();
    for _ in 0..1 + random.below(3) {
        line.extend(random.pick(SERVICES));
        line.push(b' ');
        if random.one_in(2) {
            line.push(b'[');
            for _ in 0..1 + random.below(5) / 3 {
                if random.one_in(4) {
                    line.push(b'!');
                }
                let action = if random.one_in(15) {
                    BAD_ACTIONS
                } else {
                    ACTIONS
                };
                let words = [random.pick(STATUSES), b"=", random.pick(action), b" "];
                line.extend(join(&words));
            }
            line.extend(b"] ");
        }
    }
    line.pop();
    line
}

const HOST_CONF: Words = &[
    b"multi on",
    b"multi on",
    b"multi off",
    b"MULTI ON",
    b"multi",
    b"multi maybe",
    b"multi on off",
    b"multi on # yes",
    b"multi onward",
    b"multion",
    b"order hosts,bind",
    b"order nosuch",
    b"nospoof on",
    b"spoof off",
    b"spoofalert on",
    b"reorder on",
    b"reorder off",
    b"trim .corp.test",
    b"trim .one.test,.two.test",
    b"trim .test : .corp.test ; .example",
    b"trim corp.test",
    b"trim",
    b"trim .a .b",
    b"# comment",
    b"nosuch on",
    b"",
];

/// host.conf
pub(super) fn host(random: &mut Random) -> Vec<u8> {
    let count = 1 + random.below(3);
    let lines = (0..count)
        .map(|_| random.pick(HOST_CONF).to_vec())
        .collect();
    file(random, lines)
}

const NAMESERVERS: Words = &[
    b"127.0.0.53",
    b"127.0.0.53",
    b"127.0.0.53",
    b"127.0.0.53",
    b"127.0.0.54",
    b"127.0.0.54",
    b"::1",
    b"::1",
    b"127.53",
    b"0x7f000035",
    b"0177.0.0.066",
    b"2130706485",
    b"::1%lo",
    b"::1%nosuch",
    b"::ffff:127.0.0.53",
    b"127.0.0.53 # first",
    b"127.0.0.53;",
    b"127.0.0.9",
    b"127.0.0.256",
    b"localhost",
    b"",
    b"\t127.0.0.54",
];

const SUFFIXES: Words = &[
    b".",
    b"corp.test.",
    b".corp.test",
    b"foo..bar",
    b"#",
    b";x",
    b"one.test,two.test",
    b"-bad.test",
    b"my_corp.test",
    b"CORP.Test",
    b"co\\rp.test",
    b"\xff.test",
    b"nosuch.test",
    b"x",
];

/// A value of `search`, `domain` or `LOCALDOMAIN`.
pub(super) fn search_value(random: &mut Random, names: &Names) -> Vec<u8> {
    let mut value = Vec::new();
    let count = match random.below(30) {
        0 => 12,
        1 => 0,
        _ => 1 + random.below(3),
    };
    for _ in 0..count {
        if random.one_in(6) {
            value.extend(random.pick(SUFFIXES));
        } else {
            value.extend(names.domain(random).as_bytes());
        }
        value.push(if random.one_in(15) { b'\t' } else { b' ' });
    }
    if !random.one_in(20) {
        value.pop();
    }
    if random.one_in(20) {
        value.insert(0, b' ');
    }
    value
}

const OPTIONS: Words = &[
    b"ndots:0",
    b"ndots:1",
    b"ndots:2",
    b"ndots:3",
    b"ndots:15",
    b"ndots:16",
    b"ndots:-1",
    b"ndots:x",
    b"ndots:",
    b"ndots: 2",
    b"ndots:2x",
    b"ndots",
    b"NDOTS:2",
    b"timeout:1",
    b"timeout:0",
    b"timeout:-1",
    b"timeout:x",
    b"attempts:1",
    b"attempts:2",
    b"attempts:3",
    b"attempts:0",
    b"attempts:-1",
    b"attempts:9",
    b"no-aaaa",
    b"no-aaaax",
    b"single-request",
    b"single-request-reopen",
    b"use-vc",
    b"edns0",
    b"edns0x",
    b"trust-ad",
    b"no-tld-query",
    b"no_tld_query",
    b"no-reload",
    b"inet6",
    b"ip6-dotint",
    b"debug",
    b"unknown",
    b"-no-aaaa",
    b"#no-aaaa",
    b";",
];

/// A value of `options` or `RES_OPTIONS`.
pub(super) fn options_value(random: &mut Random) -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..1 + random.below(3) {
        value.extend(random.pick(OPTIONS));
        value.push(if random.one_in(10) { b'\t' } else { b' ' });
    }
    value.pop();
    value
}

const SORTLISTS: Words = &[
    b"10.0.0.0",
    b"10.0.0.2/255.255.255.255",
    b"10.0.1.0/255.255.255.0 10.0.0.0",
    b"192.0.2.0&255.255.255.0",
    b"nosuch 192.0.2.0",
    b"198.51.100.7/8 10.0.0.0",
    b"127.0.0.0 ; 10.0.0.0",
];

const OTHER_LINES: Words = &[
    b"# comment",
    b"; comment",
    b"",
    b"   ",
    b"nosuch 1",
    b"nameserver",
    b"search",
    b"domain ",
    b"options",
    b"NAMESERVER 127.0.0.54",
    b" nameserver 127.0.0.54",
    b"nameserver127.0.0.54",
    b"lookup file bind",
    b"family inet4",
    b"nameserver\x0b127.0.0.54",
];

/// resolv.conf. In a slow world nobody waits longer than a second for an answer.
pub(super) fn resolv(random: &mut Random, names: &Names, slow: bool) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    // One at least works in most worlds.
    if !random.one_in(6) {
        lines.push(b"nameserver 127.0.0.53".into());
    }
    for _ in 0..random.below(3) {
        let spaces: &[u8] = random.pick(&[b" ", b" ", b" ", b"\t", b"  "]);
        lines.push(join(&[b"nameserver", spaces, random.pick(NAMESERVERS)]));
    }
    for _ in 0..random.below(3) {
        let keyword: &[u8] = random.pick(&[b"search ", b"search ", b"search\t", b"domain "]);
        lines.push(join(&[keyword, &search_value(random, names)]));
    }
    for _ in 0..random.below(3) {
        lines.push(join(&[b"options ", &options_value(random)]));
    }
    if random.one_in(6) {
        lines.push(join(&[b"sortlist ", random.pick(SORTLISTS)]));
    }
    if random.one_in(4) {
        lines.push(random.pick(OTHER_LINES).to_vec());
    }
    for index in (1..lines.len()).rev() {
        lines.swap(index, random.below(index + 1));
    }
    let mut content = file(random, lines);
    if slow {
        content.extend(b"\noptions timeout:1 attempts:1\n");
    } else if !random.one_in(4) {
        content.extend(b"\noptions timeout:1\n");
    }
    content
}

const PREFIXES: Words = &[
    b"::/0",
    b"::1/128",
    b"2002::/16",
    b"::/96",
    b"::ffff:0:0/96",
    b"::ffff:0.0.0.0/96",
    b"fec0::/10",
    b"fc00::/7",
    b"2001:db8::/32",
    b"2001:db8:0:1::/64",
    b"::ffff:10.0.0.0/104",
    b"::ffff:10.0.0.2/128",
    b"::ffff:192.0.2.0/120",
    b"10.0.0.0/8",
    b"192.0.2.0/24",
    b"2001:db8::",
    b"2001:db8::/129",
    b"2001:db8::/",
    b"2001:db8::/x",
    b"2001:db8::1/32",
    b"nosuch/8",
    b"fe80::/10",
];

const NUMBERS: Words = &[
    b"0",
    b"1",
    b"4",
    b"10",
    b"35",
    b"40",
    b"50",
    b"100",
    b"-1",
    b"0x20",
    b"010",
    b"x",
    b"5x",
    b"",
    b"2147483648",
    b"1 2",
];

const SCOPES: Words = &[
    b"::ffff:169.254.0.0/112",
    b"::ffff:127.0.0.0/104",
    b"::ffff:0.0.0.0/96",
    b"::ffff:10.0.0.0/104",
    b"::ffff:10.0.0.0/95",
    b"10.0.0.0/8",
    b"192.0.2.0/24",
    b"0.0.0.0/0",
    b"10.0.0.0/33",
    b"2001:db8::/32",
];

/// gai.conf
pub(super) fn gai(random: &mut Random) -> Vec<u8> {
    let mut lines = Vec::new();
    for _ in 0..1 + random.below(6) {
        let line = match random.below(10) {
            0..=3 => join(&[b"label ", random.pick(PREFIXES), b" ", random.pick(NUMBERS)]),
            4..=6 => join(&[
                b"precedence ",
                random.pick(PREFIXES),
                b"\t",
                random.pick(NUMBERS),
            ]),
            7..=8 => join(&[b"scopev4 ", random.pick(SCOPES), b" ", random.pick(NUMBERS)]),
            _ => random
                .pick(&[
                    b"reload yes" as &[u8],
                    b"reload no",
                    b"# label ::/0 1",
                    b"",
                    b"label",
                    b"label ::/0",
                    b"LABEL ::/0 7",
                    b"precedence",
                    b"nosuch ::/0 1",
                ])
                .to_vec(),
        };
        lines.push(line);
    }
    file(random, lines)
}

/// The file that `HOSTALIASES` points at.
pub(super) fn aliases(random: &mut Random, names: &Names) -> Vec<u8> {
    let mut lines = Vec::new();
    for _ in 0..1 + random.below(4) {
        let alias: &[u8] = random.pick(&[
            b"www", b"WWW", b"db", b"alpha", b"a", b"my_db", b"mail", b"#", b"",
        ]);
        let space: &[u8] = random.pick(&[b" ", b" ", b"\t", b"  ", b"", b"\r"]);
        let target = match random.below(8) {
            0 => random.pick(&["", "a..b", "-bad", "www.", "mail"]).into(),
            _ => names.name(random),
        };
        let rest: &[u8] = random.pick(&[b"", b"", b"", b" more words", b"\t# comment", b"."]);
        lines.push(join(&[alias, space, target.as_bytes(), rest]));
    }
    file(random, lines)
}
