//! Run a command on a kernel that seems to lack some system calls, or behind a container's filter.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use super::{Failure, context};

/// The calls that a test can take away.
const CALLS: [(&str, libc::c_long); 9] = [
    ("open_tree", libc::SYS_open_tree),
    ("move_mount", libc::SYS_move_mount),
    ("fsopen", libc::SYS_fsopen),
    ("fsconfig", libc::SYS_fsconfig),
    ("fsmount", libc::SYS_fsmount),
    ("faccessat2", libc::SYS_faccessat2),
    ("sched_setaffinity", libc::SYS_sched_setaffinity),
    ("statmount", 457),
    ("listmount", 458),
];

/// `without ENOSYS|EPERM CALL[,CALL]... COMMAND [ARG]...`
///
/// # Errors
/// If there is no such filter here, or no such command.
pub fn main(args: &[OsString]) -> Result<(), Failure> {
    let [errno, calls, program, args @ ..] = args else {
        return Err(Failure("without ERRNO CALL[,CALL]... COMMAND...".into()));
    };
    let errno = match errno.to_str() {
        Some("ENOSYS") => libc::ENOSYS,
        Some("EPERM") => libc::EPERM,
        _ => return Err(Failure("ERRNO is ENOSYS or EPERM".into())),
    };
    let mut rules = std::collections::BTreeMap::new();
    for name in calls.to_string_lossy().split(',') {
        let call = CALLS.iter().find(|(known, _)| *known == name);
        let (_, number) = call.ok_or_else(|| Failure(format!("no such call: {name}")))?;
        rules.insert(*number, Vec::new());
    }
    let arch = context(std::env::consts::ARCH.try_into(), "architecture")?;
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch);
    let program_of_filter: BpfProgram = context(context(filter, "filter")?.try_into(), "filter")?;
    context(apply_filter(&program_of_filter), "seccomp")?;
    let error = Command::new(program).args(args).exec();
    context(Err(error), program.display())
}
