//! The entry of a program that is started thousands of times.

/// Make `main`, a function that returns an exit status as `u8`, the entry of a program with
/// `#![no_main]`.
///
/// What std does before a `fn main` is left out: it reads `/proc/self/maps` and sets up signal
/// handlers for a message on stack overflow, ignores SIGPIPE, and opens `/dev/null` where a
/// standard descriptor is closed, which a command started by the program would inherit. That is a
/// third of what it takes to start a small static program. Arguments are known all the same, the C
/// library hands them to std.
///
/// A program that wants the latter two has [`SigpipeIgnored`](crate::process::SigpipeIgnored), to
/// be kept to the end, and
/// [`open_standard_descriptors`](crate::process::open_standard_descriptors).
#[macro_export]
macro_rules! entry_point {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn main() -> core::ffi::c_int {
            let status: u8 = $main();
            // Unlike a return this lets std flush what was printed.
            std::process::exit(status.into())
        }
    };
}
