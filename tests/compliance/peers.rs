//! What the tests of other resolvers exercise, with inputs of our own and the live glibc as judge:
//! those of glibc (named at each case) and Go's `net` package.

use std::fmt::Write as _;

use testbed::case::Case;
use testbed::departures::departure;
use testbed::oracle::{Family, Question};
use testbed::stage::Stage;
use testbed::world::{AskOf, File, Setup, World};

mod addresses; // written as names, and in order
mod dns; // the search list, resolv.conf, and what comes back
mod hosts; // the file, alone and before other services

pub(crate) fn cases() -> Vec<Case> {
    let cases = [addresses::cases(), dns::cases(), hosts::cases()];
    cases.into_iter().flatten().collect()
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
