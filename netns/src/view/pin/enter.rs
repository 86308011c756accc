//! A pinned view entered, if it is what a view made now would be.

use std::borrow::Cow;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::{SFlag, fstatat};

use super::note::Note;
use super::outside::Outside;
use super::relation::Relation;
use super::stamp::{Freshness, Stamp};
use super::{VIEWS, path_in};
use crate::error::errno_of;
use crate::etc::{Kind, Override, OverridesDir};
use crate::file_id::file_type;
use crate::view::farm;
use crate::view::found::FoundView;
use crate::view::heal::Care;
use crate::view::overrides::Overrides;
use crate::view::record::{Mounted, Record, open_root};
use crate::view::{Etc, Event, HostResolvers, Options, View, masks};
use crate::{ETC, Error, Name, Namespace};

/// How often a view is healed that the host uncovers as fast.
const ATTEMPTS: usize = 16;

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
    let pinned = match super::open(name) {
        Ok(None) => return Ok(None),
        Ok(Some(pinned)) => pinned,
        Err(errno) => return set_aside(errno.desc()),
    };
    let outside = match Outside::look() {
        Ok(outside) => outside,
        Err(errno) => return set_aside(errno.desc()),
    };
    namespace.enter()?;
    let found = match outside.enter_namespace_again() {
        // It is where it was.
        Err(errno) => return set_aside(errno.desc()),
        Ok(false) => Err("this process has a root directory of its own"),
        Ok(true) => match Relation::of_host(name) {
            Ok(relation) => relation.ok_or(MOUNTS_DO_NOT_COME),
            Err(errno) => Err(errno.desc()),
        },
    };
    let relation = match found {
        Ok(relation) => relation,
        Err(why) => {
            outside.go_back()?;
            return set_aside(why);
        }
    };
    let pinned = Pinned {
        namespace: pinned,
        outside,
        name: name.clone(),
        record: Record::new(options, Some(name)),
        options,
        relation,
        now: Stamp::of_host(),
    };
    match pinned.enter()? {
        Ok(overrides) => {
            report(Event::Entered(path_in(VIEWS, name)));
            Ok(Some(View::of_pinned(pinned, overrides)))
        }
        Err(why) => set_aside(&why.text()),
    }
}

const MOUNTS_DO_NOT_COME: &str = "what the host has mounted or unmounted since is not so in it (mount \
                                  --make-rshared / before --pin)";

/// Why a pinned view is not used.
enum Why {
    /// It is stale, or the host has uncovered something.
    NotWhole,
    Other(&'static str),
    Failed(Errno),
    NotHealed(Error),
}

impl Why {
    fn text(&self) -> Cow<'static, str> {
        match self {
            Why::NotWhole => "the host uncovers its files all the time".into(),
            Why::Other(text) => (*text).into(),
            Why::Failed(errno) => errno.desc().into(),
            Why::NotHealed(error) => error.to_string().into(),
        }
    }
}

impl From<Errno> for Why {
    fn from(errno: Errno) -> Self {
        Why::Failed(errno)
    }
}

/// A view that is pinned, what a view made now would be, and where a process is that enters it.
#[derive(Debug)]
pub(in crate::view) struct Pinned {
    namespace: OwnedFd,
    outside: Outside,
    name: Name,
    pub(in crate::view) record: Record,
    options: Options,
    relation: Relation,
    /// What the host had to show before this process went in.
    now: Stamp,
}

impl Pinned {
    /// Move this process into it. Where that is of no use, the process is outside again.
    fn enter(&self) -> Result<Result<Overrides, Why>, Error> {
        let mut healed = None;
        for _ in 0..ATTEMPTS {
            let directory = OverridesDir::of(Some(&self.name))?;
            let entries = entries(directory.as_ref())?;
            let now = Stamp::of_host();
            if let Err(errno) = setns(&self.namespace, CloneFlags::CLONE_NEWNS) {
                self.outside.go_back()?;
                return Ok(Err(errno.into()));
            }
            let found = self
                .check(directory, entries, &now, healed.as_ref())
                .and_then(|overrides| match self.outside.enter_working_directory() {
                    true => Ok(overrides),
                    false => Err(Why::Other("the working directory is not to be found in it")),
                });
            let why = match found {
                Ok(overrides) => return Ok(Ok(overrides)),
                Err(why) => why,
            };
            self.outside.go_back()?;
            if !matches!(why, Why::NotWhole) {
                return Ok(Err(why));
            }
            let stamp = Stamp::of_host();
            if let Err(why) = self.heal() {
                return Ok(Err(why));
            }
            healed = Some(stamp);
        }
        Ok(Err(Why::NotWhole))
    }

    /// To be called in it, where this process is: make sure that it still is what a view made now
    /// would be.
    ///
    /// # Errors
    /// [`Error::Pinned`] if it is not: then this process is outside, as after [`enter`].
    pub(in crate::view) fn settle(&self, overrides: &mut Overrides) -> Result<(), Error> {
        let directory = OverridesDir::of(Some(&self.name))?;
        let entries = entries(directory.as_ref())?;
        if let Ok(found) = self.check(directory, entries, &self.now, None) {
            *overrides = found;
            return Ok(());
        }
        self.outside.go_back()?;
        match self.enter()? {
            Ok(found) => {
                *overrides = found;
                Ok(())
            }
            Err(why) => Err(Error::Pinned {
                why: why.text().into(),
            }),
        }
    }

    /// From outside.
    fn heal(&self) -> Result<(), Why> {
        /// How long a file of the host may be away before all of `/etc` is covered.
        const PATIENCE: Duration = Duration::from_millis(50);
        const PAUSE: Duration = Duration::from_millis(2);
        let namespace = self.namespace.try_clone();
        let namespace = namespace.map_err(|error| errno_of(&error))?;
        let view = FoundView::of_pinned(namespace).map_err(Why::NotHealed)?;
        let view = view.ok_or(NOT_A_VIEW)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let healed = view.heal(Care {
                thorough: true,
                patient: Instant::now() < deadline,
            });
            match healed.failure {
                Some(error) => return Err(Why::NotHealed(error)),
                None if healed.is_waiting => thread::sleep(PAUSE),
                None => return Ok(()),
            }
        }
    }

    /// Whether the view that this process is in is what a view made now would be, for a host that
    /// has this to show `now`. If it has been healed, `healed` is what the host had before that.
    fn check(
        &self,
        directory: Option<OverridesDir>,
        entries: Vec<Override>,
        now: &Stamp,
        healed: Option<&Stamp>,
    ) -> Result<Overrides, Why> {
        let root = open_root()?;
        let record = Mounted::below(&root)?.ok_or(NOT_A_VIEW)?;
        let note = Note::read(&record)?.ok_or(Why::Other("it is of another version"))?;
        let expected = Note::new(self.options.sys, self.relation.last())?;
        if record.read()?.as_ref() != Some(&self.record) || note.sys != expected.sys {
            return Err(Why::Other("it was made with other options"));
        }
        if note.namespace != expected.namespace {
            return Err(Why::Other(
                "the namespace was made anew since (pin it again, or --unpin it)",
            ));
        }
        if Relation::of_view(note.last)? != self.relation {
            return Err(Why::Other(MOUNTS_DO_NOT_COME));
        }
        match Stamp::of_view(&root, &record, now, healed)? {
            Freshness::Fresh => {}
            Freshness::Stale => return Err(Why::NotWhole),
            Freshness::OtherDirectory => return Err(Why::Other(MOUNTS_DO_NOT_COME)),
        }
        if let Some(healed) = healed {
            healed.write()?;
        }
        if self.record.host_resolvers == HostResolvers::Mask && !masks::are_on(&root) {
            return Err(Why::NotWhole);
        }
        if self.options.etc == Etc::Sealed
            && let Some(directory) = &directory
            && !farm::leads_into(&root, Path::new(ETC), directory)
        {
            return Err(Why::NotWhole);
        }
        if self.options.etc == Etc::Bind
            && farm::host_of(&root, Path::new(ETC))?.is_some()
            && entries_have_a_place(&record, &entries)?
        {
            return Err(Why::Other(
                "it covers /etc for a file that is no more (pin it again)",
            ));
        }
        let in_place = record.in_place()?.names()?;
        Overrides::found(directory, entries, &in_place).ok_or(Why::NotWhole)
    }
}

const NOT_A_VIEW: Why = Why::Other("it is none any more");

/// Whether each can go over a file of the host's.
fn entries_have_a_place(record: &Mounted, entries: &[Override]) -> nix::Result<bool> {
    let host_etc = record.host_etc()?;
    Ok(entries.iter().all(|entry| {
        let there = fstatat(&host_etc, entry.name(), AtFlags::AT_SYMLINK_NOFOLLOW);
        there.is_ok_and(|there| match entry.kind {
            Kind::File => file_type(&there) != SFlag::S_IFDIR,
            Kind::Directory => file_type(&there) == SFlag::S_IFDIR,
        })
    }))
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
