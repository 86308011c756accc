//! The entries of `/etc/netns/NAME`, and whether each can stand in for the host's.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;

use netns::{ETC, Error, EtcFiles, printable};

use crate::Obstacle;
use crate::file::File;
use crate::finding::{Finding, Kind, Since};

/// What `/etc/netns/NAME` holds.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// The names of those that can be put in place.
    pub(crate) usable: Vec<OsString>,
    pub(crate) findings: Vec<Finding>,
}

/// Check every entry of `directory`, which is that of `files`.
///
/// # Errors
/// If the directory cannot be read.
pub(crate) fn examine(files: &EtcFiles, directory: &Path) -> Result<Overrides, Obstacle> {
    let mut names = names_in(directory).map_err(|source| Obstacle::File {
        path: directory.to_owned(),
        source,
    })?;
    names.sort_unstable();
    let mut overrides = Overrides::default();
    for name in names {
        match check(files, directory, &name) {
            // Editors' temporary files come and go.
            Ok(_) if File::entry(&directory.join(&name)).is_err() => {}
            Ok(()) => overrides.usable.push(name),
            Err(error) => overrides.findings.push(unusable(&error)),
        }
    }
    Ok(overrides)
}

fn names_in(directory: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(directory)?
        .map(|entry| Ok(entry?.file_name()))
        .collect()
}

fn check(files: &EtcFiles, directory: &Path, name: &OsStr) -> Result<(), Error> {
    let (path, target) = (directory.join(name), Path::new(ETC).join(name));
    let refused = |why: String, advice: &str| Error::unusable(&path, why, advice);
    let on_host = File::at(&target).ok();
    if File::at(&path).is_ok_and(|file| file.is_directory()) {
        if on_host.is_some_and(|file| !file.is_directory()) {
            return Err(refused(
                format!("is a directory, but {} is none", printable(&target)),
                "put a file in its place, or remove it",
            ));
        }
        return match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(refused(
                "cannot be read: Permission denied".into(),
                "give the caller read permission, or remove it",
            )),
            _ => Ok(()),
        };
    }
    files.winner(name)?;
    if on_host.is_some_and(|file| file.is_directory()) {
        return Err(refused(
            format!("is a file, but {} is a directory", printable(&target)),
            "put a directory in its place, or remove it",
        ));
    }
    Ok(())
}

/// The finding that something below `/etc/netns` cannot be put in place.
pub(crate) fn unusable(error: &Error) -> Finding {
    let Error::Override {
        path, why, advice, ..
    } = error
    else {
        return Finding {
            kind: Kind::OverrideUnusable,
            path: None,
            what: error.to_string(),
            since: None,
            mend: "mend that, or remove the file".into(),
            processes: Vec::new(),
        };
    };
    let changed = File::entry(path).ok().and_then(|entry| entry.changed());
    Finding {
        kind: Kind::OverrideUnusable,
        path: Some(path.clone()),
        what: format!("{why}, so netns-exec runs no command"),
        since: changed.map(|at| Since::at("it was put there or changed", Some(at))),
        mend: advice.clone(),
        processes: Vec::new(),
    }
}
