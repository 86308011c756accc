//! The view: a private mount namespace in which `/etc` and `/sys` are those of a network
//! namespace.
//!
//! [`View::enter`] moves the calling process into it, for a program that is about to execute a
//! command. It fails closed: an override that cannot be put in place is an error, and whatever had
//! been mounted by then goes with the process, for it was private.

mod farm;
mod overrides;
mod sysfs;
mod tree;
mod working_directory;

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::{Error, EtcFiles, Name, Namespace};
use overrides::Overrides;
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

/// How to make a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
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
    /// A promise that could not be kept, none that decides which files of `/etc` are seen.
    Warning(String),
}

/// The view that this process is in.
#[derive(Debug)]
pub struct View {
    overrides: Overrides,
}

impl View {
    /// Move this process into the network namespace and a new view of it.
    ///
    /// `name` chooses `/etc/netns/NAME`. The process must have one thread. The working directory
    /// stays what it was by name, also below `/etc` and `/sys`.
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
        let files = EtcFiles::new(name)?;
        let working_directory = WorkingDirectory::remember();
        namespace.enter()?;
        unshare_mounts()?;
        if options.sys == Sys::Auto {
            sysfs::replace(report)?;
        }
        let overrides = Overrides::put_in_place(&files, report)?;
        working_directory.enter_again()?;
        Ok(View { overrides })
    }

    /// Make sure that every override still is what a program opens, and put back those that the
    /// host has uncovered since by replacing its file. To be called last, with the privileges that
    /// [`View::enter`] takes.
    ///
    /// # Errors
    /// [`Error::Override`] if one cannot be kept in place.
    pub fn settle(&mut self) -> Result<(), Error> {
        self.overrides.settle()
    }

    /// Make sure that every override still is what a program opens. It takes no privilege.
    ///
    /// # Errors
    /// [`Error::Override`] for the first one that is not.
    pub fn verify(&self) -> Result<(), Error> {
        self.overrides.verify()
    }
}

/// A mount namespace of our own, into which the host's mounts still come but from which nothing
/// goes out.
fn unshare_mounts() -> Result<(), Error> {
    unshare(CloneFlags::CLONE_NEWNS)
        .map_err(|errno| Error::system("make a private mount namespace", errno))?;
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
