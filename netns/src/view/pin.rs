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
use nix::fcntl::{Flock, FlockArg, OFlag, OpenHow, ResolveFlag, openat2};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, unshare};
use nix::unistd::{Pid, chdir, gettid};

use super::record::{self, RECORD};
use super::tree::{Tree, is_mounted, replace, unmount_all};
use super::{Event, Options, View, tmpfs};
use crate::error::errno_of;
use crate::sys::nsfs::namespace_type;
use crate::{Error, NAMED_NAMESPACES, Name, Namespace};
pub(super) use enter::enter;
use note::Note;
pub(crate) use note::is_in_pinned_view;
use outside::Here;
use relation::Relation;
use stamp::Stamp;

/// Where all that is kept of them is.
const PINS: &str = "/run/netns-exec/pins";

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
/// As [`View::enter`]; [`Error::CannotPin`] where mounts of the host would not come into it;
/// [`Error::System`].
pub fn pin(
    namespace: &Namespace,
    name: &Name,
    options: Options,
    report: &mut dyn FnMut(Event),
) -> Result<(), Error> {
    let failed = |action: &'static str| move |errno| Error::system(action, errno);
    if is_mounted(Path::new(RECORD)) {
        let why = "this is a view itself";
        let advice = "run it on the host";
        return Err(Error::CannotPin { why, advice });
    }
    let _lock = lock().map_err(failed("lock /run/netns-exec"))?;
    make_directory().map_err(failed("make the directory of pinned views"))?;
    let (relation, mounts) = Relation::new().map_err(failed("look at the mounts of the host"))?;
    // Before the view, so that this name never has one without it.
    relation::note(name, relation, &mounts).map_err(failed("note the mounts of the host"))?;
    let wanted = Wanted {
        namespace,
        name,
        options,
        relation,
    };
    // The number of a mount namespace must be above that of the one in which it is bound, and
    // numbers are handed out by processor.
    let mut last = Errno::EINVAL;
    for place in Place::all() {
        match prepare_and_bind(&wanted, place, report)? {
            Ok(()) => return Ok(()),
            Err(errno @ (Errno::EINVAL | Errno::ELOOP)) => last = errno,
            Err(errno) => return Err(failed("bind a mount namespace")(errno)),
        }
    }
    Err(failed("bind a mount namespace")(last))
}

/// Forget the pinned view of this name. False if there is none. Commands in it go on.
///
/// # Errors
/// [`Error::System`].
pub fn unpin(name: &Name) -> Result<bool, Error> {
    let failed = |errno| Error::system(format!("unpin {name}"), errno);
    let _lock = match lock() {
        Err(Errno::ENOENT) => return Ok(false),
        lock => lock.map_err(failed)?,
    };
    let path = path_in(VIEWS, name);
    let was_pinned = open(name).map_err(failed)?.is_some();
    unmount_all(&path).map_err(failed)?;
    relation::forget(name).map_err(failed)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(errno_of(&error))),
        _ => Ok(was_pinned),
    }
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
    match openat2(nix::fcntl::AT_FDCWD, &path_in(VIEWS, name), how) {
        // A plain file is what a killed process has left, or what others see of a pin.
        Ok(file) if namespace_type(&file) == Ok(libc::CLONE_NEWNS) => Ok(Some(file)),
        Ok(_) | Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// One at a time makes and removes pins.
fn lock() -> nix::Result<Flock<fs::File>> {
    let parent = Path::new(PINS).parent().unwrap_or(Path::new("/run"));
    let directory = match fs::File::open(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            record::make_mount_point(parent)?;
            fs::File::open(parent)
        }
        directory => directory,
    };
    let directory = directory.map_err(|error| errno_of(&error))?;
    Flock::lock(directory, FlockArg::LockExclusive).map_err(|(_, errno)| errno)
}

/// A file system of its own that is private: what is bound there is for this mount namespace.
fn make_directory() -> nix::Result<()> {
    let pins = Path::new(PINS);
    if !is_mounted(pins) {
        record::make_mount_point(pins)?;
        tmpfs::put_on(pins)?;
    }
    let none: Option<&Path> = None;
    mount(none, pins, none, MsFlags::MS_PRIVATE, none)?;
    record::make_mount_point(&pins.join(VIEWS))?;
    record::make_mount_point(&pins.join(MOUNTS))
}

/// The view to be made.
struct Wanted<'a> {
    namespace: &'a Namespace,
    name: &'a Name,
    options: Options,
    relation: Relation,
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

/// Make a view on a thread and bind its mount namespace from this one. The inner error is that of
/// the latter.
fn prepare_and_bind(
    wanted: &Wanted,
    place: Place,
    report: &mut dyn FnMut(Event),
) -> Result<nix::Result<()>, Error> {
    let (ready, is_ready) = channel();
    let (done, is_done) = channel();
    thread::scope(|scope| {
        let work = move || prepare(wanted, place, &ready, &is_done);
        let thread = thread::Builder::new()
            .spawn_scoped(scope, work)
            .map_err(|error| Error::system("start a thread", errno_of(&error)))?;
        let bound = is_ready.recv().map(|thread| bind(thread, wanted.name));
        drop(done);
        let events = match thread.join() {
            Ok(events) => events?,
            Err(payload) => std::panic::resume_unwind(payload),
        };
        events.into_iter().for_each(report);
        // It was ready, or not at the place.
        Ok(bound.unwrap_or(Err(Errno::EINVAL)))
    })
}

/// On a thread of its own: make a view, say so, and stay in it until that is heard.
fn prepare(
    wanted: &Wanted,
    place: Place,
    ready: &Sender<Pid>,
    is_done: &Receiver<()>,
) -> Result<Vec<Event>, Error> {
    let failed = |action: &'static str| move |errno| Error::system(action, errno);
    let mut events = Vec::new();
    let mut report = |event| events.push(event);
    unshare(CloneFlags::CLONE_FS).map_err(failed("leave the working directory"))?;
    chdir("/").map_err(failed("enter /"))?;
    if !Here::look()
        .and_then(|here| here.is_root_of_namespace())
        .map_err(failed("look at /"))?
    {
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
    let Wanted {
        namespace,
        name,
        options,
        ..
    } = *wanted;
    let mut view = View::enter(namespace, Some(name), options, &mut report)?;
    unmount_all(Path::new(NAMED_NAMESPACES))
        .map_err(failed("leave the mounts on /run/netns out"))?;
    view.settle(&mut report)?;
    let note = Note::new(options.sys, &wanted.relation.noted()).and_then(|note| note.write());
    note.and_then(|()| stamp.write())
        .map_err(failed("note that a view is pinned"))?;
    let _ = ready.send(gettid());
    // An error is what ends the wait.
    let _ = is_done.recv();
    Ok(events)
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
