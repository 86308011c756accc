//! Overrides as mounts over the host's files: what users of `ip netns exec` expect, writes go
//! through to `/etc/netns/NAME`.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::stat::{SFlag, fstat, stat};

use super::tree::{Tree, refer_to};
use super::{Event, farm};
use crate::{Error, EtcFiles, Kind, Override, file_kind};

/// How often an override is taken anew when it or its target is replaced at the very moment it is
/// put in place. Editors replace a file once; a storm of renames must not start the command with
/// the host's file.
const ATTEMPTS: usize = 64;

/// Put every override in place and make sure that programs will see it.
pub(super) fn put_in_place(files: &EtcFiles, report: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let overrides = files.overrides()?;
    // A mount needs something to be mounted on. Where the host has nothing of the name, or has a
    // symlink that a directory cannot be mounted on, a farm over /etc makes the place.
    for entry in &overrides {
        if !has_mount_point(entry)? {
            return farm::put_in_place(overrides, report);
        }
    }
    for entry in overrides {
        attach(files, entry, report)?;
    }
    Ok(())
}

/// Whether the override can be mounted on what the host has there.
///
/// # Errors
/// If the host has a directory where the override is a file, or the reverse.
fn has_mount_point(entry: &Override) -> Result<bool, Error> {
    let target = entry.target();
    let place = match refer_to(&target) {
        Ok(place) => place,
        Err(Errno::ENOENT) => return Ok(false),
        Err(errno) => return Err(not_mounted(entry, errno)),
    };
    let kind = kind_of(
        fstat(&place)
            .map_err(|errno| not_mounted(entry, errno))?
            .st_mode,
    );
    let (is_link, seen) = match kind {
        // What counts is what a program opens there.
        SFlag::S_IFLNK => (true, stat(&target).ok().map(|stat| kind_of(stat.st_mode))),
        kind => (false, Some(kind)),
    };
    match (entry.kind(), seen) {
        (Kind::Directory, Some(SFlag::S_IFDIR)) => Ok(!is_link),
        (Kind::Directory, None) => Ok(false),
        (Kind::Directory, Some(other)) => Err(entry.refused(
            format!(
                "is a directory, but {} is {}",
                target.display(),
                file_kind(other)
            ),
            "put a file in its place, or remove it",
        )),
        (Kind::File, Some(SFlag::S_IFDIR)) => Err(entry.refused(
            format!("is a file, but {} is a directory", target.display()),
            "put a directory in its place, or remove it",
        )),
        (Kind::File, _) => Ok(true),
    }
}

/// Mount one override and verify it; again if something was replaced meanwhile.
fn attach(files: &EtcFiles, entry: Override, report: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let mut entry = entry;
    for _ in 0..ATTEMPTS {
        match attach_once(&entry) {
            Ok(()) if is_seen(&entry) => {
                report(Event::Mounted {
                    target: entry.target(),
                    source: entry.path,
                });
                return Ok(());
            }
            // ENOENT: the source or the target was unlinked since it was opened. Not seen: the
            // host renamed another file over the target, which detached the mount.
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(not_mounted(&entry, errno)),
        }
        match files.reopen(&entry)? {
            Some(again) => entry = again,
            None => return Ok(()),
        }
    }
    Err(entry.refused(
        format!(
            "was covered by the host's {} each time it was mounted",
            entry.target().display()
        ),
        "try again when it is not being replaced",
    ))
}

fn attach_once(entry: &Override) -> nix::Result<()> {
    let tree = Tree::of(&entry.fd)?;
    tree.attach(refer_to(&entry.target())?)
}

/// Whether a program that opens the target gets the override: same device, same inode.
pub(super) fn is_seen(entry: &Override) -> bool {
    match (stat(&entry.target()), fstat(&entry.fd)) {
        (Ok(seen), Ok(own)) => (seen.st_dev, seen.st_ino) == (own.st_dev, own.st_ino),
        _ => false,
    }
}

pub(super) fn not_mounted(entry: &Override, errno: Errno) -> Error {
    let on: &Path = &entry.target();
    entry.refused(
        format!("cannot be mounted on {}: {}", on.display(), errno.desc()),
        "mend that, or remove it",
    )
}

fn kind_of(mode: libc::mode_t) -> SFlag {
    SFlag::from_bits_truncate(mode & libc::S_IFMT)
}
