//! Small file systems of the view's own, on which nobody but their maker writes.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{FileStat, Mode, fstat};
use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
use nix::unistd::geteuid;

use crate::sys::mount::{is_mount_root, new_mount};

/// Flags that nothing on them is in want of.
const ATTRIBUTES: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_NOEXEC;

/// A new, detached one that anyone may search.
pub(super) fn new() -> nix::Result<OwnedFd> {
    detached([(c"mode", c"0755".into())])
}

/// As [`new`], with the mode and the owner of another directory.
pub(super) fn like(directory: &FileStat) -> nix::Result<OwnedFd> {
    let text = |text: String| CString::new(text).map_err(|_| Errno::EINVAL);
    let mode = (c"mode", text(format!("{:o}", directory.st_mode & 0o7777))?);
    let owner = [
        (c"uid", text(directory.st_uid.to_string())?),
        (c"gid", text(directory.st_gid.to_string())?),
    ];
    match detached([mode.clone()].into_iter().chain(owner)) {
        // An owner that this user namespace has no number for.
        Err(Errno::EINVAL) => detached([mode]),
        root => root,
    }
}

fn detached(options: impl IntoIterator<Item = (&'static CStr, CString)>) -> nix::Result<OwnedFd> {
    let source = (c"source", c"netns-exec".into());
    let options: Vec<_> = [source].into_iter().chain(options).collect();
    new_mount(c"tmpfs", &options, ATTRIBUTES as u32)
}

/// Mount one that anyone may search on `path`. It is the one call that [`new`] and move_mount(2)
/// take seven for.
pub(super) fn put_on(path: &Path) -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(
        Some("netns-exec"),
        path,
        Some("tmpfs"),
        flags,
        Some("mode=0755"),
    )
}

/// The directory `path` (`O_PATH`) below `root`, if one of ours is mounted there: a file system
/// that only the user can have made who is asking, or root. None if it is not.
///
/// No symlink is followed on the way, so that nobody leads a privileged reader elsewhere.
pub(super) fn find(root: impl AsFd, path: &str) -> nix::Result<Option<OwnedFd>> {
    let directory = match open_below(root, path) {
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => return Ok(None),
        directory => directory?,
    };
    let owner = fstat(&directory)?.st_uid;
    let is_ours = is_mount_root(&directory) == Some(true)
        && fstatfs(&directory)?.filesystem_type() == TMPFS_MAGIC
        && (owner == 0 || owner == geteuid().as_raw());
    Ok(is_ours.then_some(directory))
}

/// Refer to the directory `path` below `root`, without following a symlink.
pub(super) fn open_below(root: impl AsFd, path: &str) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
        .mode(Mode::empty())
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(root, path, how)
}
