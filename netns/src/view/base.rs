//! A small mount namespace to make many views from.
//!
//! Each named namespace is a mount on the host, and each view copies all mounts that there are. So
//! whoever makes a view of each takes those away from a copy once, and makes the views from that.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use super::tree::{open_directory, unmount_all};
use super::{Bare, Event, Options, Origin, record, sysfs, unshare_mounts};
use crate::{Error, NAMED_NAMESPACES, Name, Namespace};

/// The mount namespace that this process has moved to.
#[derive(Debug)]
pub struct Base {
    /// The one that it has left. If this process was alone in it, it would be gone with all its
    /// mounts, those below `/run/netns` too.
    _left: Option<OwnedFd>,
    /// `/run/netns` as it was: through a descriptor, its mounts are still those of the host.
    named: Option<OwnedFd>,
    below_sys: sysfs::Known,
}

const MOUNTS_HERE: &str = "/proc/thread-self/ns/mnt";

impl Base {
    /// Move this process, which must have one thread, to a mount namespace of its own that has the
    /// host's mounts, and later ones too, but for those on `/run/netns`. The host does not change.
    ///
    /// # Errors
    /// [`Error::System`], typically for lack of privilege.
    pub fn enter() -> Result<Base, Error> {
        let named = if_any(
            NAMED_NAMESPACES,
            open_directory(Path::new(NAMED_NAMESPACES)),
        )?;
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let _left = if_any(MOUNTS_HERE, open(MOUNTS_HERE, flags, Mode::empty()))?;
        unshare_mounts()?;
        unmount_all(Path::new(NAMED_NAMESPACES))
            .map_err(|errno| Error::system("leave the mounts on /run/netns out", errno))?;
        record::uncover_host_etc()?;
        Ok(Base {
            _left,
            named,
            below_sys: sysfs::Known::look(),
        })
    }

    /// The namespace of this name, as it is on the host now.
    ///
    /// # Errors
    /// [`Error::NoSuchNamespace`] and [`Error::NotANamespace`].
    pub fn open(&self, name: &Name) -> Result<Namespace, Error> {
        Namespace::open_named(self.named.as_ref(), name)
    }

    /// The first part of [`View::enter`](super::View::enter), for a thread that is in the base. No
    /// pinned view can be seen from there.
    ///
    /// # Errors
    /// As [`View::enter`](super::View::enter).
    pub fn enter_bare(
        &self,
        namespace: &Namespace,
        options: Options,
        report: &mut dyn FnMut(Event),
    ) -> Result<Bare, Error> {
        Bare::enter(namespace, options, Origin::Base(self), report)
    }

    pub(super) fn below_sys(&self) -> &sysfs::Known {
        &self.below_sys
    }
}

/// What was opened, if it exists.
fn if_any(path: &str, opened: nix::Result<OwnedFd>) -> Result<Option<OwnedFd>, Error> {
    match opened {
        Err(Errno::ENOENT) => Ok(None),
        opened => {
            let opened = opened.map_err(|errno| Error::system(format!("open {path}"), errno));
            opened.map(Some)
        }
    }
}
