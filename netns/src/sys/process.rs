//! Becoming the command: environment, signals, capabilities, execvp(3).

use std::convert::Infallible;
use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt as _;
use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::{ForkResult, Pid};

/// What a signal does.
#[derive(Clone, Copy)]
pub(crate) struct Action(libc::sighandler_t);

/// Ignore SIGPIPE, which is inherited across exec. What it did until now.
pub(crate) fn ignore_sigpipe() -> Action {
    // SAFETY: this is no handler, so no code of ours runs in signal context.
    Action(unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) })
}

/// Let SIGPIPE do what it did before [`ignore_sigpipe`].
pub(crate) fn restore_sigpipe(Action(before): Action) {
    // SAFETY: nobody in this program sets a handler, and that of another is vouched for by it.
    unsafe { libc::signal(libc::SIGPIPE, before) };
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
        let result = libc::sigaction(signal as libc::c_int, ptr::null(), action.as_mut_ptr());
        (result, action.assume_init())
    };
    result == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// fork(2), for a process that has one thread: in the new one None.
///
/// # Errors
/// EBUSY if it has several. In the new process locks of the others would never be released.
pub(crate) fn fork() -> nix::Result<Option<Pid>> {
    // A directory with an entry for each thread, and two links of its own.
    let links = std::fs::metadata("/proc/self/task").map_or(0, |metadata| metadata.nlink());
    if links != 3 {
        return Err(Errno::EBUSY);
    }
    // SAFETY: there is no other thread, so no lock is held and nothing is half done.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// Drop the capabilities that a change of user leaves: ambient ones, which become permitted again
/// at exec, and inheritable ones. Reference: capabilities(7), capset(2).
pub(crate) fn drop_kept_capabilities() -> nix::Result<()> {
    // SAFETY: only integers are passed.
    let result = unsafe {
        libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL,
            0,
            0,
            0,
        )
    };
    match Errno::result(result) {
        // EINVAL: a kernel before 4.3, without ambient capabilities.
        Ok(_) | Err(Errno::EINVAL) => {}
        Err(errno) => return Err(errno),
    }
    /// `struct __user_cap_header_struct` of linux/capability.h.
    #[repr(C)]
    struct Header {
        version: u32,
        pid: libc::c_int,
    }
    /// `_LINUX_CAPABILITY_VERSION_3`: two sets of 32 bits, each effective, permitted, inheritable.
    const VERSION_3: u32 = 0x2008_0522;
    let mut header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let none = [[0u32; 3]; 2];
    // SAFETY: header and data have the layout of that version and outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, none.as_ptr()) };
    Errno::result(result).map(drop)
}

/// Whether the kernel gave this program privileges that its caller did not have: it is
/// set-user-ID, set-group-ID or has file capabilities (`AT_SECURE`, getauxval(3)).
pub(crate) fn gained_privileges() -> bool {
    // SAFETY: getauxval reads the auxiliary vector that the kernel gave this process.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Replace this process by a program found through `PATH`, with one environment variable set and
/// all others left as they are, malformed ones too.
///
/// execvpe(3) of the C library, so a file without an interpreter line is run by `/bin/sh`, as a
/// shell and `ip netns exec` do.
pub(crate) fn exec(
    file: &CStr,
    args: &[CString],
    (key, value): (&CStr, &CStr),
) -> nix::Result<Infallible> {
    let key = key.to_bytes();
    let variable = [key, b"=", value.to_bytes_with_nul()].concat();
    let mut envp: Vec<*const c_char> = Vec::new();
    // SAFETY: environ is null or an array of pointers to NUL-terminated strings that ends with a
    // null pointer. Whoever changes it, setenv(3) or std, must by their contracts make sure that
    // nobody reads it meanwhile, and this thread is in here.
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
    envp.extend([variable.as_ptr().cast(), ptr::null()]);
    let argv: Vec<*const c_char> = args
        .iter()
        .map(|arg| arg.as_ptr())
        .chain([ptr::null()])
        .collect();
    // SAFETY: every pointer in both arrays is to a NUL-terminated string that outlives the call,
    // and both end with a null pointer.
    unsafe { libc::execvpe(file.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    Err(Errno::last())
}

unsafe extern "C" {
    /// The environment as the C library has it, environ(7).
    static mut environ: *const *const c_char;
}
