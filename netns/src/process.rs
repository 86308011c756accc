//! Becoming the command.

use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsFd, IntoRawFd as _};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use crate::ENVIRONMENT_VARIABLE;
use crate::sys::process as sys;

/// Whether this program runs with privileges that its caller lacks (set-user-ID and the like).
pub fn gained_privileges() -> bool {
    sys::gained_privileges()
}

/// SIGPIPE ignored until this is dropped, so that a closed pipe is an error and not the end of this
/// process.
pub struct SigpipeIgnored(sys::Action);

impl SigpipeIgnored {
    /// Ignore it from now on.
    #[must_use]
    pub fn new() -> SigpipeIgnored {
        SigpipeIgnored(sys::ignore_sigpipe())
    }

    /// Let it do what it did before, in a process that is to become a command.
    pub fn restore(&self) {
        sys::restore_sigpipe(self.0);
    }
}

impl Default for SigpipeIgnored {
    fn default() -> Self {
        SigpipeIgnored::new()
    }
}

impl Drop for SigpipeIgnored {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Open `/dev/null` in place of each standard descriptor that is closed, as std does before a
/// `fn main`. Else what is opened next would take the place, and get what is printed.
///
/// # Errors
/// Of poll(2) and open(2).
pub fn open_standard_descriptors() -> nix::Result<()> {
    for _ in 0..sys::closed_standard_descriptors()? {
        // It gets the lowest number that is free, and is never closed.
        let _ = open("/dev/null", OFlag::O_RDWR, Mode::empty())?.into_raw_fd();
    }
    Ok(())
}

/// Allow this process as many open files as its hard limit does. Not for one that becomes a
/// command, which would inherit that.
pub fn raise_file_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // Where that is forbidden, it has to do with what there is.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Whether a line written to `out` now does not have to wait for a reader.
pub fn takes_output(out: impl AsFd) -> bool {
    let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
    // What poll has no answer for, a write has.
    poll(&mut fds, PollTimeout::ZERO) != Ok(0)
}

/// Whether this process ignores the signal, as one started by nohup(1) does.
pub fn ignores(signal: Signal) -> bool {
    sys::is_ignored(signal)
}

/// Run `child` in a new process, which ends with the status that it gives. The caller must have one
/// thread.
///
/// # Errors
/// Those of fork(2); EBUSY if there are several threads.
pub fn fork(child: impl FnOnce() -> u8) -> nix::Result<Pid> {
    match sys::fork()? {
        Some(pid) => Ok(pid),
        None => {
            // A panic must not unwind into what the caller does.
            let status = catch_unwind(AssertUnwindSafe(child)).unwrap_or(u8::MAX);
            std::process::exit(status.into())
        }
    }
}

/// Why a command did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// No such file.
    NotFound,
    /// The file is there but cannot be executed: why.
    NotExecutable(&'static str),
}

/// Replace this process by a command, looked up in `PATH`, with `NETNS=namespace` added to the
/// environment and everything else in it untouched.
///
/// # Errors
/// The command did not start; this process goes on.
pub fn exec(command: &[OsString], namespace: &OsStr) -> Result<Infallible, NotStarted> {
    let text = |text: &OsStr| {
        CString::new(text.as_bytes()).map_err(|_| NotStarted::NotExecutable(Errno::EINVAL.desc()))
    };
    let args = command
        .iter()
        .map(|arg| text(arg))
        .collect::<Result<Vec<_>, _>>()?;
    let file = args.first().ok_or(NotStarted::NotFound)?;
    let variable = (text(ENVIRONMENT_VARIABLE.as_ref())?, text(namespace)?);
    let Err(errno) = sys::exec(file, &args, (&variable.0, &variable.1));
    Err(match (errno, found(&command[0])) {
        // EACCES is also the errno of a directory in PATH that cannot be searched.
        (Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES, None) => NotStarted::NotFound,
        (Errno::ENOENT, Some(_)) => NotStarted::NotExecutable("its interpreter does not exist"),
        (Errno::EACCES, Some(path)) if path.is_dir() => {
            NotStarted::NotExecutable("it is a directory")
        }
        (errno, _) => NotStarted::NotExecutable(errno.desc()),
    })
}

/// The file that the lookup of execvp(3) finds.
fn found(command: &OsStr) -> Option<PathBuf> {
    if command.is_empty() {
        return None;
    }
    if command.as_bytes().contains(&b'/') {
        return Some(PathBuf::from(command)).filter(|path| path.exists());
    }
    let path = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    env::split_paths(&path)
        .map(|directory| directory.join(command))
        .find(|path| path.exists())
}
