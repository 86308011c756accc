//! Two things at once, where the system gives us a thread.

#![forbid(unsafe_code)]

use std::panic::resume_unwind;
use std::thread;

/// What both give. `first` runs on a thread of its own, or after `second` if none can be had.
pub(crate) fn join<A: Send, B>(first: impl Fn() -> A + Sync, second: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let started = thread::Builder::new().spawn_scoped(scope, &first);
        let second = second();
        let first = match started {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => first(),
        };
        (first, second)
    })
}

/// How many threads to use for `bytes`, so that each has enough to do to be worth starting.
pub(crate) fn threads_for(bytes: usize) -> usize {
    match bytes / (1 << 20) {
        0 | 1 => 1,
        most => thread::available_parallelism().map_or(1, |cores| cores.get().min(most)),
    }
}
