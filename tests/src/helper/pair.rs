//! Time commands in turn, so that a machine whose speed drifts is as unfair to one as to another.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Failure, context, say};

/// How many runs there are before anything is counted, if the command line does not say.
const WARM_UP: usize = 20;

/// `pair RUNS [WARM-UP [WORKERS STARTS]] -- COMMAND [ARG]... [-- COMMAND [ARG]...]...`: the median
/// time of each command from start to end, in microseconds, one a line. With WORKERS, of that many
/// threads that each run it STARTS times.
///
/// # Errors
/// If a command cannot be started or fails.
pub fn main(args: &[OsString]) -> Result<(), Failure> {
    let mut words = args.split(|arg| arg == "--");
    let numbers: Option<Vec<usize>> = words.next().and_then(|first| {
        first
            .iter()
            .map(|word| word.to_str()?.parse().ok())
            .collect()
    });
    let (runs, warm_up, workers, starts) = match numbers.as_deref() {
        Some(&[runs]) => (runs, WARM_UP, 1, 1),
        Some(&[runs, warm_up]) => (runs, warm_up, 1, 1),
        Some(&[runs, warm_up, workers, starts]) => (runs, warm_up, workers, starts),
        _ => return Err(usage()),
    };
    let commands: Vec<&[OsString]> = words.filter(|words| !words.is_empty()).collect();
    let mut times = vec![Vec::with_capacity(runs); commands.len()];
    for run in 0..warm_up + runs {
        for turn in 0..commands.len() {
            // Each comes after each other one: what is left to be done by the kernel when a
            // command has ended slows the next one down.
            let turn = (turn + run) % commands.len();
            let index = if run % 2 == 0 {
                turn
            } else {
                commands.len() - 1 - turn
            };
            let time = time(commands[index], workers, starts)?;
            if run >= warm_up {
                times[index].push(time);
            }
        }
    }
    for times in &mut times {
        times.sort_unstable();
        say(times.get(runs / 2).unwrap_or(&Duration::ZERO).as_micros())?;
    }
    Ok(())
}

fn usage() -> Failure {
    Failure("pair RUNS [WARM-UP [WORKERS STARTS]] -- COMMAND...".into())
}

/// How long it takes until all have ended.
fn time(words: &[OsString], workers: usize, starts: usize) -> Result<Duration, Failure> {
    let work = || (0..starts).try_for_each(|_| run(words));
    let start = Instant::now();
    if workers == 1 {
        work()?;
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let ended = workers.into_iter().map(|worker| worker.join());
            ended.collect::<Result<Vec<_>, _>>()
        })
        .map_err(|_| Failure("a worker has panicked".into()))?
        .into_iter()
        .collect::<Result<(), _>>()?;
    }
    Ok(start.elapsed())
}

fn run(words: &[OsString]) -> Result<(), Failure> {
    let [program, args @ ..] = words else {
        return Err(usage());
    };
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let status = context(command.status(), program.display())?;
    if !status.success() {
        return Err(Failure(format!("{command:?}: {status}")));
    }
    Ok(())
}
