//! A running view made whole again: overrides that the host has uncovered are put back, those that
//! were replaced are renewed, new ones come, removed ones go, and so do masks.
//!
//! What is to be seen is looked up and copied out here, on the host; a thread inside the view puts
//! it in place. A copy made in the view could only be one of what the view shows.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::farm::{Farm, Plan};
use super::found::FoundView;
use super::masks;
use super::overrides::has_mount_point;
use super::record::{Placed, host_etc_path};
use super::tree::{Tree, is_mounted, open_directory, refer_to, replace, unmount};
use super::{Etc, HostResolvers};
use crate::etc::{Override, OverridesDir};
use crate::file_id::FileId;
use crate::host_resolvers::HOST_RESOLVERS;
use crate::printable::printable;
use crate::{ETC, Error, EtcFiles, Process};

/// How often a view is looked at again that changes under our eyes.
const ATTEMPTS: usize = 64;

/// How much is to be done for a view that looks whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Care {
    /// Enter it all the same, and look after what cannot be seen from outside: what the host has
    /// beside its overrides.
    pub thorough: bool,
    /// Where the host has removed a file that an override goes over, wait for the new one rather
    /// than cover all of `/etc`.
    pub patient: bool,
}

/// What was done for a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Healed {
    /// In order.
    pub mended: Vec<Mended>,
    /// Something is to be done yet that patience put off.
    pub is_waiting: bool,
}

/// One thing that was put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// In the view.
    pub path: PathBuf,
    /// What was done with it.
    pub what: Mending,
}

/// What can be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mending {
    /// The host had uncovered its own file.
    PutBack,
    /// The namespace's file had been replaced by another.
    Renewed,
    /// The namespace has got a new file.
    Added,
    /// The namespace's file was removed: the host's is seen.
    Dropped,
    /// A daemon of the host could be reached.
    Hidden,
}

impl fmt::Display for Mending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mending::PutBack => "put back, the host had uncovered its own",
            Mending::Renewed => "renewed, the namespace's was replaced",
            Mending::Added => "added, the namespace has got it",
            Mending::Dropped => "dropped, the namespace has it no more",
            Mending::Hidden => "hidden, a daemon of the host could answer there",
        })
    }
}

impl FoundView {
    /// Make it whole.
    ///
    /// # Errors
    /// [`Error::Override`] for an entry of `/etc/netns/NAME` that cannot be put in place;
    /// [`Error::System`]. What was mended until then stays so.
    pub fn heal(&self, care: Care) -> Result<Healed, Error> {
        let mut healed = Healed::default();
        let mut was_entered = false;
        for _ in 0..ATTEMPTS {
            let wanted = Wanted::of(self)?;
            let failed = |errno| Error::system("look at a view", errno);
            let look = |process: &Process| Ok((wanted.are_seen_by(process)?, has_farm(process)?));
            let Some((is_whole, has_farm)) = self.with_process(look).map_err(failed)? else {
                return Ok(healed); // There is no such view any more.
            };
            // A farm also shows what else the host has in /etc.
            if is_whole && (was_entered || !(care.thorough || has_farm)) {
                return Ok(healed);
            }
            let hurry = !care.patient || has_farm;
            let trees = wanted.trees()?;
            let Some(once) = self.inside(|| self.mend(&wanted, &trees, hurry))? else {
                return Ok(healed);
            };
            was_entered = true;
            healed.mended.extend(once.mended);
            healed.is_waiting = once.is_waiting;
            if healed.is_waiting {
                return Ok(healed);
            }
        }
        Err(Error::Override {
            path: self.path_of_overrides(),
            why: "or the files its files go over are being replaced all the time".into(),
            advice: "try again when both are left alone".into(),
        })
    }

    fn path_of_overrides(&self) -> PathBuf {
        let name = self.record().name.as_ref();
        Path::new(crate::OVERRIDES).join(name.map_or(OsStr::new(""), |name| name.as_os_str()))
    }

    /// On a thread inside.
    fn mend(&self, wanted: &Wanted, trees: &[Tree], hurry: bool) -> Result<Healed, Error> {
        let failed = |errno| Error::system("read the record of a view", errno);
        let placed = Placed::here().map_err(failed)?;
        let names = placed.names().map_err(failed)?;
        let mut mended = Vec::new();
        let mut tell = |path: &Path, what| {
            mended.push(Mended {
                path: path.into(),
                what,
            });
        };

        let etc = Path::new(ETC);
        let mut farm = if Farm::covers(etc) {
            let farm = Farm::reopen(etc);
            Some(farm.map_err(|errno| Error::system("write to the cover of /etc", errno))?)
        } else {
            None
        };
        for name in names.iter().filter(|name| !wanted.has(name)) {
            let target = etc.join(name);
            if farm.is_none() {
                uncover(&target).map_err(|errno| {
                    Error::system(format!("unmount {}", target.display()), errno)
                })?;
            }
            placed.remove(name).map_err(failed)?;
            tell(&target, Mending::Dropped);
        }
        let mut lacks_place = false;
        for entry in &wanted.entries {
            lacks_place |= farm.is_none() && !has_mount_point(entry)?;
        }
        let seen: Vec<bool> = wanted.entries.iter().map(is_seen).collect();
        let is_planted = lacks_place && hurry;
        if is_planted {
            farm = Some(wanted.plant()?);
        }
        if let Some(farm) = &farm {
            wanted.tend(farm, self.record().etc)?;
        }
        for ((entry, tree), was_seen) in wanted.entries.iter().zip(trees).zip(seen) {
            let target = &entry.target;
            let what = if !names.contains(&entry.name().to_owned()) {
                Mending::Added
            } else if is_ours(target) {
                Mending::Renewed
            } else {
                Mending::PutBack
            };
            match wanted.put(entry, tree, farm.as_ref(), self.record().etc) {
                Ok(()) if was_seen => {}
                Ok(()) => tell(target, what),
                // It, or what it goes over, was replaced meanwhile: to be looked at again.
                Err(Errno::ENOENT) => continue,
                Err(errno) => return Err(entry.not_mounted(errno)),
            }
            placed.add(entry.name(), &entry.path).map_err(failed)?;
        }
        if let Some(farm) = farm.filter(|_| is_planted) {
            farm.protect()?;
        }
        if self.record().host_resolvers == HostResolvers::Mask {
            for directory in masks::renew()? {
                tell(directory, Mending::Hidden);
            }
        }
        Ok(Healed {
            mended,
            is_waiting: lacks_place && !is_planted,
        })
    }
}

/// What a view is to show.
struct Wanted {
    directory: Option<OverridesDir>,
    entries: Vec<Override>,
    masks: bool,
}

impl Wanted {
    fn of(view: &FoundView) -> Result<Wanted, Error> {
        let files = EtcFiles::new(view.record().name.as_ref())?;
        let directory = files.open()?;
        let mut entries = Vec::new();
        if let Some(directory) = &directory {
            for name in directory.names()? {
                entries.extend(directory.entry(&name)?);
            }
        }
        Ok(Wanted {
            directory,
            entries,
            masks: view.record().host_resolvers == HostResolvers::Mask,
        })
    }

    fn has(&self, name: &OsStr) -> bool {
        self.entries.iter().any(|entry| entry.name() == name)
    }

    /// Whether a process of a view sees them, and only them.
    fn are_seen_by(&self, process: &Process) -> nix::Result<bool> {
        let placed = Placed::of(process)?.names()?;
        let is_mask = |directory: &str| match process.look(Path::new(directory)) {
            Ok(_) => process.look(&Farm::host_of(Path::new(directory))).is_ok(),
            Err(_) => true,
        };
        Ok(placed.iter().all(|name| self.has(name))
            && self.entries.iter().all(|entry| {
                let seen = process.look(&entry.target).and_then(FileId::of_fd);
                seen == Ok(entry.id) && placed.iter().any(|name| name == entry.name())
            })
            && (!self.masks
                || HOST_RESOLVERS
                    .iter()
                    .all(|resolver| is_mask(resolver.directory))))
    }

    /// Copies to be attached elsewhere, from which no mount comes back.
    fn trees(&self) -> Result<Vec<Tree>, Error> {
        let copy = |entry: &Override| {
            let tree = Tree::of(entry)?;
            tree.make_slave()?;
            Ok(tree)
        };
        let mut trees = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            trees.push(copy(entry).map_err(|errno| entry.not_mounted(errno))?);
        }
        Ok(trees)
    }

    fn plan<T>(&self, work: impl FnOnce(Plan<'_>) -> T) -> T {
        work(Plan {
            shows: &|name| !self.has(name),
            is_writable: false,
        })
    }

    /// Cover `/etc` of the view that this thread is in, which has no place for some of them.
    fn plant(&self) -> Result<Farm, Error> {
        let host = open_directory(&host_etc_path())
            .and_then(Tree::of)
            .map_err(|errno| Error::system("cover /etc in a view", errno))?;
        self.plan(|plan| Farm::plant(Path::new(ETC), &host, plan))
    }

    fn tend(&self, farm: &Farm, etc: Etc) -> Result<(), Error> {
        if let Some(directory) = &self.directory
            && etc == Etc::Sealed
            && !farm.has_overrides(directory)
        {
            let tree = Tree::of(directory).and_then(|tree| tree.make_slave().map(|()| tree));
            tree.and_then(|tree| farm.bind_overrides(&tree))
                .map_err(|errno| {
                    let path = printable(directory.path());
                    Error::system(format!("show {path} in a view"), errno)
                })?;
        }
        self.plan(|plan| farm.tend(plan))
    }

    /// Put an override in its place in the view that this thread is in, if it is not there.
    fn put(&self, entry: &Override, tree: &Tree, farm: Option<&Farm>, etc: Etc) -> nix::Result<()> {
        let target = &entry.target;
        if let Some(farm) = farm {
            if etc == Etc::Sealed
                && let Some(directory) = &self.directory
                && farm.link_override(directory, entry)?
            {
                return Ok(());
            }
            farm.make_place(entry)?;
        }
        if is_seen(entry) {
            Ok(())
        } else if is_ours(target) {
            replace(tree, target)
        } else {
            tree.attach(refer_to(target)?)
        }
    }
}

/// Whether `/etc` is covered as a whole.
fn has_farm(process: &Process) -> nix::Result<bool> {
    match process.look(&Farm::host_of(Path::new(ETC))) {
        Ok(_) => Ok(true),
        Err(Errno::ENOENT) => process.mount_namespace().map(|_| false),
        Err(errno) => Err(errno),
    }
}

fn is_seen(entry: &Override) -> bool {
    entry.id.is_at(&entry.target)
}

/// Whether what is mounted on `target` is an override: the host may have mounts there too, as
/// containers do.
fn is_ours(target: &Path) -> bool {
    let Some(name) = target.file_name() else {
        return false;
    };
    let id = |path: &Path| refer_to(path).and_then(FileId::of_fd);
    is_mounted(target) && id(target) != id(&host_etc_path().join(name))
}

/// Unmount the overrides on `target`.
fn uncover(target: &Path) -> nix::Result<()> {
    while is_ours(target) && unmount(target)? {}
    Ok(())
}
