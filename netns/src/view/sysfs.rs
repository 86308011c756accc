//! A sysfs of the namespace on `/sys`, with everything kept that was mounted below the old one.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{fstat, stat};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::Event;
use super::tree::{Tree, refer_to};
use crate::error::errno_of;
use crate::printable::printable;
use crate::sys::mount::{is_mount_root, move_mount, new_mount};
use crate::{Error, mounts};

const SYS: &str = "/sys";

/// The mount flags that are kept, as statvfs(3), mount(2) and fsmount(2) spell them.
const FLAGS: [(FsFlags, MsFlags, u32); 6] = [
    (
        FsFlags::ST_RDONLY,
        MsFlags::MS_RDONLY,
        libc::MOUNT_ATTR_RDONLY as u32,
    ),
    (
        FsFlags::ST_NOSUID,
        MsFlags::MS_NOSUID,
        libc::MOUNT_ATTR_NOSUID as u32,
    ),
    (
        FsFlags::ST_NODEV,
        MsFlags::MS_NODEV,
        libc::MOUNT_ATTR_NODEV as u32,
    ),
    (
        FsFlags::ST_NOEXEC,
        MsFlags::MS_NOEXEC,
        libc::MOUNT_ATTR_NOEXEC as u32,
    ),
    (
        FsFlags::ST_NOATIME,
        MsFlags::MS_NOATIME,
        libc::MOUNT_ATTR_NOATIME as u32,
    ),
    (
        FsFlags::ST_NODIRATIME,
        MsFlags::MS_NODIRATIME,
        libc::MOUNT_ATTR_NODIRATIME as u32,
    ),
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
    let (Ok(old), Ok(flags)) = (stat(sys), statvfs(sys)) else {
        report(Event::Warning(
            "there is no /sys to put a sysfs of the namespace on".into(),
        ));
        return Ok(());
    };
    let kept = kept_mounts(sys, old.st_dev)?;
    match cover(sys, flags.flags()) {
        Ok(()) => report(Event::Mounted {
            target: sys.into(),
            source: "sysfs".into(),
        }),
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

/// What is mounted below the old `/sys`, whose device is `device`.
fn kept_mounts(sys: &Path, device: u64) -> Result<Vec<(PathBuf, Kept)>, Error> {
    let points = mounts::topmost_below(sys).map_err(|error| {
        let action = "see in /proc/self/mountinfo what is mounted below /sys (mount /proc, or \
                      leave /sys alone with --sys keep)";
        Error::system(action, errno_of(&error))
    })?;
    let mut mounts = Vec::with_capacity(points.len());
    for path in points {
        let failed = |errno| Error::system(format!("keep {}", printable(&path)), errno);
        // A mount that another one has covered is in the table but not on this path; there the
        // path leads into the old sysfs itself, which must not come back.
        let Ok(fd) = refer_to(&path) else { continue };
        let same_device = fstat(&fd).map_err(failed)?.st_dev == device;
        let kept = match (same_device, is_mount_root(&fd)) {
            (false, _) => Kept::Tree(Tree::of(&fd).map_err(failed)?),
            (true, Some(true)) => Kept::Part(statvfs(&path).map_err(failed)?.flags()),
            (true, _) => continue,
        };
        mounts.push((path, kept));
    }
    Ok(mounts)
}

fn put_back(path: &Path, kept: &Kept) -> nix::Result<()> {
    match kept {
        Kept::Tree(tree) => tree.attach(refer_to(path)?),
        Kept::Part(flags) => {
            Tree::of(refer_to(path)?)?.attach(refer_to(path)?)?;
            set_flags(path, mount_flags(*flags))
        }
    }
}

fn cover(sys: &Path, old: FsFlags) -> nix::Result<()> {
    let mut attributes = FLAGS
        .iter()
        .filter(|(flag, ..)| old.contains(*flag))
        .fold(0, |all, (.., attribute)| all | attribute);
    if is_strictatime(old) {
        attributes |= libc::MOUNT_ATTR_STRICTATIME as u32;
    }
    match new_mount(c"sysfs", &[(c"source", c"sysfs".into())], attributes)
        .and_then(|new| move_mount(new, refer_to(sys)?))
    {
        Ok(()) => Ok(()),
        // Linux before 5.2, or a filter that does not know the calls. Without privilege mount(2)
        // says EPERM too.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let flags = mount_flags(old);
            // Read-only is for this mount alone, never for the file system that others share.
            let first = flags.difference(MsFlags::MS_RDONLY);
            mount(Some("sysfs"), sys, Some("sysfs"), first, None::<&Path>)?;
            set_flags(sys, flags)
        }
        Err(errno) => Err(errno),
    }
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
        .filter(|(flag, ..)| old.contains(*flag))
        .map(|(_, flag, _)| *flag)
        .collect();
    flags.set(MsFlags::MS_STRICTATIME, is_strictatime(old));
    flags
}

fn is_strictatime(flags: FsFlags) -> bool {
    !flags.intersects(FsFlags::ST_RELATIME | FsFlags::ST_NOATIME)
}
