//! What a process hands on to a command: signals, standard descriptors.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::Signal;

/// What a signal did before it was made to do something else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before(Signal, libc::sighandler_t);

/// Ignore a signal, which is inherited across exec.
pub(crate) fn ignore(signal: Signal) -> Before {
    handle(signal, libc::SIG_IGN)
}

/// Let a signal do what it does by default, which is inherited across exec.
pub(crate) fn let_be(signal: Signal) -> Before {
    handle(signal, libc::SIG_DFL)
}

/// Let a signal do what it did.
pub(crate) fn restore(Before(signal, handler): Before) {
    handle(signal, handler);
}

fn handle(signal: Signal, handler: libc::sighandler_t) -> Before {
    // SAFETY: nobody in this program sets a handler, so no code of ours runs in signal context, and
    // one that was there before is vouched for by who has set it.
    Before(signal, unsafe { libc::signal(signal as c_int, handler) })
}

/// How many of the standard descriptors, 0 to 2, are closed.
pub(crate) fn closed_standard_descriptors() -> nix::Result<usize> {
    let mut all = [0, 1, 2].map(|fd| libc::pollfd {
        fd,
        events: 0,
        revents: 0,
    });
    // SAFETY: the array has the length that is told and outlives the call.
    Errno::result(unsafe { libc::poll(all.as_mut_ptr(), all.len() as libc::nfds_t, 0) })?;
    let is_closed = |it: &&libc::pollfd| it.revents & libc::POLLNVAL != 0;
    Ok(all.iter().filter(is_closed).count())
}

/// Whether this process ignores the signal. Reference: sigaction(2).
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set; the buffer is a struct sigaction to write to, and zeros are one.
    let (result, action) = unsafe {
        let result = libc::sigaction(signal as c_int, ptr::null(), action.as_mut_ptr());
        (result, action.assume_init())
    };
    result == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// Whether the kernel has descriptors of processes that tell of their end, pidfd_open(2).
pub(crate) fn has_pidfds() -> bool {
    // SAFETY: only integers are passed.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, libc::getpid(), 0) };
    match Errno::result(fd) {
        Ok(fd) => {
            // SAFETY: the kernel has just opened it for us.
            drop(unsafe { OwnedFd::from_raw_fd(fd as RawFd) });
            true
        }
        // A filter that forbids the call says nothing about the kernel.
        Err(errno) => errno != Errno::ENOSYS,
    }
}

/// Whether the kernel gave this program privileges that its caller did not have: it is
/// set-user-ID, set-group-ID or has file capabilities (`AT_SECURE`, getauxval(3)).
pub(crate) fn gained_privileges() -> bool {
    // SAFETY: getauxval reads the auxiliary vector that the kernel gave this process.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}
