//! What a view shows, put right by somebody inside.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;

use super::wanted::{Trees, Wanted};
use super::{Mended, Mending};
use crate::etc::Override;
use crate::file_id::FileId;
use crate::printable::printable;
use crate::view::farm::Farm;
use crate::view::overrides::has_mount_point;
use crate::view::record::{InPlace, Mounted};
use crate::view::tree::{Tree, is_mounted, refer_to, replace, unmount};
use crate::view::{Etc, masks};
use crate::{ETC, Error};

/// Somebody inside, who puts right what is to be seen.
pub(super) struct Mender<'a> {
    wanted: &'a Wanted,
    etc: Etc,
    record: Mounted,
    in_place: InPlace,
    /// The host's `/etc`.
    host_etc: OwnedFd,
    mended: &'a mut Vec<Mended>,
}

impl<'a> Mender<'a> {
    pub(super) fn new(
        wanted: &'a Wanted,
        etc: Etc,
        mended: &'a mut Vec<Mended>,
    ) -> Result<Self, Error> {
        let record = Mounted::here().map_err(unread)?;
        let record = record.ok_or_else(|| unread(Errno::ENOENT))?;
        Ok(Mender {
            wanted,
            etc,
            in_place: record.in_place().map_err(unread)?,
            host_etc: record.host_etc().map_err(unread)?,
            record,
            mended,
        })
    }

    /// Whether something is left that patience puts off.
    pub(super) fn mend(mut self, trees: &Trees, hurry: bool) -> Result<bool, Error> {
        let etc = Path::new(ETC);
        let names = self.in_place.names().map_err(unread)?;
        let mut farm = Farm::reopen(etc)
            .map_err(|errno| Error::system("write to the cover of /etc", errno))?;
        for name in names.iter().filter(|name| !self.wanted.has(name)) {
            self.drop_override(name, farm.is_some())?;
        }
        let was_covered = farm.is_some();
        let lacks_place = match was_covered {
            true => false,
            false => self.lacks_place()?,
        };
        let seen: Vec<bool> = self.wanted.entries.iter().map(is_seen).collect();
        if lacks_place && hurry {
            farm = Some(self.grow()?);
        }
        if let Some(farm) = &farm {
            self.tend(farm, trees)?;
        }
        for ((entry, tree), was_seen) in self.wanted.entries.iter().zip(&trees.entries).zip(seen) {
            let what = if !names.iter().any(|name| name == entry.name()) {
                Mending::Added
            } else if self.is_ours(&entry.target) {
                Mending::Renewed
            } else {
                Mending::PutBack
            };
            match self.put(entry, tree.as_ref(), farm.as_ref()) {
                Ok(()) if was_seen => {}
                Ok(()) => self.tell(&entry.target, what),
                // It, or what it goes over, was replaced meanwhile: to be looked at again.
                Err(Errno::ENOENT) => continue,
                Err(errno) => return Err(entry.not_mounted(errno)),
            }
            self.in_place
                .add(entry.name(), &entry.path)
                .map_err(unread)?;
        }
        if let Some(mut farm) = farm.filter(|_| !was_covered) {
            farm.protect()?;
            farm.move_to(etc)
                .map_err(|errno| Error::system("cover /etc in a view", errno))?;
        }
        if self.wanted.masks {
            for directory in masks::renew(&self.record)? {
                self.tell(directory, Mending::Hidden);
            }
        }
        Ok(lacks_place && !hurry)
    }

    fn tell(&mut self, path: &Path, what: Mending) {
        let path = path.into();
        self.mended.push(Mended { path, what });
    }

    fn drop_override(&mut self, name: &OsStr, is_covered: bool) -> Result<(), Error> {
        let target = Path::new(ETC).join(name);
        if !is_covered {
            while self.is_ours(&target) {
                let unmounted = unmount(&target).map_err(|errno| {
                    Error::system(format!("unmount {}", printable(&target)), errno)
                })?;
                if !unmounted {
                    break;
                }
            }
        }
        self.in_place.remove(name).map_err(unread)?;
        self.tell(&target, Mending::Dropped);
        Ok(())
    }

    fn lacks_place(&self) -> Result<bool, Error> {
        for entry in &self.wanted.entries {
            if !has_mount_point(entry)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A farm that is to cover `/etc`, which has no place for some override.
    fn grow(&self) -> Result<Farm, Error> {
        let failed = |errno| Error::system("cover /etc in a view", errno);
        let host = Tree::of(&self.host_etc).map_err(failed)?;
        let place = self.record.staging().map_err(failed)?;
        self.wanted
            .plan(|plan| Farm::grow(&place, Path::new(ETC), &host, plan))
    }

    fn tend(&self, farm: &Farm, trees: &Trees) -> Result<(), Error> {
        if let Some(tree) = &trees.directory {
            farm.bind_overrides(tree)
                .map_err(|errno| Error::system("show the overrides in a view", errno))?;
        }
        self.wanted.plan(|plan| farm.tend(plan))
    }

    /// Put an override in its place, if it is not there.
    fn put(&self, entry: &Override, tree: Option<&Tree>, farm: Option<&Farm>) -> nix::Result<()> {
        let mut target = entry.target.clone();
        if let Some(farm) = farm {
            if self.etc == Etc::Sealed
                && let Some(directory) = &self.wanted.directory
                && farm.link_override(directory, entry)?
            {
                return Ok(());
            }
            farm.make_place(entry)?;
            target = farm.path_of(entry.name());
        }
        if entry.id.is_at(&target) {
            return Ok(());
        }
        // It was seen before: to be looked at again.
        let tree = tree.ok_or(Errno::ENOENT)?;
        if self.is_ours(&target) {
            replace(tree, &target)
        } else {
            tree.attach(refer_to(&target)?)
        }
    }

    /// Whether what is mounted on `target` is an override: the host may have mounts there too, as
    /// containers do.
    fn is_ours(&self, target: &Path) -> bool {
        let Some(name) = target.file_name() else {
            return false;
        };
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
        let on_host = fstatat(&self.host_etc, name, flags).map(|stat| FileId::of(&stat));
        is_mounted(target) && refer_to(target).and_then(FileId::of_fd) != on_host
    }
}

fn unread(errno: Errno) -> Error {
    Error::system("read the record of a view", errno)
}

fn is_seen(entry: &Override) -> bool {
    entry.id.is_at(&entry.target)
}
