//! The memory of a command.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use super::{Failure, context, say};

/// `peak COMMAND [ARG]...`: the largest resident size of the command, in KiB, the pages of its
/// programs and libraries included.
///
/// # Errors
/// If the command cannot be started or fails.
pub fn main(args: &[OsString]) -> Result<(), Failure> {
    let Some((program, args)) = args.split_first() else {
        return Err(Failure("peak COMMAND [ARG]...".into()));
    };
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::null());
    let status = context(command.status(), program.display())?;
    if !status.success() {
        return Err(Failure(format!("{command:?}: {status}")));
    }
    say(context(getrusage(UsageWho::RUSAGE_CHILDREN), "getrusage")?.max_rss())
}
