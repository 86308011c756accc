//! What a pinned view is but its record does not say.

use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, readlinkat};
use nix::unistd::symlinkat;

use crate::sys::nsfs::network_cookie;
use crate::sys::statmount::MountId;
use crate::view::Sys;
use crate::view::record::{Mounted, RECORD};

/// The link in the record that says it.
const PINNED: &str = "pinned";

/// What became of `/sys`, which network namespace it is, and the last mount of the host when it was
/// made: `auto/4711/1234567890`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) sys: String,
    pub(super) namespace: u64,
    pub(super) last: MountId,
}

impl Note {
    /// Of a view of the network namespace that this thread is in.
    pub(super) fn new(sys: Sys, last: MountId) -> nix::Result<Note> {
        Ok(Note {
            sys: match sys {
                Sys::Auto => "auto".into(),
                Sys::Keep => "keep".into(),
            },
            namespace: network_cookie()?,
            last,
        })
    }

    /// Write it in the view that this thread is in.
    pub(super) fn write(&self) -> nix::Result<()> {
        let text = format!("{}/{}/{}", self.sys, self.namespace, self.last.number());
        symlinkat(text.as_str(), AT_FDCWD, &Path::new(RECORD).join(PINNED))
    }

    /// Of a view, by its record. None if it is of another version.
    pub(super) fn read(record: &Mounted) -> nix::Result<Option<Note>> {
        match readlinkat(record, PINNED) {
            Ok(text) => Ok(text.to_str().and_then(Note::parse)),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    fn parse(text: &str) -> Option<Note> {
        let (sys, rest) = text.split_once('/')?;
        let (namespace, last) = rest.split_once('/')?;
        Some(Note {
            sys: sys.into(),
            namespace: namespace.parse().ok()?,
            last: last.parse().ok().and_then(MountId::new)?,
        })
    }
}

/// Whether this process is in a pinned view.
pub(crate) fn is_in_pinned_view() -> bool {
    Path::new(RECORD).join(PINNED).is_symlink()
}
