//! A configuration file as programs of the namespace get it: which one it is, and what it holds.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use netns::{EtcFiles, Winner};
use nix::fcntl::OFlag;

use crate::Obstacle;
use crate::file::File;
use crate::finding::Since;

/// More than any such file has, and an end for what is no file.
const LIMIT: u64 = 1 << 20;

/// A file that is there and can be read.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Where it is for the user who is to change it.
    pub(crate) path: PathBuf,
    /// Whether it is the namespace's own.
    pub(crate) is_own: bool,
    pub(crate) content: Vec<u8>,
}

impl Configuration {
    /// The one that wins for `name`. None if there is none, or if the namespace's own cannot stand
    /// in for the host's, which is a finding already.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(files: &EtcFiles, name: &str) -> Result<Option<Configuration>, Obstacle> {
        let (path, is_own) = match files.winner(OsStr::new(name)) {
            Err(_) => return Ok(None),
            Ok(Winner::Namespace(path)) => (path, true),
            Ok(Winner::Host(path)) => (path, false),
        };
        match content(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Obstacle::File { path, source }),
            Ok(content) => Ok(Some(Configuration {
                path,
                is_own,
                content,
            })),
        }
    }

    /// Why this is the one that counts.
    pub(crate) fn since(&self) -> Since {
        if self.is_own {
            let file = File::at(&self.path).ok();
            Since::at(
                "the file was written",
                file.and_then(|file| file.modified()),
            )
        } else {
            Since::always("the namespace has none of its own, so the host's counts")
        }
    }
}

fn content(path: &PathBuf) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // Not waiting for a writer, should the host have a fifo there.
    let file = fs::File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    file.take(LIMIT).read_to_end(&mut content)?;
    Ok(content)
}
