//! What is mounted below a directory: listmount(2) where the kernel has it, else
//! `/proc/self/mountinfo`, proc_pid_mountinfo(5), which grows with all that is mounted anywhere.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, fstat, stat};

use crate::sys::mount::is_mount_root;
use crate::sys::statmount::{MountInfo, mount_at, mount_info, mounts_below};

/// A mount that a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The path.
    pub(crate) point: PathBuf,
    /// The device of its files, as stat(2) tells it.
    pub(crate) device: u64,
}

/// The mount that `directory` leads to, and those strictly below: each path once, parents of
/// parents left out. Copying the trees at these, submounts included, copies everything that is
/// mounted below. The paths are without symlinks.
pub(crate) fn topmost_below(directory: &Path) -> io::Result<(Mount, Vec<Mount>)> {
    let directory = &fs::canonicalize(directory)?;
    let top = |device| Mount {
        point: directory.to_owned(),
        device,
    };
    match listed(directory) {
        Ok((device, mounts)) => Ok((top(device), topmost(mounts))),
        // Before Linux 6.8, or behind a filter that does not know the calls.
        Err(_) => {
            let device = stat(directory)?.st_dev;
            Ok((top(device), topmost(in_table(directory, device)?)))
        }
    }
}

fn listed(directory: &Path) -> nix::Result<(u64, Vec<Mount>)> {
    let (id, device) = mount_at(directory)?;
    let mut mounts = Vec::new();
    for id in mounts_below(id, None)? {
        match mount_info(id) {
            // The root of a mount that lies on the directory itself is no place below it.
            Ok(MountInfo { point, device, .. }) if is_strictly_below(directory, &point) => {
                mounts.push(Mount { point, device });
            }
            // It has gone meanwhile.
            Ok(_) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok((device, mounts))
}

/// As far as they are reached by their path: the table also has those that others cover.
fn in_table(directory: &Path, device: u64) -> io::Result<Vec<Mount>> {
    let table = fs::read("/proc/thread-self/mountinfo")?;
    let points = mount_points(&table).filter(|point| is_strictly_below(directory, point));
    let mut mounts = Vec::new();
    for point in points {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let Ok(fd) = open(&point, flags, Mode::empty()) else {
            continue;
        };
        let seen = fstat(&fd)?.st_dev;
        if seen != device || is_mount_root(&fd) == Some(true) {
            mounts.push(Mount {
                point,
                device: seen,
            });
        }
    }
    Ok(mounts)
}

/// Whether it is below the directory and not the directory itself.
pub(crate) fn is_strictly_below(directory: &Path, point: &Path) -> bool {
    point != directory && point.starts_with(directory)
}

/// Keep those that are not below another, in order.
fn topmost(mut mounts: Vec<Mount>) -> Vec<Mount> {
    // A directory sorts before what is below it (Path compares by component).
    mounts.sort_by(|a, b| a.point.cmp(&b.point));
    mounts.dedup_by(|later, earlier| {
        if later.point == earlier.point {
            // It covers the earlier one.
            earlier.device = later.device;
        }
        later.point.starts_with(&earlier.point)
    });
    mounts
}
/// The fifth field of every line.
fn mount_points(table: &[u8]) -> impl Iterator<Item = PathBuf> {
    table
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.split(|&byte| byte == b' ').nth(4))
        .map(|field| PathBuf::from(OsString::from_vec(unescape(field))))
}

/// Undo the kernel's octal escapes: `\040` for a space.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..]) =
            (first, tail)
        {
            bytes.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'));
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_and_unescaped() {
        let table = b"22 27 0:21 / /proc rw - proc proc rw\n\
                      23 27 0:22 / /sys/a\\040b\\134 rw - sysfs sysfs rw\n";
        let points: Vec<_> = mount_points(table).collect();
        assert_eq!(points, [Path::new("/proc"), Path::new("/sys/a b\\")]);
    }

    #[test]
    fn both_sources_agree() {
        let listed = match listed(Path::new("/")) {
            Err(Errno::ENOSYS) => return,
            listed => listed.expect("listmount"),
        };
        let device = stat("/").expect("/").st_dev;
        let table = in_table(Path::new("/"), device).expect("mountinfo");
        assert_eq!(listed.0, device);
        let points = |mounts| topmost(mounts).into_iter().map(|it| it.point);
        assert!(points(listed.1).eq(points(table)));
    }

    #[test]
    fn only_the_tops_of_mounted_trees_are_kept() {
        let points = [
            "/sys/fs/cgroup/x",
            "/sys/fs/cgroup",
            "/sys/fs/bpf",
            "/sys/fs/cgroup",
            "/sys/fs/cgroup-2",
        ];
        let mounts = points.map(|point| Mount {
            point: point.into(),
            device: 0,
        });
        let kept: Vec<_> = topmost(mounts.into())
            .into_iter()
            .map(|it| it.point)
            .collect();
        assert_eq!(
            kept,
            ["/sys/fs/bpf", "/sys/fs/cgroup", "/sys/fs/cgroup-2"].map(Path::new)
        );
    }
}
