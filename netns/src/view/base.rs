//! A small mount namespace to make many views from.
//!
//! Each named namespace is a mount on the host, and each view copies all mounts that there are. So
//! whoever makes a view of each takes those away from a copy once, and makes the views from that.

use std::os::fd::OwnedFd;
use std::path::Path;

use super::tree::{open_directory, unmount_all};
use super::{Event, Options, Origin, View, record, sysfs, unshare_mounts};
use crate::{Error, NAMED_NAMESPACES, Name, Namespace};

/// The mount namespace that this process has moved to.
#[derive(Debug)]
pub struct Base {
    /// `/run/netns` as it was: through a descriptor, its mounts are still those of the host.
    named: Option<OwnedFd>,
    below_sys: sysfs::Known,
}

impl Base {
    /// Move this process, which must have one thread, to a mount namespace of its own that has the
    /// host's mounts, and later ones too, but for those on `/run/netns`. The host does not change.
    ///
    /// # Errors
    /// [`Error::System`], typically for lack of privilege.
    pub fn enter() -> Result<Base, Error> {
        let named = open_directory(Path::new(NAMED_NAMESPACES)).ok();
        unshare_mounts()?;
        unmount_all(Path::new(NAMED_NAMESPACES))
            .map_err(|errno| Error::system("leave the mounts on /run/netns out", errno))?;
        record::uncover_host_etc()?;
        Ok(Base {
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

    /// [`View::enter`], for a thread that is in the base. No pinned view can be seen from there.
    ///
    /// # Errors
    /// As [`View::enter`].
    pub fn enter_view(
        &self,
        namespace: &Namespace,
        name: &Name,
        options: Options,
        report: &mut dyn FnMut(Event),
    ) -> Result<View, Error> {
        View::make(namespace, Some(name), options, Origin::Base(self), report)
    }

    pub(super) fn below_sys(&self) -> &sysfs::Known {
        &self.below_sys
    }
}
