//! How what the host mounts comes into a pinned view: mount_namespaces(7).
//!
//! Where the mount on the host's `/` is shared, as systemd makes it, the kernel brings it there.
//! Elsewhere, as in most containers, and below a mount that is private, a view has what was there
//! when it was made. Call such mounts islands; `/sys` is one too, which a view has of its own. A
//! view is used as long as nothing on them has come, gone or moved. So islands, and what is on
//! them, are noted in
//!
//! ```text
//! /run/netns-exec/pins/mounts/alpha
//! ```
//!
//! after the last of all mounts of then. The mounts of `/run/netns`, which no pinned view has, and
//! the pins themselves do not count. Nor do flags: a remount never comes into another mount
//! namespace.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use nix::errno::Errno;

use super::{MOUNTS, PINS, path_in};
use crate::error::errno_of;
use crate::sys::statmount::{MountId, MountInfo, mount_at, mount_info, mounts_below};
use crate::view::tree::is_mounted;
use crate::{NAMED_NAMESPACES, Name, printable};

/// The relation of a view to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    /// The group from which mounts come to the mount on `/`; 0 for none.
    group: u64,
    /// The last mount of the host when the view was made.
    last: MountId,
}

impl Relation {
    /// What the kernel does not know of it.
    pub(super) fn last(self) -> MountId {
        self.last
    }

    /// To the host, of a view pinned under this name, if that has all mounts of the host and will
    /// have those that come.
    pub(super) fn of_host(name: &Name) -> nix::Result<Option<Relation>> {
        let (root, info) = root()?;
        let Ok(text) = fs::read_to_string(path_in(MOUNTS, name)) else {
            return Ok(None);
        };
        let last = is_as_noted(&text, root, is_island(&info))?;
        let group = group_of(&info);
        Ok(last.map(|last| Relation { group, last }))
    }

    /// Of the view that this thread is in, for which this mount was noted as the last.
    pub(super) fn of_view(last: MountId) -> nix::Result<Relation> {
        let group = root()?.1.master;
        Ok(Relation { group, last })
    }
}

/// What is noted of the mounts of the host, for a view that is made after that.
pub(super) struct HostMounts {
    pub(super) relation: Relation,
    text: String,
}

impl HostMounts {
    /// As they are, where this thread is.
    ///
    /// # Errors
    /// ENOSYS before Linux 6.8.
    pub(super) fn look() -> nix::Result<HostMounts> {
        /// How often a mount may go while its parent is looked at.
        const ATTEMPTS: usize = 64;
        for _ in 0..ATTEMPTS {
            match HostMounts::look_once() {
                Err(Errno::ENOENT) => {}
                result => return result,
            }
        }
        HostMounts::look_once()
    }

    fn look_once() -> nix::Result<HostMounts> {
        let (root, info) = root()?;
        let all = mounts_below(root, None)?;
        let last = *all.last().ok_or(Errno::ENOENT)?;
        let mut text = format!("{}\n", last.number());
        if is_island(&info) {
            note(&mut text, root, true, &info);
        }
        for (mount, info) in that_count(&all)? {
            let comes = comes_by_itself(&info)?;
            if !comes || is_island(&info) {
                note(&mut text, mount, comes, &info);
            }
        }
        let group = group_of(&info);
        Ok(HostMounts {
            relation: Relation { group, last },
            text,
        })
    }

    /// Whether the same is noted, whatever else has come and gone.
    pub(super) fn is_like(&self, other: &HostMounts) -> bool {
        self.text.lines().skip(1).eq(other.text.lines().skip(1))
            && self.relation.group == other.relation.group
    }

    /// Keep it for the view of this name.
    pub(super) fn keep(&self, name: &Name) -> nix::Result<()> {
        let path = path_in(MOUNTS, name);
        let new = path_in(MOUNTS, name).with_file_name(NEW);
        fs::write(&new, &self.text)
            .and_then(|()| fs::rename(&new, path))
            .map_err(|error| errno_of(&error))
    }
}

/// Remove what was kept.
pub(super) fn forget(name: &Name) -> nix::Result<()> {
    match fs::remove_file(path_in(MOUNTS, name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(errno_of(&error)),
        _ => Ok(()),
    }
}

/// What is about to be kept. No name: it has a slash.
const NEW: &str = "../new";

/// A line: whether the mount goes from a view when it goes from the host, its number, and where it
/// is.
fn note(text: &mut String, mount: MountId, goes_by_itself: bool, info: &MountInfo) {
    let mark = if goes_by_itself { '+' } else { '-' };
    let point = printable(&info.point);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{mark}{} {point}", mount.number());
}

/// The last mount that was noted, if all is as it was then.
fn is_as_noted(text: &str, root: MountId, is_island: bool) -> nix::Result<Option<MountId>> {
    let mut lines = text.lines();
    let number = |text: &str| text.parse().ok().and_then(MountId::new);
    let Some(last) = lines.next().and_then(number) else {
        return Ok(None);
    };
    let mut root_was_island = false;
    for line in lines {
        let (mark, rest) = line.split_at_checked(1).unwrap_or_default();
        let Some((mount, point)) = rest
            .split_once(' ')
            .and_then(|(mount, point)| Some((number(mount)?, point)))
        else {
            return Ok(None);
        };
        root_was_island |= mount == root;
        match mount_info(mount) {
            Ok(info) if printable(&info.point).to_string() == point => {}
            Err(Errno::ENOENT) if mark == "+" => {}
            Ok(_) | Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        }
    }
    if is_island != root_was_island {
        return Ok(None);
    }
    // There may be thousands, so they are not looked at one by one where that can be helped.
    let mut apart = Vec::new();
    for directory in [NAMED_NAMESPACES, PINS].map(Path::new) {
        if is_mounted(directory) {
            apart.extend(mounts_below(mount_at(directory)?.0, Some(last))?);
        }
    }
    apart.sort_unstable();
    let mut later = mounts_below(root, Some(last))?;
    later.retain(|mount| apart.binary_search(mount).is_err());
    for (_, info) in that_count(&later)? {
        match comes_by_itself(&info) {
            // With its parent it has gone itself.
            Ok(true) | Err(Errno::ENOENT) => {}
            Ok(false) => return Ok(None),
            Err(errno) => return Err(errno),
        }
    }
    Ok(Some(last))
}

/// Those of the mounts that a pinned view has.
fn that_count(mounts: &[MountId]) -> nix::Result<Vec<(MountId, MountInfo)>> {
    let mut counting = Vec::new();
    for mount in mounts {
        match mount_info(*mount) {
            Ok(info) if is_below([NAMED_NAMESPACES, PINS], &info.point) => {}
            Ok(info) => counting.push((*mount, info)),
            // It has gone meanwhile.
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(counting)
}

fn is_below<const N: usize>(tops: [&str; N], path: &Path) -> bool {
    tops.iter().any(|top| path.starts_with(top))
}

/// Whether it would have come into a view that was there before.
fn comes_by_itself(info: &MountInfo) -> nix::Result<bool> {
    Ok(!is_island(&parent_of(info)?))
}

fn parent_of(info: &MountInfo) -> nix::Result<MountInfo> {
    mount_info(info.parent)
}

/// Whether nothing that is mounted on it comes into a view.
fn is_island(info: &MountInfo) -> bool {
    info.peer_group == 0 || is_below(["/sys"], &info.point)
}

/// The group that a view has as its master.
fn group_of(info: &MountInfo) -> u64 {
    match info.peer_group {
        0 => info.master,
        group => group,
    }
}

fn root() -> nix::Result<(MountId, MountInfo)> {
    let root = mount_at(Path::new("/"))?.0;
    Ok((root, mount_info(root)?))
}
