//! Generated worlds: all files, the environment, DNS servers and interfaces at once. The resolver,
//! and in a share of the questions netns-resolve, against the live glibc.
//!
//! A difference counts if it is there again with processes that have seen nothing else. It is
//! printed as an entry for the table in `regressions.rs`. `DIFFERENTIAL_FAILURES` says after how
//! many to stop.

use std::collections::BTreeMap;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use testbed::departures::departure;
use testbed::generate;
use testbed::oracle::Question;
use testbed::random::Random;
use testbed::stage::{Both, Stage};
use testbed::world::{AskOf, Setup, World};

use super::number;

/// Most of the time is waiting for timeouts, so there are more of them than processors. A multiple
/// of the set-ups.
const STAGES: usize = 3 * Setup::ALL.len();

/// How long one difference may be made smaller.
const SHRINKING: Duration = Duration::from_secs(60);

/// What the stages found together.
#[derive(Default)]
struct Findings {
    asked: AtomicU64,
    found: AtomicU64,
    failures: Mutex<Vec<String>>,
    departures: Mutex<BTreeMap<&'static str, u64>>,
}

impl Findings {
    fn failures(&self) -> MutexGuard<'_, Vec<String>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn departures(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.departures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn generated_worlds_agree() {
    let (seed, queries) = (
        number("DIFFERENTIAL_SEED", 1),
        number("DIFFERENTIAL_QUERIES", 3200),
    );
    let limit = number("DIFFERENTIAL_FAILURES", 3);
    let findings = Findings::default();
    let share = queries.div_ceil(STAGES as u64);
    thread::scope(|scope| {
        let stages: Vec<_> = (0..STAGES)
            .map(|number| {
                let findings = &findings;
                scope.spawn(move || play(seed, number, share, limit, findings))
            })
            .collect();
        for stage in stages {
            if let Err(payload) = stage.join() {
                panic::resume_unwind(payload);
            }
        }
    });
    let asked = findings.asked.load(Ordering::Relaxed);
    let found = findings.found.load(Ordering::Relaxed);
    let departures = findings.departures();
    let failures = findings.failures();
    assert!(
        failures.is_empty(),
        "{asked} questions, {found} found something, known departures not asked: {departures:?}\n{}",
        failures.join("\n")
    );
    assert!(asked >= queries, "only {asked} questions");
    // Questions that find nothing compare little.
    assert!(found > asked / 5, "{found} of {asked} found anything");
}

/// Worlds on one stage, until it has asked its share.
fn play(seed: u64, number: usize, share: u64, limit: u64, findings: &Findings) {
    let setup = Setup::ALL[number % Setup::ALL.len()];
    let mut stage = Stage::new(setup);
    let mut asked = 0;
    let mut index = number as u64;
    while asked < share && (findings.failures().len() as u64) < limit {
        let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(index));
        let (world, questions) = generate::world(&mut random, setup);
        stage.put_up(&world);
        for question in &questions {
            if let Some(known) = departure(&world, question) {
                *findings.departures().entry(known.name).or_default() += 1;
                continue;
            }
            let place = format!("seed {seed}, world {index}");
            let both = stage.ask(question);
            if let Some(failure) = differs(&mut stage, &world, question, &both, &mut random, &place)
            {
                findings.failures().push(failure);
                break;
            }
            asked += 1;
            findings.asked.fetch_add(1, Ordering::Relaxed);
            if let Ok(Ok(_)) = &both.glibc {
                findings.found.fetch_add(1, Ordering::Relaxed);
            }
        }
        index += STAGES as u64;
    }
}

/// The difference as an entry of the table, if there is one.
fn differs(
    stage: &mut Stage,
    world: &World,
    question: &Question,
    both: &Both,
    random: &mut Random,
    place: &str,
) -> Option<String> {
    if both.agree() {
        if random.one_in(25)
            && let Ok(glibc) = &both.glibc
            && let Some(Err(run)) = stage.program_agrees(question, glibc)
        {
            let scene = scene(world, question, both);
            return Some(format!("{place}: netns-resolve\n{scene}\n{run}"));
        }
        return None;
    }
    // A machine that was busy for a second makes a difference too, and so does what glibc keeps from
    // worlds before this one: h_errno, and a resolv.conf that it does not read again after
    // `ndots:-1`. Ours is held to an answer that depends on this world alone.
    for _ in 0..2 {
        stage.dismiss_glibc();
        if stage.ask(question).agree() {
            return None;
        }
    }
    if (0..2).any(|_| stage.ask_in(world, question).agree()) {
        let scene = scene(world, question, both);
        return Some(format!(
            "{place}, only after the worlds before it:\n{scene}"
        ));
    }
    let end = Instant::now() + SHRINKING;
    let (world, question) = world.shrink(question, |world, question| {
        Instant::now() < end
            && departure(world, question).is_none()
            && !stage.ask_in(world, question).agree()
    });
    let both = stage.ask_in(&world, &question);
    Some(format!("{place}:\n{}", scene(&world, &question, &both)))
}

/// Ready to be pasted.
fn scene(world: &World, question: &Question, both: &Both) -> String {
    format!(
        "    Scene {{\n        rule: \"\",\n{world}        ask: {},\n        ..Scene::EMPTY\n    }},\n{both}",
        AskOf(question)
    )
}
