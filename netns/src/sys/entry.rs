//! The entry of a program that is started thousands of times.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;

/// Make `main`, a function from the arguments, the name of the program first, to an exit status
/// (`fn(Vec<OsString>) -> u8`), the entry of a program with `#![no_main]`.
///
/// What std does before a `fn main` is left out: it reads `/proc/self/maps` and sets up signal
/// handlers for a message on stack overflow, ignores SIGPIPE, and opens `/dev/null` where a
/// standard descriptor is closed, which a command started by the program would inherit. That is a
/// third of what it takes to start a small static program. So [`std::env::args_os`] need not know
/// the arguments; that depends on the C library.
///
/// A program that wants the latter two has [`SigpipeIgnored`](crate::process::SigpipeIgnored), to
/// be kept to the end, and
/// [`open_standard_descriptors`](crate::process::open_standard_descriptors).
#[macro_export]
macro_rules! entry_point {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn main(
            argc: core::ffi::c_int,
            argv: *const *const core::ffi::c_char,
        ) -> core::ffi::c_int {
            // SAFETY: these are what the C library calls `main` with.
            let status: u8 = $main(unsafe { $crate::arguments(argc, argv) });
            // Unlike a return this lets std flush what was printed.
            std::process::exit(status.into())
        }
    };
}

/// The arguments of a C `main`.
///
/// # Safety
/// `argv` is an array of `argc` pointers to NUL-terminated strings.
#[doc(hidden)]
#[must_use]
pub unsafe fn arguments(argc: c_int, argv: *const *const c_char) -> Vec<OsString> {
    let count = usize::try_from(argc).unwrap_or(0);
    // SAFETY: by the contract of this function.
    let text = |index| unsafe { CStr::from_ptr(*argv.add(index)) };
    let text = |index| OsStr::from_bytes(text(index).to_bytes()).to_owned();
    (0..count).map(text).collect()
}
