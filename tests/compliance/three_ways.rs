//! The one claim: netns-resolve from outside with the name of a namespace, netns-resolve inside
//! with a dot, the library in a program started by netns-exec, and glibc there, all give the same
//! answer.

use serde_json::Value;
use testbed::case::Case;
use testbed::oracle::{Family, Found, Oracle, Question, show};
use testbed::stage::Stage;
use testbed::world::{Ask, AskOf, File, Scene, Setup, World};
use testbed::{Run, alone};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(all_three_ways_agree_with_loopback_alone),
        alone!(all_three_ways_agree_with_ipv4),
        alone!(all_three_ways_agree_with_both_families),
        alone!(all_three_ways_agree_with_link_local_addresses),
    ]
}

const HOSTS: &[u8] = b"127.0.1.1 alpha.example alpha\n10.0.0.1 db\n10.0.0.2 db\nfd00::1 db\n\
                       fe80::1 link\n192.0.2.1 far\n2001:db8::1 far\n";

const ZONE: &str = "www.corp.test A 10.0.0.1\nwww.corp.test A 192.0.2.1\n\
                    www.corp.test AAAA 2001:db8::1\nwww.corp.test AAAA fd00::1\n\
                    alias.corp.test CNAME www.corp.test\nempty.corp.test -\n\
                    bad.corp.test ! servfail\nbig.corp.test A 10.0.0.9\n\
                    big.corp.test ! truncated\nsix.corp.test AAAA 2001:db8::6\n\
                    7.100.51.198.in-addr.arpa PTR seven.corp.test\n";

const ASKED: &[Ask] = &[
    Ask::Name(b"alpha", Family::Unspec),
    Ask::Name(b"ALPHA", Family::Inet),
    Ask::Name(b"alpha", Family::Inet6),
    Ask::Name(b"db", Family::Unspec),
    Ask::AddrConfig(b"db", Family::Unspec),
    Ask::AddrConfig(b"db", Family::Inet6),
    Ask::Name(b"link", Family::Inet6),
    Ask::Name(b"far", Family::Unspec),
    Ask::Name(b"www", Family::Unspec),
    Ask::Name(b"www", Family::Inet),
    Ask::AddrConfig(b"www.corp.test", Family::Unspec),
    Ask::Name(b"alias.corp.test.", Family::Unspec),
    Ask::Name(b"empty.corp.test", Family::Inet6),
    Ask::Name(b"bad", Family::Unspec),
    Ask::Name(b"big.corp.test", Family::Unspec),
    Ask::Name(b"six", Family::Inet),
    Ask::Name(b"six", Family::Unspec),
    Ask::Name(b"nosuch", Family::Unspec),
    Ask::Name(b"127.1", Family::Unspec),
    Ask::Name(b"fe80::1%lo", Family::Unspec),
    Ask::Name(b"::1", Family::Inet),
    Ask::Address("10.0.0.2"),
    Ask::Address("198.51.100.7"),
    Ask::Address("198.51.100.8"),
    Ask::Address("::1"),
];

/// The configurations to try.
const SCENES: &[Scene] = &[
    Scene {
        rule: "files and DNS",
        files: &[
            (File::Hosts, HOSTS),
            (File::HostConf, b"multi on\n"),
            (File::Nsswitch, b"hosts: files dns\n"),
            (
                File::ResolvConf,
                b"nameserver 127.0.0.53\nsearch nosuch.test corp.test\n",
            ),
        ],
        servers: &[ZONE],
        ..Scene::EMPTY
    },
    Scene {
        rule: "other precedences, no multi, DNS first",
        files: &[
            (File::Hosts, HOSTS),
            (File::Nsswitch, b"hosts: dns [!UNAVAIL=continue] files\n"),
            (
                File::ResolvConf,
                b"nameserver 127.0.0.53\noptions ndots:2\ndomain corp.test\n",
            ),
            (
                File::GaiConf,
                b"precedence ::ffff:0:0/96 100\nprecedence ::/0 40\n",
            ),
        ],
        servers: &[ZONE],
        ..Scene::EMPTY
    },
];

fn all_three_ways_agree_with_loopback_alone() {
    three_ways(Setup::Loopback);
}

fn all_three_ways_agree_with_ipv4() {
    three_ways(Setup::Ipv4);
}

fn all_three_ways_agree_with_both_families() {
    three_ways(Setup::Both);
}

fn all_three_ways_agree_with_link_local_addresses() {
    three_ways(Setup::LinkLocal);
}

fn three_ways(setup: Setup) {
    let mut stage = Stage::new(setup);
    for scene in SCENES {
        let world = World {
            setup,
            ..scene.world()
        };
        stage.dismiss();
        stage.put_up(&world);
        let mut library = Oracle::resolver_inside(stage.sandbox(), stage.namespace());
        for ask in ASKED {
            let question = ask.question();
            let what = format!("{}: {}", scene.rule, AskOf(&question));
            let both = stage.ask(&question);
            assert!(both.agree(), "{what}\n{both}");
            let (Ok(outside), inside) = (both.ours, library.ask(&question)) else {
                unreachable!("agreement is about answers");
            };
            assert!(
                inside == outside,
                "{what}\ninside:  {}\noutside: {}",
                show(&inside),
                show(&outside)
            );
            let outside = stage
                .sandbox()
                .netns_resolve(words("alpha", &question))
                .run();
            let inside = stage.sandbox().netns_exec(["alpha", "netns-resolve"]);
            let inside = inside.args(words(".", &question)).run();
            assert_eq!(outside.code(), inside.code(), "{outside}\n{inside}");
            assert_eq!(told(&outside), told(&inside), "{outside}\n{inside}");
            if let Ok(Found { addresses, .. }) = &library.ask(&question) {
                let count = told(&outside)["addresses"].as_array().map(Vec::len);
                assert_eq!(count, Some(addresses.len()), "{outside}");
            }
        }
    }
}

/// The arguments of netns-resolve.
fn words(namespace: &str, question: &Question) -> Vec<String> {
    let mut words = vec!["--json".to_owned()];
    match question {
        Question::Reverse(address) => {
            words.extend(["-x".into(), namespace.into(), address.to_string()]);
        }
        Question::Forward {
            name,
            family,
            addrconfig,
        } => {
            words.extend(match family {
                Family::Unspec => None,
                Family::Inet => Some("-4".to_owned()),
                Family::Inet6 => Some("-6".to_owned()),
            });
            words.extend(addrconfig.then(|| "--addrconfig".to_owned()));
            let name = String::from_utf8_lossy(name).into_owned();
            words.extend([namespace.into(), name]);
        }
    }
    words
}

/// What netns-resolve says, but for what it calls the namespace and where the answer came from.
fn told(run: &Run) -> Value {
    let mut line: Value =
        serde_json::from_str(&run.out()).unwrap_or_else(|error| panic!("{error}: {run}"));
    if let Some(fields) = line.as_object_mut() {
        fields.remove("namespace");
        fields.remove("source");
    }
    line
}
