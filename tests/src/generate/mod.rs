//! Worlds to try: sane and odd parts mixed, so that most questions find something to answer and
//! every rule is met at its corners.

mod conf;
mod names;
mod zone;

use names::Names;

use crate::hosts_files::HostsFile;
use crate::oracle::{Family, Question};
use crate::random::Random;
use crate::world::{File, SERVERS, Setup, World};

/// A world, and the questions to ask in it.
#[must_use]
pub fn world(random: &mut Random, setup: Setup) -> (World, Vec<Question>) {
    // Waiting costs whole seconds, so few worlds make one wait, and few questions are asked there.
    let slow = random.one_in(16);
    let names = Names::choose(random);
    let mut world = World::empty(setup);
    world.set(File::Hosts, hosts(random, &names));
    world.set(File::Nsswitch, conf::nsswitch(random));
    world.set(File::ResolvConf, conf::resolv(random, &names, slow));
    if random.one_in(2) {
        world.set(File::HostConf, conf::host(random));
    }
    if random.one_in(3) {
        world.set(File::GaiConf, conf::gai(random));
    }
    if random.one_in(20) {
        let missing = File::ALL[random.below(5)];
        world.files[missing as usize] = None;
    }
    environment(random, &names, &mut world);
    // One server in most worlds; none at all in some.
    let count = [1, 1, 1, 2, 2, 3, SERVERS.len(), 0][random.below(8)];
    world.servers = zone::scripts(random, &names, count, slow);
    let count = if slow { 3 } else { 12 };
    let questions = (0..count).map(|_| question(random, &names)).collect();
    (world, questions)
}

fn hosts(random: &mut Random, names: &Names) -> Vec<u8> {
    let mut file = HostsFile::generate(random);
    for _ in 0..random.below(4) {
        let mut line = names::address_text(random).as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            line.push(b' ');
            line.extend(names.asked(random));
        }
        let place = random.below(file.lines.len() + 1);
        file.lines.insert(place, line);
    }
    file.content()
}

fn environment(random: &mut Random, names: &Names, world: &mut World) {
    if !random.one_in(4) {
        return;
    }
    if random.one_in(2) {
        let value = conf::search_value(random, names);
        world.environment.push(("LOCALDOMAIN", value));
    }
    if random.one_in(2) {
        let value = conf::options_value(random);
        world.environment.push(("RES_OPTIONS", value));
    }
    if random.one_in(2) {
        world.set(File::Aliases, conf::aliases(random, names));
        let path = crate::world::ALIASES.into();
        world.environment.push(("HOSTALIASES", path));
    }
    if random.one_in(3) {
        let value: &[u8] = random.pick(&[b"on", b"off", b"ON", b"", b"on ", b"off,", b"maybe"]);
        world.environment.push(("RESOLV_MULTI", value.into()));
    }
}

fn question(random: &mut Random, names: &Names) -> Question {
    if random.one_in(8) {
        return Question::Reverse(names::address(random));
    }
    Question::Forward {
        name: names.asked(random),
        family: Family::ALL[random.below(3)],
        addrconfig: random.one_in(3),
    }
}
