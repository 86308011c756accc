//! The view: a private mount namespace in which `/etc` and `/sys` are those of a network
//! namespace.
//!
//! [`View::enter`] moves the calling thread into it, for a program that is about to execute a
//! command. It fails closed: an override that cannot be put in place is an error, and whatever had
//! been mounted by then goes with the thread, for it was private.

mod base;
mod farm;
mod found;
mod heal;
mod masks;
mod overrides;
mod pin;
mod record;
mod sysfs;
mod tmpfs;
mod tree;
mod watch;
mod working_directory;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, umask};

use crate::etc::OverridesDir;
use crate::{Error, Name, Namespace};
pub use base::Base;
pub use found::FoundView;
pub use heal::{Care, Healed, Mended, Mending};
use overrides::Overrides;
use pin::Pinned;
pub(crate) use pin::is_in_pinned_view;
pub use pin::{pin, unpin};
use record::Blank;
pub use record::Record;
pub(crate) use tree::{look_below, open_directory};
pub use watch::{Watch, WatchEvent};
use working_directory::WorkingDirectory;

/// What becomes of `/sys`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sys {
    /// A sysfs of the namespace goes on `/sys`; what was mounted below stays mounted there, and
    /// the mount's flags stay as they were. Where the kernel refuses, the old one is kept with a
    /// warning.
    #[default]
    Auto,
    /// It is left alone.
    Keep,
}

/// How overrides come over `/etc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Etc {
    /// Each is mounted over the host's file. The host uncovers its file by replacing it.
    #[default]
    Bind,
    /// A read-only directory of links covers all of `/etc`: those of overrides lead into
    /// `/etc/netns/NAME`, the others to the host's files. Nothing that the host does to a file
    /// uncovers it.
    Sealed,
}

/// What becomes of the sockets at which daemons of the host answer for names, see
/// [`HOST_RESOLVERS`](crate::HOST_RESOLVERS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostResolvers {
    /// They are hidden from the view.
    #[default]
    Mask,
    /// They are left alone.
    Keep,
}

/// How to make a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How overrides come over `/etc`.
    pub etc: Etc,
    /// What becomes of the host's daemons that resolve names.
    pub host_resolvers: HostResolvers,
    /// What becomes of `/sys`.
    pub sys: Sys,
}

/// Something worth telling while a view is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A mount was made.
    Mounted {
        /// Where.
        target: PathBuf,
        /// What: a path, or the kind of a new file system.
        source: PathBuf,
    },
    /// A view was entered that this is the file of, see [`pin`].
    Entered(PathBuf),
    /// There is such a view, but it was not used: why.
    SetAside(String),
    /// A promise that could not be kept, none that decides which files of `/etc` are seen.
    Warning(String),
}

/// The view that this thread is in.
#[derive(Debug)]
pub struct View {
    record: Record,
    overrides: Overrides,
    state: State,
}

#[derive(Debug)]
enum State {
    Making(Making),
    /// It was there before.
    Pinned(Box<Pinned>),
    Settled,
}

/// A view that has everything but what files decide: overrides and masks.
#[derive(Debug)]
pub struct Bare {
    options: Options,
    making: Making,
}

/// What is needed until a view is made.
#[derive(Debug)]
struct Making {
    working_directory: WorkingDirectory,
    /// Where the record is to be written, or why there is no place for it.
    blank: nix::Result<Blank>,
    _umask: Umask,
}

impl View {
    /// Move this thread into the network namespace and a new view of it. If it is in a view
    /// already, that one is left: overrides go over the host's files.
    ///
    /// `name` chooses `/etc/netns/NAME`. Other threads stay where they are, and no longer share
    /// root and working directory and the umask with this one. Until [`View::settle`] the daemons of the host answer, and the working directory may be one that
    /// is covered.
    ///
    /// # Errors
    /// [`Error::CannotEnter`] without the privilege; [`Error::Override`] for an entry of
    /// `/etc/netns/NAME` that cannot be put in place; [`Error::System`].
    pub fn enter(
        namespace: &Namespace,
        name: Option<&Name>,
        options: Options,
        report: &mut dyn FnMut(Event),
    ) -> Result<View, Error> {
        Bare::enter(namespace, options, Origin::Host, report)?.furnish(name, report)
    }

    /// Move this thread into the view of the namespace that [`pin`] has prepared. None if there is
    /// none, or one that is not what [`View::enter`] would make now and cannot be made so.
    ///
    /// # Errors
    /// As [`View::enter`].
    pub fn enter_pinned(
        namespace: &Namespace,
        name: &Name,
        options: Options,
        report: &mut dyn FnMut(Event),
    ) -> Result<Option<View>, Error> {
        pin::enter(namespace, name, options, report)
    }

    /// Hide the host's daemons, enter the working directory again by its name, then make sure that
    /// every override still is what a program opens: put back those that the host has uncovered
    /// since by replacing its file, and put in place those that the namespace has got since. To be
    /// called last, with the privileges that [`View::enter`] takes, in the same network namespace.
    ///
    /// # Errors
    /// [`Error::Override`] if one cannot be kept in place; [`Error::System`] if a daemon cannot be
    /// hidden; [`Error::Pinned`] if a pinned view has changed, after which [`View::enter`] makes
    /// one.
    pub fn settle(&mut self, report: &mut dyn FnMut(Event)) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Settled) {
            State::Making(making) => {
                making.finish(&self.record, &self.overrides, report)?;
                let new = self.overrides.settle(self.record.etc, report)?;
                self.record_new(&new);
                Ok(())
            }
            State::Pinned(pinned) => pinned.settle(&mut self.overrides),
            State::Settled => self.overrides.verify(),
        }
    }

    /// Make the overrides of a settled view what they would be if it were made now. To be called by
    /// a thread that stays in it, when a process has come into it: who heals views finds them by the
    /// first threads of processes, and may have missed what happened until then.
    ///
    /// # Errors
    /// As [`View::settle`].
    pub fn renew(&mut self, report: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let (etc, name) = (self.record.etc, self.record.name.as_ref());
        if self.overrides.are_new(name)? {
            return Ok(());
        }
        // By now others may be at it.
        let failed = |errno| Error::system("keep others from healing the view", errno);
        let record = record::Mounted::here().map_err(failed)?;
        let lock = record.as_ref().map(record::Mounted::lock).transpose();
        let _lock = lock.map_err(failed)?;
        let _umask = Umask::usual();
        let new = self.overrides.renew(etc, name, report)?;
        self.record_new(&new);
        Ok(())
    }

    fn record_new(&self, overrides: &[OsString]) {
        for name in overrides {
            // Without a record it is not healed.
            let _ = record::add(name, self.overrides.source(name));
        }
    }

    fn of_pinned(pinned: Pinned, overrides: Overrides) -> View {
        View {
            record: pinned.record.clone(),
            overrides,
            state: State::Pinned(Box::new(pinned)),
        }
    }

    /// Make sure that every override still is what a program opens. It takes no privilege.
    ///
    /// # Errors
    /// [`Error::Override`] for the first one that is not.
    pub fn verify(&self) -> Result<(), Error> {
        self.overrides.verify()
    }
}

impl Bare {
    fn enter(
        namespace: &Namespace,
        options: Options,
        origin: Origin<'_>,
        report: &mut dyn FnMut(Event),
    ) -> Result<Bare, Error> {
        let working_directory = WorkingDirectory::remember();
        namespace.enter()?;
        let known = match origin {
            Origin::Host => {
                unshare_mounts()?;
                record::uncover_host_etc()?;
                &sysfs::Known::default()
            }
            // The copy is as private as the base.
            Origin::Base(base) => {
                copy_mounts()?;
                base.below_sys()
            }
        };
        let _umask = Umask::usual();
        let blank = Blank::mount();
        if options.sys == Sys::Auto {
            let aside = blank.as_ref().ok().map(Blank::free_directory);
            sysfs::replace(aside.as_deref(), known, report)?;
        }
        Ok(Bare {
            options,
            making: Making {
                working_directory,
                blank,
                _umask,
            },
        })
    }

    /// Put the overrides of a namespace in place.
    ///
    /// # Errors
    /// As [`View::enter`].
    pub fn furnish(
        self,
        name: Option<&Name>,
        report: &mut dyn FnMut(Event),
    ) -> Result<View, Error> {
        let Bare { options, making } = self;
        let directory = OverridesDir::of(name)?;
        Ok(View {
            record: Record::new(options, name),
            overrides: Overrides::put_in_place(directory, options.etc, report)?,
            state: State::Making(making),
        })
    }
}

impl Making {
    fn finish(
        &self,
        record: &Record,
        overrides: &Overrides,
        report: &mut dyn FnMut(Event),
    ) -> Result<(), Error> {
        if record.host_resolvers == HostResolvers::Mask {
            masks::put_on(report)?;
        }
        self.working_directory.enter_again()?;
        // Not earlier: a view with a record may be healed, which would interfere. From now on
        // whoever watches sees the view.
        let blank = self.blank.as_ref().map_err(|errno| *errno);
        let write = |blank: &Blank| blank.write(record, overrides.in_place());
        if let Err(errno) = blank.and_then(write)
            && !overrides.are_none()
        {
            report(Event::Warning(format!(
                "the view cannot be healed, and commands that netns-exec runs from within keep its \
                 overrides: there is no place for its record at {}: {}",
                record::RECORD,
                errno.desc()
            )));
        }
        Ok(())
    }
}

/// The umask of a thread that shares it with no other, made the usual one until this is dropped:
/// others must be able to search the directories of a view.
#[derive(Debug)]
struct Umask(Mode);

impl Umask {
    const USUAL: Mode = Mode::S_IWGRP.union(Mode::S_IWOTH);

    fn usual() -> Umask {
        Umask(umask(Umask::USUAL))
    }
}

impl Drop for Umask {
    fn drop(&mut self) {
        if self.0 != Umask::USUAL {
            umask(self.0);
        }
    }
}

/// What a view is made from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// The mount namespace that this process was started in.
    Host,
    Base(&'a Base),
}

/// A mount namespace of our own, with copies of all mounts.
fn copy_mounts() -> Result<(), Error> {
    unshare(CloneFlags::CLONE_NEWNS)
        .map_err(|errno| Error::system("make a private mount namespace", errno))
}

/// A mount namespace of our own, into which the host's mounts still come but from which nothing
/// goes out.
fn unshare_mounts() -> Result<(), Error> {
    copy_mounts()?;
    let none: Option<&Path> = None;
    mount(none, "/", none, MsFlags::MS_SLAVE | MsFlags::MS_REC, none).map_err(|errno| {
        let action = match errno {
            Errno::EINVAL => {
                "keep mounts from going out: / is no mount point here (mount --bind the directory \
                 on itself before chroot)"
            }
            _ => "keep mounts from going out (make / a slave)",
        };
        Error::system(action, errno)
    })
}
