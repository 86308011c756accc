//! The working directory, kept by name while mounts change what the name means.

use std::env;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::chdir;

use crate::file_id::FileId;
use crate::host_resolvers::HOST_RESOLVERS;
use crate::printable::printable;
use crate::{ETC, Error};

/// A working directory below `/etc`, `/sys` or a mask still is the host's directory after a mount
/// covers it, so it must be entered again; any other is left alone.
#[derive(Debug)]
pub(super) struct WorkingDirectory(Option<PathBuf>);

/// Whether a view may have another directory of this path.
pub(super) fn is_covered(path: &Path) -> bool {
    let masks = HOST_RESOLVERS.iter().map(|resolver| resolver.directory);
    let mut tops = [ETC, "/sys"].into_iter().chain(masks);
    tops.any(|top| path.starts_with(top))
}

impl WorkingDirectory {
    pub(super) fn remember() -> WorkingDirectory {
        let path = env::current_dir().ok().filter(|path| {
            is_covered(path) && FileId::of_path(Path::new(".")).is_ok_and(|id| id.is_at(path))
        });
        WorkingDirectory(path)
    }

    pub(super) fn enter_again(&self) -> Result<(), Error> {
        let Some(path) = &self.0 else { return Ok(()) };
        chdir(path).map_err(|errno| {
            let what = match errno {
                Errno::ENOENT => "which is not there in the view; start from another directory",
                _ => "in the view",
            };
            Error::system(
                format!("keep the working directory {}, {what}", printable(path)),
                errno,
            )
        })
    }
}
