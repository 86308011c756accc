//! What is mounted where a process is: proc_pid_mountinfo(5).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// What the kernel puts after the path of a root that was unlinked.
const DELETED: &[u8] = b"//deleted";

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The file or directory that is mounted, as a path in its file system.
    root: PathBuf,
    /// Where, as the process names it.
    pub(crate) point: PathBuf,
    /// The type of its file system.
    pub(crate) fs_type: OsString,
    /// What mount(2) was told to mount.
    pub(crate) source: OsString,
}

impl Mount {
    /// All lines of a mountinfo file, in the order in which they were mounted, for the most part.
    pub(crate) fn parse_all(table: &[u8]) -> Vec<Mount> {
        table
            .split(|&byte| byte == b'\n')
            .filter_map(Mount::parse)
            .collect()
    }

    /// `ID PARENT DEVICE ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER-OPTIONS`.
    fn parse(line: &[u8]) -> Option<Mount> {
        let mut fields = line.split(|&byte| byte == b' ');
        let root = unescape(fields.nth(3)?);
        let point = unescape(fields.next()?);
        let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
        Some(Mount {
            root: OsString::from_vec(root).into(),
            point: OsString::from_vec(point).into(),
            fs_type: OsString::from_vec(unescape(fields.next()?)),
            source: OsString::from_vec(unescape(fields.next()?)),
        })
    }

    /// Whether it shows the file `directory/name`, perhaps one that is deleted. The file system
    /// may begin anywhere above: its root may be `/etc`.
    pub(crate) fn shows(&self, directory: &OsStr, name: &OsStr) -> bool {
        let root = self.root.as_os_str().as_bytes();
        let root = root.strip_suffix(DELETED).unwrap_or(root);
        Path::new(OsStr::from_bytes(root)).ends_with(Path::new(directory).join(name))
    }
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
    fn a_line_is_read_and_unescaped() {
        let table = b"36 35 98:0 /netns/al\\040pha/hosts//deleted /etc/hosts rw,noatime master:1 \
                      shared:7 - ext3 /dev/root rw,errors=continue\n";
        let [mount] = Mount::parse_all(table).try_into().expect("one mount");
        assert_eq!(mount.point, Path::new("/etc/hosts"));
        assert_eq!(mount.fs_type, "ext3");
        assert_eq!(mount.source, "/dev/root");
        assert!(mount.shows("netns/al pha".as_ref(), "hosts".as_ref()));
        assert!(!mount.shows("netns/pha".as_ref(), "hosts".as_ref()));
        assert!(!mount.shows("netns/al pha".as_ref(), "osts".as_ref()));
    }

    #[test]
    fn a_line_that_is_cut_short_is_none() {
        assert_eq!(Mount::parse_all(b"36 35 98:0 / /etc rw\n36 35\n\n"), []);
    }
}
