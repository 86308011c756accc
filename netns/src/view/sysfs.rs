//! A sysfs of the namespace on `/sys`, with everything kept that was mounted below the old one.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::Event;
use super::tree::{Tree, is_expired, unmount};
use crate::Error;
use crate::error::errno_of;
use crate::mounts::{self, Mount};
use crate::printable::printable;
use crate::sys::mount::mount_flags;
use crate::sys::statmount::{mount_at, mount_info, some_after};

const SYS: &str = "/sys";

/// Something that is mounted below the old `/sys`.
enum Kept {
    /// Another file system, with all that is mounted below it.
    Tree(Tree),
    /// A part of the sysfs bound on itself, usually read-only: what counts are its flags.
    Part(MsFlags),
}

/// Where something was mounted below `/sys` when it was looked at, for who covers it many times.
/// It may be so no more.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<PathBuf>);

impl Known {
    /// Nothing, where that cannot be told.
    pub(super) fn look() -> Known {
        let (old, mounts) = match mounts::topmost_below(Path::new(SYS)) {
            Ok((old, mounts)) if old.point == Path::new(SYS) => (old, mounts),
            _ => return Known::default(),
        };
        let others = mounts.into_iter().filter(|it| it.device != old.device);
        Known(others.map(|it| it.point).collect())
    }
}

/// Cover `/sys`. Covering is cheaper than unmounting, which waits for a grace period.
///
/// With `aside`, an empty directory, the new sysfs is made there and what is below the old one is
/// moved, where that is possible: in a user namespace it is not. What is `known` is tried first.
pub(super) fn replace(
    aside: Option<&Path>,
    known: &Known,
    report: &mut dyn FnMut(Event),
) -> Result<(), Error> {
    let sys = Path::new(SYS);
    let Ok(flags) = mount_flags(sys) else {
        report(Event::Warning(
            "there is no /sys to put a sysfs of the namespace on".into(),
        ));
        return Ok(());
    };
    let mounted = |target: &Path, source: &Path| Event::Mounted {
        target: target.into(),
        source: source.into(),
    };
    if let Some(moved) = aside.and_then(|aside| move_over(aside, flags, known)) {
        report(mounted(sys, Path::new("sysfs")));
        for point in moved {
            report(mounted(&point, &point));
        }
        return Ok(());
    }
    let (old, mounts) = mounts::topmost_below(sys).map_err(|error| {
        let action = "see in /proc/self/mountinfo what is mounted below /sys (mount /proc, or \
                      leave /sys alone with --sys keep)";
        Error::system(action, errno_of(&error))
    })?;
    let kept = copies(&old, &mounts)?;
    match make(sys, flags) {
        Ok(()) => report(mounted(sys, Path::new("sysfs"))),
        // It is the sysfs of the namespace already, for this process was in it.
        Err(Errno::EBUSY) => return Ok(()),
        Err(errno) => {
            report(Event::Warning(format!(
                "/sys stays the host's: a sysfs of the namespace cannot be mounted here: {}",
                errno.desc()
            )));
            return Ok(());
        }
    }
    for (path, kept) in kept {
        match put_back(&path, &kept) {
            Ok(()) => report(mounted(&path, &path)),
            Err(errno) => report(Event::Warning(format!(
                "{} is not mounted in the view: {}",
                printable(&path),
                errno.desc()
            ))),
        }
    }
    Ok(())
}

/// Make the new sysfs aside, move there what is mounted below the old one, and move it over that.
/// Where that had been mounted; None if it cannot be done, and all is as it was.
fn move_over(aside: &Path, flags: MsFlags, known: &Known) -> Option<Vec<PathBuf>> {
    make(aside, flags).ok()?;
    let mut moving = Moving {
        sys: SYS.into(),
        aside,
        moved: Vec::new(),
    };
    let done = moving
        .all(known)
        .and_then(|()| move_to(aside, Path::new(SYS)));
    match done {
        Ok(()) => Some(moving.moved),
        Err(_) => {
            moving.undo();
            None
        }
    }
}

/// Of what is mounted below the old `/sys`, to the same places below the new one aside.
struct Moving<'a> {
    /// Where the old one is: without symlinks if any has been met.
    sys: PathBuf,
    aside: &'a Path,
    moved: Vec<PathBuf>,
}

impl Moving<'_> {
    fn all(&mut self, known: &Known) -> nix::Result<()> {
        if self.known(known) || self.nearest()? {
            return Ok(());
        }
        let listed = mounts::topmost_below(Path::new(SYS));
        let (old, mounts) = listed.map_err(|error| errno_of(&error))?;
        self.sys = old.point;
        let mut mounts = mounts.iter();
        mounts.try_for_each(|it| self.one(&it.point, it.device == old.device))
    }

    /// Move those that are known, as far as they still are there. Whether none is left then.
    fn known(&mut self, Known(points): &Known) -> bool {
        for point in points {
            let _ = self.one(point, false);
        }
        !points.is_empty() && is_expired(Path::new(SYS)) == Ok(true)
    }

    /// Move those whose numbers follow that of the old one, as they do in a mount namespace that has
    /// just been copied, until none is left. False if some are, or that cannot be told. To look for
    /// them among all mounts takes longer the more the host has.
    fn nearest(&mut self) -> nix::Result<bool> {
        let sys = Path::new(SYS);
        // None before Linux 6.8, or behind a filter that does not know the calls.
        let next = mount_at(sys).and_then(|(old, device)| Ok((old, device, some_after(old)?)));
        let Ok((old, device, next)) = next else {
            return Ok(false);
        };
        // Once after each that has been moved.
        let mut may_be_last = true;
        for id in next {
            match mount_info(id) {
                Ok(mount) if !mounts::is_strictly_below(sys, &mount.point) => break,
                Ok(mount) if mount.parent == old => {
                    self.one(&mount.point, mount.device == device)?;
                    may_be_last = true;
                }
                // Below another one, or gone meanwhile.
                Ok(_) | Err(_) if may_be_last => match is_expired(sys) {
                    Ok(true) => return Ok(true),
                    Ok(false) => may_be_last = false,
                    Err(_) => return Ok(false),
                },
                Ok(_) | Err(_) => {}
            }
        }
        Ok(is_expired(sys).unwrap_or(false))
    }

    /// EBUSY if it cannot be moved.
    fn one(&mut self, point: &Path, is_part: bool) -> nix::Result<()> {
        let hides = |moved: &PathBuf| moved.starts_with(point) || point.starts_with(moved);
        // A part of the old sysfs would stay the host's, and a path through another mount may mean
        // something else.
        if is_part || self.moved.iter().any(hides) {
            return Err(Errno::EBUSY);
        }
        let place = self.place(point).ok_or(Errno::EBUSY)?;
        move_to(point, &place).map_err(|_| Errno::EBUSY)?;
        self.moved.push(point.to_owned());
        Ok(())
    }

    /// Where it goes. None for what is not below `/sys`.
    fn place(&self, point: &Path) -> Option<PathBuf> {
        let below = point.strip_prefix(&self.sys).ok()?;
        Some(self.aside.join(below))
    }

    fn undo(&self) {
        for point in &self.moved {
            if let Some(place) = self.place(point) {
                let _ = move_to(&place, point);
            }
        }
        let _ = unmount(self.aside);
    }
}

fn move_to(from: &Path, to: &Path) -> nix::Result<()> {
    let none: Option<&Path> = None;
    mount(Some(from), to, none, MsFlags::MS_MOVE, none)
}

/// What is mounted below the old `/sys`, to be put back.
fn copies(old: &Mount, mounts: &[Mount]) -> Result<Vec<(PathBuf, Kept)>, Error> {
    let mut kept = Vec::with_capacity(mounts.len());
    for mount in mounts {
        let look = || {
            if mount.device == old.device {
                return mount_flags(&mount.point).map(Kept::Part);
            }
            Tree::at(&mount.point).map(Kept::Tree)
        };
        match look() {
            Ok(it) => kept.push((mount.point.clone(), it)),
            // The host has just unmounted it.
            Err(Errno::ENOENT) => {}
            Err(errno) => {
                let action = format!("keep {}", printable(&mount.point));
                return Err(Error::system(action, errno));
            }
        }
    }
    Ok(kept)
}

fn put_back(path: &Path, kept: &Kept) -> nix::Result<()> {
    match kept {
        Kept::Tree(tree) => tree.attach_at(path),
        Kept::Part(flags) => {
            Tree::at(path)?.attach_at(path)?;
            set_flags(path, *flags)
        }
    }
}

fn make(place: &Path, flags: MsFlags) -> nix::Result<()> {
    // Read-only is for this mount alone, never for the file system that others share.
    let first = flags.difference(MsFlags::MS_RDONLY);
    mount(Some("sysfs"), place, Some("sysfs"), first, None::<&Path>)?;
    if flags.contains(MsFlags::MS_RDONLY) {
        return set_flags(place, flags).inspect_err(|_| {
            let _ = unmount(place);
        });
    }
    Ok(())
}

fn set_flags(path: &Path, flags: MsFlags) -> nix::Result<()> {
    let none: Option<&Path> = None;
    mount(
        none,
        path,
        none,
        flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND,
        none,
    )
}
