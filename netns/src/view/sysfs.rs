//! A sysfs of the namespace on `/sys`, with everything kept that was mounted below the old one.

use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{fstat, stat};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::Event;
use super::tree::{Tree, refer_to};
use crate::error::errno_of;
use crate::sys::mount::{move_mount, new_mount};
use crate::{Error, mounts};

const SYS: &str = "/sys";
const SYSFS: &CStr = c"sysfs";

/// The mount flags of the old `/sys` that the new one keeps, in the three tongues of statvfs(3),
/// mount(2) and fsmount(2).
const FLAGS: [(FsFlags, MsFlags, u64); 6] = [
    (
        FsFlags::ST_RDONLY,
        MsFlags::MS_RDONLY,
        libc::MOUNT_ATTR_RDONLY,
    ),
    (
        FsFlags::ST_NOSUID,
        MsFlags::MS_NOSUID,
        libc::MOUNT_ATTR_NOSUID,
    ),
    (FsFlags::ST_NODEV, MsFlags::MS_NODEV, libc::MOUNT_ATTR_NODEV),
    (
        FsFlags::ST_NOEXEC,
        MsFlags::MS_NOEXEC,
        libc::MOUNT_ATTR_NOEXEC,
    ),
    (
        FsFlags::ST_NOATIME,
        MsFlags::MS_NOATIME,
        libc::MOUNT_ATTR_NOATIME,
    ),
    (
        FsFlags::ST_NODIRATIME,
        MsFlags::MS_NODIRATIME,
        libc::MOUNT_ATTR_NODIRATIME,
    ),
];

/// Cover `/sys`. Covering is cheaper than unmounting, which waits for a grace period.
pub(super) fn replace(report: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let sys = Path::new(SYS);
    let (Ok(old), Ok(flags)) = (stat(sys), statvfs(sys)) else {
        report(Event::Warning(
            "there is no /sys to put a sysfs of the namespace on".into(),
        ));
        return Ok(());
    };
    let kept = kept_trees(sys, old.st_dev)?;
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
    for (path, tree) in kept {
        match refer_to(&path).and_then(|place| tree.attach(place)) {
            Ok(()) => report(Event::Mounted {
                target: path.clone(),
                source: path,
            }),
            Err(errno) => report(Event::Warning(format!(
                "{} is not mounted in the view: {}",
                path.display(),
                errno.desc()
            ))),
        }
    }
    Ok(())
}

/// Copies of what is mounted below the old `/sys`, whose device is `device`.
fn kept_trees(sys: &Path, device: u64) -> Result<Vec<(PathBuf, Tree)>, Error> {
    let points = mounts::topmost_below(sys).map_err(|error| {
        let action = "read /proc/self/mountinfo to see what is mounted below /sys";
        Error::system(action, errno_of(&error))
    })?;
    let mut trees = Vec::with_capacity(points.len());
    for path in points {
        // A mount that another one has covered is in the table but not on this path; there the
        // path leads into the old sysfs itself, which must not come back.
        let reachable = |fd: &OwnedFd| fstat(fd).is_ok_and(|stat| stat.st_dev != device);
        if let Ok(fd) = refer_to(&path)
            && reachable(&fd)
        {
            let tree = Tree::of(&fd)
                .map_err(|errno| Error::system(format!("keep {}", path.display()), errno))?;
            trees.push((path, tree));
        }
    }
    Ok(trees)
}

fn cover(sys: &Path, old: FsFlags) -> nix::Result<()> {
    let kept = FLAGS.iter().filter(|(flag, ..)| old.contains(*flag));
    let (flags, mut attributes) = kept.fold((MsFlags::empty(), 0), |(flags, attributes), kept| {
        (flags | kept.1, attributes | kept.2)
    });
    if !old.intersects(FsFlags::ST_RELATIME | FsFlags::ST_NOATIME) {
        attributes |= libc::MOUNT_ATTR_STRICTATIME;
    }
    match new_mount(SYSFS, attributes) {
        Ok(new) => move_mount(new, refer_to(sys)?),
        // Linux before 5.2, or a filter that does not know the calls.
        Err(Errno::ENOSYS) => mount(Some(SYSFS), sys, Some(SYSFS), flags, None::<&Path>),
        Err(errno) => Err(errno),
    }
}
