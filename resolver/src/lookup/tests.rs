//! Bad input: whatever is in the files, a lookup comes to an end, and soon.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use conf::environment::Environment;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::address::Family;
use crate::block_on::block_on;

const FILES: [&str; 6] = [
    "hosts",
    "nsswitch.conf",
    "host.conf",
    "resolv.conf",
    "gai.conf",
    "aliases",
];

/// A directory of files that goes with this value.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("netns-resolver-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn target(&self, mut environment: Environment) -> Target {
        environment.hostaliases =
            Some(self.0.join("aliases").into_os_string().into_encoded_bytes());
        Target::closed(self.0.clone(), environment)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Ask for a name every way, and for the name of an address. Only who has DNS queries to send may
/// be refused the privilege.
fn ask(target: &Target, name: &[u8]) {
    let refused = |result: Result<(), Error>| match result {
        Err(Error::Namespace(error)) => assert!(error.is_permission_denied(), "{error}"),
        Ok(()) | Err(Error::Code(_)) => {}
    };
    for family in [Family::Unspec, Family::Inet, Family::Inet6] {
        let mut lookup = Lookup::begin(target).unwrap();
        refused(block_on(lookup.getaddrinfo(name, family, false)).map(drop));
    }
    let mut lookup = Lookup::begin(target).unwrap();
    refused(block_on(lookup.getnameinfo([10, 0, 0, 1].into())).map(drop));
}

/// What the grammars have a meaning for.
const WORDS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    " ",
    " ",
    "\t",
    "\r",
    "\0",
    "\u{b}",
    "#",
    ";",
    ",",
    "[",
    "]",
    "!",
    "=",
    ":",
    "/",
    "&",
    "%",
    "-",
    ".",
    "..",
    "a",
    "b.test",
    "10.0.0.1",
    "127.0.0.1",
    "::1",
    "fe80::1%lo",
    "::ffff:10.0.0.1",
    "0x7f.1",
    "hosts:",
    "hosts: files dns\n",
    "passwd:",
    "files",
    "dns",
    "myhostname",
    "nosuch",
    "[NOTFOUND=return]",
    "[!UNAVAIL=",
    "SUCCESS=merge]",
    "multi on",
    "reorder on",
    "trim",
    "order",
    "nameserver ",
    "search ",
    "domain ",
    "sortlist ",
    "options ",
    "ndots:",
    "timeout:",
    "attempts:0",
    "rotate",
    "use-vc",
    "no-aaaa",
    "255.255.0.0",
    "-1",
    "99999999999999999999",
    "label ",
    "precedence ",
    "scopev4 ",
    "::/0 1",
    "10.0.0.0/8 5",
    "reload yes",
];

/// Any bytes, and bytes that mean something, in any order.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        8 => select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn variable() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::weighted(0.3, content())
}

proptest! {
    #[test]
    fn any_bytes_in_any_file_and_variable_come_to_an_end(
        files in proptest::array::uniform6(proptest::option::weighted(0.9, content())),
        [localdomain, res_options, resolv_multi, resolv_reorder, resolv_add_trim_domains]
            in proptest::array::uniform5(variable()),
        name in prop_oneof![select(WORDS).prop_map(|word| word.as_bytes().to_vec()), content()],
    ) {
        let directory = Directory::new();
        for (name, content) in FILES.iter().zip(&files) {
            if let Some(content) = content {
                fs::write(directory.0.join(name), content).unwrap();
            }
        }
        let target = directory.target(Environment {
            localdomain,
            res_options,
            resolv_multi,
            resolv_reorder,
            resolv_add_trim_domains,
            ..Environment::default()
        });
        let start = Instant::now();
        ask(&target, &name);
        prop_assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

/// Ask for a name with one such file beside a few plain ones.
fn ask_with(file: &str, content: &[u8]) {
    let directory = Directory::new();
    let plain = [
        ("hosts", "10.0.0.1 a\n10.0.0.2 a\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
        ("host.conf", "multi on\nreorder on\n"),
        ("resolv.conf", "nameserver 127.0.0.1\noptions attempts:0\n"),
    ];
    for (name, content) in plain {
        fs::write(directory.0.join(name), content).unwrap();
    }
    fs::write(directory.0.join(file), content).unwrap();
    let target = directory.target(Environment::default());
    // The hosts file keeps `a` from DNS.
    let for_dns = matches!(file, "resolv.conf" | "aliases");
    ask(&target, if for_dns { b"other" } else { b"a" });
}

/// Twice as much must not take four times as long: what is quadratic takes minutes at these sizes.
#[test]
fn large_files_take_no_more_than_their_share() {
    const MANY: usize = 100_000;
    const LONG: usize = 1 << 20;
    let lines = |line: &str| line.repeat(MANY).into_bytes();
    let numbered = |line: fn(usize) -> String| (0..MANY).map(line).collect::<String>().into_bytes();
    let after = |start: &str, part: &str| [start, &part.repeat(LONG / part.len())].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("hosts", vec![0; LONG]),
        ("hosts", vec![b' '; LONG]),
        ("hosts", vec![b'\n'; LONG]),
        ("hosts", after(" ", "\0\n ").into()),
        ("hosts", after("10.0.0.1 ", "a ").into()),
        ("hosts", after("10.0.0.1 ", "a").into()),
        ("hosts", lines(" 10.0.0.1 b\0a\n")),
        ("hosts", numbered(|at| format!("fd00::{:x} a\n", at % 4096))),
        ("nsswitch.conf", after("hosts: ", "x").into_bytes()),
        ("nsswitch.conf", after("hosts: ", "x\n").into_bytes()),
        (
            "nsswitch.conf",
            [
                b"hosts:".to_vec(),
                numbered(|at| format!(" s{at}")),
                b"\n".to_vec(),
            ]
            .concat(),
        ),
        (
            "nsswitch.conf",
            [
                b"hosts:".to_vec(),
                lines(" files [SUCCESS=continue]"),
                b"\n".to_vec(),
            ]
            .concat(),
        ),
        ("nsswitch.conf", after("hosts: a ", "[").into_bytes()),
        (
            "nsswitch.conf",
            after("hosts: a [NOTFOUND=return", " !NOTFOUND=return").into_bytes(),
        ),
        (
            "nsswitch.conf",
            after("hosts: a ", "[NOTFOUND=return]").into_bytes(),
        ),
        ("nsswitch.conf", lines("hosts: files dns\n")),
        ("host.conf", after("trim ", "a,").into_bytes()),
        ("host.conf", lines("trim a b c d e\n")),
        ("host.conf", lines("nonsense\n")),
        ("resolv.conf", lines("nameserver 127.0.0.1\n")),
        ("resolv.conf", lines("nameserver fe80::1%nosuch\n")),
        ("resolv.conf", after("nameserver ", "1").into_bytes()),
        (
            "resolv.conf",
            after("options attempts:0\nsearch ", "x").into_bytes(),
        ),
        (
            "resolv.conf",
            after("options attempts:0\nsearch", " x").into_bytes(),
        ),
        ("resolv.conf", lines("options attempts:0\n")),
        (
            "resolv.conf",
            after("options attempts:0", " -x rotate").into_bytes(),
        ),
        ("resolv.conf", after("options attempts:", "9").into_bytes()),
        (
            "resolv.conf",
            after("sortlist ", "10.0.0.0/8 ").into_bytes(),
        ),
        ("resolv.conf", after("sortlist ", "x").into_bytes()),
        ("resolv.conf", after("sortlist ", "&").into_bytes()),
        ("gai.conf", lines("label ::1/128 1\n")),
        ("gai.conf", lines("precedence ::1 1\n")),
        ("gai.conf", lines("scopev4 10.0.0.0 1\n")),
        ("gai.conf", lines("scopev4 10.0.0.3/32 1\n")),
        ("gai.conf", after("label ", "x").into_bytes()),
        ("aliases", lines("b c\n")),
        ("aliases", after("other ", "b").into_bytes()),
        ("aliases", lines("other other\n")),
    ];
    for (file, content) in cases {
        let start = Instant::now();
        ask_with(file, &content);
        let elapsed = start.elapsed();
        let text = content[..content.len().min(60)].escape_ascii();
        assert!(
            elapsed < Duration::from_secs(30),
            "{file} of {text}: {elapsed:?}"
        );
    }
}
