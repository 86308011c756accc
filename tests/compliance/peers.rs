//! What the tests of other resolvers exercise, with inputs of our own and the live glibc as judge:
//! those of glibc (named at each case) and Go's `net` package.

use std::fmt::Write as _;

use testbed::alone;
use testbed::case::Case;
use testbed::departures::departure;
use testbed::oracle::{Family, Question};
use testbed::stage::Stage;
use testbed::world::{AskOf, File, SERVERS, Setup, World};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(search_goes_on_over_bad_servers),
        alone!(odd_resolv_conf_means_the_same),
        alone!(names_that_are_numbers_are_addresses),
        alone!(host_names_have_their_bytes),
        alone!(no_aaaa_leaves_them_out),
        alone!(chains_of_aliases_of_any_length),
        alone!(hosts_files_of_many_lines),
        alone!(hosts_files_of_go),
        alone!(orders_of_addresses),
        alone!(results_are_continued_or_merged),
    ]
}

/// Questions in worlds; the differences are told together.
struct Peer {
    stage: Stage,
    differences: String,
    asked: usize,
}

impl Peer {
    fn new(setup: Setup) -> Peer {
        Peer {
            stage: Stage::new(setup),
            differences: String::new(),
            asked: 0,
        }
    }

    /// Ask each name for each family. glibc starts anew in each world: after `ndots:-1` it does not
    /// read resolv.conf again.
    fn agree<N: AsRef<[u8]>>(&mut self, world: &World, names: impl IntoIterator<Item = N>) {
        self.stage.dismiss();
        self.stage.put_up(world);
        for name in names {
            for family in Family::ALL {
                self.ask(Question::Forward {
                    name: name.as_ref().into(),
                    family,
                    addrconfig: false,
                });
            }
        }
    }

    fn ask(&mut self, question: Question) {
        if departure(self.stage.world(), &question).is_some() {
            return;
        }
        self.asked += 1;
        let both = self.stage.ask(&question);
        if !both.agree() && self.differences.len() < 4000 {
            let _ = writeln!(self.differences, "{}\n{both}", AskOf(&question));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.asked > 0, "nothing asked");
            assert!(
                self.differences.is_empty(),
                "no agreement:\n{}",
                self.differences
            );
        }
    }
}

fn world(setup: Setup, resolv_conf: &str, scripts: &[&str]) -> World {
    let mut world = World::empty(setup);
    world.set(File::Nsswitch, "hosts: files dns\n");
    world.set(File::ResolvConf, resolv_conf);
    world.servers = scripts.iter().map(|&script| script.to_owned()).collect();
    world
}

/// glibc: resolv/tst-resolv-search.c
fn search_goes_on_over_bad_servers() {
    let mut zone = "one.dept.corp.test A 10.1.0.1\none.dept.corp.test AAAA fd00::1\n\
                    two.site.corp.test A 10.1.0.2\ntwo.site.corp.test AAAA fd00::2\n\
                    bad.dept.corp.test ! servfail\nbad.site.corp.test A 10.1.0.3\n\
                    worse.site.corp.test ! servfail\nworse.dept.corp.test A 10.1.0.4\n\
                    dept.corp.test -\nsite.corp.test -\ncorp.test -\n\
                    two.site A 10.1.0.5\nbigbad.dept.corp.test ! servfail\n"
        .to_owned();
    for host in 0..120 {
        let _ = writeln!(zone, "big.corp.test A 10.2.0.{host}");
        let _ = writeln!(zone, "bigbad.corp.test AAAA fd00::2:{host}");
    }
    let names = [
        "one",
        "two",
        "bad",
        "worse",
        "big",
        "bigbad",
        "two.site",
        "nosuch",
        "corp.test",
    ];
    let mut peer = Peer::new(Setup::Loopback);
    let search = "search dept.corp.test site.corp.test corp.test\n";
    peer.agree(
        &world(
            Setup::Loopback,
            &format!("nameserver 127.0.0.53\n{search}"),
            &[&zone],
        ),
        names,
    );
    for first in [
        "* ! servfail\n",
        "* ! refused\n",
        "* ! lame\n",
        "* ! notimp\n",
    ] {
        let conf = format!("nameserver 127.0.0.53\nnameserver 127.0.0.54\n{search}");
        peer.agree(&world(Setup::Loopback, &conf, &[first, &zone]), names);
        // A server that cannot be reached at all comes before them.
        let conf = format!("nameserver 255.255.255.255\n{conf}");
        peer.agree(&world(Setup::Loopback, &conf, &[first, &zone]), names);
        let conf = format!("{conf}options ndots:2\n");
        peer.agree(&world(Setup::Loopback, &conf, &[first, &zone]), names);
    }
}

/// glibc: resolv/tst-resolv-res_init-skeleton.c; Go: net/testdata/*-resolv.conf
fn odd_resolv_conf_means_the_same() {
    const SERVER: &str = "nameserver 127.0.0.53\n";
    let zone = "www.a.test A 10.0.0.1\nwww.b.test A 10.0.0.2\nwww.b.test A 10.9.0.2\n\
                x.www.c.test A 10.0.0.3\nwww AAAA fd00::4\nx.www A 10.0.0.5\n\
                www.h.test A 10.0.0.6\n";
    let long = format!("{}.{}", "h".repeat(63), "d".repeat(30));
    let confs = [
        "".to_owned(),
        "search a.test b.test\n".into(),
        "# a comment with blanks at its end  \n\n;search b.test\nsearch\ta.test\tb.test \n#nameserver 127.0.0.9\n".into(),
        "domain b.test\n".into(),
        "domain b.test \n".into(),
        "domain b.test\t\n".into(),
        "domain  b.test c.test\n".into(),
        "search a.test\ndomain b.test".into(),
        "domain b.test\nsearch a.test\n".into(),
        "options\tinet6\tndots:3 edns0\tattempts:5\ttimeout:19\ndomain  b.test\n;domain x\n".into(),
        "options use-vc timeout:999 attempts:999 ndots:99\nsearch b.test\n".into(),
        "options ndots:3 use-vc\noptions edns0 ndots:2\ndomain a.test\nsearch b.test\nsearch\n".into(),
        "options single-request\nsearch a.test b.test\nsortlist 10.9.0.0/255.255.255.0\n".into(),
        "search b.test\nsortlist 10.9.0.0\n".into(),
        "search x.test y.test z.test a.test c.test b.test d.test\n".into(),
        format!("search {long}.test {long}.example a.test\n"),
        "options trust-ad\nsearch a.test\n".into(),
        "options no-aaaa\nsearch a.test b.test\n".into(),
        "options ndots:invalid\nsearch a.test c.test\n".into(),
        "options ndots:100\nsearch a.test c.test\n".into(),
        "options ndots:-1\nsearch a.test c.test\n".into(),
        "options attempts:0\nsearch a.test\n".into(),
        "options debug rotten unknown:3\nsearch a.test\n".into(),
        "lookup file bind\nfamily inet4 inet6\nsearch a.test\n".into(),
        "search .\n".into(),
        "search . a.test\n".into(),
        "search\n".into(),
        "search a.test\n search b.test\n".into(),
        "options single-request-reopen\nsearch a.test\n".into(),
    ];
    let names = ["www", "x.www", "x.www.", "www.b.test", "nosuch"];
    let mut peer = Peer::new(Setup::Loopback);
    for conf in &confs {
        let conf = format!("{SERVER}{conf}");
        peer.agree(&world(Setup::Loopback, &conf, &[zone]), names);
    }
    for servers in [
        "nameserver 127.0.0.54 garbage\nnameserver 127.0.0.53:53\nnameserver 127.0.0.53 53\n",
        "nameserver 127.0.0.9\nnameserver ::1\nnameserver 127.0.0.9\nnameserver 127.0.0.53\n",
        "nameserver 127.0.0.9\nnameserver 127.0.0.9\nnameserver 127.0.0.9\nnameserver 127.0.0.53\n",
        "nameserver 127.0.0.53\r\nnameserver 127.0.0.54\n",
        "nameserver   ::1  \n",
        "nameserver fe80::1%lo\nnameserver ::1%lo0\n",
        "nameserver 127.0.0.53",
    ] {
        let conf = format!("search a.test b.test\n{servers}");
        let scripts = [zone, "www.a.test A 10.0.1.1\n", "www.b.test A 10.0.1.2\n"];
        assert_eq!(scripts.len(), SERVERS.len(), "a script for each server");
        peer.agree(&world(Setup::Loopback, &conf, &scripts), names);
    }
    for (name, value) in [
        ("LOCALDOMAIN", "b.test"),
        ("LOCALDOMAIN", ""),
        ("LOCALDOMAIN", " b.test a.test"),
        ("RES_OPTIONS", "edns0 attempts:5"),
        ("RES_OPTIONS", "ndots:2"),
        ("RES_OPTIONS", "no-aaaa "),
        ("RES_OPTIONS", "no-reload"),
    ] {
        let conf = format!("{SERVER}search a.test\noptions ndots:3 timeout:7\n");
        let mut world = world(Setup::Loopback, &conf, &[zone]);
        world.environment.push((name, value.into()));
        peer.agree(&world, names);
    }
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

/// glibc: resolv/tst-res_hnok.c
fn host_names_have_their_bytes() {
    let (full, most) = ("z".repeat(63), "z".repeat(60));
    let dotted = |last: &str| format!("{full}.{full}.{full}.{most}{last}");
    let mut names: Vec<Vec<u8>> = [
        "",
        ".",
        "..",
        "www",
        "www.",
        "example",
        "example.com",
        "www.example.com",
        "www.example.com.",
        "www-.example.com.",
        "www.-example.com.",
        "*.example.com",
        "-v",
        "-v.example.com",
        "**.example.com",
        "www.example.com\\",
        "hostmaster@mail.example.com",
        "hostmaster\\@mail.example.com",
        "with whitespace",
        "with\twhitespace",
        "with\nwhitespace",
        "with.whitespace ",
        "with.whitespace\t",
        "with.whitespace\n",
        "with\\ whitespace",
        "with\\\twhitespace",
        "with\\\nwhitespace",
        "with.whitespace\\ ",
        "www\\.example.com",
        "w\\119w.example.com",
        "www\\046example.com",
    ]
    .iter()
    .map(|name| name.as_bytes().to_vec())
    .collect();
    for long in [
        full.clone(),
        format!("{full}."),
        format!("{full}\\."),
        format!("{full}z"),
        format!("{full}.example.com"),
        dotted("z"),
        dotted("z."),
        dotted("zz"),
        dotted("zzz"),
    ] {
        names.push(long.into_bytes());
    }
    for byte in 1..=255 {
        names.push(vec![byte]);
        names.push([b"middle", &[byte][..], b"suffix"].concat());
    }
    // All of them exist that a script can name.
    let mut zone = "middle.suffix A 10.0.0.2\nmiddlesuffix A 10.0.0.3\n".to_owned();
    for name in &names {
        if let Ok(name) = str::from_utf8(name)
            && !name.contains([' ', '\t', '\n', '#', '\0'])
            && !name
                .chars()
                .any(|sign| sign.is_whitespace() || sign.is_control())
            && name.split('.').all(|label| label.len() <= 63)
            && name.len() < 254
            && !name.is_empty()
        {
            let _ = writeln!(zone, "{name} A 10.0.0.1");
        }
    }
    let mut peer = Peer::new(Setup::Loopback);
    peer.agree(
        &world(Setup::Loopback, "nameserver 127.0.0.53\n", &[&zone]),
        names,
    );
}

/// glibc: resolv/tst-resolv-noaaaa.c, tst-resolv-noaaaa-vc.c
fn no_aaaa_leaves_them_out() {
    let zone = "both.test A 10.0.0.1\nboth.test AAAA fd00::1\nfour.test A 10.0.0.4\n\
                six.test AAAA fd00::6\nempty.test -\nbad.test ! servfail\n\
                half.test A 10.0.0.5\nhalf.test !AAAA servfail\n\
                other.test AAAA fd00::7\nother.test !A servfail\n\
                alias.test CNAME both.test\nfar.test CNAME six.test\n\
                nowhere.test CNAME nosuch.test\n1.0.0.10.in-addr.arpa PTR both.test\n\
                cut.test A 10.0.0.8\ncut.test AAAA fd00::8\ncut.test ! truncated\n";
    let names = [
        "both",
        "four",
        "six",
        "empty",
        "bad",
        "half",
        "other",
        "alias",
        "far",
        "nowhere",
        "cut",
        "nosuch",
        "both.test.",
        "::1",
        "10.0.0.1",
    ];
    let mut peer = Peer::new(Setup::Loopback);
    for options in [
        "",
        "no-aaaa",
        "no-aaaa use-vc",
        "no-aaaa edns0 single-request",
    ] {
        let conf = format!("nameserver 127.0.0.53\nsearch test\noptions {options}\n");
        peer.agree(&world(Setup::Loopback, &conf, &[zone]), names);
        for address in ["10.0.0.1", "fd00::1"] {
            peer.ask(Question::Reverse(address.parse().expect("an address")));
        }
    }
}

/// glibc: resolv/tst-resolv-aliases.c, tst-resolv-canonname.c, tst-resolv-invalid-cname.c
fn chains_of_aliases_of_any_length() {
    let (mut zone, mut names) = (String::new(), Vec::new());
    for (cnames, addresses) in [
        (0, 0),
        (0, 10),
        (1, 0),
        (1, 1),
        (2, 10),
        (3, 0),
        (5, 3),
        (10, 1),
        (10, 10),
        (47, 60),
        (100, 0),
        (100, 1),
    ] {
        let name = format!("c{cnames}-a{addresses}");
        let mut owner = format!("{name}.test");
        let _ = writeln!(zone, "{owner} ! truncated");
        for number in 0..cnames {
            let target = format!("{number}.{name}.alias.example");
            let _ = writeln!(zone, "{owner} CNAME {target}");
            owner = target;
        }
        for number in 0..addresses {
            let _ = writeln!(zone, "{owner} A 10.0.7.{number}");
            let _ = writeln!(zone, "{owner} AAAA fd00::7:{number}");
        }
        names.extend([format!("{name}.test"), name]);
    }
    for (number, target) in [
        "a%b.test",
        "*.test",
        "-x.test",
        "x_y.test",
        "a!.test",
        "www/24.test",
    ]
    .iter()
    .enumerate()
    {
        let _ = writeln!(zone, "odd{number}.test CNAME {target}");
        let _ = writeln!(zone, "{target} A 10.0.8.{number}");
        let _ = writeln!(zone, "then{number}.test CNAME odd{number}.test");
        names.extend([format!("odd{number}"), format!("then{number}")]);
    }
    for behaviour in ["nxdomain", "owner other.test"] {
        let name = behaviour.split(' ').next().unwrap_or_default();
        for (alias, data) in [("alias", ""), ("data", "A 10.0.9.1")] {
            let _ = writeln!(zone, "{alias}.{name}.test CNAME target.{name}.test");
            let _ = writeln!(zone, "{alias}.{name}.test ! {behaviour}");
            if !data.is_empty() {
                let _ = writeln!(zone, "target.{name}.test {data}");
            }
            names.push(format!("{alias}.{name}.test"));
        }
    }
    let mut peer = Peer::new(Setup::Loopback);
    let conf = "nameserver 127.0.0.53\nsearch test example\n";
    peer.agree(&world(Setup::Loopback, conf, &[&zone]), names);
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
