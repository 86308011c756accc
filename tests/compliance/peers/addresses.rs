//! Addresses: written as names, and in order.

use std::fmt::Write as _;

use testbed::alone;
use testbed::case::Case;
use testbed::world::{File, Setup, World};

use super::{Peer, world};

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(names_that_are_numbers_are_addresses),
        alone!(orders_of_addresses),
    ]
}

/// glibc: resolv/tst-resolv-nondecimal.c, tst-inet_aton_exact.c, tst-aton.c
fn names_that_are_numbers_are_addresses() {
    let zone = "0x0a000001.test A 10.9.9.9\n010.test A 10.9.9.8\n1.2.3 A 10.9.9.7\n";
    let names = [
        "198.051.100.007",
        "198.51.100.010",
        "0xc6336410",
        "0XC6.0x33.0x64.0x10",
        "198.0x336410",
        "198.51.25616",
        "03306661020",
        "198.51.100.7X",
        "198.51.100.7 Y",
        "198.51.100.7\nZ",
        "198.51.100.7\tT",
        "198.51.100.7\n",
        "198.51.100.7\t",
        "198.51.100.7 ",
        " 198.51.100.7",
        "198.51.100.256",
        "198.51.100.",
        "198.51..7",
        "198.51.100.08",
        "198.51.100.0x",
        "256.1",
        "1.16777216",
        "1.2.65536",
        "0x100000000",
        "-1",
        "+1",
        "1.2.3",
        "0",
        "00",
        "0x0",
        "255.255.255.255",
        "4294967295",
        "4294967296",
        "1.2.3.4.5",
        "0x0a000001",
        "010",
    ];
    let mut peer = Peer::new(Setup::Loopback);
    let conf = "nameserver 127.0.0.53\nsearch test\n";
    peer.agree(&world(Setup::Loopback, conf, &[zone]), names);
}

/// glibc: posix/tst-rfc3484.c, tst-rfc3484-2.c, tst-rfc3484-3.c. Theirs have made-up source
/// addresses, ours are those of the namespace.
fn orders_of_addresses() {
    let sets: [&[&str]; 8] = [
        &["2001:db8::1", "10.0.0.1", "::1", "127.0.0.1"],
        &[
            "192.0.2.1",
            "10.0.0.7",
            "10.0.0.4",
            "10.0.1.1",
            "169.254.7.1",
        ],
        &["fe80::1", "fd00::9", "2001:db8::9", "2001:db8:0:1::9"],
        &[
            "2002:c000:201::1",
            "2001::1",
            "3ffe::1",
            "fec0::1",
            "::10.0.0.1",
            "::ffff:10.0.0.1",
        ],
        &["10.0.0.5", "2001:db8::5", "fd00::5", "fe80::5"],
        &["198.51.100.7", "203.0.113.1", "192.0.2.1", "10.0.0.1"],
        &[
            "64:ff9b::a00:1",
            "ff02::1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "::",
        ],
        &[
            "2001:db8::4",
            "2001:db8::6",
            "2001:db8::100",
            "2001:db8:ff::1",
            "2001:db7::1",
        ],
    ];
    let mut hosts = String::new();
    for (number, set) in sets.iter().enumerate() {
        for address in *set {
            let _ = writeln!(hosts, "{address} set{number} all");
        }
        // The other way round: the order must not hang on that of the file, unless nothing decides.
        for address in set.iter().rev() {
            let _ = writeln!(hosts, "{address} back{number} all");
        }
    }
    let mut names: Vec<String> = (0..sets.len())
        .flat_map(|number| [format!("set{number}"), format!("back{number}")])
        .collect();
    names.push("all".into());
    let confs = [
        "",
        "precedence ::ffff:0:0/96 100\n",
        "label ::/0 1\nlabel 2001:db8::/32 9\nlabel ::ffff:0:0/96 4\n",
        "label ::ffff:10.0.0.0/104 7\nlabel fd00::/8 7\nprecedence fd00::/8 90\nprecedence ::/0 5\n",
        "scopev4 ::ffff:10.0.0.0/104 2\nscopev4 ::ffff:0.0.0.0/96 14\n",
        "scopev4 10.0.0.0/8 5\n",
    ];
    for setup in Setup::ALL {
        let mut peer = Peer::new(setup);
        for gai_conf in confs {
            let mut world = World::empty(setup);
            world.set(File::Hosts, hosts.as_bytes());
            world.set(File::HostConf, "multi on\n");
            world.set(File::Nsswitch, "hosts: files\n");
            world.set(File::GaiConf, gai_conf);
            peer.agree(&world, &names);
        }
    }
}
