//! Overrides as mounts over the host's files: what users of `ip netns exec` expect, writes go
//! through to `/etc/netns/NAME`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::stat::{SFlag, fstat, stat};

use super::Event;
use super::farm::Farm;
use super::tree::{Tree, refer_to};
use crate::etc::{Kind, Override, OverridesDir};
use crate::file_id::{FileId, described, file_type};
use crate::printable::printable;
use crate::{Error, EtcFiles};

/// How often an override is taken anew when it or its target is replaced at the very moment it is
/// put in place.
const ATTEMPTS: usize = 64;

/// The overrides that are in place.
#[derive(Debug)]
pub(super) struct Overrides {
    directory: Option<OverridesDir>,
    placed: Vec<Placed>,
}

/// An override in its place.
#[derive(Debug)]
struct Placed {
    name: OsString,
    target: PathBuf,
    id: FileId,
}

impl Placed {
    fn is_seen(&self) -> bool {
        self.id.is_at(&self.target)
    }
}

impl Overrides {
    /// Put every override in place and make sure that programs will see it.
    pub(super) fn put_in_place(
        files: &EtcFiles,
        report: &mut dyn FnMut(Event),
    ) -> Result<Overrides, Error> {
        let mut overrides = Overrides {
            directory: files.open()?,
            placed: Vec::new(),
        };
        let mut farm = None;
        while !overrides.place_all(&mut farm, report)? {}
        if let Some(farm) = farm {
            farm.finish()?;
        }
        Ok(overrides)
    }

    /// Place what is not placed yet. False if that is to be done again.
    fn place_all(
        &mut self,
        farm: &mut Option<Farm>,
        report: &mut dyn FnMut(Event),
    ) -> Result<bool, Error> {
        let Some(directory) = &self.directory else {
            return Ok(true);
        };
        let mut complete = true;
        for name in directory.names()? {
            if self.placed.iter().any(|placed| placed.name == name) {
                continue;
            }
            // An entry that is gone when its turn comes may be one that is being replaced: then
            // the directory lists it again.
            let Some(entry) = directory.entry(&name)? else {
                complete = false;
                continue;
            };
            if !has_mount_point(&entry)? {
                match farm {
                    Some(farm) => farm.make_place(&entry)?,
                    None => {
                        // All overrides go over the farm, where the host cannot uncover them.
                        *farm = Some(Farm::plant(report)?);
                        self.placed.clear();
                        return Ok(false);
                    }
                }
            }
            if let Some(placed) = attach(directory, &name)? {
                report(Event::Mounted {
                    target: placed.target.clone(),
                    source: entry.path,
                });
                self.placed.push(placed);
            }
        }
        Ok(complete)
    }

    /// See [`super::View::settle`].
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        for _ in 0..ATTEMPTS {
            let (mut placed, lost): (Vec<_>, Vec<_>) =
                self.placed.drain(..).partition(Placed::is_seen);
            let settled = lost.is_empty();
            for lost in lost {
                // A new file of the namespace may have taken the place of the one that was lost;
                // if it was removed, the host's counts.
                placed.extend(attach(directory, &lost.name)?);
            }
            self.placed = placed;
            if settled {
                return Ok(());
            }
        }
        self.verify()
    }

    /// See [`super::View::verify`].
    pub(super) fn verify(&self) -> Result<(), Error> {
        match self.placed.iter().find(|placed| !placed.is_seen()) {
            None => Ok(()),
            Some(lost) => Err(Error::Override {
                path: lost.target.clone(),
                why: "is being replaced by the host, which uncovers it".into(),
                advice: "try again when it is left alone".into(),
            }),
        }
    }
}

/// Mount one override and verify it; again if something was replaced meanwhile. None if there is
/// no such entry any more.
fn attach(directory: &OverridesDir, name: &OsStr) -> Result<Option<Placed>, Error> {
    for _ in 0..ATTEMPTS {
        let Some(entry) = directory.entry(name)? else {
            return Ok(None);
        };
        let mounted = Tree::of(&entry).and_then(|tree| tree.attach(refer_to(&entry.target)?));
        match mounted {
            Ok(()) if entry.id.is_at(&entry.target) => {
                let Override { target, id, .. } = entry;
                return Ok(Some(Placed {
                    name: name.to_owned(),
                    target,
                    id,
                }));
            }
            // Not seen: the host renamed another file over the target, which detached the mount.
            // ENOENT: the source or the target was unlinked since it was opened.
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(entry.not_mounted(errno)),
        }
    }
    Err(Error::Override {
        path: directory.path().join(name),
        why: "or the file it goes over is being replaced all the time".into(),
        advice: "try again when both are left alone".into(),
    })
}

/// Whether the override can be mounted on what the host has there.
///
/// # Errors
/// If the host has a directory where the override is a file, or the reverse.
fn has_mount_point(entry: &Override) -> Result<bool, Error> {
    let place = match refer_to(&entry.target) {
        Ok(place) => place,
        Err(Errno::ENOENT) => return Ok(false),
        Err(errno) => return Err(entry.not_mounted(errno)),
    };
    let kind = file_type(&fstat(&place).map_err(|errno| entry.not_mounted(errno))?);
    let (is_link, seen) = match kind {
        // What counts is what a program opens there.
        SFlag::S_IFLNK => (true, stat(&entry.target).ok().map(|stat| file_type(&stat))),
        kind => (false, Some(kind)),
    };
    let target = printable(&entry.target);
    match (entry.kind, seen) {
        (Kind::Directory, Some(SFlag::S_IFDIR)) => Ok(!is_link),
        (Kind::Directory, None) => Ok(false),
        (Kind::Directory, Some(other)) => Err(entry.refused(
            format!("is a directory, but {target} is {}", described(other)),
            "put a file in its place, or remove it",
        )),
        (Kind::File, Some(SFlag::S_IFDIR)) => Err(entry.refused(
            format!("is a file, but {target} is a directory"),
            "put a directory in its place, or remove it",
        )),
        (Kind::File, _) => Ok(true),
    }
}
