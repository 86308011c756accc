//! Views healed as soon as something happens to them: a loop on inotify(7).
//!
//! Events only say when to look; what is to be done is found out by looking. So nothing is lost
//! when events are.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::found::FoundView;
use super::heal::{Care, Mended};
use crate::host_resolvers::HOST_RESOLVERS;
use crate::namespace::NamespaceId;
use crate::{ETC, Error, Name, OVERRIDES};

/// How long the host may take to put a new file where it has removed one, in milliseconds.
const PATIENCE: u16 = 500;

/// Something worth telling while views are watched.
#[derive(Debug)]
pub enum WatchEvent<'a> {
    /// All views are whole, and whatever happens from now on is seen.
    Ready,
    /// Something was put right in a view.
    Mended(&'a FoundView, &'a Mended),
    /// A view could not be healed. Told once, until something else is wrong with it.
    Failed(&'a FoundView, &'a Error),
}

/// What it takes to watch.
pub struct Watch {
    name: Option<Name>,
    inotify: Inotify,
    signals: SignalFd,
    /// The directories watched, and whether they are those of the host's daemons.
    directories: HashMap<WatchDescriptor, bool>,
    failures: HashMap<NamespaceId, String>,
}

impl Watch {
    /// Watch over all views, or those that show the overrides of `name`.
    ///
    /// SIGTERM, SIGINT and SIGHUP are blocked in the calling thread from now on: they end
    /// [`Watch::run`].
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn new(name: Option<Name>) -> Result<Watch, Error> {
        let failed = |errno| Error::system("watch for changes", errno);
        let inotify =
            Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).map_err(failed)?;
        let mask = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP]);
        mask.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Watch {
            name,
            inotify,
            signals: SignalFd::with_flags(&mask, flags).map_err(failed)?,
            directories: HashMap::new(),
            failures: HashMap::new(),
        })
    }

    /// Heal views whenever one needs it, until a signal says to end.
    ///
    /// # Errors
    /// [`Error::System`] if it is not possible to watch any longer.
    pub fn run(mut self, report: &mut dyn FnMut(WatchEvent<'_>)) -> Result<(), Error> {
        self.watch_directories()?;
        let mut is_waiting = self.heal(true, true, report)?;
        report(WatchEvent::Ready);
        loop {
            let timeout = if is_waiting {
                PollTimeout::from(PATIENCE)
            } else {
                PollTimeout::NONE
            };
            let Some(is_event) = self.wait(timeout)? else {
                return Ok(());
            };
            let thorough = self.drain()?;
            // Before looking: what happens afterwards is an event again.
            self.watch_directories()?;
            is_waiting = self.heal(thorough, is_event, report)?;
        }
    }

    /// Wait for something to happen. None if it is a signal, false if the time is over.
    fn wait(&self, timeout: PollTimeout) -> Result<Option<bool>, Error> {
        let mut fds = [
            PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        loop {
            match poll(&mut fds, timeout) {
                Ok(_) if fds[1].any() == Some(true) => return Ok(None),
                Ok(_) => return Ok(Some(fds[0].any() == Some(true))),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::system("wait for changes", errno)),
            }
        }
    }

    /// Take all events. Whether views are to be entered even if they look whole.
    fn drain(&self) -> Result<bool, Error> {
        let mut thorough = false;
        loop {
            match self.inotify.read_events() {
                Ok(events) => {
                    for event in events {
                        // A descriptor that is not known: the queue has overflown.
                        thorough |= self
                            .directories
                            .get(&event.wd)
                            .is_none_or(|of_daemons| *of_daemons);
                    }
                }
                Err(Errno::EAGAIN) => return Ok(thorough),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::system("read what has changed", errno)),
            }
        }
    }

    /// Heal all views. Whether something is left to be done.
    fn heal(
        &mut self,
        thorough: bool,
        patient: bool,
        report: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<bool, Error> {
        let views = FoundView::all(self.name.as_ref())?;
        let mut is_waiting = false;
        for view in &views {
            match view.heal(Care { thorough, patient }) {
                Ok(healed) => {
                    self.failures.remove(&view.id());
                    is_waiting |= healed.is_waiting;
                    for mended in &healed.mended {
                        report(WatchEvent::Mended(view, mended));
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    if self.failures.insert(view.id(), text.clone()) != Some(text) {
                        report(WatchEvent::Failed(view, &error));
                    }
                }
            }
        }
        self.failures
            .retain(|id, _| views.iter().any(|view| view.id() == *id));
        Ok(is_waiting)
    }

    /// Watch every directory in which something can happen that concerns a view. Those that are
    /// watched already stay so.
    fn watch_directories(&mut self) -> Result<(), Error> {
        let mut directories = HashSet::from([PathBuf::from(ETC)]);
        directories.extend(directories_of_overrides(self.name.as_ref()));
        for directory in directories {
            self.watch_directory(&directory, false)?;
        }
        let daemons: HashSet<&Path> = HOST_RESOLVERS
            .iter()
            .flat_map(|resolver| Path::new(resolver.directory).ancestors())
            .filter(|directory| directory.parent().is_some())
            .collect();
        for directory in daemons {
            self.watch_directory(directory, true)?;
        }
        Ok(())
    }

    fn watch_directory(&mut self, path: &Path, of_daemons: bool) -> Result<(), Error> {
        let flags = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        match self.inotify.add_watch(path, flags) {
            Ok(descriptor) => {
                self.directories.entry(descriptor).or_insert(of_daemons);
                Ok(())
            }
            // It comes and goes: what is above it is watched.
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => Ok(()),
            Err(Errno::ENOSPC) => Err(Error::system(
                "watch more directories (raise fs.inotify.max_user_watches)",
                Errno::ENOSPC,
            )),
            Err(errno) => Err(Error::system(format!("watch {}", path.display()), errno)),
        }
    }
}

/// `/etc/netns`, the directories in it, and those to which links lead out of them.
fn directories_of_overrides(name: Option<&Name>) -> Vec<PathBuf> {
    let root = PathBuf::from(OVERRIDES);
    let entries = |directory: &Path| {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let namespaces = match name {
        Some(name) => vec![root.join(name.as_os_str())],
        None => entries(&root),
    };
    let files = namespaces.iter().flat_map(|directory| entries(directory));
    let elsewhere: Vec<PathBuf> = files
        .chain(namespaces.iter().cloned())
        .filter(|path| path.is_symlink())
        .filter_map(|link| Some(fs::canonicalize(link).ok()?.parent()?.to_owned()))
        .collect();
    [vec![root], namespaces, elsewhere].concat()
}
