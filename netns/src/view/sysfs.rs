//! A sysfs of the namespace on `/sys`, with everything kept that was mounted below the old one.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::Event;
use super::tree::Tree;
use crate::error::errno_of;
use crate::printable::printable;
use crate::{Error, mounts};

const SYS: &str = "/sys";

/// The mount flags that are kept, as statvfs(3) and mount(2) spell them.
const FLAGS: [(FsFlags, MsFlags); 6] = [
    (FsFlags::ST_RDONLY, MsFlags::MS_RDONLY),
    (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
    (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
    (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
    (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
];

/// Something that is mounted below the old `/sys`.
enum Kept {
    /// Another file system, with all that is mounted below it.
    Tree(Tree),
    /// A part of the sysfs bound on itself, usually read-only: what counts are its flags.
    Part(FsFlags),
}

/// Cover `/sys`. Covering is cheaper than unmounting, which waits for a grace period.
pub(super) fn replace(report: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let sys = Path::new(SYS);
    let Ok(flags) = statvfs(sys) else {
        report(Event::Warning(
            "there is no /sys to put a sysfs of the namespace on".into(),
        ));
        return Ok(());
    };
    let kept = kept_mounts(sys)?;
    match cover(sys, flags.flags()) {
        Ok(()) => report(Event::Mounted {
            target: sys.into(),
            source: "sysfs".into(),
        }),
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
            Ok(()) => report(Event::Mounted {
                target: path.clone(),
                source: path,
            }),
            Err(errno) => report(Event::Warning(format!(
                "{} is not mounted in the view: {}",
                printable(&path),
                errno.desc()
            ))),
        }
    }
    Ok(())
}

/// What is mounted below the old `/sys`.
fn kept_mounts(sys: &Path) -> Result<Vec<(PathBuf, Kept)>, Error> {
    let (old, mounts) = mounts::topmost_below(sys).map_err(|error| {
        let action = "see in /proc/self/mountinfo what is mounted below /sys (mount /proc, or \
                      leave /sys alone with --sys keep)";
        Error::system(action, errno_of(&error))
    })?;
    let mut kept = Vec::with_capacity(mounts.len());
    for mount in mounts {
        let look = || {
            if mount.device == old.device {
                return statvfs(&mount.point).map(|it| Kept::Part(it.flags()));
            }
            Tree::at(&mount.point).map(Kept::Tree)
        };
        match look() {
            Ok(it) => kept.push((mount.point, it)),
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
            set_flags(path, mount_flags(*flags))
        }
    }
}

fn cover(sys: &Path, old: FsFlags) -> nix::Result<()> {
    let flags = mount_flags(old);
    // Read-only is for this mount alone, never for the file system that others share.
    let first = flags.difference(MsFlags::MS_RDONLY);
    mount(Some("sysfs"), sys, Some("sysfs"), first, None::<&Path>)?;
    if flags.contains(MsFlags::MS_RDONLY) {
        set_flags(sys, flags)?;
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

fn mount_flags(old: FsFlags) -> MsFlags {
    let mut flags: MsFlags = FLAGS
        .iter()
        .filter(|(flag, _)| old.contains(*flag))
        .map(|(_, flag)| *flag)
        .collect();
    let is_strictatime = !old.intersects(FsFlags::ST_RELATIME | FsFlags::ST_NOATIME);
    flags.set(MsFlags::MS_STRICTATIME, is_strictatime);
    flags
}
