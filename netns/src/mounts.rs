//! What is mounted in this mount namespace: `/proc/self/mountinfo`, proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The mount points strictly below `directory`, each once, parents of parents left out: copying
/// the trees at these, submounts included, copies everything that is mounted below.
pub(crate) fn topmost_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let table = fs::read("/proc/self/mountinfo")?;
    Ok(topmost(mount_points(&table).filter(|point| {
        point != directory && point.starts_with(directory)
    })))
}

/// Keep the paths that are not below another, in order.
fn topmost(points: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut points: Vec<PathBuf> = points.collect();
    // A directory sorts before what is below it (Path compares by component).
    points.sort_unstable();
    points.dedup_by(|later, earlier| later.starts_with(&*earlier));
    points
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
    fn only_the_tops_of_mounted_trees_are_kept() {
        let points = [
            "/sys/fs/cgroup/x",
            "/sys/fs/cgroup",
            "/sys/fs/bpf",
            "/sys/fs/cgroup",
            "/sys/fs/cgroup-2",
        ];
        let kept = topmost(points.iter().map(PathBuf::from));
        assert_eq!(
            kept,
            ["/sys/fs/bpf", "/sys/fs/cgroup", "/sys/fs/cgroup-2"].map(Path::new)
        );
    }
}
