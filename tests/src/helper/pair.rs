//! Time commands in turn, so that a machine whose speed drifts is as unfair to one as to another.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Failure, context, say};

/// Before anything is counted.
const WARM_UP: usize = 20;

/// `pair RUNS -- COMMAND [ARG]... [-- COMMAND [ARG]...]...`: the median time of each command from
/// start to end, in microseconds, one a line.
///
/// # Errors
/// If a command cannot be started or fails.
pub fn main(args: &[OsString]) -> Result<(), Failure> {
    let mut words = args.split(|arg| arg == "--");
    let runs = words
        .next()
        .and_then(|first| first.first()?.to_str()?.parse().ok());
    let runs: usize = runs.ok_or_else(|| Failure("pair RUNS -- COMMAND...".into()))?;
    let mut commands: Vec<(Command, Vec<Duration>)> = Vec::new();
    for words in words {
        let Some((program, args)) = words.split_first() else {
            continue;
        };
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        commands.push((command, Vec::with_capacity(runs)));
    }
    for run in 0..WARM_UP + runs {
        for (command, times) in &mut commands {
            let start = Instant::now();
            let status = context(command.status(), command.get_program().display())?;
            let time = start.elapsed();
            if !status.success() {
                return Err(Failure(format!("{command:?}: {status}")));
            }
            if run >= WARM_UP {
                times.push(time);
            }
        }
    }
    for (_, times) in &mut commands {
        times.sort_unstable();
        say(times.get(runs / 2).unwrap_or(&Duration::ZERO).as_micros())?;
    }
    Ok(())
}
