//! Views found from outside: by what their processes see at the place of the record.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};

use super::record::{Record, host_etc_path};
use crate::error::errno_of;
use crate::file_id::FileId;
use crate::namespace::NamespaceId;
use crate::sys::nsfs::owner;
use crate::{ETC, Error, Name, Process};

/// A mount namespace that holds a view of this host's `/etc`, made by netns-exec for one of the
/// host's own users: views in containers and user namespaces are theirs to look after.
#[derive(Clone, Debug)]
pub struct FoundView {
    record: Record,
    id: NamespaceId,
    processes: Vec<Process>,
}

impl FoundView {
    /// All views, or those that show the overrides of `name`: also of commands that run on in the
    /// background, and of mount namespaces that were copied from a view.
    ///
    /// # Errors
    /// [`Error::System`] where `/proc` is not mounted.
    pub fn all(name: Option<&Name>) -> Result<Vec<FoundView>, Error> {
        let here = Here::look()?;
        let mut views: Vec<FoundView> = Vec::new();
        let mut found = HashMap::new();
        for process in Process::all()? {
            let Ok(id) = process.mount_namespace() else {
                continue; // It is gone, or another user's.
            };
            if id == here.mount_namespace {
                continue;
            }
            if let Some(&index) = found.get(&id) {
                let view: &mut FoundView = &mut views[index];
                view.processes.push(process);
                continue;
            }
            // A process that has changed its root may see no record where others do.
            let Ok(Some(record)) = Record::of(&process) else {
                continue;
            };
            if name.is_none_or(|name| record.name.as_ref() == Some(name)) && here.owns(&process) {
                found.insert(id, views.len());
                views.push(FoundView {
                    record,
                    id,
                    processes: vec![process],
                });
            }
        }
        Ok(views)
    }

    /// Which view it is.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The processes that were in it when it was found, at least one.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    pub(super) fn id(&self) -> NamespaceId {
        self.id
    }

    /// Do something with one of its processes. None if all are gone.
    pub(super) fn with_process<T>(
        &self,
        mut work: impl FnMut(&Process) -> nix::Result<T>,
    ) -> nix::Result<Option<T>> {
        let result = self.processes.iter().try_for_each(|process| {
            let result = match process.mount_namespace() {
                Ok(id) if id == self.id => work(process),
                _ => Err(Errno::ESRCH),
            };
            match result {
                // Gone, perhaps in the midst of the work.
                Err(Errno::ESRCH | Errno::ENOENT) => ControlFlow::Continue(()),
                result => ControlFlow::Break(result),
            }
        });
        match result {
            ControlFlow::Continue(()) => Ok(None),
            ControlFlow::Break(result) => result.map(Some),
        }
    }

    /// Run `work` on a thread inside. None if all of its processes are gone.
    pub(super) fn inside<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<Option<T>, Error> {
        let failed = |errno| Error::system("enter the mount namespace of a view", errno);
        let namespace = self
            .with_process(Process::open_mount_namespace)
            .map_err(failed)?;
        // A number may belong to another process since.
        let Some(namespace) = namespace
            .filter(|fd| FileId::of_fd(fd).is_ok_and(|file| NamespaceId::of(file) == self.id))
        else {
            return Ok(None);
        };
        thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, || {
                enter(&namespace).map_err(failed)?;
                work()
            });
            let thread = thread.map_err(|error| failed(errno_of(&error)))?;
            match thread.join() {
                Ok(result) => result.map(Some),
                Err(payload) => std::panic::resume_unwind(payload),
            }
        })
    }
}

/// Move this thread, which shares its root and working directory with the others until then.
fn enter(namespace: &OwnedFd) -> nix::Result<()> {
    unshare(CloneFlags::CLONE_FS)?;
    setns(namespace, CloneFlags::CLONE_NEWNS)
}

/// Where this process is.
struct Here {
    mount_namespace: NamespaceId,
    user_namespace: FileId,
    /// The host's `/etc`.
    etc: FileId,
}

impl Here {
    fn look() -> Result<Here, Error> {
        let id_of = |path: &Path| {
            FileId::of_path(path)
                .map_err(|errno| Error::system(format!("look at {}", path.display()), errno))
        };
        Ok(Here {
            mount_namespace: NamespaceId::of(id_of(Path::new("/proc/self/ns/mnt"))?),
            user_namespace: id_of(Path::new("/proc/self/ns/user"))?,
            etc: FileId::of_path(&host_etc_path()).or_else(|_| id_of(Path::new(ETC)))?,
        })
    }

    /// Whether the view that the process is in goes over this `/etc`, and belongs to this user
    /// namespace. What another one's user has mounted must not decide what we write to.
    fn owns(&self, process: &Process) -> bool {
        let same_etc = process
            .look(&host_etc_path())
            .and_then(FileId::of_fd)
            .is_ok_and(|etc| etc == self.etc);
        same_etc
            && process
                .open_mount_namespace()
                .and_then(owner)
                .and_then(FileId::of_fd)
                .is_ok_and(|owner| owner == self.user_namespace)
    }
}
