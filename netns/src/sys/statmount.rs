//! What is mounted where, asked of the kernel mount by mount. Since Linux 6.8.
//!
//! References: listmount(2), statmount(2), statx(2), linux/mount.h.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use libc::{STATX_MNT_ID_UNIQUE, c_long};
use nix::NixPath as _;
use nix::errno::Errno;

/// Numbers of the system calls, the same on all architectures but alpha.
const SYS_STATMOUNT: c_long = 457;
const SYS_LISTMOUNT: c_long = 458;

const STATMOUNT_SB_BASIC: u64 = 0x1;
const STATMOUNT_MNT_BASIC: u64 = 0x2;
const STATMOUNT_MNT_POINT: u64 = 0x10;

/// How many numbers of mounts are asked for at once, for all of them and for some.
const BATCH: usize = 512;
const SOME: usize = 32;

/// In place of a mount: the one that is the root directory of this process.
const ROOT: MountId = MountId(u64::MAX);

/// A mount, by a number that no other one has had since the machine was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MountId(u64);

impl MountId {
    pub(crate) fn new(number: u64) -> Option<MountId> {
        (number != 0).then_some(MountId(number))
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// `struct mnt_id_req`, first version.
#[repr(C)]
struct Request {
    size: u32,
    spare: u32,
    mount: u64,
    parameter: u64,
}

impl Request {
    fn new(mount: MountId, parameter: u64) -> Request {
        Request {
            size: size_of::<Request>() as u32,
            spare: 0,
            mount: mount.0,
            parameter,
        }
    }
}

/// `struct statmount`, as far as it is used, and room for the texts at its end.
#[repr(C)]
struct Answer {
    size: u32,
    options: u32,
    mask: u64,
    device_major: u32,
    device_minor: u32,
    magic: u64,
    super_flags: u32,
    fs_type: u32,
    id: u64,
    parent: u64,
    old_id: u32,
    old_parent: u32,
    attributes: u64,
    propagation: u64,
    peer_group: u64,
    master: u64,
    propagate_from: u64,
    root: u32,
    /// Where in `texts` the path of the mount point is.
    point: u32,
    later: [u64; 50],
    texts: [u8; 4096 + 64],
}

/// The mount that `path` leads to, and its device.
pub(crate) fn mount_at(path: &Path) -> nix::Result<(MountId, u64)> {
    let mut buffer = std::mem::MaybeUninit::<libc::statx>::zeroed();
    let flags = libc::AT_NO_AUTOMOUNT;
    // SAFETY: the path is NUL-terminated, and the buffer is a struct statx to write to, for which
    // all zeros is valid too.
    let (result, statx) = path.with_nix_path(|path| unsafe {
        let (path, buffer_pointer) = (path.as_ptr(), buffer.as_mut_ptr());
        let mask = STATX_MNT_ID_UNIQUE;
        let result = libc::statx(libc::AT_FDCWD, path, flags, mask, buffer_pointer);
        (result, buffer.assume_init())
    })?;
    Errno::result(result)?;
    if statx.stx_mask & STATX_MNT_ID_UNIQUE == 0 {
        return Err(Errno::ENOSYS);
    }
    let device = libc::makedev(statx.stx_dev_major, statx.stx_dev_minor);
    Ok((MountId(statx.stx_mnt_id), device))
}

/// All mounts below this one, also below those below it, by their numbers: those after `start`.
pub(crate) fn mounts_below(mount: MountId, start: Option<MountId>) -> nix::Result<Vec<MountId>> {
    let mut mounts = Vec::new();
    loop {
        let mut ids = [0; BATCH];
        let batch = list(mount, mounts.last().copied().or(start), &mut ids)?;
        mounts.extend(batch.iter().map(|id| MountId(*id)));
        if batch.len() < BATCH {
            return Ok(mounts);
        }
    }
}

/// The next mounts after this one in the order of numbers, wherever in the mount namespace they
/// are: some of them, which takes no longer with more mounts there.
pub(crate) fn some_after(mount: MountId) -> nix::Result<impl Iterator<Item = MountId>> {
    let mut ids = [0; SOME];
    let count = list(ROOT, Some(mount), &mut ids)?.len();
    Ok(ids.into_iter().take(count).map(MountId))
}

fn list(mount: MountId, after: Option<MountId>, ids: &mut [u64]) -> nix::Result<&[u64]> {
    let request = Request::new(mount, after.map_or(0, MountId::number));
    // SAFETY: the request has the size it says and outlives the call; the kernel writes as many
    // numbers as there is room for at most.
    let count = Errno::result(unsafe {
        let (ids, room) = (ids.as_mut_ptr(), ids.len());
        libc::syscall(SYS_LISTMOUNT, &raw const request, ids, room, 0)
    })?;
    let count = usize::try_from(count).unwrap_or(0);
    Ok(ids.get(..count).unwrap_or(&[]))
}

/// What the kernel says of a mount.
pub(crate) struct MountInfo {
    /// Where it is, from the root of this process. Empty if that is longer than a path may be, as
    /// anyone can make it who may mount at all.
    pub(crate) point: PathBuf,
    /// The device of its files, as stat(2) tells it.
    pub(crate) device: u64,
    /// What it is mounted on.
    pub(crate) parent: MountId,
    /// The group of its peers, to and from which mounts below it go; 0 for none.
    pub(crate) peer_group: u64,
    /// The group from which mounts come, but to which none go; 0 for none.
    pub(crate) master: u64,
}

/// Look at a mount.
///
/// # Errors
/// ENOENT if there is none of this number in the mount namespace of this thread.
pub(crate) fn mount_info(mount: MountId) -> nix::Result<MountInfo> {
    let what = STATMOUNT_SB_BASIC | STATMOUNT_MNT_BASIC;
    match ask(mount, what | STATMOUNT_MNT_POINT) {
        Err(Errno::EOVERFLOW) => ask(mount, what),
        result => result,
    }
}

fn ask(mount: MountId, what: u64) -> nix::Result<MountInfo> {
    let request = Request::new(mount, what);
    let mut buffer = std::mem::MaybeUninit::<Answer>::zeroed();
    // SAFETY: the request has the size it says and outlives the call; the kernel writes as many
    // bytes as the buffer has at most, numbers and bytes, for which anything is valid.
    let (result, answer) = unsafe {
        let (buffer_pointer, size) = (buffer.as_mut_ptr(), size_of::<Answer>());
        let result = libc::syscall(SYS_STATMOUNT, &raw const request, buffer_pointer, size, 0);
        (result, buffer.assume_init_ref())
    };
    Errno::result(result)?;
    // All zeros where it was not asked for.
    let text = answer.texts.get(answer.point as usize..).unwrap_or(&[]);
    let text = text.split(|byte| *byte == 0).next().unwrap_or(&[]);
    Ok(MountInfo {
        point: OsString::from_vec(text.to_vec()).into(),
        device: libc::makedev(answer.device_major, answer.device_minor),
        parent: MountId(answer.parent),
        peer_group: answer.peer_group,
        master: answer.master,
    })
}
