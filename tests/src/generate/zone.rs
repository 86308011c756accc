//! Scripts of DNS servers.

use super::names::{self, Names};
use crate::dns::reverse_name;
use crate::random::Random;

/// What a server may do wrong without making anyone wait.
const QUICK: &[&str] = &[
    "servfail",
    "refused",
    "notimp",
    "formerr",
    "nxdomain",
    "truncated",
    "lame",
    "owner other.test",
    "class",
    "cut 1",
    "cut 9",
    "extra",
    "missing",
];

const SLOW: &[&str] = &[
    "silent",
    "silent",
    "delay 200",
    "id",
    "question",
    "bare",
    "cut 20",
    "cut 60",
];

/// One script for each server. Some are alike, some know nothing of what the first knows, and some
/// are bad altogether.
pub(super) fn scripts(random: &mut Random, names: &Names, count: usize, slow: bool) -> Vec<String> {
    let common = zone(random, names, slow);
    (0..count)
        .map(|_| match random.below(6) {
            0 => zone(random, names, slow),
            1 => format!("* ! {}\n", fault(random, slow)),
            2 => common.clone() + &format!("* ! {}\n", fault(random, slow)),
            _ => common.clone(),
        })
        .collect()
}

fn fault(random: &mut Random, slow: bool) -> &'static str {
    if slow && random.one_in(2) {
        random.pick(SLOW)
    } else {
        random.pick(QUICK)
    }
}

fn zone(random: &mut Random, names: &Names, slow: bool) -> String {
    let mut script = String::new();
    for _ in 0..4 + random.below(12) {
        let name = names.name(random);
        entry(random, names, &mut script, &name, slow);
    }
    for _ in 0..random.below(5) {
        let name = reverse_name(names::address(random));
        pointer(random, names, &mut script, &name);
        if random.one_in(6) {
            add(&mut script, &name, &format!("! {}", fault(random, slow)));
        }
    }
    script
}

/// What there is of a name: data, a fault, both, or a way to another name.
fn entry(random: &mut Random, names: &Names, script: &mut String, name: &str, slow: bool) {
    match random.below(10) {
        0 => add(script, name, "-"),
        1 => {
            let target = names.name(random);
            add(script, name, &format!("CNAME {target}"));
            if random.one_in(3) {
                // What must not stand beside it.
                data(random, script, name);
            }
            if random.one_in(2) {
                data(random, script, &target);
            }
        }
        2 => {
            let mut owner = name.to_owned();
            for number in 0..2 + random.below(9) {
                let target = format!("chain{number}.{name}");
                add(script, &owner, &format!("CNAME {target}"));
                owner = target;
            }
            match random.below(3) {
                0 => add(script, &owner, &format!("CNAME {name}")),
                1 => data(random, script, &owner),
                _ => {}
            }
        }
        3 => {
            for _ in 0..random.below(60) {
                data(random, script, name);
            }
        }
        _ => data(random, script, name),
    }
    if random.one_in(5) {
        let of_type = random.pick(&["!", "!A", "!AAAA"]);
        add(script, name, &format!("{of_type} {}", fault(random, slow)));
    }
}

fn data(random: &mut Random, script: &mut String, name: &str) {
    for _ in 0..=random.below(3) {
        let address = names::address_text(random);
        let of_type = if address.contains(':') { "AAAA" } else { "A" };
        add(script, name, &format!("{of_type} {address}"));
    }
}

fn pointer(random: &mut Random, names: &Names, script: &mut String, name: &str) {
    for _ in 0..1 + random.below(2) {
        let target = names.name(random);
        match random.below(5) {
            0 => {
                add(script, name, "CNAME rev.corp.test");
                add(script, "rev.corp.test", &format!("PTR {target}"));
            }
            1 => add(script, name, "-"),
            _ => add(script, name, &format!("PTR {target}")),
        }
    }
}

/// A line of the script, if the words can stand in one.
fn add(script: &mut String, name: &str, what: &str) {
    let line = format!("{name} {what}\n");
    if crate::dns::parse(&line).is_ok() {
        script.push_str(&line);
    }
}
