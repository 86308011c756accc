//! `testbed enter HOLDER USER DIRECTORY COMMAND...`: become a command in a sandbox.
//!
//! The command keeps this process's id, environment and descriptors 0 to 2, and dies with the
//! thread that started it. USER is a user id, or `-`.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::sched::{CloneFlags, setns};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::stat::fstat;
use nix::unistd::{Gid, Uid, chdir, setgid, setgroups, setuid};

use super::{Failure, context};

/// The arguments that run `command` in the sandbox held by process `holder`.
pub(crate) fn arguments(
    holder: u32,
    user: Option<u32>,
    directory: &Path,
    command: &[OsString],
) -> Vec<OsString> {
    let user = user.map_or("-".into(), |id| id.to_string());
    let mut arguments: Vec<OsString> = vec!["enter".into(), holder.to_string().into(), user.into()];
    arguments.push(directory.into());
    arguments.extend_from_slice(command);
    arguments
}

/// See the module.
pub(super) fn main(args: &[OsString]) -> Result<(), Failure> {
    let [holder, user, directory, program, args @ ..] = args else {
        return Err(Failure(
            "usage: testbed enter HOLDER USER DIRECTORY COMMAND...".into(),
        ));
    };
    enter(&holder.to_string_lossy())?;
    context(chdir(directory.as_os_str()), directory.display())?;
    if user != "-" {
        let id: u32 = context(user.to_string_lossy().parse(), "user id")?;
        context(setgroups(&[]), "setgroups")?;
        context(setgid(Gid::from_raw(id)), "setgid")?;
        context(setuid(Uid::from_raw(id)), "setuid")?;
    }
    // Last: changing ids clears it.
    context(set_pdeathsig(Signal::SIGKILL), "parent death signal")?;
    let error = Command::new(program).args(args).exec();
    context(Err(error), program.display())
}

fn enter(holder: &str) -> Result<(), Failure> {
    let open = |process: &str, kind: &str| {
        let path = format!("/proc/{process}/ns/{kind}");
        context(File::open(&path), path)
    };
    // All are opened before the first is entered: /proc may look different then.
    let mut namespaces = Vec::new();
    for (kind, flag) in [
        ("user", CloneFlags::CLONE_NEWUSER),
        ("cgroup", CloneFlags::CLONE_NEWCGROUP),
        ("net", CloneFlags::CLONE_NEWNET),
        ("mnt", CloneFlags::CLONE_NEWNS),
    ] {
        let (theirs, ours) = (open(holder, kind)?, open("self", kind)?);
        let same = context(fstat(&theirs), kind)?.st_ino == context(fstat(&ours), kind)?.st_ino;
        // Nobody may enter the user namespace that he is in.
        if !same {
            namespaces.push((kind, theirs, flag));
        }
    }
    for (kind, file, flag) in namespaces {
        context(
            setns(&file, flag),
            format_args!("enter the sandbox's {kind}"),
        )?;
    }
    Ok(())
}
