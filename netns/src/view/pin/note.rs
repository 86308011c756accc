//! What a pinned view is but its record does not say.

use std::path::Path;

use nix::fcntl::{AT_FDCWD, readlinkat};
use nix::unistd::symlinkat;

use crate::sys::nsfs::network_cookie;
use crate::view::Sys;
use crate::view::record::{Mounted, RECORD};

/// The link in the record that says it.
const PINNED: &str = "pinned";

/// What became of `/sys`, which network namespace it is, and what is noted of the relation to the
/// host: `auto/4711/group`.
pub(super) struct Note {
    pub(super) sys: String,
    pub(super) namespace: String,
    pub(super) relation: String,
}

impl Note {
    /// Of a view of the network namespace that this thread is in.
    pub(super) fn new(sys: Sys, relation: &str) -> nix::Result<Note> {
        Ok(Note {
            sys: match sys {
                Sys::Auto => "auto".into(),
                Sys::Keep => "keep".into(),
            },
            namespace: network_cookie()?.to_string(),
            relation: relation.into(),
        })
    }

    /// Write it in the view that this thread is in.
    pub(super) fn write(&self) -> nix::Result<()> {
        let text = [&*self.sys, &self.namespace, &self.relation].join("/");
        symlinkat(text.as_str(), AT_FDCWD, &Path::new(RECORD).join(PINNED))
    }

    /// Of a view, by its record. None if it is of another version.
    pub(super) fn read(record: &Mounted) -> nix::Result<Option<Note>> {
        let text = readlinkat(record, PINNED)?;
        let mut parts = text
            .to_str()
            .unwrap_or_default()
            .split('/')
            .map(String::from);
        let mut part = || parts.next();
        Ok((|| {
            Some(Note {
                sys: part()?,
                namespace: part()?,
                relation: part()?,
            })
        })())
    }
}

/// Whether this process is in a pinned view.
pub(crate) fn is_in_pinned_view() -> bool {
    Path::new(RECORD).join(PINNED).is_symlink()
}
