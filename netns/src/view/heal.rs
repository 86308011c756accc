//! A running view made whole again: overrides that the host has uncovered are put back, those that
//! were replaced are renewed, new ones come, removed ones go, and so do masks.
//!
//! What is to be seen is looked up and copied out here, on the host; a thread inside the view puts
//! it in place. A copy made in the view could only be one of what the view shows.

mod mender;
mod wanted;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use super::farm;
use super::found::FoundView;
use crate::{ETC, Error};
use mender::Mender;
use wanted::Wanted;

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
#[derive(Clone, Debug, Default)]
pub struct Healed {
    /// In order.
    pub mended: Vec<Mended>,
    /// Something is to be done yet that patience put off.
    pub is_waiting: bool,
    /// The first thing that could not be done: [`Error::Override`] for an entry of
    /// `/etc/netns/NAME` that cannot be put in place, [`Error::System`]. All else was.
    pub failure: Option<Error>,
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
    /// Make it whole, as far as that can be done. A view that is gone is.
    pub fn heal(&self, care: Care) -> Healed {
        let mut healed = Healed::default();
        if let Err(error) = self.heal_with(care, &mut healed) {
            healed.failure.get_or_insert(error);
        }
        healed
    }

    fn heal_with(&self, care: Care, healed: &mut Healed) -> Result<(), Error> {
        let failed = |errno| Error::system("look at a view", errno);
        let mut was_entered = false;
        let mut lock = None;
        for _ in 0..ATTEMPTS {
            let Some(record) = self.mounted().map_err(failed)? else {
                return Ok(()); // It is gone.
            };
            let wanted = Wanted::of(self)?;
            let in_place = record.in_place().and_then(|list| list.names());
            let is_whole = wanted.are_seen_in(self, &in_place.map_err(failed)?);
            let has_farm = farm::host_of(self.root(), Path::new(ETC)).map_err(failed)?;
            // A farm also shows what else the host has in /etc.
            if is_whole && (was_entered || !(care.thorough || has_farm.is_some())) {
                healed.failure = wanted.failure;
                return Ok(());
            }
            if lock.is_none() {
                let action = "heal a view, which somebody else is doing";
                let locked = record.lock();
                lock = Some(locked.map_err(|errno| Error::system(action, errno))?);
                continue; // They may have done it.
            }
            let hurry = !care.patient || has_farm.is_some();
            let Some(trees) = wanted.trees(self, was_entered)? else {
                continue; // One was replaced since it was looked at.
            };
            let mut mended = Vec::new();
            let mend = || Mender::new(&wanted, self.record().etc, &mut mended)?.mend(&trees, hurry);
            let is_waiting = self.inside(mend);
            healed.mended.append(&mut mended);
            healed.is_waiting = match is_waiting? {
                None => return Ok(()),
                Some(is_waiting) => is_waiting,
            };
            was_entered = true;
            if healed.is_waiting {
                healed.failure = wanted.failure;
                return Ok(());
            }
        }
        Err(Error::unusable(
            self.path_of_overrides(),
            "or the files its files go over are being replaced all the time",
            "try again when both are left alone",
        ))
    }

    fn path_of_overrides(&self) -> PathBuf {
        let name = self.record().name.as_ref();
        Path::new(crate::OVERRIDES).join(name.map_or(OsStr::new(""), |name| name.as_os_str()))
    }
}
