//! Views found from outside: mount namespaces of this host in which the record of a view is
//! mounted.
//!
//! Whoever is in a view may change the root directory of a process of theirs, and put up anything
//! in a mount namespace of their own. So it is never a process that says what its view is: a
//! mount namespace is first asked who owns it, which looks up no path, and then entered.

use std::collections::{HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::{Mode, umask};

use super::pin;
use super::record::{Mounted, Record, open_root};
use super::tree::look_below;
use crate::error::errno_of;
use crate::file_id::FileId;
use crate::namespace::NamespaceId;
use crate::sys::nsfs::owner;
use crate::{ETC, Error, Name, Process};

/// How often `/proc` is read for processes that have come while it was read.
const ROUNDS: usize = 4;

/// How many mount namespaces are held open to be looked at.
const AT_ONCE: usize = 256;

/// A mount namespace that holds a view of this host's `/etc`, made by netns-exec for one of the
/// host's own users: views in containers and user namespaces are theirs to look after.
#[derive(Debug)]
pub struct FoundView {
    record: Record,
    id: NamespaceId,
    /// Its root directory (`O_PATH`). It does not keep the mount namespace: when that is gone, the
    /// record is not found below it any more.
    root: OwnedFd,
    processes: Vec<Process>,
    /// The mount namespace, where it is pinned.
    pinned: Option<OwnedFd>,
}

impl FoundView {
    /// All views, or those that show the overrides of `name`: also of commands that run on in the
    /// background, and of mount namespaces that were copied from a view.
    ///
    /// # Errors
    /// [`Error::System`] where `/proc` is not mounted.
    pub fn all(name: Option<&Name>) -> Result<Vec<FoundView>, Error> {
        let mut views = Vec::new();
        look_for(name, &mut views)?;
        Ok(views)
    }

    /// Which view it is.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// One that is pinned, without its processes. None if the mount namespace holds no view of this
    /// `/etc`.
    pub(super) fn of_pinned(namespace: OwnedFd) -> Result<Option<FoundView>, Error> {
        let here = Here::look()?;
        let mut views = Vec::new();
        let candidates = here.candidate(namespace).into_iter().collect();
        here.add_views(candidates, None, &mut views)?;
        Ok(views.pop())
    }

    /// The processes that were in it when it was found, at least one if it is not pinned.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    pub(super) fn id(&self) -> NamespaceId {
        self.id
    }

    /// The record as it is now. None if the view is gone.
    pub(super) fn mounted(&self) -> nix::Result<Option<Mounted>> {
        Mounted::below(&self.root)
    }

    /// The file that programs of the view get by opening the absolute `path`.
    pub(super) fn look(&self, path: &Path) -> nix::Result<OwnedFd> {
        look_below(&self.root, path)
    }

    pub(super) fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// Run `work` on a thread inside. None if all of its processes are gone, unless it is pinned.
    pub(super) fn inside<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<Option<T>, Error> {
        // A number may belong to another process since.
        let open = |process: &Process| {
            let namespace = process.open_mount_namespace().ok()?;
            let id = FileId::of_fd(&namespace).map(NamespaceId::of);
            (id == Ok(self.id)).then_some(namespace)
        };
        let opened;
        let namespace = match &self.pinned {
            Some(namespace) => namespace,
            None => match self.processes.iter().find_map(open) {
                Some(namespace) => {
                    opened = namespace;
                    &opened
                }
                None => return Ok(None),
            },
        };
        on_thread(|| {
            enter(namespace).map_err(failed)?;
            work().map(Some)
        })
    }
}

/// Find the views that there are now: those known already keep their place and their descriptor,
/// with the processes they have now; those that are gone go. How many were known: the others come
/// behind them.
pub(super) fn look_for(name: Option<&Name>, views: &mut Vec<FoundView>) -> Result<usize, Error> {
    let here = Here::look()?;
    let mut found: HashMap<NamespaceId, Vec<Process>> = HashMap::new();
    let mut seen = HashSet::new();
    // Until there is none that is new; a bounded number of times, for there may always be.
    for _ in 0..ROUNDS {
        let new = Process::all_but(&seen)?;
        if new.is_empty() {
            break;
        }
        for process in new {
            seen.insert(process.pid());
            // Otherwise it is gone, or another user's.
            if let Ok(id) = process.mount_namespace()
                && id != here.mount_namespace
            {
                found.entry(id).or_default().push(process);
            }
        }
    }
    let mut pinned: HashMap<_, _> = pin::all()
        .into_iter()
        .filter_map(|namespace| Some((id_of(&namespace)?, namespace)))
        .collect();
    for id in pinned.keys() {
        found.entry(*id).or_default();
    }
    views.retain_mut(|view| match found.remove(&view.id) {
        // Its number may be that of another mount namespace since.
        Some(processes) if view.mounted().is_ok_and(|record| record.is_some()) => {
            view.processes = processes;
            view.pinned = pinned.remove(&view.id);
            true
        }
        Some(processes) => {
            found.insert(view.id, processes);
            false
        }
        None => false,
    });
    let known = views.len();
    // In the order of their first processes.
    let mut new: Vec<_> = found.into_iter().collect();
    new.sort_by_key(|(_, processes)| processes.first().map(Process::pid));
    let mut new = new.into_iter().peekable();
    while new.peek().is_some() {
        let some = new.by_ref().take(AT_ONCE);
        let candidates = some.filter_map(|(id, processes)| {
            let candidate = match pinned.remove(&id) {
                Some(namespace) => here.candidate(namespace),
                None => here.open_own(id, &processes),
            };
            Some(Candidate {
                processes,
                ..candidate?
            })
        });
        here.add_views(candidates.collect(), name, views)?;
    }
    Ok(known)
}

/// A mount namespace of this user namespace that may hold a view.
struct Candidate {
    id: NamespaceId,
    namespace: OwnedFd,
    is_pinned: bool,
    processes: Vec<Process>,
}

fn id_of(namespace: &OwnedFd) -> Option<NamespaceId> {
    FileId::of_fd(namespace).map(NamespaceId::of).ok()
}

/// Run something on a thread of its own, which may enter other mount namespaces. What it creates
/// has the mode that is asked for, whatever the umask of the process.
pub(super) fn on_thread<T: Send>(
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, || {
            // Until then it shares its root and working directory, and the umask, with the others.
            unshare(CloneFlags::CLONE_FS).map_err(failed)?;
            umask(Mode::empty());
            work()
        });
        match thread.map_err(|error| failed(errno_of(&error)))?.join() {
            Ok(result) => result,
            Err(payload) => std::panic::resume_unwind(payload),
        }
    })
}

fn enter(namespace: &OwnedFd) -> nix::Result<()> {
    setns(namespace, CloneFlags::CLONE_NEWNS)
}

fn failed(errno: nix::errno::Errno) -> Error {
    Error::system("enter the mount namespace of a view", errno)
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
        let failed = |errno| Error::system("look for the view that this process is in", errno);
        let etc = match Mounted::here().map_err(failed)? {
            Some(record) => record.host_etc().and_then(FileId::of_fd).map_err(failed)?,
            None => id_of(Path::new(ETC))?,
        };
        Ok(Here {
            mount_namespace: NamespaceId::of(id_of(Path::new("/proc/self/ns/mnt"))?),
            user_namespace: id_of(Path::new("/proc/self/ns/user"))?,
            etc,
        })
    }

    /// The mount namespace that these processes are in, if it belongs to this user namespace.
    fn open_own(&self, id: NamespaceId, processes: &[Process]) -> Option<Candidate> {
        let namespace = processes.iter().find_map(|process| {
            let namespace = process.open_mount_namespace().ok()?;
            (id_of(&namespace) == Some(id)).then_some(namespace)
        })?;
        let candidate = self.candidate(namespace)?;
        Some(Candidate {
            is_pinned: false,
            ..candidate
        })
    }

    /// A pinned mount namespace, if it belongs to this user namespace.
    fn candidate(&self, namespace: OwnedFd) -> Option<Candidate> {
        let owner = owner(&namespace).and_then(FileId::of_fd);
        (owner == Ok(self.user_namespace)).then_some(Candidate {
            id: id_of(&namespace)?,
            namespace,
            is_pinned: true,
            processes: Vec::new(),
        })
    }

    /// Enter each, and add those that are views.
    fn add_views(
        &self,
        candidates: Vec<Candidate>,
        name: Option<&Name>,
        views: &mut Vec<FoundView>,
    ) -> Result<(), Error> {
        let roots = on_thread(|| {
            let root = |it: &Candidate| enter(&it.namespace).and_then(|()| open_root());
            Ok(candidates.iter().map(root).collect::<Vec<_>>())
        })?;
        for (candidate, root) in candidates.into_iter().zip(roots) {
            if let Ok(root) = root
                && let Some(record) = self.record_below(&root)
                && name.is_none_or(|name| record.name.as_ref() == Some(name))
            {
                views.push(FoundView {
                    record,
                    id: candidate.id,
                    root,
                    processes: candidate.processes,
                    pinned: candidate.is_pinned.then_some(candidate.namespace),
                });
            }
        }
        Ok(())
    }

    /// The record of a view over this very `/etc`.
    fn record_below(&self, root: &OwnedFd) -> Option<Record> {
        let record = Mounted::below(root).ok()??;
        let etc = record.host_etc().and_then(FileId::of_fd);
        (etc == Ok(self.etc)).then(|| record.read().ok().flatten())?
    }
}
