//! What a view is to show, looked up on the host.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use nix::errno::Errno;

use crate::etc::{Override, OverridesDir};
use crate::file_id::FileId;
use crate::printable::printable;
use crate::view::farm::{self, Plan};
use crate::view::found::FoundView;
use crate::view::overrides::has_mount_point;
use crate::view::tree::Tree;
use crate::view::{Etc, HostResolvers, masks};
use crate::{ETC, Error, EtcFiles};

/// What a view is to show.
pub(super) struct Wanted {
    pub(super) directory: Option<OverridesDir>,
    pub(super) entries: Vec<Override>,
    /// The names of entries that cannot be put in place. Whatever is there instead stays.
    bad: Vec<OsString>,
    /// What is wrong with the first of them.
    pub(super) failure: Option<Error>,
    pub(super) masks: bool,
}

/// Copies to be attached elsewhere, from which no mount comes back.
pub(super) struct Trees {
    /// Of the directory of overrides.
    pub(super) directory: Option<Tree>,
    /// Of each entry that the view is in want of.
    pub(super) entries: Vec<Option<Tree>>,
}

impl Wanted {
    pub(super) fn of(view: &FoundView) -> Result<Wanted, Error> {
        let files = EtcFiles::new(view.record().name.as_ref())?;
        let mut wanted = Wanted {
            directory: files.open()?,
            entries: Vec::new(),
            bad: Vec::new(),
            failure: None,
            masks: view.record().host_resolvers == HostResolvers::Mask,
        };
        let Some(directory) = &wanted.directory else {
            return Ok(wanted);
        };
        for name in directory.names()? {
            let entry = directory.entry(&name).and_then(|entry| match entry {
                Some(entry) => has_mount_point(&entry).map(|_| Some(entry)),
                None => Ok(None),
            });
            match entry {
                Ok(entry) => wanted.entries.extend(entry),
                Err(error) => {
                    wanted.bad.push(name);
                    wanted.failure.get_or_insert(error);
                }
            }
        }
        Ok(wanted)
    }

    pub(super) fn has(&self, name: &OsStr) -> bool {
        let mut names = self.entries.iter().map(Override::name);
        names.any(|known| known == name) || self.bad.iter().any(|known| known == name)
    }

    /// Whether they, and only they, are seen in a view in which these are in place.
    pub(super) fn are_seen_in(&self, view: &FoundView, in_place: &[OsString]) -> bool {
        in_place.iter().all(|name| self.has(name))
            && self.entries.iter().all(|entry| {
                let seen = view.look(&entry.target).and_then(FileId::of_fd);
                seen == Ok(entry.id) && in_place.iter().any(|name| name == entry.name())
            })
            && (!self.masks || masks::are_on(view.root()))
    }

    /// What a view is in want of, or all, which is a thing of moments to copy and takes the kernel
    /// a while to be rid of. None if an entry is not there any more.
    pub(super) fn trees(&self, view: &FoundView, all: bool) -> Result<Option<Trees>, Error> {
        let mut trees = Trees {
            directory: None,
            entries: Vec::with_capacity(self.entries.len()),
        };
        let Some(directory) = &self.directory else {
            return Ok(Some(trees));
        };
        let seen: Vec<_> = self
            .entries
            .iter()
            .map(|entry| view.look(&entry.target).and_then(FileId::of_fd))
            .collect();
        // One without a place may take a cover, in which all are to be put in place.
        let all = all || seen.contains(&Err(Errno::ENOENT));
        let slave = |tree: Tree| tree.make_slave().map(|()| tree);
        for (entry, seen) in self.entries.iter().zip(seen) {
            if !all && seen == Ok(entry.id) {
                trees.entries.push(None);
                continue;
            }
            match Tree::of_override(directory, entry).and_then(slave) {
                Ok(tree) => trees.entries.push(Some(tree)),
                Err(Errno::ENOENT) => return Ok(None),
                Err(errno) => return Err(entry.not_mounted(errno)),
            }
        }
        let etc = Path::new(ETC);
        if view.record().etc == Etc::Sealed && !farm::leads_into(view.root(), etc, directory) {
            let tree = Tree::of(directory).and_then(slave);
            trees.directory = Some(tree.map_err(|errno| {
                let path = printable(directory.path());
                Error::system(format!("show {path} in a view"), errno)
            })?);
        }
        Ok(Some(trees))
    }

    pub(super) fn plan<T>(&self, work: impl FnOnce(Plan<'_>) -> T) -> T {
        work(Plan {
            shows: &|name| !self.has(name),
            is_writable: false,
        })
    }
}
