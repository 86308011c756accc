//! The hosts file, alone and before others.

use std::fmt::Write as _;

use testbed::alone;
use testbed::case::Case;
use testbed::oracle::Question;
use testbed::world::{File, Setup, World};

use super::{Peer, world};

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(hosts_files_of_many_lines),
        alone!(hosts_files_of_go),
        alone!(results_are_continued_or_merged),
    ]
}

/// glibc: nss/tst-nss-files-hosts-multi.c, tst-nss-files-hosts-long.c, tst-nss-files-hosts-erange.c,
/// tst-nss-files-hosts-getent.c
fn hosts_files_of_many_lines() {
    let mut hosts = String::new();
    for (name, count) in [("one", 1), ("two", 2), ("some", 9), ("many", 700)] {
        for number in 0..count {
            let (high, low) = (number / 256, number % 256);
            let _ = writeln!(hosts, "10.3.{high}.{low} {name} {name}{number}.test {name}");
            let _ = writeln!(hosts, "fd00::3:{number:x} {name}.test {name} six-{name}");
            let _ = writeln!(hosts, "::ffff:10.4.{high}.{low} {name} mapped-{name}");
        }
    }
    let _ = write!(hosts, "10.5.0.1 long");
    for number in 0..3000 {
        let _ = write!(hosts, " alias{number}.test");
    }
    let _ = writeln!(hosts, " last\n::1 {} wide", "w".repeat(70_000));
    let mut names: Vec<String> = ["one", "two", "some", "many"]
        .iter()
        .flat_map(|name| {
            [
                name.to_string(),
                format!("six-{name}"),
                format!("mapped-{name}"),
            ]
        })
        .collect();
    names.extend(
        [
            "long",
            "alias2999.test",
            "last",
            "wide",
            "many699.test",
            "nosuch",
        ]
        .map(Into::into),
    );
    let mut peer = Peer::new(Setup::Both);
    for host_conf in ["", "multi on\n", "multi off\n"] {
        let mut world = World::empty(Setup::Both);
        world.set(File::Hosts, hosts.as_bytes());
        world.set(File::Nsswitch, "hosts: files\n");
        world.set(File::HostConf, host_conf);
        peer.agree(&world, &names);
        for address in [
            "10.3.0.0",
            "10.3.2.187",
            "fd00::3:0",
            "10.4.0.1",
            "::1",
            "10.5.0.1",
        ] {
            peer.ask(Question::Reverse(address.parse().expect("an address")));
        }
    }
}

/// Go: net/testdata/{hosts,aliases-hosts,case-hosts,ipv4-hosts,ipv6-hosts,singleline-hosts}
fn hosts_files_of_go() {
    const FILES: [&str; 6] = [
        "255.255.255.255\tbroadcast.test\n127.0.0.2\todin\n127.0.0.3\todin  # inline comment\n\
         ::2             odin\n127.1.1.1\tthor.test\n# aliases\n127.1.1.2\tullr ullr.test\n\
         fe80::1%lo0\tlocal.test\n# Bogus entries that must be ignored.\n123.123.123\tloki\n\
         321.321.321.321\nmultiple.test\n",
        "127.0.0.1 foo.bar foo # alias\n127.0.0.2 bar foo.\n::1 foo.bar.\n",
        "127.0.0.1       EITHER\n::1             either\n127.0.0.2 Caps.Test\n",
        "# see RFC 1123\n\n127.0.0.1\tlocalhost\n127.0.0.2\tlocalhost\n127.0.0.3\tlocalhost localhost.localdomain\n",
        "# with scopes\n::1 localhost\nfe80:0000:0000:0000:0000:0000:0000:0001%lo localhost\n\
         fe80::2%v0 local2 local2.\nfe80::3 localhost localhost6\n",
        "127.0.0.2  odin",
    ];
    let names = [
        "broadcast.test",
        "odin",
        "ODIN",
        "odin.",
        "thor.test",
        "ullr",
        "ullr.test",
        "local.test",
        "loki",
        "multiple.test",
        "foo",
        "foo.",
        "foo.bar",
        "foo.bar.",
        "either",
        "Either",
        "caps.test",
        "localhost",
        "LOCALHOST.",
        "localhost.localdomain",
        "localhost6",
        "local2",
    ];
    let mut peer = Peer::new(Setup::Loopback);
    for hosts in FILES {
        for multi in ["", "multi on\n"] {
            let mut world = World::empty(Setup::Loopback);
            world.set(File::Hosts, hosts);
            world.set(File::Nsswitch, "hosts: files\n");
            world.set(File::HostConf, multi);
            peer.agree(&world, names);
            for address in [
                "127.0.0.1",
                "127.0.0.2",
                "::1",
                "fe80::1",
                "fe80::3",
                "255.255.255.255",
            ] {
                peer.ask(Question::Reverse(address.parse().expect("an address")));
            }
        }
    }
}

/// glibc: nss/tst-nss-gai-actions.c
fn results_are_continued_or_merged() {
    let zone = "both.test A 10.0.0.9\nboth.test AAAA fd00::9\ndns.test A 10.0.0.8\n";
    let mut peer = Peer::new(Setup::Loopback);
    let lists = [
        "files [SUCCESS=merge] files",
        "files [SUCCESS=continue] files",
        "files [SUCCESS=merge] dns",
        "files [SUCCESS=continue] dns",
        "dns [SUCCESS=merge] files",
        "dns [SUCCESS=continue] files",
        "files [SUCCESS=merge]",
        "files [SUCCESS=continue]",
        "files [NOTFOUND=return] dns",
        "files [!NOTFOUND=return] dns",
        "files [!SUCCESS=continue] dns [UNAVAIL=return] files",
        "nosuch [UNAVAIL=return] files",
        "nosuch files [NOTFOUND=return SUCCESS=continue] dns",
    ];
    for list in lists {
        let mut world = world(Setup::Loopback, "nameserver 127.0.0.53\n", &[zone]);
        world.set(
            File::Hosts,
            "10.0.0.1 both.test one.test\nfd00::1 both.test\n",
        );
        world.set(File::Nsswitch, format!("hosts: {list}\n"));
        peer.agree(&world, ["both.test", "one.test", "dns.test", "nosuch.test"]);
        for address in ["10.0.0.1", "10.0.0.9"] {
            peer.ask(Question::Reverse(address.parse().expect("an address")));
        }
    }
}
