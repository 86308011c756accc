//! A program started in a process of its own, as posix_spawn(3) does it, but as another user too and
//! looked up as execvp(3) does. Reference: clone(2), vfork(2).
//!
//! The new process shares our memory until it has become the program, while the thread that started
//! it waits. So nothing is copied that the program would throw away, and other threads do no harm.
//! What runs in it allocates nothing and takes no lock: whoever kills it must not leave anything half
//! done in our memory.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::sys::resource::{Resource, rlim_t, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::unistd::{Pid, getpid, setpgid};

use super::credentials::Credentials;
use super::process::{Before, restore};
use super::program::Program;

/// What the process is like that becomes the program. It is the leader of its process group.
pub(crate) struct Start<'a> {
    /// Where it writes its id, first of all, so that it can be signalled before it is the program.
    pub(crate) pid: &'a AtomicI32,
    /// Standard input, standard output and standard error: none is one of these here.
    pub(crate) stdio: [BorrowedFd<'a>; 3],
    /// Which signals are blocked.
    pub(crate) mask: &'a SigSet,
    /// What signals are to do.
    pub(crate) signals: [Before; 2],
    /// The limits of open files, soft and hard.
    pub(crate) file_limit: Option<(rlim_t, rlim_t)>,
    pub(crate) credentials: Option<&'a Credentials>,
}

/// Why a program was not started.
pub(crate) enum Failure {
    /// There is no process.
    Clone(Errno),
    /// It could not be made as it was to be.
    Prepare(Errno),
    /// It could not get the user.
    Credentials(Errno),
    Exec(Errno),
}

/// Start it. A descriptor that can be read from when the process has ended.
///
/// If it has an id it is to be waited for, also when it has not become the program.
///
/// # Errors
/// `Clone` with ENOSYS before Linux 5.2.
pub(crate) fn spawn(program: &mut Program, start: &Start<'_>) -> Result<OwnedFd, Failure> {
    let mut stack = MaybeUninit::<Stack>::uninit();
    let end = stack.as_mut_ptr().wrapping_add(1);
    // No signal is to reach it before it has its own mask.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK);
    let mask = mask.map_err(Failure::Clone)?;
    let mut task = Task {
        program,
        start,
        failure: None,
    };
    let mut pidfd: c_int = -1;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    // SAFETY: the stack is large enough, nobody else uses it, and it grows downwards from its
    // aligned end. This thread goes on when the process has ended or has memory of its own, so it
    // does not touch stack and task while the process does. That the process has the thread-local
    // variables of this thread is for the same reason no race.
    let pid = unsafe {
        libc::clone(
            run,
            end.cast(),
            flags,
            (&raw mut task).cast(),
            &raw mut pidfd,
        )
    };
    let cloned = Errno::result(pid);
    let _ = mask.thread_set_mask();
    cloned.map_err(Failure::Clone)?;
    if pidfd < 0 {
        return Err(Failure::Clone(Errno::ENOSYS));
    }
    // SAFETY: the kernel has just opened it for us.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    match task.failure {
        None => Ok(pidfd),
        Some(failure) => Err(failure),
    }
}

/// The stack of the new process, a part of that of the thread that waits for it. What runs there are
/// a few small functions; the alignment is that of a stack on every architecture.
#[repr(align(16))]
struct Stack {
    _bytes: [u8; 16 * 1024],
}

/// What the new process has to do.
struct Task<'a> {
    program: &'a mut Program,
    start: &'a Start<'a>,
    /// Why it has not done it.
    failure: Option<Failure>,
}

extern "C" fn run(task: *mut c_void) -> c_int {
    // SAFETY: it is what `spawn` has passed, which nobody else uses until this process is gone.
    let task = unsafe { &mut *task.cast::<Task<'_>>() };
    let failure = match prepare(task.start) {
        Ok(()) => Failure::Exec(task.program.exec()),
        Err(failure) => failure,
    };
    task.failure = Some(failure);
    c_int::from(u8::MAX)
}

fn prepare(start: &Start<'_>) -> Result<(), Failure> {
    start.pid.store(getpid().as_raw(), Ordering::SeqCst);
    setpgid(Pid::from_raw(0), Pid::from_raw(0)).map_err(Failure::Prepare)?;
    for (number, fd) in (0..).zip(&start.stdio) {
        // SAFETY: only integers are passed.
        let result = unsafe { libc::dup2(fd.as_raw_fd(), number) };
        Errno::result(result).map_err(Failure::Prepare)?;
    }
    if let Some((soft, hard)) = start.file_limit {
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).map_err(Failure::Prepare)?;
    }
    if let Some(credentials) = start.credentials {
        credentials.take().map_err(Failure::Credentials)?;
    }
    start.signals.into_iter().for_each(restore);
    start.mask.thread_set_mask().map_err(Failure::Prepare)
}
