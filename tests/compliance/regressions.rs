//! Differences that the generated worlds have shown, each as small as it could be made. They stay
//! agreed on.

use std::fmt::Write as _;
use std::path::Path;

use testbed::case::Case;
use testbed::oracle::{Family, Question};
use testbed::stage::Stage;
use testbed::world::{Ask, AskOf, File, Scene, Setup, World};
use testbed::{Files, alone};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(differences_once_found_agree),
        alone!(what_is_no_file_agrees),
    ]
}

/// Ask in every scene, and panic with those on which there is no agreement.
pub(crate) fn play(scenes: &[Scene]) {
    let mut differences = String::new();
    for setup in Setup::ALL {
        let mut scenes = scenes
            .iter()
            .filter(|scene| scene.setup == setup)
            .peekable();
        if scenes.peek().is_none() {
            continue;
        }
        let mut stage = Stage::new(setup);
        for scene in scenes {
            let (world, question) = (scene.world(), scene.ask.question());
            let both = stage.ask_in(&world, &question);
            if !both.agree() {
                let (rule, ask) = (scene.rule, AskOf(&question));
                let _ = writeln!(differences, "{rule}: {ask}\n{both}");
            }
        }
    }
    assert!(differences.is_empty(), "no agreement:\n{differences}");
}

fn differences_once_found_agree() {
    play(SCENES);
}

/// In place of the host's files: what can be opened and not read, and what cannot be opened.
fn what_is_no_file_agrees() {
    type Put = fn(&Files, &Path);
    let put: [(&str, Put); 4] = [
        ("a directory", |files, path| files.mkdir(path)),
        ("a socket", |files, path| files.socket(path)),
        ("a loop", |files, path| files.symlink(path, path)),
        ("a long symlink", |files, path| {
            files.symlink("x".repeat(300), path)
        }),
    ];
    let mut stage = Stage::new(Setup::Loopback);
    let mut differences = String::new();
    for file in File::ALL {
        let Some(name) = file.in_etc() else { continue };
        let mut world = World::empty(Setup::Loopback);
        world.set(File::Nsswitch, "hosts: files dns\n");
        world.set(File::Hosts, "10.0.0.1 a\n10.0.0.2 b\n10.0.0.3 b\n");
        world.set(File::ResolvConf, "nameserver 127.0.0.53\n");
        world.files[file as usize] = None;
        for (what, put) in put {
            stage.put_up(&world);
            let path = Path::new("/etc").join(name);
            put(stage.sandbox().files(), &path);
            for question in questions() {
                stage.dismiss();
                let both = stage.ask(&question);
                if !both.agree() {
                    let _ = writeln!(differences, "{what} as {name}: {question}\n{both}");
                }
            }
            stage.sandbox().files().remove(&path);
        }
    }
    assert!(differences.is_empty(), "no agreement:\n{differences}");
}

/// What is there and what is not, every way.
fn questions() -> Vec<Question> {
    let mut questions = vec![
        Ask::Address("10.0.0.1").question(),
        Ask::Address("10.0.0.9").question(),
        Ask::Name(b"1.2.3.4.5", Family::Inet).question(),
    ];
    for name in [&b"b"[..], b"nosuch"] {
        questions.extend(Family::ALL.map(|family| Ask::Name(name, family).question()));
    }
    questions
}

const SCENES: &[Scene] = &[
    Scene {
        rule: "a server's scope that is none leaves errno set, of which the code is made",
        files: &[(
            File::ResolvConf,
            b"nameserver ::1%nosuch\nnameserver 127.0.0.53\noptions ndots:0\nsearch two.test\n",
        )],
        servers: &["my_db.two.test ! notimp\n"],
        ask: Ask::Name(b"my_db", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a number as the scope of a link-local server is looked for as a name",
        files: &[(
            File::ResolvConf,
            b"nameserver 127.0.0.53\nnameserver fe80::1%1\noptions ndots:0\nsearch two.test\n",
        )],
        servers: &["my_db.two.test ! notimp\n"],
        ask: Ask::Name(b"my_db", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a scope that is one leaves errno as it was",
        files: &[(
            File::ResolvConf,
            b"nameserver 127.0.0.53\nnameserver fe80::1%lo\noptions ndots:0\nsearch two.test\n",
        )],
        servers: &["my_db.two.test ! notimp\n"],
        ask: Ask::Name(b"my_db", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a question cut short is completed by what was received before",
        setup: Setup::Loopback,
        files: &[(File::ResolvConf, b"nameserver 127.0.0.53\n")],
        servers: &[
            "a.test ! cut 60\nbeta.example A 255.255.255.255\nbeta.example A 169.254.7.9\na.test CNAME beta.example\nbeta.example AAAA fe80::1\nbeta.example AAAA fd00::5\nbeta.example AAAA 3ffe::1\n",
        ],
        ask: Ask::Name(b"a.test.", Family::Unspec),
        ..Scene::EMPTY
    },
    Scene {
        rule: "more nets of a sortlist count than an old structure holds",
        files: &[(
            File::ResolvConf,
            b"nameserver 127.0.0.53\nsortlist 1.0.0.0 2.0.0.0 3.0.0.0 4.0.0.0 5.0.0.0 6.0.0.0 \
              7.0.0.0 8.0.0.0 9.0.0.0 10.1.0.0/255.255.0.0 10.2.0.0/255.255.0.0\n",
        )],
        servers: &["a.test A 10.3.0.1\na.test A 10.2.0.1\na.test A 10.1.0.1\n"],
        ask: Ask::Name(b"a.test", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "no server's last word is no error of IPv4 where errno was 0",
        files: &[(
            File::ResolvConf,
            b"nameserver 127.0.0.53\nsearch two.test\noptions ndots:0\n",
        )],
        servers: &["db.two.test ! notimp\n"],
        ask: Ask::Name(b"db", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a response that cannot be read is an error of IPv4",
        files: &[(File::ResolvConf, b"nameserver 127.0.0.53\n")],
        servers: &["a.test A 10.0.0.1\na.test ! cut 9\n"],
        ask: Ask::Name(b"a.test", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a response with less than it counts is an error of IPv4",
        files: &[(File::ResolvConf, b"nameserver 127.0.0.53\n")],
        servers: &["a.test A 10.0.0.1\na.test ! missing\n"],
        ask: Ask::Name(b"a.test", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "an alias to nothing is an error of IPv4",
        files: &[(File::ResolvConf, b"nameserver 127.0.0.53\n")],
        servers: &["a.test CNAME b.test\n"],
        ask: Ask::Name(b"a.test", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "errno is that of the look for a file that is missing",
        missing: &[File::Nsswitch],
        files: &[(
            File::ResolvConf,
            b"nameserver 127.0.0.53\nsearch two.test\n",
        )],
        servers: &["alpha.test !A formerr\n* ! refused\n"],
        ask: Ask::Name(b"alpha.test", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "errno is that of the look for a file that is missing",
        files: &[(File::Nsswitch, b"hosts: nosuch\n")],
        missing: &[File::ResolvConf],
        ask: Ask::Name(b"www", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "errno is that of the look for a file that is missing",
        files: &[(File::Nsswitch, b"hosts: nosuch\n")],
        missing: &[File::ResolvConf],
        ask: Ask::Address("198.51.100.7"),
        ..Scene::EMPTY
    },
    Scene {
        rule: "errno is that of the last service",
        files: &[(File::Nsswitch, b"hosts: nosuch files\n")],
        missing: &[File::Hosts],
        ask: Ask::Name(b"www", Family::Inet6),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a compressed name may point at a pointer",
        files: &[(File::ResolvConf, b"nameserver 127.0.0.53\n")],
        servers: &[
            "beta CNAME chain0.beta\nchain0.beta CNAME chain1.beta\nbeta A 255.255.255.255\n",
        ],
        ask: Ask::Name(b"beta", Family::Unspec),
        ..Scene::EMPTY
    },
    Scene {
        rule: "without a service that can be loaded a name is missing",
        files: &[(File::Nsswitch, b"hosts: nosuch\n")],
        ask: Ask::Name(b"www", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "without a service that can be loaded the name of an address is a system error",
        files: &[(File::Nsswitch, b"hosts: nosuch\n")],
        ask: Ask::Address("198.51.100.7"),
        ..Scene::EMPTY
    },
    Scene {
        rule: "errno, set for want of a host.conf, decides where DNS gives up after no such name",
        files: &[(
            File::ResolvConf,
            b"options ndots:0\nsearch corp.test example\nnameserver 127.0.0.53\n",
        )],
        missing: &[File::HostConf],
        servers: &["www.corp.test ! refused\n"],
        ask: Ask::Name(b"www", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "and where there is one, errno is not set",
        files: &[(
            File::ResolvConf,
            b"options ndots:0\nsearch corp.test example\nnameserver 127.0.0.53\n",
        )],
        servers: &["www.corp.test ! refused\n"],
        ask: Ask::Name(b"www", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a datagram whose question cannot be read is a response",
        files: &[(
            File::ResolvConf,
            b"nameserver 127.0.0.53\nsearch my_corp.test test\n",
        )],
        // It ends within the question, whose rest is that of the datagram before.
        servers: &["alpha.test A 10.0.0.1\nalpha.test ! cut 25\n"],
        ask: Ask::Name(b"alpha", Family::Inet),
        ..Scene::EMPTY
    },
    Scene {
        rule: "a server that no neighbour is fails for each name of a search list",
        setup: Setup::Both,
        files: &[(
            File::ResolvConf,
            b"nameserver 0.0.0.12\nnameserver 127.0.0.53\noptions no-aaaa ndots:2\n\
              search a b c d e f g h i j k l\n",
        )],
        servers: &["x.alpha A 10.0.0.1\n"],
        ask: Ask::Name(b"x.alpha", Family::Unspec),
        ..Scene::EMPTY
    },
];
