//! The search list, resolv.conf, and what comes back.

use std::fmt::Write as _;

use testbed::alone;
use testbed::case::Case;
use testbed::oracle::Question;
use testbed::world::{SERVERS, Setup};

use super::{Peer, world};

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(search_goes_on_over_bad_servers),
        alone!(odd_resolv_conf_means_the_same),
        alone!(host_names_have_their_bytes),
        alone!(no_aaaa_leaves_them_out),
        alone!(chains_of_aliases_of_any_length),
    ]
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
