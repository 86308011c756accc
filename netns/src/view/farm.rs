//! A farm of symlinks over `/etc`, where an override has nothing to be mounted on.
//!
//! A mount needs a file or directory to cover, and none may be created on the host. So a small
//! tmpfs covers `/etc`: the host's `/etc` moves to a hidden directory of it, a symlink stands for
//! each of the host's files, a bind mount for each directory (a symlink would leak: from
//! `/etc/sub`, `..` must be this `/etc`), and a copy for each symlink. Overrides take their places
//! among them. Files stay as fresh and as writable as they were; what is lost is that entries of
//! `/etc` itself can be created, renamed or removed (EROFS).

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::Event;
use super::bind::{is_seen, not_mounted};
use super::tree::{Tree, make_placeholder, refer_to};
use crate::error::errno_of;
use crate::{ETC, Error, Kind, Override};

/// The directory of the farm that holds the host's `/etc`.
const HOST: &str = ".netns-exec";

/// Cover `/etc` with a farm that has all overrides, and verify each.
pub(super) fn put_in_place(
    overrides: Vec<Override>,
    report: &mut dyn FnMut(Event),
) -> Result<(), Error> {
    let etc = Path::new(ETC);
    if let Some(entry) = overrides.iter().find(|entry| entry.name() == HOST) {
        return Err(entry.refused("has a name that netns-exec itself needs", "rename it"));
    }
    let failed = |errno| Error::system("cover /etc to make place for the overrides", errno);

    // All trees are taken while their paths still mean the host's files.
    let mut trees = Vec::with_capacity(overrides.len());
    for entry in overrides {
        let tree = Tree::of(&entry.fd).map_err(|errno| not_mounted(&entry, errno))?;
        trees.push((entry, tree));
    }
    let host = refer_to(etc).and_then(Tree::of).map_err(failed)?;
    let names = fs::read_dir(etc)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.file_name()))
                .collect::<io::Result<Vec<_>>>()
        })
        .map_err(|error| failed(errno_of(&error)))?;

    let none: Option<&Path> = None;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(
        Some("netns-exec"),
        etc,
        Some("tmpfs"),
        flags,
        Some("mode=0755"),
    )
    .map_err(failed)?;
    let hidden = etc.join(HOST);
    attach_directory(&host, &hidden).map_err(failed)?;
    report(Event::Mounted {
        target: etc.into(),
        source: "tmpfs".into(),
    });

    for name in names {
        if name != HOST && !trees.iter().any(|(entry, _)| entry.name() == name) {
            plant(&name, &hidden).map_err(failed)?;
        }
    }
    for (entry, tree) in trees {
        let target = entry.target();
        match entry.kind() {
            Kind::Directory => attach_directory(&tree, &target),
            Kind::File => make_placeholder(&target)
                .and_then(|()| refer_to(&target))
                .and_then(|place| tree.attach(place)),
        }
        .map_err(|errno| not_mounted(&entry, errno))?;
        if !is_seen(&entry) {
            return Err(not_mounted(&entry, Errno::ESTALE));
        }
        report(Event::Mounted {
            target,
            source: entry.path,
        });
    }
    // This mount alone: what is mounted below keeps its own flags.
    let read_only = flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    mount(none, etc, none, read_only, none).map_err(failed)
}

/// Let the host's entry `name` be seen.
fn plant(name: &OsStr, hidden: &Path) -> nix::Result<()> {
    let (source, target) = (hidden.join(name), Path::new(ETC).join(name));
    let Ok(metadata) = fs::symlink_metadata(&source) else {
        return Ok(()); // It went away meanwhile.
    };
    if metadata.is_dir() {
        return attach_directory(&Tree::of(refer_to(&source)?)?, &target);
    }
    let text = if metadata.is_symlink() {
        fs::read_link(&source)
    } else {
        Ok(PathBuf::from(HOST).join(name))
    };
    text.and_then(|text| symlink(text, &target))
        .map_err(|error| errno_of(&error))
}

fn attach_directory(tree: &Tree, target: &Path) -> nix::Result<()> {
    fs::create_dir(target).map_err(|error| errno_of(&error))?;
    tree.attach(refer_to(target)?)
}
