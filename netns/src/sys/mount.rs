//! The mount calls that work on descriptors, Linux 5.2, and the flags of a mount.
//!
//! References: open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2), statvfs(3).

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use libc::{c_long, c_uint};
use nix::NixPath as _;
use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::mount::MsFlags;

/// The descriptor that a system call returned.
fn owned(result: c_long) -> nix::Result<OwnedFd> {
    let fd = Errno::result(result)?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EOVERFLOW)?;
    // SAFETY: the kernel has just opened this descriptor for us and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A detached copy of the mounts at and below the file that `at` refers to (`O_PATH` will do).
///
/// The copy goes when its descriptor is closed, unless [`move_mount`] attaches it.
pub(crate) fn clone_tree(at: impl AsFd) -> nix::Result<OwnedFd> {
    open_tree(at, libc::AT_RECURSIVE as c_uint)
}

/// As [`clone_tree`], without the mounts below.
pub(crate) fn clone_mount(at: impl AsFd) -> nix::Result<OwnedFd> {
    open_tree(at, 0)
}

/// As [`clone_tree`], of the file that `path` leads to from a directory.
pub(crate) fn clone_tree_at(directory: impl AsFd, path: &Path) -> nix::Result<OwnedFd> {
    path.with_nix_path(|path| open_tree_at(directory, path, libc::AT_RECURSIVE as c_uint))?
}

fn open_tree(at: impl AsFd, flags: c_uint) -> nix::Result<OwnedFd> {
    open_tree_at(at, c"", flags | libc::AT_EMPTY_PATH as c_uint)
}

fn open_tree_at(directory: impl AsFd, path: &CStr, flags: c_uint) -> nix::Result<OwnedFd> {
    let flags = flags | libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    let directory = directory.as_fd().as_raw_fd();
    // SAFETY: the path is NUL-terminated and outlives the call, the descriptor is borrowed for it.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, directory, path.as_ptr(), flags) })
}

/// Attach the detached mount `tree` on the very file that `target` refers to, a symlink included.
pub(crate) fn move_mount(tree: impl AsFd, target: impl AsFd) -> nix::Result<()> {
    attach(tree, target, 0)
}

/// Attach it below the mount whose root `target` refers to, so that it comes to light when that
/// one is unmounted. Since Linux 6.5.
pub(crate) fn move_mount_beneath(tree: impl AsFd, target: impl AsFd) -> nix::Result<()> {
    attach(tree, target, libc::MOVE_MOUNT_BENEATH)
}

/// As [`move_mount`], on the very file at `path`, a symlink included.
pub(crate) fn move_mount_to(tree: impl AsFd, path: &Path) -> nix::Result<()> {
    path.with_nix_path(|path| attach_at(tree, AT_FDCWD, path, 0))?
}

fn attach(tree: impl AsFd, target: impl AsFd, flags: c_uint) -> nix::Result<()> {
    attach_at(tree, target, c"", flags | libc::MOVE_MOUNT_T_EMPTY_PATH)
}

fn attach_at(tree: impl AsFd, directory: impl AsFd, path: &CStr, flags: c_uint) -> nix::Result<()> {
    // SAFETY: both paths are NUL-terminated and outlive the call, both descriptors are borrowed
    // for it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            directory.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags | libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    Errno::result(result).map(drop)
}

/// A new, detached mount of a file system that needs no device, with the options that
/// fsconfig(2) sets as strings and with `MOUNT_ATTR_*` attributes.
pub(crate) fn new_mount(
    fs_type: &CStr,
    options: &[(&CStr, CString)],
    attributes: u32,
) -> nix::Result<OwnedFd> {
    // SAFETY: the name is NUL-terminated and outlives the call.
    let context =
        owned(unsafe { libc::syscall(libc::SYS_fsopen, fs_type.as_ptr(), libc::FSOPEN_CLOEXEC) })?;
    for (key, value) in options {
        // SAFETY: key and value are NUL-terminated strings that outlive the call.
        Errno::result(unsafe {
            libc::syscall(
                libc::SYS_fsconfig,
                context.as_raw_fd(),
                libc::FSCONFIG_SET_STRING,
                key.as_ptr(),
                value.as_ptr(),
                0,
            )
        })?;
    }
    // SAFETY: FSCONFIG_CMD_CREATE takes neither key nor value: both are null.
    Errno::result(unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            context.as_raw_fd(),
            libc::FSCONFIG_CMD_CREATE,
            std::ptr::null::<libc::c_char>(),
            std::ptr::null::<libc::c_void>(),
            0,
        )
    })?;
    // SAFETY: only integers are passed.
    owned(unsafe {
        libc::syscall(
            libc::SYS_fsmount,
            context.as_raw_fd(),
            libc::FSMOUNT_CLOEXEC,
            attributes,
        )
    })
}

/// Let what is mounted come from where the tree was copied, but nothing go back there.
/// Since Linux 5.12.
pub(crate) fn make_slave(tree: impl AsFd) -> nix::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: 0,
        attr_clr: 0,
        propagation: libc::MS_SLAVE,
        userns_fd: 0,
    };
    set_attributes(tree, libc::AT_RECURSIVE, &attributes)
}

/// Let this mount, whose root the descriptor refers to, be written to. Since Linux 5.12.
pub(crate) fn make_writable(mount: impl AsFd) -> nix::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: 0,
        attr_clr: libc::MOUNT_ATTR_RDONLY,
        propagation: 0,
        userns_fd: 0,
    };
    set_attributes(mount, 0, &attributes)
}

/// Reference: mount_setattr(2).
fn set_attributes(
    mount: impl AsFd,
    flags: libc::c_int,
    attributes: &libc::mount_attr,
) -> nix::Result<()> {
    // SAFETY: the path is a NUL-terminated literal; the attributes have the size that is told and
    // outlive the call, which only reads them.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_fd().as_raw_fd(),
            c"".as_ptr(),
            flags | libc::AT_EMPTY_PATH,
            std::ptr::from_ref(attributes),
            size_of::<libc::mount_attr>(),
        )
    };
    Errno::result(result).map(drop)
}

/// Whether `fd` (`O_PATH` will do) refers to the root of a mount; None if the kernel does not say
/// (before Linux 5.8). Reference: statx(2).
pub(crate) fn is_mount_root(fd: impl AsFd) -> Option<bool> {
    is_mount_root_at(fd, c"", libc::AT_EMPTY_PATH)
}

/// As [`is_mount_root`], of what is at `path` itself. None also if there is nothing.
pub(crate) fn is_mount_point(path: &Path) -> Option<bool> {
    let is_one = |path: &CStr| is_mount_root_at(AT_FDCWD, path, libc::AT_SYMLINK_NOFOLLOW);
    path.with_nix_path(is_one).ok()?
}

fn is_mount_root_at(directory: impl AsFd, path: &CStr, flags: libc::c_int) -> Option<bool> {
    let mut buffer = std::mem::MaybeUninit::<libc::statx>::zeroed();
    let attribute = libc::STATX_ATTR_MOUNT_ROOT as u64;
    // SAFETY: the path is NUL-terminated, and the buffer is a struct statx to write to, for which
    // all zeros is valid too.
    let (result, statx) = unsafe {
        let flags = flags | libc::AT_NO_AUTOMOUNT;
        let result = libc::statx(
            directory.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags,
            libc::STATX_TYPE,
            buffer.as_mut_ptr(),
        );
        (result, buffer.assume_init())
    };
    let known = result == 0 && statx.stx_attributes_mask & attribute != 0;
    known.then_some(statx.stx_attributes & attribute != 0)
}

/// The flags of the mount that a file is on, as mount(2) takes them.
pub(crate) fn mount_flags(path: &Path) -> nix::Result<MsFlags> {
    const SAME: [(libc::c_ulong, MsFlags); 6] = [
        (libc::ST_RDONLY, MsFlags::MS_RDONLY),
        (libc::ST_NOSUID, MsFlags::MS_NOSUID),
        (libc::ST_NODEV, MsFlags::MS_NODEV),
        (libc::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (libc::ST_NOATIME, MsFlags::MS_NOATIME),
        (libc::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
    ];
    /// Of the kernel (linux/statfs.h); not every C library names it, so nix leaves it out there.
    const ST_RELATIME: libc::c_ulong = 0x1000;

    let mut stat = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path is NUL-terminated and outlives the call, the buffer is a struct statvfs to
    // write to.
    let result =
        path.with_nix_path(|path| unsafe { libc::statvfs(path.as_ptr(), stat.as_mut_ptr()) })?;
    Errno::result(result)?;
    // SAFETY: the call has succeeded, so it has filled the buffer.
    let old = unsafe { stat.assume_init() }.f_flag;
    let same = SAME.iter().filter(|(flag, _)| old & flag != 0);
    let mut flags: MsFlags = same.map(|(_, flag)| *flag).collect();
    // What mount(2) does without either is relatime.
    let is_strictatime = old & (ST_RELATIME | libc::ST_NOATIME) == 0;
    flags.set(MsFlags::MS_STRICTATIME, is_strictatime);
    Ok(flags)
}
