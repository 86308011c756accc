//! All short lists of services, each with answers and failures of each. What a service has left in
//! `h_errno` and errno is what those after it start from, so each order counts.

use std::fmt::Write as _;

use testbed::departures::departure;
use testbed::oracle::{Family, Question};
use testbed::stage::Stage;
use testbed::world::{AskOf, File, Setup, World};

const SERVICES: [&str; 4] = ["files", "dns", "myhostname", "nosuch"];

/// What may follow a service. Without it those after an answer are not asked.
const ACTIONS: [&str; 2] = ["", " [SUCCESS=continue]"];

const HOSTS: &str = "10.0.0.1 both\nfd00::1 both\n10.0.0.2 hosts\nfd00::2 hosts\n";

/// A name for each thing that a server may say.
const ZONE: &str = "both A 10.0.0.3\nboth AAAA fd00::3\nv4 A 10.0.0.4\nalias CNAME v4\nnodata -\n\
                    bad ! servfail\nrefused ! refused\n4.0.0.10.in-addr.arpa PTR v4\n";

const NAMES: [&str; 9] = [
    "both",
    "hosts",
    "v4",
    "alias",
    "nodata",
    "none",
    "bad",
    "refused",
    "localhost",
];

const ADDRESSES: [&str; 4] = ["10.0.0.1", "10.0.0.4", "10.0.0.9", "127.0.0.1"];

pub(super) fn lists_of_three_services_agree() {
    let mut stage = Stage::new(Setup::Loopback);
    let mut differences = String::new();
    for hosts in [Some(HOSTS), None] {
        for list in lists() {
            let mut world = World::empty(Setup::Loopback);
            world.set(File::Nsswitch, format!("hosts: {list}\n"));
            world.set(File::ResolvConf, "nameserver 127.0.0.53\n");
            world.files[File::Hosts as usize] = hosts.map(Into::into);
            world.servers = vec![ZONE.to_owned()];
            stage.put_up(&world);
            for question in questions() {
                if departure(&world, &question).is_some() || stage.ask(&question).agree() {
                    continue;
                }
                // Not what an earlier question has left.
                let both = stage.ask_in(&world, &question);
                if !both.agree() && differences.len() < 4000 {
                    let missing = if hosts.is_none() {
                        ", no hosts file"
                    } else {
                        ""
                    };
                    let _ = writeln!(differences, "{list}{missing}: {}\n{both}", AskOf(&question));
                }
            }
        }
    }
    assert!(differences.is_empty(), "no agreement:\n{differences}");
}

/// All lists of three.
fn lists() -> Vec<String> {
    let with_action = |service: &&str| ACTIONS.map(|action| format!("{service}{action}"));
    let words: Vec<String> = SERVICES.iter().flat_map(with_action).collect();
    let mut lists = Vec::new();
    for first in &words {
        for second in &words {
            for third in &words {
                lists.push(format!("{first} {second} {third}"));
            }
        }
    }
    lists
}

fn questions() -> impl Iterator<Item = Question> {
    let forward = NAMES.iter().flat_map(|name| {
        Family::ALL.map(|family| Question::Forward {
            name: name.as_bytes().into(),
            family,
            addrconfig: false,
        })
    });
    let reverse = ADDRESSES.iter().map(|address| {
        let address = address.parse().expect("an address");
        Question::Reverse(address)
    });
    forward.chain(reverse)
}
