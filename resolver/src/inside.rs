//! A thread inside the namespace: whatever depends on where a socket was made happens there.
//!
//! Sockets belong to the namespace of the thread that calls socket(2), and so do the answers of
//! netlink and the addresses the kernel would send from. The thread is started when the first
//! lookup needs it, enters the namespace once, and serves any number of lookups, from blocking
//! callers and from any async runtime alike. Its own runtime, for DNS, is made with the first
//! query. It ends with the resolver.

use std::io;
use std::pin::Pin;
use std::process;
use std::sync::Arc;

use netns::Namespace;
use nix::errno::Errno;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use crate::block_on::new_runtime;

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What the thread is asked to do.
enum Job {
    /// Something that does not wait.
    Call(Box<dyn FnOnce() + Send>),
    /// Something that does, in a runtime, or the news that there can be none.
    Task(Box<dyn FnOnce(Result<(), netns::Error>) -> Option<Task> + Send>),
}

/// What failed where a runtime could not be made.
pub(crate) const NO_RUNTIME: &str = "make a runtime for DNS";

/// The handle of the thread.
#[derive(Debug)]
pub(crate) struct Inside {
    jobs: mpsc::UnboundedSender<Job>,
    process: u32,
}

impl Inside {
    /// Start the thread and wait until it has entered the namespace.
    ///
    /// # Errors
    /// If it may not enter, or threads or descriptors have run out.
    pub(crate) fn start(namespace: &Arc<Namespace>) -> Result<Inside, netns::Error> {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (ready, entered) = std::sync::mpsc::sync_channel(1);
        namespace
            .spawn(move |entered| {
                let is_inside = entered.is_ok();
                // If nobody waits any more, the queue is closed too.
                let _ = ready.send(entered);
                if is_inside {
                    serve(queue);
                }
            })
            .map_err(|error| failed("start a thread inside the namespace", &error))?;
        let ended = || netns::Error::system("enter the namespace on a thread", Errno::ESRCH);
        entered.recv().unwrap_or_else(|_| Err(ended()))?;
        Ok(Inside {
            jobs,
            process: process::id(),
        })
    }

    /// Whether the thread still serves: not in the child of a fork, to which threads do not come
    /// along, nor after a panic.
    pub(crate) fn is_alive(&self) -> bool {
        self.process == process::id() && !self.jobs.is_closed()
    }

    /// Call `work` on the thread and wait for what it gives. It holds up everything else there.
    ///
    /// # Errors
    /// If the thread is gone, which happens only when a job has panicked.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, netns::Error> {
        let (answer, given) = oneshot::channel();
        let job = Job::Call(Box::new(move || {
            // Nobody may wait for it any more.
            let _ = answer.send(work());
        }));
        self.jobs.send(job).map_err(|_| gone())?;
        given.await.map_err(|_| gone())
    }

    /// Run `work` in the runtime of the thread, beside whatever else runs there, and wait for what
    /// it gives.
    ///
    /// # Errors
    /// As [`Inside::call`]; also if descriptors have run out for a runtime.
    pub(crate) async fn run<T, F>(
        &self,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Result<T, netns::Error>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (mut answer, given) = oneshot::channel();
        let job = Job::Task(Box::new(move |runtime| {
            if let Err(error) = runtime {
                let _ = answer.send(Err(error));
                return None;
            }
            Some(Box::pin(async move {
                tokio::select! {
                    value = work() => {
                        let _ = answer.send(Ok(value));
                    }
                    // The lookup was dropped: its sockets go with it.
                    () = answer.closed() => {}
                }
            }))
        }));
        self.jobs.send(job).map_err(|_| gone())?;
        given.await.map_err(|_| gone())?
    }
}

fn gone() -> netns::Error {
    let action = "ask the thread inside the namespace, which has panicked (a bug)";
    netns::Error::system(action, Errno::ESRCH)
}

pub(crate) fn failed(action: &'static str, error: &io::Error) -> netns::Error {
    netns::Error::system(action, Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

/// What the thread does: without a runtime as long as none is needed.
fn serve(mut queue: mpsc::UnboundedReceiver<Job>) {
    while let Some(job) = queue.blocking_recv() {
        let begin = match job {
            Job::Call(call) => {
                call();
                continue;
            }
            Job::Task(begin) => begin,
        };
        match new_runtime() {
            Ok(runtime) => {
                return LocalSet::new().block_on(&runtime, serve_both(begin(Ok(())), queue));
            }
            Err(error) => {
                begin(Err(failed(NO_RUNTIME, &error)));
            }
        }
    }
}

async fn serve_both(first: Option<Task>, mut queue: mpsc::UnboundedReceiver<Job>) {
    let spawn = |task: Option<Task>| {
        if let Some(task) = task {
            tokio::task::spawn_local(task);
        }
    };
    spawn(first);
    while let Some(job) = queue.recv().await {
        match job {
            Job::Call(call) => call(),
            Job::Task(begin) => spawn(begin(Ok(()))),
        }
    }
}
