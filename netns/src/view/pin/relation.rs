//! How what the host mounts comes into a pinned view: mount_namespaces(7).
//!
//! Where the mount on the host's `/` is shared, as systemd makes it, the kernel brings it there.
//! Elsewhere, as in most containers, a view has what was mounted when it was made. It is used as
//! long as that is all there is, so the mounts of the host are noted, as a number a line, in
//!
//! ```text
//! /run/netns-exec/pins/mounts/alpha
//! ```
//!
//! Those of `/run/netns`, which no pinned view has, and of the pins themselves do not count.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use nix::errno::Errno;

use super::{MOUNTS, PINS, path_in};
use crate::error::errno_of;
use crate::sys::statmount::{MountId, mount_at, mount_point, mounts_below, propagation};
use crate::{NAMED_NAMESPACES, Name};

/// The relation of a view to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// Mounts come from the group of this number.
    Group(u64),
    /// None come. The view has those of the host up to this one.
    UpTo(MountId),
}

impl Relation {
    /// Of a view that is made after this, on the host, where this thread is. With it come the
    /// mounts to be noted.
    ///
    /// # Errors
    /// ENOSYS before Linux 6.8.
    pub(super) fn new() -> nix::Result<(Relation, Vec<MountId>)> {
        let root = root()?;
        match propagation(root)?.peer_group {
            0 => {
                let all = mounts_below(root, None)?;
                let last = *all.last().ok_or(Errno::ENOENT)?;
                Ok((Relation::UpTo(last), that_count(&all)?))
            }
            group => Ok((Relation::Group(group), Vec::new())),
        }
    }

    /// Of a view pinned under this name that has all mounts of the host, where this thread is, and
    /// will have those that come. None if there cannot be one.
    pub(super) fn of_host(name: &Name) -> nix::Result<Option<Relation>> {
        let root = root()?;
        match propagation(root)?.peer_group {
            0 => up_to_now(root, name),
            group => Ok(Some(Relation::Group(group))),
        }
    }

    /// Of the view that this thread is in, for which [`Relation::noted`] was noted.
    pub(super) fn of_view(noted: &str) -> nix::Result<Option<Relation>> {
        if let Some(last) = noted.parse().ok().and_then(MountId::new) {
            return Ok(Some(Relation::UpTo(last)));
        }
        let group = propagation(root()?)?.master;
        Ok((group != 0).then_some(Relation::Group(group)))
    }

    /// What the kernel does not know of it.
    pub(super) fn noted(self) -> String {
        match self {
            Relation::Group(_) => "group".into(),
            Relation::UpTo(last) => last.number().to_string(),
        }
    }
}

/// Note the mounts of the host for the view of this name.
pub(super) fn note(name: &Name, up_to: Relation, mounts: &[MountId]) -> nix::Result<()> {
    let Relation::UpTo(last) = up_to else {
        return forget(name);
    };
    let mut text = String::new();
    for mount in [&last].into_iter().chain(mounts) {
        let _ = writeln!(text, "{}", mount.number());
    }
    fs::write(path_in(MOUNTS, name), text).map_err(|error| errno_of(&error))
}

/// Remove what was noted.
pub(super) fn forget(name: &Name) -> nix::Result<()> {
    match fs::remove_file(path_in(MOUNTS, name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(errno_of(&error)),
        _ => Ok(()),
    }
}

/// The last of the mounts that were noted, if all of them are there and no other that counts.
fn up_to_now(root: MountId, name: &Name) -> nix::Result<Option<Relation>> {
    let Ok(text) = fs::read_to_string(path_in(MOUNTS, name)) else {
        return Ok(None);
    };
    let mut noted = text
        .lines()
        .map_while(|line| MountId::new(line.parse().ok()?));
    let Some(last) = noted.next() else {
        return Ok(None);
    };
    for mount in noted {
        match mount_point(mount) {
            Ok(_) => {}
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        }
    }
    let later = mounts_below(root, Some(last))?;
    // There may be thousands, so they are not asked one by one where that can be helped.
    let mut apart = Vec::new();
    for directory in [NAMED_NAMESPACES, PINS] {
        match mount_at(Path::new(directory)) {
            Ok((mount, _)) if mount != root => apart.extend(mounts_below(mount, Some(last))?),
            Ok(_) | Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(errno) => return Err(errno),
        }
    }
    apart.sort_unstable();
    let rest: Vec<_> = later
        .into_iter()
        .filter(|mount| apart.binary_search(mount).is_err())
        .collect();
    Ok(that_count(&rest)?
        .is_empty()
        .then_some(Relation::UpTo(last)))
}

/// Those of the mounts that a pinned view has.
fn that_count(mounts: &[MountId]) -> nix::Result<Vec<MountId>> {
    let mut counting = Vec::new();
    for mount in mounts {
        match mount_point(*mount) {
            Ok((point, _))
                if [NAMED_NAMESPACES, PINS]
                    .iter()
                    .any(|top| point.starts_with(top)) => {}
            Ok(_) => counting.push(*mount),
            // It has gone meanwhile.
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(counting)
}

fn root() -> nix::Result<MountId> {
    mount_at(Path::new("/")).map(|(mount, _)| mount)
}
