//! Time commands in turn, so that a machine whose speed drifts is as unfair to one as to another.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Failure, context, say};

/// How many runs there are before anything is counted, if the command line does not say.
const WARM_UP: usize = 20;

/// `pair RUNS [WARM-UP] -- COMMAND [ARG]... [-- COMMAND [ARG]...]...`: the median time of each
/// command from start to end, in microseconds, one a line.
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
    let (runs, warm_up) = match numbers.as_deref() {
        Some(&[runs]) => (runs, WARM_UP),
        Some(&[runs, warm_up]) => (runs, warm_up),
        _ => return Err(Failure("pair RUNS [WARM-UP] -- COMMAND...".into())),
    };
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
    for run in 0..warm_up + runs {
        for (command, times) in &mut commands {
            let start = Instant::now();
            let status = context(command.status(), command.get_program().display())?;
            let time = start.elapsed();
            if !status.success() {
                return Err(Failure(format!("{command:?}: {status}")));
            }
            if run >= warm_up {
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
