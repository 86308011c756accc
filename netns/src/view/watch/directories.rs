//! The directories in which something can happen that concerns a view: inotify(7).

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

use crate::host_resolvers::HOST_RESOLVERS;
use crate::{ETC, Error, Name, OVERRIDES};

/// Those that are watched.
pub(super) struct Directories {
    name: Option<Name>,
    inotify: Inotify,
    watched: HashMap<WatchDescriptor, Purpose>,
    /// There may be one that is not watched yet.
    is_incomplete: bool,
}

/// What has happened in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Happened {
    /// Anything that concerns a view.
    pub(super) something: bool,
    /// It may be more than what can be seen of a view from outside.
    pub(super) hidden: bool,
}

/// What a directory is watched for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// It is `/etc`.
    Etc,
    /// There are overrides in it, or directories of overrides.
    Overrides,
    /// A daemon has its socket in it.
    Daemon,
    /// One of these may come, and lead to the directory of a daemon.
    Towards(HashSet<OsString>),
}

impl Purpose {
    fn is_met_by(&self, event: &InotifyEvent) -> bool {
        match (self, &event.name) {
            (Purpose::Towards(names), Some(name)) => names.contains(name),
            _ => true,
        }
    }

    /// Whether a directory that is to be watched may have come, or a link that leads to one.
    fn may_lead_on(&self, event: &InotifyEvent) -> bool {
        let comes = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
        event.mask.intersects(comes)
            && match self {
                Purpose::Etc => event.name.as_deref() == Path::new(OVERRIDES).file_name(),
                Purpose::Overrides | Purpose::Towards(_) => true,
                Purpose::Daemon => false,
            }
    }

    /// Two paths may lead to one directory.
    fn join(&mut self, other: Purpose) {
        match (self, other) {
            (Purpose::Towards(names), Purpose::Towards(others)) => names.extend(others),
            (purpose @ Purpose::Towards(_), other) => *purpose = other,
            _ => {}
        }
    }
}

impl AsFd for Directories {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

impl Directories {
    /// Those of all namespaces, or of the one called `name`; none is watched yet.
    pub(super) fn new(name: Option<Name>) -> Result<Directories, Error> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)
            .map_err(|errno| Error::system("watch for changes", errno))?;
        Ok(Directories {
            name,
            inotify,
            watched: HashMap::new(),
            is_incomplete: true,
        })
    }

    /// Take all events.
    pub(super) fn drain(&mut self) -> Result<Happened, Error> {
        let mut happened = Happened::default();
        loop {
            match self.inotify.read_events() {
                Ok(events) => events
                    .iter()
                    .for_each(|event| self.take(event, &mut happened)),
                Err(Errno::EAGAIN) => return Ok(happened),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::system("read what has changed", errno)),
            }
        }
    }

    fn take(&mut self, event: &InotifyEvent, happened: &mut Happened) {
        let Some(purpose) = self.watched.get(&event.wd) else {
            // The queue has overflown.
            (happened.something, happened.hidden) = (true, true);
            self.is_incomplete = true;
            return;
        };
        if purpose.is_met_by(event) {
            happened.something = true;
            happened.hidden |= matches!(purpose, Purpose::Daemon | Purpose::Towards(_));
            self.is_incomplete |= purpose.may_lead_on(event);
        }
        // The directory itself is gone.
        if event.mask.contains(AddWatchFlags::IN_IGNORED) {
            self.watched.remove(&event.wd);
            self.is_incomplete = true;
        }
    }

    /// Watch every directory that there is now. Whether one of them was not watched before.
    pub(super) fn complete(&mut self) -> Result<bool, Error> {
        if !std::mem::take(&mut self.is_incomplete) {
            return Ok(false);
        }
        let known = self.watched.len();
        self.watch(Path::new(ETC), Purpose::Etc)?;
        for directory in of_overrides(self.name.as_ref()) {
            self.watch(&directory, Purpose::Overrides)?;
        }
        for resolver in HOST_RESOLVERS {
            let directory = Path::new(resolver.directory);
            self.watch(directory, Purpose::Daemon)?;
            for below in directory.ancestors() {
                if let Some((parent, name)) = below.parent().zip(below.file_name())
                    && parent.parent().is_some()
                {
                    self.watch(parent, Purpose::Towards(HashSet::from([name.into()])))?;
                }
            }
        }
        Ok(self.watched.len() > known)
    }

    fn watch(&mut self, path: &Path, purpose: Purpose) -> Result<(), Error> {
        let flags = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        match self.inotify.add_watch(path, flags) {
            Ok(descriptor) => {
                self.watched
                    .entry(descriptor)
                    .and_modify(|known| known.join(purpose.clone()))
                    .or_insert(purpose);
                Ok(())
            }
            Err(Errno::ENOSPC) => Err(Error::system(
                "watch more directories (raise fs.inotify.max_user_watches)",
                Errno::ENOSPC,
            )),
            Err(Errno::ENOMEM) => Err(Error::system("watch more directories", Errno::ENOMEM)),
            // It comes and goes, or is none: what is above it is watched.
            Err(_) => Ok(()),
        }
    }
}

/// `/etc/netns`, the directories in it, and those to which links lead out of them.
fn of_overrides(name: Option<&Name>) -> Vec<PathBuf> {
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
