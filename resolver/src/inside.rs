//! A thread inside the namespace: whatever depends on where a socket was made happens there.
//!
//! Sockets belong to the namespace of the thread that calls socket(2), and so do the answers of
//! netlink and the addresses the kernel would send from. The thread is started when the first
//! lookup needs it, enters the namespace once, and serves any number of lookups, from blocking
//! callers and from any async runtime alike. It ends with the resolver.

use std::pin::Pin;
use std::process;
use std::sync::Arc;

use netns::Namespace;
use nix::errno::Errno;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

type Task = Pin<Box<dyn Future<Output = ()>>>;
type Job = Box<dyn FnOnce() -> Task + Send>;

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
        let no_thread = |error: std::io::Error| {
            netns::Error::system(
                "start a thread inside the namespace",
                Errno::from_raw(error.raw_os_error().unwrap_or(0)),
            )
        };
        namespace
            .spawn(move |entered| {
                let runtime = entered.and_then(|()| {
                    runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .map_err(no_thread)
                });
                let (runtime, told) = match runtime {
                    Ok(runtime) => (Some(runtime), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                // If nobody waits any more, the queue is closed too.
                let _ = ready.send(told);
                if let Some(runtime) = runtime {
                    LocalSet::new().block_on(&runtime, serve(queue));
                }
            })
            .map_err(no_thread)?;
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

    /// Run `work` on the thread, beside whatever else runs there, and wait for what it gives.
    ///
    /// # Errors
    /// If the thread is gone, which happens only when `work` or another job panicked.
    pub(crate) async fn run<T, F>(
        &self,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Result<T, netns::Error>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (mut answer, given) = oneshot::channel();
        let job: Job = Box::new(move || {
            Box::pin(async move {
                tokio::select! {
                    value = work() => {
                        // Nobody may wait for it any more.
                        let _ = answer.send(value);
                    }
                    // The lookup was dropped: its sockets go with it.
                    () = answer.closed() => {}
                }
            })
        });
        let gone = || {
            let action = "ask the thread inside the namespace, which has panicked (a bug)";
            netns::Error::system(action, Errno::ESRCH)
        };
        self.jobs.send(job).map_err(|_| gone())?;
        given.await.map_err(|_| gone())
    }
}

async fn serve(mut queue: mpsc::UnboundedReceiver<Job>) {
    while let Some(job) = queue.recv().await {
        tokio::task::spawn_local(job());
    }
}
