//! Pinned views: prepared once, kept as a file, used by every later command.
//!
//! A view costs a copy of all that is mounted on the host, and each named namespace is a mount. A
//! pinned one has been made, without those of `/run/netns`, and is entered by setns(2). Its file is
//! its mount namespace, bound on a private file system:
//!
//! ```text
//! /run/netns-exec/pins/views/alpha
//! ```
//!
//! The kernel copies no such file to another mount namespace, so a pin is seen where it was made
//! and nowhere else: not in a view, and not in a container that shares `/run`.

mod enter;
mod note;
mod outside;
mod relation;
mod stamp;

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, Flock, FlockArg, OFlag, OpenHow, ResolveFlag, openat2, readlinkat};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, unshare};
use nix::unistd::{Pid, gettid, symlinkat};

use super::record::{self, RECORD};
use super::tree::{Tree, is_mounted, replace, unmount_all};
use super::{Event, Options, Umask, View, tmpfs};
use crate::error::errno_of;
use crate::mounts::topmost_below;
use crate::sys::nsfs::namespace_type;
use crate::sys::statmount::mount_at;
use crate::{Error, NAMED_NAMESPACES, Name, Namespace};
pub(super) use enter::{Pinned, enter};
use note::Note;
pub(crate) use note::is_in_pinned_view;
use outside::Outside;
use relation::HostMounts;
use stamp::Stamp;

/// Where all that is kept of them is.
const PINS: &str = "/run/netns-exec/pins";

/// What who changes that has locked.
const LOCK: &str = "/run/netns-exec/lock";

/// The link in it to the number of its mount.
const OWN: &str = "mount";

/// The directory in it of the views.
const VIEWS: &str = "views";

/// The directory in it of what is noted of the host's mounts.
const MOUNTS: &str = "mounts";

/// How many namespaces are made, at most, to use up the numbers that the kernel has set aside for
/// one processor: it sets aside 4096 at a time.
const NUMBERS: usize = 5000;

/// Prepare a view of the namespace called `name` and keep it for later commands, in the place of
/// one that is kept already. Commands that run in that one go on in it.
///
/// # Errors
/// As [`View::enter`]; [`Error::CannotPin`] where pins are made in vain.
pub fn pin(
    namespace: &Namespace,
    name: &Name,
    options: Options,
    report: &mut dyn FnMut(Event),
) -> Result<(), Error> {
    let failed = |action: &'static str| move |errno| Error::system(action, errno);
    let _umask = Umask::usual();
    refuse_in_view()?;
    let _lock = lock().map_err(failed("lock /run/netns-exec"))?;
    make_directory()?;
    let mounts = HostMounts::look().map_err(failed("look at the mounts of the host"))?;
    let new = NewPin {
        namespace,
        name,
        options,
        mounts,
    };
    // The number of a mount namespace must be above that of the one in which it is bound, and
    // numbers are handed out by processor.
    let mut last = Errno::EINVAL;
    for place in Place::all() {
        let (bound, events) = new.make_and_bind(place)?;
        match bound {
            Err(errno @ (Errno::EINVAL | Errno::ELOOP)) => last = errno,
            bound => {
                events.into_iter().for_each(report);
                return bound.map_err(failed("bind a mount namespace"));
            }
        }
    }
    Err(failed("bind a mount namespace")(last))
}

/// Forget the pinned view of this name. False if there is none. Commands in it go on.
///
/// # Errors
/// [`Error::CannotPin`] where pins are not made; [`Error::System`].
pub fn unpin(name: &Name) -> Result<bool, Error> {
    let failed = |errno| Error::system(format!("unpin {name}"), errno);
    refuse_in_view()?;
    if !is_mounted(Path::new(PINS)) {
        return Ok(false);
    }
    let _lock = lock().map_err(failed)?;
    refuse_those_of_others()?;
    let path = path_in(VIEWS, name);
    let was_pinned = open(name).map_err(failed)?.is_some();
    unmount_all(&path).map_err(failed)?;
    relation::forget(name).map_err(failed)?;
    match fs::remove_file(&path) {
        Err(error) => match errno_of(&error) {
            // The mount is in a copy of this tree somewhere too. What is here now is no pin.
            Errno::EBUSY | Errno::ENOENT => Ok(was_pinned),
            errno => Err(failed(errno)),
        },
        Ok(()) => Ok(was_pinned),
    }
}

fn refuse_in_view() -> Result<(), Error> {
    if !is_mounted(Path::new(RECORD)) {
        return Ok(());
    }
    Err(Error::CannotPin {
        why: "this is a view itself",
        advice: "run it on the host",
    })
}

/// The pinned views that there are: mount namespaces by name.
pub(super) fn all() -> Vec<(Name, OwnedFd)> {
    let entries = fs::read_dir(Path::new(PINS).join(VIEWS))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.filter_map(|entry| Name::new(entry.file_name()).ok());
    names
        .filter_map(|name| Some((open(&name).ok()??, name)))
        .map(|(namespace, name)| (name, namespace))
        .collect()
}

fn path_in(directory: &str, name: &Name) -> PathBuf {
    Path::new(PINS).join(directory).join(name.as_os_str())
}

/// The mount namespace that is pinned under this name, if one is.
fn open(name: &Name) -> nix::Result<Option<OwnedFd>> {
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    match openat2(AT_FDCWD, &path_in(VIEWS, name), how) {
        // A plain file is what a killed process has left, or what others see of a pin.
        Ok(file) if namespace_type(&file) == Ok(libc::CLONE_NEWNS) => Ok(Some(file)),
        Ok(_) | Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// One at a time makes and removes pins. Nobody else can open the file.
fn lock() -> nix::Result<Flock<fs::File>> {
    let path = Path::new(LOCK);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options.custom_flags(OFlag::O_NOFOLLOW.bits());
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            record::make_mount_point(path.parent().unwrap_or(Path::new("/run")))?;
            options.open(path)
        }
        file => file,
    };
    let file = file.map_err(|error| errno_of(&error))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno)
}

/// A file system of its own that is private: what is bound there is for this mount namespace.
fn make_directory() -> Result<(), Error> {
    let pins = Path::new(PINS);
    if is_mounted(pins) {
        return refuse_those_of_others();
    }
    let make = || -> nix::Result<()> {
        record::make_mount_point(pins)?;
        tmpfs::put_on(pins)?;
        let none: Option<&Path> = None;
        mount(none, pins, none, MsFlags::MS_PRIVATE, none)?;
        record::make_mount_point(&pins.join(VIEWS))?;
        record::make_mount_point(&pins.join(MOUNTS))?;
        let own = mount_at(pins)?.0.number().to_string();
        symlinkat(own.as_str(), AT_FDCWD, &pins.join(OWN))
    };
    make().map_err(|errno| Error::system("make the directory of pinned views", errno))
}

/// A mount namespace that was made later has a copy of the mount, and of none of the pins.
fn refuse_those_of_others() -> Result<(), Error> {
    let pins = Path::new(PINS);
    let is_own = || -> nix::Result<bool> {
        let own = mount_at(pins)?.0.number().to_string();
        Ok(readlinkat(AT_FDCWD, &pins.join(OWN))? == *own)
    };
    if is_own() == Ok(true) {
        return Ok(());
    }
    Err(Error::CannotPin {
        why: "the pinned views are those of another mount namespace",
        advice: "run it there, or mount a tmpfs on /run/netns-exec",
    })
}

/// The view to be made.
struct NewPin<'a> {
    namespace: &'a Namespace,
    name: &'a Name,
    options: Options,
    mounts: HostMounts,
}

/// Where to make a mount namespace.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Wherever this runs.
    Here,
    /// On a processor.
    Processor(usize),
    /// Wherever this runs, when the numbers set aside there are used up.
    AfterAllNumbers,
}

impl Place {
    fn all() -> impl Iterator<Item = Place> {
        let processors = (0..CpuSet::count()).map(Place::Processor);
        [Place::Here]
            .into_iter()
            .chain(processors)
            .filter(|place| !matches!(place, Place::Processor(index) if !is_there(*index)))
            .chain([Place::AfterAllNumbers])
    }

    /// Move this thread there.
    fn go(self) -> nix::Result<()> {
        match self {
            Place::Here => Ok(()),
            Place::Processor(index) => {
                let mut set = CpuSet::new();
                set.set(index)?;
                sched_setaffinity(Pid::from_raw(0), &set)
            }
            Place::AfterAllNumbers => {
                // The cheapest kind.
                (0..NUMBERS).try_for_each(|_| unshare(CloneFlags::CLONE_NEWUTS))
            }
        }
    }
}

fn is_there(processor: usize) -> bool {
    Path::new(&format!("/sys/devices/system/cpu/cpu{processor}")).exists()
}

impl NewPin<'_> {
    /// Make a view on a thread, and bind its mount namespace from this one: what came of the latter,
    /// and what there is to tell.
    fn make_and_bind(&self, place: Place) -> Result<(nix::Result<()>, Vec<Event>), Error> {
        let (ready, is_ready) = channel();
        let (done, is_done) = channel();
        thread::scope(|scope| {
            let thread = thread::Builder::new()
                .spawn_scoped(scope, move || self.make(place, &ready, &is_done))
                .map_err(|error| Error::system("start a thread", errno_of(&error)))?;
            let bound = is_ready.recv().map(|thread| {
                // Before the view, so that this name never has one without it.
                self.mounts.keep(self.name)?;
                bind(thread, self.name)
            });
            drop(done);
            let events = match thread.join() {
                Ok(events) => events?,
                Err(payload) => std::panic::resume_unwind(payload),
            };
            // It was ready, or not at the place.
            Ok((bound.unwrap_or(Err(Errno::EINVAL)), events))
        })
    }

    /// On a thread of its own: make a view, say so, and stay in it until that is heard.
    fn make(
        &self,
        place: Place,
        ready: &Sender<Pid>,
        is_done: &Receiver<()>,
    ) -> Result<Vec<Event>, Error> {
        let failed = |action: &'static str| move |errno| Error::system(action, errno);
        let mut events = Vec::new();
        let mut report = |event| events.push(event);
        let is_whole = Outside::look().and_then(|here| here.enter_namespace_again());
        if !is_whole.map_err(failed("look at /"))? {
            let why = "this process has a root directory of its own";
            let advice = "run it on the host";
            return Err(Error::CannotPin { why, advice });
        }
        match place.go() {
            // It may not run there. There is another place to try.
            Err(_) if matches!(place, Place::Processor(_)) => return Ok(events),
            result => result.map_err(failed("use up the numbers of namespaces"))?,
        }
        let stamp = Stamp::of_host();
        let mut view = View::enter(self.namespace, Some(self.name), self.options, &mut report)?;
        leave_out_namespaces().map_err(failed("leave the mounts on /run/netns out"))?;
        view.settle(&mut report)?;
        let note = Note::new(self.options.sys, self.mounts.relation.last());
        note.and_then(|note| note.write())
            .and_then(|()| stamp.write())
            .map_err(failed("note that a view is pinned"))?;
        let _ = ready.send(gettid());
        // An error is what ends the wait.
        let _ = is_done.recv();
        Ok(events)
    }
}

/// Unmount what is on `/run/netns`, or below it where that is no mount: a pinned view would keep
/// the namespaces alive.
fn leave_out_namespaces() -> nix::Result<()> {
    let directory = Path::new(NAMED_NAMESPACES);
    unmount_all(directory)?;
    if !directory.is_dir() {
        return Ok(());
    }
    let (_, below) = topmost_below(directory).map_err(|error| errno_of(&error))?;
    below.iter().try_for_each(|mount| unmount_all(&mount.point))
}

/// Bind the mount namespace of a thread under this name. If there is one already, the new one
/// takes its place without a moment in which neither is there.
fn bind(thread: Pid, name: &Name) -> nix::Result<()> {
    let path = path_in(VIEWS, name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).mode(0o000);
    match options.open(&path) {
        Ok(_) => {}
        // It is a namespace, or a file that only root may open.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
        Err(error) => return Err(errno_of(&error)),
    }
    let namespace = PathBuf::from(format!("/proc/self/task/{thread}/ns/mnt"));
    if is_mounted(&path) {
        replace(&Tree::at(&namespace)?, &path)
    } else {
        super::tree::bind(&namespace, &path)
    }
}
