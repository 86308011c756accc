//! Copies of mounted trees: taken from one place, attached at another.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;

use crate::error::errno_of;
use crate::etc::{Override, OverridesDir};
use crate::file_id::FileId;
use crate::sys::mount::{
    clone_tree, clone_tree_at, is_mount_point, make_slave, move_mount, move_mount_beneath,
    move_mount_to,
};

/// How often a path is looked up that cannot be followed for what happens meanwhile.
const ATTEMPTS: usize = 64;

/// What is mounted at and below a file or directory, to be attached elsewhere.
#[derive(Debug)]
pub(super) enum Tree {
    /// A detached copy.
    Copy(OwnedFd),
    /// The original, to be bound: Linux before 5.2 has no detached copies, and filters of system
    /// calls may not know them.
    Original(OwnedFd),
}

impl Tree {
    /// Of the file that `fd` (`O_PATH` will do) refers to. It must be mounted in this mount
    /// namespace.
    pub(super) fn of(fd: impl AsFd) -> nix::Result<Tree> {
        match clone_tree(&fd) {
            Ok(copy) => Ok(Tree::Copy(copy)),
            Err(Errno::ENOSYS | Errno::EPERM) => {
                let fd = fd.as_fd().try_clone_to_owned();
                fd.map(Tree::Original).map_err(|error| errno_of(&error))
            }
            Err(errno) => Err(errno),
        }
    }

    /// Of the file that `path` leads to.
    pub(super) fn at(path: &Path) -> nix::Result<Tree> {
        Tree::seen_from(AT_FDCWD, path)
    }

    /// Of the file that `path` leads to from a directory.
    pub(super) fn seen_from(directory: impl AsFd, path: &Path) -> nix::Result<Tree> {
        match clone_tree_at(&directory, path) {
            Ok(copy) => Ok(Tree::Copy(copy)),
            Err(Errno::ENOSYS | Errno::EPERM) => {
                let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
                openat(directory, path, flags, Mode::empty()).map(Tree::Original)
            }
            Err(errno) => Err(errno),
        }
    }

    /// Of an override. ENOENT if it has been replaced since it was looked at.
    pub(super) fn of_override(directory: &OverridesDir, entry: &Override) -> nix::Result<Tree> {
        let tree = Tree::seen_from(directory, Path::new(entry.name()))?;
        if FileId::of_fd(&tree)? == entry.id {
            Ok(tree)
        } else {
            Err(Errno::ENOENT)
        }
    }

    /// Let nothing that is mounted in it later come to where it was copied from.
    pub(super) fn make_slave(&self) -> nix::Result<()> {
        match self {
            Tree::Copy(copy) => make_slave(copy),
            Tree::Original(_) => Err(Errno::ENOSYS),
        }
    }

    /// Attach it on the very file that `target` refers to: a symlink is covered, not followed.
    pub(super) fn attach(&self, target: impl AsFd) -> nix::Result<()> {
        match self {
            Tree::Copy(copy) => move_mount(copy, target),
            Tree::Original(original) => bind(&magic_link(original), &magic_link(&target)),
        }
    }

    /// Attach it on the very file at `path`.
    pub(super) fn attach_at(&self, path: &Path) -> nix::Result<()> {
        match self {
            Tree::Copy(copy) => move_mount_to(copy, path),
            Tree::Original(_) => self.attach(refer_to(path)?),
        }
    }
}

impl AsFd for Tree {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let (Tree::Copy(fd) | Tree::Original(fd)) = self;
        fd.as_fd()
    }
}

/// Refer to a directory, through symlinks, without opening it.
pub(crate) fn open_directory(path: &Path) -> nix::Result<OwnedFd> {
    open(
        path,
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
}

/// The file (`O_PATH`) that those get by opening the absolute `path` whose root directory is
/// `root`.
pub(crate) fn look_below(root: impl AsFd, path: &Path) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT);
    for _ in 0..ATTEMPTS {
        match openat2(&root, path, how) {
            // A rename, anywhere, while a `..` of a symlink was followed.
            Err(Errno::EAGAIN) => {}
            result => return result,
        }
    }
    Err(Errno::EAGAIN)
}

/// Whether something is mounted on `path` itself. False where the kernel does not say.
pub(super) fn is_mounted(path: &Path) -> bool {
    is_mount_point(path) == Some(true)
}

/// Unmount all that is mounted on `path` itself.
pub(super) fn unmount_all(path: &Path) -> nix::Result<()> {
    while unmount(path)? {}
    Ok(())
}

/// Unmount what is on top at `path`. False if nothing is mounted there.
pub(super) fn unmount(path: &Path) -> nix::Result<bool> {
    match umount2(path, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW) {
        Ok(()) => Ok(true),
        Err(Errno::EINVAL | Errno::ENOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Whether nothing is mounted on the mount at `path`, and no process of this mount namespace is in
/// it: it could be unmounted. If it could, it is marked, and will be if it is asked once more before
/// anyone uses it.
pub(super) fn is_expired(path: &Path) -> nix::Result<bool> {
    match umount2(path, MntFlags::MNT_EXPIRE) {
        Ok(()) | Err(Errno::EAGAIN) => Ok(true),
        Err(Errno::EBUSY) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Put `tree` in the place of what is mounted on top at `path`: since Linux 6.5 without a moment
/// in which what is below can be seen. It also works if the file that is mounted there has been
/// removed, on which nothing can be mounted.
pub(super) fn replace(tree: &Tree, path: &Path) -> nix::Result<()> {
    let no_moment = put_beneath(tree, path).is_ok();
    unmount(path)?;
    if no_moment {
        return Ok(());
    }
    tree.attach(refer_to(path)?)
}

/// The same, but where the kernel cannot do it without such a moment, what was there stays below:
/// after an error it is still seen.
pub(super) fn replace_or_cover(tree: &Tree, path: &Path) -> nix::Result<()> {
    match put_beneath(tree, path) {
        Ok(()) => unmount(path).map(drop),
        Err(_) => tree.attach(refer_to(path)?),
    }
}

fn put_beneath(tree: &Tree, path: &Path) -> nix::Result<()> {
    match tree {
        Tree::Copy(copy) => move_mount_beneath(copy, refer_to(path)?),
        Tree::Original(_) => Err(Errno::ENOSYS),
    }
}

/// Mount what is at and below `source` on `target`. Both are followed if they are symlinks.
pub(super) fn bind(source: &Path, target: &Path) -> nix::Result<()> {
    let none: Option<&Path> = None;
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(source), target, none, flags, none)
}

/// A path that leads to exactly the file behind a descriptor, even if that is a symlink.
fn magic_link(fd: &impl AsFd) -> PathBuf {
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd()).into()
}

/// Refer to `path` itself, even if it is a symlink, without opening it.
pub(super) fn refer_to(path: &Path) -> nix::Result<OwnedFd> {
    open(
        path,
        OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
}
