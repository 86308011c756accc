//! Waiting for a future on the calling thread.
//!
//! Lookups await nothing but answers from the thread inside the namespace, which has a runtime of
//! its own, so it takes none to wait for them ([`block_on`]). Where the calling thread is inside
//! itself and has nothing else to do, DNS can be asked there, without the other thread
//! ([`drive`]).

use std::cell::RefCell;
use std::io;
use std::mem;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use netns::Namespace;
use tokio::runtime::{self, Runtime};
use tokio::task::unconstrained;

use crate::sources::Probes;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// Drive `future` on this thread, parked while there is nothing to do. Unlike that of a crate for
/// it, it may be called from within another executor.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// The [`drive`] that a thread is in.
struct Driven {
    /// That the thread is in, if it is that of the lookups.
    namespace: Option<Arc<Namespace>>,
    runtime: Option<Rc<Runtime>>,
    probes: Probes,
}

thread_local! {
    static DRIVEN: RefCell<Option<Driven>> = const { RefCell::new(None) };
}

/// Drive `future` on this thread, which stays in the network namespace that it is in. For lookups
/// in `namespace` the first call of [`runtime_in`] makes a runtime; so this is not to be called
/// within another.
pub(crate) fn drive<T>(namespace: &Arc<Namespace>, future: impl Future<Output = T>) -> T {
    /// Also when the future panics.
    struct End(Option<Driven>);
    impl Drop for End {
        fn drop(&mut self) {
            DRIVEN.set(self.0.take());
        }
    }
    let _end = End(DRIVEN.replace(Some(Driven {
        namespace: namespace.is_current().then(|| namespace.clone()),
        runtime: None,
        probes: Probes::default(),
    })));
    let mut future = pin!(future);
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        match DRIVEN.with_borrow(|driven| driven.as_ref()?.runtime.clone()) {
            // It is polled again, so that it waits for what this runtime wakes. There is no other
            // task that it would have to make way for.
            Some(runtime) => return runtime.block_on(unconstrained(future)),
            None => thread::park(),
        }
    }
}

/// Whether this thread is in a [`drive`] of lookups in the namespace, and in that itself.
pub(crate) fn is_driven_in(namespace: &Arc<Namespace>) -> bool {
    let is_it = |driven: &Driven| {
        let it = driven.namespace.as_ref();
        it.is_some_and(|it| Arc::ptr_eq(it, namespace))
    };
    DRIVEN.with_borrow(|driven| driven.as_ref().is_some_and(is_it))
}

/// The runtime of the [`drive`] that this thread is in, made if there is none yet. None where
/// [`is_driven_in`] is false.
pub(crate) fn runtime_in(namespace: &Arc<Namespace>) -> Option<io::Result<Rc<Runtime>>> {
    if !is_driven_in(namespace) {
        return None;
    }
    DRIVEN.with_borrow_mut(|driven| {
        let runtime = &mut driven.as_mut()?.runtime;
        Some(match runtime {
            Some(runtime) => Ok(runtime.clone()),
            None => new_runtime().map(|new| runtime.insert(Rc::new(new)).clone()),
        })
    })
}

/// Ask for sources with sockets that are kept as long as the [`drive`] that this thread is in, if
/// that is one of lookups in the namespace of the thread. Elsewhere with new ones: what the kernel
/// knows of a socket's owner, its user and control group, it has from when the socket was made.
pub(crate) fn with_probes<T>(ask: impl FnOnce(&mut Probes) -> T) -> T {
    let swap = |probes| {
        DRIVEN.with_borrow_mut(|driven| match driven {
            Some(driven) if driven.namespace.is_some() => mem::replace(&mut driven.probes, probes),
            _ => Probes::default(),
        })
    };
    let mut probes = swap(Probes::default());
    let answer = ask(&mut probes);
    swap(probes.kept());
    answer
}

/// One for the sockets and timers of DNS, on the thread that drives it.
pub(crate) fn new_runtime() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}
