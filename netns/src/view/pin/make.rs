//! A pinned view made, on a thread, and its mount namespace bound under its name.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::errno::Errno;
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, unshare};
use nix::unistd::{Pid, chdir, gettid};

use super::note::Note;
use super::relation::HostMounts;
use super::stamp::Stamp;
use super::{VIEWS, path_in};
use crate::error::errno_of;
use crate::mounts::topmost_below;
use crate::sys::statmount::MountId;
use crate::view::tree::{self, Tree, is_mounted, replace_or_cover, unmount_all};
use crate::view::{Event, Options, View};
use crate::{Error, NAMED_NAMESPACES, Name, Namespace};

/// How many namespaces are made, at most, to use up the numbers that the kernel has set aside for
/// one processor: it sets aside 4096 at a time.
const NUMBERS: usize = 5000;

/// The view to be made.
pub(super) struct NewPin<'a> {
    pub(super) namespace: &'a Namespace,
    pub(super) name: &'a Name,
    pub(super) options: Options,
}

/// What came of making one.
struct Made {
    /// Of binding it.
    bound: nix::Result<()>,
    /// What there is to tell of it.
    events: Vec<Event>,
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
    /// Make it, and bind it under its name.
    pub(super) fn pin(&self, report: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let failed = |errno| Error::system("bind a mount namespace", errno);
        // Its number must be above that of the mount namespace in which it is bound, and numbers
        // are handed out by processor.
        let mut last = Errno::EINVAL;
        for place in Place::all() {
            let made = self.make_and_bind(place)?;
            match made.bound {
                Err(errno @ (Errno::EINVAL | Errno::ELOOP)) => last = errno,
                bound => {
                    made.events.into_iter().for_each(report);
                    return bound.map_err(failed);
                }
            }
        }
        Err(failed(last))
    }

    /// Make a view on a thread, and bind its mount namespace from this one.
    fn make_and_bind(&self, place: Place) -> Result<Made, Error> {
        /// How often it is made while the host goes on mounting.
        const ATTEMPTS: usize = 16;
        for _ in 0..ATTEMPTS {
            if let Some(made) = self.make_once(place)? {
                return Ok(made);
            }
        }
        let action = "pin a view while the host mounts and unmounts all the time";
        Err(Error::system(action, Errno::EBUSY))
    }

    /// None if the mounts of the host have changed meanwhile, so that it may have one too many.
    fn make_once(&self, place: Place) -> Result<Option<Made>, Error> {
        let failed = |errno| Error::system("look at the mounts of the host", errno);
        let mounts = HostMounts::look().map_err(failed)?;
        let (ready, is_ready) = channel();
        let (done, is_done) = channel();
        thread::scope(|scope| {
            let last = mounts.relation.last();
            let thread = thread::Builder::new()
                .spawn_scoped(scope, move || self.make(place, last, &ready, &is_done))
                .map_err(|error| Error::system("start a thread", errno_of(&error)))?;
            let bound = is_ready.recv().map(|thread| {
                if !HostMounts::look()?.is_like(&mounts) {
                    return Ok(false);
                }
                // With the notes of one that was there before, it is set aside.
                bind(thread, self.name)?;
                mounts.keep(self.name)?;
                Ok(true)
            });
            drop(done);
            let events = match thread.join() {
                Ok(events) => events?,
                Err(payload) => std::panic::resume_unwind(payload),
            };
            // It was ready, or not at the place.
            let bound = match bound.unwrap_or(Err(Errno::EINVAL)) {
                Ok(false) => return Ok(None),
                bound => bound.map(drop),
            };
            Ok(Some(Made { bound, events }))
        })
    }

    /// On a thread of its own: make a view, say so, and stay in it until that is heard.
    fn make(
        &self,
        place: Place,
        last: MountId,
        ready: &Sender<Pid>,
        is_done: &Receiver<()>,
    ) -> Result<Vec<Event>, Error> {
        let failed = |action: &'static str| move |errno| Error::system(action, errno);
        let mut events = Vec::new();
        let mut report = |event| events.push(event);
        let leave = unshare(CloneFlags::CLONE_FS).and_then(|()| chdir("/"));
        leave.map_err(failed("leave the working directory"))?;
        match place.go() {
            // It may not run there. There is another place to try.
            Err(_) if matches!(place, Place::Processor(_)) => return Ok(events),
            result => result.map_err(failed("use up the numbers of namespaces"))?,
        }
        let stamp = Stamp::of_host();
        let mut view = View::enter(self.namespace, Some(self.name), self.options, &mut report)?;
        leave_out_namespaces().map_err(failed("leave the mounts on /run/netns out"))?;
        view.settle(&mut report)?;
        let note = Note::new(self.options.sys, last);
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
        replace_or_cover(&Tree::at(&namespace)?, &path)
    } else {
        tree::bind(&namespace, &path)
    }
}
