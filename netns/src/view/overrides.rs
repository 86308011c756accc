//! Overrides over the host's files: as mounts, which is what users of `ip netns exec` expect, or
//! as links of a farm. Either way writes go through to `/etc/netns/NAME`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::stat::{SFlag, lstat, stat};

use super::farm::{Farm, Plan};
use super::tree::{Tree, bind, open_directory, replace};
use super::{Etc, Event};
use crate::etc::{Kind, Override, OverridesDir};
use crate::file_id::{FileId, described, file_type};
use crate::printable::printable;
use crate::{ETC, Error, Name};

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
    how: How,
}

#[derive(Debug)]
enum How {
    /// This file is mounted on the target itself, or was when it was placed.
    Mounted(FileId, Kind),
    /// The target is a link to whatever file has the name in `/etc/netns/NAME`.
    Linked,
}

impl Placed {
    fn mounted(entry: &Override) -> Placed {
        Placed {
            name: entry.name().to_owned(),
            target: entry.target.clone(),
            how: How::Mounted(entry.id, entry.kind),
        }
    }

    fn is_seen(&self, directory: &OverridesDir) -> bool {
        match self.how {
            How::Mounted(id, kind) => {
                lstat(&self.target).is_ok_and(|seen| FileId::of(&seen) == id && kind.is_of(&seen))
            }
            // Again if it was replaced between the two looks.
            How::Linked => {
                (0..ATTEMPTS).any(|_| directory.id_of(&self.name) == FileId::of_path(&self.target))
            }
        }
    }

    /// Whether the namespace has no other file of the name by now.
    fn is_new(&self, directory: &OverridesDir) -> bool {
        match self.how {
            How::Mounted(id, _) => directory.id_of(&self.name).map_or(true, |now| now == id),
            How::Linked => true,
        }
    }
}

impl Overrides {
    /// Put every override in place. Whether programs see it is made sure of by
    /// [`Overrides::settle`].
    pub(super) fn put_in_place(
        directory: Option<OverridesDir>,
        etc: Etc,
        report: &mut dyn FnMut(Event),
    ) -> Result<Overrides, Error> {
        let mut overrides = Overrides {
            directory,
            placed: Vec::new(),
        };
        let mut farm = match etc {
            Etc::Bind => None,
            Etc::Sealed => Some(overrides.plant(etc, report)?),
        };
        while !overrides.place_all(&mut farm, etc, report)? {}
        if let Some(farm) = farm {
            farm.protect()?;
        }
        Ok(overrides)
    }

    /// Those of a view that was made before. None if they are not all that the namespace has now.
    pub(super) fn found(
        directory: Option<OverridesDir>,
        entries: Vec<Override>,
        in_place: &[OsString],
    ) -> Option<Overrides> {
        let is_named = |name: &OsString| entries.iter().any(|entry| entry.name() == name);
        if in_place.len() != entries.len() || !in_place.iter().all(is_named) {
            return None;
        }
        let found = |entry: &Override| {
            let mounted = Placed::mounted(entry);
            let directory = directory.as_ref()?;
            if mounted.is_seen(directory) {
                return Some(mounted);
            }
            let linked = Placed {
                how: How::Linked,
                ..mounted
            };
            linked.is_seen(directory).then_some(linked)
        };
        let placed = entries.iter().map(found).collect::<Option<_>>()?;
        Some(Overrides { directory, placed })
    }

    /// Whether the namespace has no files of its own.
    pub(super) fn are_none(&self) -> bool {
        self.placed.is_empty()
    }

    /// The names of those that are in place, and what they come from.
    pub(super) fn in_place(&self) -> impl Iterator<Item = (&OsStr, PathBuf)> {
        let names = self.placed.iter().map(|placed| placed.name.as_os_str());
        names.map(|name| (name, self.source(name)))
    }

    /// What the override of this name comes from.
    pub(super) fn source(&self, name: &OsStr) -> PathBuf {
        let directory = self.directory.as_ref().map(OverridesDir::path);
        directory.unwrap_or(Path::new("")).join(name)
    }

    /// Cover `/etc` by a farm and place all overrides in it. They are opened and checked before,
    /// while `/etc` is the host's: an override may be a symlink to one of its files.
    fn plant(&mut self, how: Etc, report: &mut dyn FnMut(Event)) -> Result<Farm, Error> {
        let mut entries = Vec::new();
        if let Some(directory) = &self.directory {
            for name in directory.names()? {
                entries.extend(copy(directory, &name)?);
            }
        }
        for (entry, _) in &entries {
            has_mount_point(entry)?;
        }
        let etc = Path::new(ETC);
        let host = open_directory(etc)
            .and_then(Tree::of)
            .map_err(|errno| Error::system("cover /etc", errno))?;
        let plan = Plan {
            shows: &|name| !entries.iter().any(|(entry, _)| entry.name() == name),
            is_writable: false,
        };
        let farm = Farm::grow(etc, etc, &host, plan)?;
        if let Some(directory) = &self.directory {
            Tree::of(directory)
                .and_then(|tree| farm.bind_overrides(&tree))
                .map_err(|errno| {
                    let action = format!("show {} in the view", printable(directory.path()));
                    Error::system(action, errno)
                })?;
        }
        report(Event::Mounted {
            target: etc.into(),
            source: "tmpfs".into(),
        });
        self.placed.clear();
        if let Some(directory) = &self.directory {
            for (entry, tree) in &entries {
                let placed = place_in(&farm, how, directory, entry, tree)?;
                self.placed.extend(told(placed, &entry.path, report));
            }
        }
        Ok(farm)
    }

    /// Place what is not placed yet. False if that is to be done again.
    fn place_all(
        &mut self,
        farm: &mut Option<Farm>,
        etc: Etc,
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
            let placed = if let Some(farm) = farm {
                let Some((entry, tree)) = copy(directory, &name)? else {
                    complete = false;
                    continue;
                };
                has_mount_point(&entry)?;
                place_in(farm, etc, directory, &entry, &tree)?
            } else {
                let Some(entry) = directory.entry(&name)? else {
                    complete = false;
                    continue;
                };
                match place_of(&entry)? {
                    Place::None => {
                        // All overrides go over the farm, where the host cannot uncover them.
                        *farm = Some(self.plant(etc, report)?);
                        return Ok(false);
                    }
                    Place::Itself if bind(&entry.path, &entry.target).is_ok() => {
                        Some(Placed::mounted(&entry))
                    }
                    _ => attach(directory, &name)?,
                }
            };
            self.placed
                .extend(told(placed, &directory.path().join(&name), report));
        }
        Ok(complete)
    }

    /// Whether they are what they would be if they were put in place now.
    pub(super) fn are_new(&self, name: Option<&Name>) -> Result<bool, Error> {
        let Some(directory) = &self.directory else {
            return Ok(OverridesDir::of(name)?.is_none());
        };
        let are_placed = directory
            .names()?
            .iter()
            .all(|name| self.placed.iter().any(|placed| placed.name == *name));
        let is_new = |placed: &Placed| placed.is_seen(directory) && placed.is_new(directory);
        Ok(are_placed && self.placed.iter().all(is_new))
    }

    /// As [`Overrides::settle`], and what the namespace has replaced since is renewed: all that
    /// those have missed who did not see the view.
    pub(super) fn renew(
        &mut self,
        etc: Etc,
        name: Option<&Name>,
        report: &mut dyn FnMut(Event),
    ) -> Result<Vec<OsString>, Error> {
        if self.directory.is_none() {
            self.directory = OverridesDir::of(name)?;
        }
        self.replace_old()?;
        self.settle(etc, report)
    }

    fn replace_old(&mut self) -> Result<(), Error> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        for placed in &mut self.placed {
            if !placed.is_new(directory)
                && let Some((entry, tree)) = copy(directory, &placed.name)?
            {
                replace(&tree, &placed.target).map_err(|errno| entry.not_mounted(errno))?;
                *placed = Placed::mounted(&entry);
            }
        }
        Ok(())
    }

    /// Put in place what the namespace has got since, and again what the host has uncovered.
    /// The names of those that are new.
    pub(super) fn settle(
        &mut self,
        etc: Etc,
        report: &mut dyn FnMut(Event),
    ) -> Result<Vec<OsString>, Error> {
        let mut new = match &self.directory {
            Some(directory) => directory.names()?,
            None => Vec::new(),
        };
        new.retain(|name| !self.placed.iter().any(|placed| placed.name == *name));
        if !new.is_empty() {
            let mut farm = Farm::reopen(Path::new(ETC))
                .map_err(|errno| Error::system("write to the cover of /etc", errno))?;
            let was_covered = farm.is_some();
            while !self.place_all(&mut farm, etc, report)? {}
            if let Some(farm) = farm.filter(|_| !was_covered) {
                farm.protect()?;
            }
        }
        self.put_back()?;
        Ok(new)
    }

    fn put_back(&mut self) -> Result<(), Error> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        for _ in 0..ATTEMPTS {
            let (mut placed, lost): (Vec<_>, Vec<_>) = self
                .placed
                .drain(..)
                .partition(|placed| placed.is_seen(directory));
            let settled = lost.is_empty();
            for lost in lost {
                match lost.how {
                    // A new file of the namespace may have taken the place of the one that was
                    // lost; if it was removed, the host's counts.
                    How::Mounted(..) => placed.extend(attach(directory, &lost.name)?),
                    How::Linked => placed.push(lost),
                }
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
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        match self.placed.iter().find(|placed| !placed.is_seen(directory)) {
            None => Ok(()),
            Some(Placed {
                name,
                how: How::Linked,
                ..
            }) => Err(Error::unusable(
                directory.path().join(name),
                "cannot be reached by the user of the command",
                "let the user search the directory (chmod a+x)",
            )),
            Some(lost) => Err(Error::unusable(
                &lost.target,
                "is being replaced by the host, which uncovers it",
                "try again when it is left alone, or use --etc sealed",
            )),
        }
    }
}

/// Give an override its place in the farm.
fn place_in(
    farm: &Farm,
    etc: Etc,
    directory: &OverridesDir,
    entry: &Override,
    tree: &Tree,
) -> Result<Option<Placed>, Error> {
    let name = entry.name();
    let linked = etc == Etc::Sealed
        && farm
            .link_override(directory, entry)
            .map_err(|errno| entry.not_mounted(errno))?;
    if linked {
        return Ok(Some(Placed {
            name: name.to_owned(),
            target: entry.target.clone(),
            how: How::Linked,
        }));
    }
    farm.make_place(entry)
        .map_err(|errno| entry.not_mounted(errno))?;
    match attach_tree(entry, tree)? {
        Some(placed) => Ok(Some(placed)),
        None => attach(directory, name),
    }
}

/// Tell that an override is in place.
fn told(placed: Option<Placed>, source: &Path, report: &mut dyn FnMut(Event)) -> Option<Placed> {
    placed.inspect(|placed| {
        report(Event::Mounted {
            target: placed.target.clone(),
            source: source.into(),
        });
    })
}

/// Mount one override and verify it; again if something was replaced meanwhile. None if there is
/// no such entry any more.
fn attach(directory: &OverridesDir, name: &OsStr) -> Result<Option<Placed>, Error> {
    for _ in 0..ATTEMPTS {
        let Some((entry, tree)) = copy(directory, name)? else {
            return Ok(None);
        };
        if let Some(placed) = attach_tree(&entry, &tree)? {
            return Ok(Some(placed));
        }
    }
    Err(being_replaced(directory, name))
}

/// Look at an override and copy it at once. None if there is no such entry any more.
fn copy(directory: &OverridesDir, name: &OsStr) -> Result<Option<(Override, Tree)>, Error> {
    for _ in 0..ATTEMPTS {
        let Some(entry) = directory.entry(name)? else {
            return Ok(None);
        };
        match Tree::of_override(directory, &entry) {
            Ok(tree) => return Ok(Some((entry, tree))),
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(entry.not_mounted(errno)),
        }
    }
    Err(being_replaced(directory, name))
}

fn being_replaced(directory: &OverridesDir, name: &OsStr) -> Error {
    Error::unusable(
        directory.path().join(name),
        "or the file it goes over is being replaced all the time",
        "try again when both are left alone",
    )
}

/// Mount an override. None if it, or what it goes over, was replaced meanwhile.
fn attach_tree(entry: &Override, tree: &Tree) -> Result<Option<Placed>, Error> {
    match tree.attach_at(&entry.target) {
        Ok(()) if entry.id.is_at(&entry.target) => Ok(Some(Placed::mounted(entry))),
        // Not seen: the host renamed another file over the target, which detached the mount.
        // ENOENT: the source or the target was unlinked since it was opened.
        Ok(()) | Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(entry.not_mounted(errno)),
    }
}

/// What there is for an override to be mounted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing, or a symlink to a directory, on which no directory can be mounted.
    None,
    /// A symlink.
    Link,
    /// A file or a directory.
    Itself,
}

/// Whether the override can be mounted on what the host has there.
///
/// # Errors
/// As [`place_of`].
pub(super) fn has_mount_point(entry: &Override) -> Result<bool, Error> {
    Ok(place_of(entry)? != Place::None)
}

/// What the host has where the override is to go.
///
/// # Errors
/// If the host has a directory where the override is a file, or the reverse, and for a name that
/// is not to be had.
fn place_of(entry: &Override) -> Result<Place, Error> {
    if Farm::needs_name(entry.name()) {
        return Err(entry.refused("has a name that netns-exec itself needs", "rename it"));
    }
    let kind = match lstat(&entry.target) {
        Ok(stat) => file_type(&stat),
        Err(Errno::ENOENT) => return Ok(Place::None),
        Err(errno) => return Err(entry.not_mounted(errno)),
    };
    let (place, seen) = match kind {
        // What counts is what a program opens there.
        SFlag::S_IFLNK => {
            let seen = stat(&entry.target).ok().map(|stat| file_type(&stat));
            (Place::Link, seen)
        }
        kind => (Place::Itself, Some(kind)),
    };
    let target = printable(&entry.target);
    match (entry.kind, seen) {
        (Kind::Directory, Some(SFlag::S_IFDIR)) if place == Place::Itself => Ok(place),
        (Kind::Directory, Some(SFlag::S_IFDIR) | None) => Ok(Place::None),
        (Kind::Directory, Some(other)) => Err(entry.refused(
            format!("is a directory, but {target} is {}", described(other)),
            "put a file in its place, or remove it",
        )),
        (Kind::File, Some(SFlag::S_IFDIR)) => Err(entry.refused(
            format!("is a file, but {target} is a directory"),
            "put a directory in its place, or remove it",
        )),
        (Kind::File, _) => Ok(place),
    }
}
