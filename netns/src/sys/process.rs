//! Becoming the command: signals, environment, execvp(3).

use std::ffi::{CStr, CString, c_char, c_int};
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

/// A program with its arguments, and the environment of this process with one variable set and all
/// others left as they are, malformed ones too: all that [`Program::exec`] needs, so that it
/// allocates nothing.
pub(crate) struct Program {
    args: Vec<CString>,
    /// Its strings are those of `args`.
    argv: Vec<*const c_char>,
    /// The one variable, which `envp` ends with.
    _variable: CString,
    envp: Vec<*const c_char>,
}

impl Program {
    /// The program that the first argument names. None if there is none.
    pub(crate) fn new(args: Vec<CString>, (key, value): (&CStr, &CStr)) -> Option<Program> {
        args.first()?;
        let key = key.to_bytes();
        let variable = [key, b"=", value.to_bytes()].concat();
        let variable = CString::new(variable).ok()?;
        let mut envp: Vec<*const c_char> = Vec::new();
        // SAFETY: environ is null or an array of pointers to NUL-terminated strings that ends with
        // a null pointer. Whoever changes it, setenv(3) or std, must by their contracts make sure
        // that nobody reads it meanwhile, and this thread is in here.
        unsafe {
            let mut entry = environ;
            while !entry.is_null() && !(*entry).is_null() {
                let text = CStr::from_ptr(*entry).to_bytes();
                if text.strip_prefix(key).and_then(<[u8]>::first) != Some(&b'=') {
                    envp.push(*entry);
                }
                entry = entry.add(1);
            }
        }
        envp.extend([variable.as_ptr(), ptr::null()]);
        let argv = args.iter().map(|arg| arg.as_ptr());
        let argv = argv.chain([ptr::null()]).collect();
        Some(Program {
            args,
            argv,
            _variable: variable,
            envp,
        })
    }

    /// How many arguments it has, its name among them.
    pub(super) fn count(&self) -> usize {
        self.args.len()
    }

    /// Replace this process by it, found through `PATH`. Why that was not done.
    ///
    /// execvpe(3) of the C library, so a file without an interpreter line is run by `/bin/sh`, as a
    /// shell and `ip netns exec` do.
    pub(crate) fn exec(&self) -> Errno {
        // SAFETY: every pointer in both arrays is to a NUL-terminated string that outlives the
        // call, and both end with a null pointer; argv has a first one.
        unsafe { libc::execvpe(self.argv[0], self.argv.as_ptr(), self.envp.as_ptr()) };
        Errno::last()
    }
}

unsafe extern "C" {
    /// The environment as the C library has it, environ(7).
    static mut environ: *const *const c_char;
}
