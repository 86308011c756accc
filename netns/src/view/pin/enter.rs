//! A pinned view entered, if it is what a view made now would be.

use std::path::Path;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::fstat;

use super::note::Note;
use super::outside::Outside;
use super::relation::Relation;
use super::stamp::Stamp;
use super::{VIEWS, lock, path_in};
use crate::etc::{Override, OverridesDir};
use crate::view::farm;
use crate::view::found::FoundView;
use crate::view::heal::Care;
use crate::view::overrides::Overrides;
use crate::view::record::{Mounted, Record, open_root};
use crate::view::{Event, HostResolvers, Options, View, masks};
use crate::{ETC, Error, Name, Namespace};

const MOUNTS_DO_NOT_COME: &str = "what the host has mounted or unmounted since is not so in it (mount \
                                  --make-rshared / before --pin)";

/// Move this process into the pinned view of a namespace. None if there is none, or one that is not
/// what it would be if it were made now: then this process is where it was, but for the network
/// namespace.
///
/// # Errors
/// [`Error::CannotEnter`] without the privilege; [`Error::Override`] for an entry of
/// `/etc/netns/NAME` that cannot be put in place.
pub(in crate::view) fn enter(
    namespace: &Namespace,
    name: &Name,
    options: Options,
    report: &mut dyn FnMut(Event),
) -> Result<Option<View>, Error> {
    let mut set_aside = |why: &str| {
        report(Event::SetAside(why.into()));
        Ok(None)
    };
    let (pinned, outside) = match super::open(name) {
        Ok(None) => return Ok(None),
        pinned => match pinned.and_then(|pinned| Ok((pinned, Outside::look(name)?))) {
            Ok((Some(pinned), outside)) => (pinned, outside),
            Ok((None, _)) => return Ok(None),
            Err(errno) => return set_aside(errno.desc()),
        },
    };
    namespace.enter()?;
    match outside.here.is_root_of_namespace() {
        Ok(true) => {}
        is_root => {
            outside.go_back()?;
            return set_aside(match is_root {
                Err(errno) => errno.desc(),
                Ok(_) => "this process has a root directory of its own",
            });
        }
    }
    let Some(relation) = outside.relation else {
        outside.go_back()?;
        return set_aside(MOUNTS_DO_NOT_COME);
    };
    let expected = Expected {
        record: Record::new(options, Some(name)),
        options,
        relation,
    };
    let mut stamp = None;
    loop {
        let directory = OverridesDir::of(Some(name))?;
        let entries = entries(directory.as_ref())?;
        if let Err(errno) = setns(&pinned, CloneFlags::CLONE_NEWNS) {
            outside.go_back()?;
            return set_aside(errno.desc());
        }
        let found = expected
            .check(directory, entries, stamp.as_ref())
            .and_then(|overrides| match outside.enter_working_directory() {
                true => Ok(overrides),
                false => Err(Why::Other("the working directory is not to be found in it")),
            });
        let why = match found {
            Ok(overrides) => {
                report(Event::Entered(path_in(VIEWS, name)));
                return Ok(Some(View {
                    overrides,
                    record: expected.record,
                    making: None,
                }));
            }
            Err(why) => why,
        };
        outside.go_back()?;
        if stamp.is_some() || !matches!(why, Why::NotWhole) {
            return set_aside(why.text());
        }
        // Once. What it shows may change faster than anybody can follow.
        stamp = Some(Stamp::of_host());
        let lock = lock();
        if let Some(view) = FoundView::pinned(name)? {
            view.heal(Care {
                thorough: true,
                patient: false,
            });
        }
        drop(lock);
    }
}

/// The overrides that the namespace has.
fn entries(directory: Option<&OverridesDir>) -> Result<Vec<Override>, Error> {
    let mut entries = Vec::new();
    if let Some(directory) = directory {
        for name in directory.names()? {
            entries.extend(directory.entry(&name)?);
        }
    }
    Ok(entries)
}

/// Why a pinned view is not used.
enum Why {
    /// It is stale, or the host has uncovered something.
    NotWhole,
    Other(&'static str),
    Failed(Errno),
}

impl Why {
    fn text(&self) -> &'static str {
        match self {
            Why::NotWhole => "it cannot be made whole",
            Why::Other(text) => text,
            Why::Failed(errno) => errno.desc(),
        }
    }
}

impl From<Errno> for Why {
    fn from(errno: Errno) -> Self {
        Why::Failed(errno)
    }
}

/// What a view made now would be.
struct Expected {
    record: Record,
    options: Options,
    relation: Relation,
}

impl Expected {
    /// Whether the view that this process is in is that. With a stamp it has been made whole since.
    fn check(
        &self,
        directory: Option<OverridesDir>,
        entries: Vec<Override>,
        stamp: Option<&Stamp>,
    ) -> Result<Overrides, Why> {
        let root = open_root()?;
        let record = Mounted::below(&root)?.ok_or(Why::Other("it is none any more"))?;
        let note = Note::read(&record)?.ok_or(Why::Other("it is of another version"))?;
        let expected = Note::new(self.options.sys, &self.relation.noted())?;
        if record.read()?.as_ref() != Some(&self.record) || note.sys != expected.sys {
            return Err(Why::Other("it was made with other options"));
        }
        if note.namespace != expected.namespace {
            return Err(Why::Other(
                "the namespace was made anew since (pin it again, or --unpin it)",
            ));
        }
        if Relation::of_view(&note.relation)? != Some(self.relation) {
            return Err(Why::Other(MOUNTS_DO_NOT_COME));
        }
        if let Some(host) = farm::host_of(&root, Path::new(ETC))? {
            match stamp {
                Some(stamp) => stamp.write()?,
                None if Stamp::is_of(&record, &fstat(host)?) => {}
                None => return Err(Why::NotWhole),
            }
        }
        let masks = self.record.host_resolvers == HostResolvers::Mask;
        if masks && !masks::are_on(&root) {
            return Err(Why::NotWhole);
        }
        let in_place = record.in_place()?.names()?;
        Overrides::found(directory, entries, &in_place).ok_or(Why::NotWhole)
    }
}
