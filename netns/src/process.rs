//! Becoming the command, or starting it.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::AtomicI32;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::Mode;

use crate::sys::process as sys;
use crate::sys::program::Program;
use crate::sys::spawn::{self, Failure};
use crate::{ENVIRONMENT_VARIABLE, Error, User};

/// Whether this program runs with privileges that its caller lacks (set-user-ID and the like).
pub fn gained_privileges() -> bool {
    sys::gained_privileges()
}

/// SIGPIPE ignored until this is dropped, so that a closed pipe is an error and not the end of this
/// process.
#[derive(Debug)]
pub struct SigpipeIgnored(sys::Before);

impl SigpipeIgnored {
    /// Ignore it from now on.
    #[must_use]
    pub fn new() -> SigpipeIgnored {
        SigpipeIgnored(sys::ignore(Signal::SIGPIPE))
    }

    /// Let it do what it did before, in a process that is to end by it.
    pub fn restore(&self) {
        sys::restore(self.0);
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

/// SIGCHLD not ignored until this is dropped: the processes that this one starts can be waited for,
/// also if its caller has them forgotten.
#[derive(Debug)]
pub struct SigchldHeeded(sys::Before);

impl SigchldHeeded {
    /// Heed it from now on.
    #[must_use]
    pub fn new() -> SigchldHeeded {
        SigchldHeeded(sys::let_be(Signal::SIGCHLD))
    }
}

impl Default for SigchldHeeded {
    fn default() -> Self {
        SigchldHeeded::new()
    }
}

impl Drop for SigchldHeeded {
    fn drop(&mut self) {
        sys::restore(self.0);
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

/// The limits of open files that a process had, soft and hard.
#[derive(Clone, Copy, Debug)]
pub struct FileLimit(rlim_t, rlim_t);

/// Allow this process as many open files as its hard limit does. The limit that it had, for a
/// command that it starts; None if that is unchanged.
pub fn raise_file_limit() -> Option<FileLimit> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    // Where it is forbidden, it has to do with what there is.
    (soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok())
        .then_some(FileLimit(soft, hard))
}

/// Whether processes can be awaited as [`spawn`] has it, from Linux 5.3 on.
pub fn can_be_awaited() -> bool {
    sys::has_pidfds()
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

/// Why a command did not start.
#[derive(Debug)]
pub enum NotStarted {
    /// No such file.
    NotFound,
    /// The file is there but cannot be executed: why.
    NotExecutable(&'static str),
    /// It did not come to that: there is no process, or not one as it was to be.
    Failed(Error),
}

/// Replace this process by a command, looked up in `PATH`, with `NETNS=namespace` added to the
/// environment and everything else in it untouched.
///
/// # Errors
/// The command did not start; this process goes on.
pub fn exec(command: &[OsString], namespace: &OsStr) -> Result<Infallible, NotStarted> {
    let mut program = program(command, namespace)?;
    let errno = program.exec();
    Err(not_executed(&program, errno))
}

/// What the process of a command is like that [`spawn`] starts.
#[derive(Debug)]
pub struct Start<'a> {
    /// Where its id is written, before anything else can be noticed of it: 0 until then. Then it is
    /// to be waited for, also if the command did not start.
    pub pid: &'a AtomicI32,
    /// Standard input, standard output and standard error, each a descriptor above these.
    pub stdio: [BorrowedFd<'a>; 3],
    /// Which signals are blocked.
    pub mask: &'a SigSet,
    /// SIGPIPE does what it did before.
    pub sigpipe: &'a SigpipeIgnored,
    /// So does SIGCHLD.
    pub sigchld: &'a SigchldHeeded,
    /// If they are to be others than those of this process.
    pub file_limit: Option<FileLimit>,
    /// If it is to be another than the user of this process.
    pub user: Option<&'a User>,
}

/// As [`exec`], in a new process: in the namespaces of this thread, and in a process group of its
/// own. A descriptor that can be read from (poll(2)) when it has ended.
///
/// # Errors
/// The command did not start.
pub fn spawn(
    command: &[OsString],
    namespace: &OsStr,
    start: &Start<'_>,
) -> Result<OwnedFd, NotStarted> {
    let mut program = program(command, namespace)?;
    let start_of_program = spawn::Start {
        pid: start.pid,
        stdio: start.stdio,
        mask: start.mask,
        signals: [start.sigpipe.0, start.sigchld.0],
        file_limit: start.file_limit.map(|FileLimit(soft, hard)| (soft, hard)),
        credentials: start.user.map(User::credentials),
    };
    let failed = |errno| NotStarted::Failed(Error::system("start a process", errno));
    match spawn::spawn(&mut program, &start_of_program) {
        Ok(pidfd) => Ok(pidfd),
        Err(Failure::Exec(errno)) => Err(not_executed(&program, errno)),
        Err(Failure::Clone(errno) | Failure::Prepare(errno)) => Err(failed(errno)),
        Err(Failure::Credentials(errno)) => Err(match start.user {
            Some(user) => NotStarted::Failed(user.not_become(errno)),
            None => failed(errno),
        }),
    }
}

fn program(command: &[OsString], namespace: &OsStr) -> Result<Program, NotStarted> {
    let text = |text: &OsStr| {
        CString::new(text.as_bytes()).map_err(|_| NotStarted::NotExecutable(Errno::EINVAL.desc()))
    };
    let args = command.iter().map(|arg| text(arg));
    let args = args.collect::<Result<_, _>>()?;
    let (key, value) = (text(ENVIRONMENT_VARIABLE.as_ref())?, text(namespace)?);
    Program::new(args, (&key, &value)).map_err(|errno| match errno {
        Errno::ENOENT => NotStarted::NotFound,
        errno => NotStarted::NotExecutable(errno.desc()),
    })
}

/// Why the execution of a program has failed with this error.
fn not_executed(program: &Program, errno: Errno) -> NotStarted {
    match (errno, program.found()) {
        // EACCES is also the errno of a directory in PATH that cannot be searched.
        (Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES, None) => NotStarted::NotFound,
        (Errno::ENOENT | Errno::ENOTDIR, Some(_)) => {
            NotStarted::NotExecutable("its interpreter does not exist")
        }
        (Errno::EACCES, Some(path)) if path.is_dir() => {
            NotStarted::NotExecutable("it is a directory")
        }
        (errno, _) => NotStarted::NotExecutable(errno.desc()),
    }
}
