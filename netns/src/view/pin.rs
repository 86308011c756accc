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
mod make;
mod note;
mod outside;
mod relation;
mod stamp;

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, Flock, FlockArg, OFlag, OpenHow, ResolveFlag, openat2, readlinkat};
use nix::mount::{MsFlags, mount};
use nix::unistd::symlinkat;

use super::record::{self, RECORD};
use super::tree::{is_mounted, unmount_all};
use super::{Event, Options, Umask, tmpfs};
use crate::error::errno_of;
use crate::sys::nsfs::namespace_type;
use crate::sys::statmount::mount_at;
use crate::{Error, Name, Namespace};
pub(super) use enter::{Pinned, enter};
use make::NewPin;
pub(crate) use note::is_in_pinned_view;

/// Where all that is kept of them is.
const PINS: &str = "/run/netns-exec/pins";

/// The link in it to the number of its mount.
const OWN: &str = "mount";

/// The directory in it of the views.
const VIEWS: &str = "views";

/// The directory in it of what is noted of the host's mounts.
const MOUNTS: &str = "mounts";

/// What who makes or removes pins has locked.
const LOCK: &str = "/run/netns-exec/lock";

/// Prepare a view of the namespace called `name` and keep it for later commands, in the place of
/// one that is kept already. Commands that run in that one go on in it.
///
/// # Errors
/// As [`View::enter`](super::View::enter); [`Error::CannotPin`] where pins are made in vain.
pub fn pin(
    namespace: &Namespace,
    name: &Name,
    options: Options,
    report: &mut dyn FnMut(Event),
) -> Result<(), Error> {
    let failed = |action: &'static str| move |errno| Error::system(action, errno);
    let _umask = Umask::usual();
    refuse_in_view()?;
    refuse_own_root()?;
    let _lock = lock().map_err(failed("lock /run/netns-exec"))?;
    make_directory()?;
    let new = NewPin {
        namespace,
        name,
        options,
    };
    new.pin(report)
}

/// Forget the pinned view of this name. False if there is none. Commands in it go on.
///
/// # Errors
/// [`Error::CannotPin`] where pins are not made; [`Error::System`].
pub fn unpin(name: &Name) -> Result<bool, Error> {
    let failed = |errno| Error::system(format!("unpin {name}"), errno);
    refuse_in_view()?;
    if !is_there() {
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

/// Whoever enters a mount namespace gets its root directory.
fn refuse_own_root() -> Result<(), Error> {
    if outside::has_root_of_namespace()? {
        return Ok(());
    }
    Err(Error::CannotPin {
        why: "this process has a root directory of its own",
        advice: "run it on the host",
    })
}

/// The mount namespaces that are pinned.
pub(super) fn all() -> Vec<OwnedFd> {
    let entries = fs::read_dir(Path::new(PINS).join(VIEWS))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.filter_map(|entry| Name::new(entry.file_name()).ok());
    names.filter_map(|name| open(&name).ok()?).collect()
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
    let was_there = is_there();
    if was_there {
        refuse_those_of_others()?;
    }
    let make = || -> nix::Result<()> {
        if !is_mounted(pins) {
            record::make_mount_point(pins)?;
            tmpfs::put_on(pins)?;
        }
        // Somebody may have made all mounts shared since.
        let none: Option<&Path> = None;
        mount(none, pins, none, MsFlags::MS_PRIVATE, none)?;
        if was_there {
            return Ok(());
        }
        record::make_mount_point(&pins.join(VIEWS))?;
        record::make_mount_point(&pins.join(MOUNTS))?;
        let own = mount_at(pins)?.0.number().to_string();
        symlinkat(own.as_str(), AT_FDCWD, &pins.join(OWN))
    };
    make().map_err(|errno| Error::system("make the directory of pinned views", errno))
}

/// Whether it is complete: last of all it is noted whose it is.
fn is_there() -> bool {
    is_mounted(Path::new(PINS)) && Path::new(PINS).join(OWN).is_symlink()
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
