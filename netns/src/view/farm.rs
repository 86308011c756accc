//! A farm of symlinks over a directory of the host.
//!
//! A mount needs a file or directory to cover, and none may be created on the host; and a mount on
//! a file of the host goes when the host replaces that file. So a small tmpfs covers the whole
//! directory: the host's moves to a hidden place in it, a symlink stands for each of its files, a
//! bind mount for each directory (a symlink would leak: from `/etc/sub`, `..` must be this `/etc`),
//! and a copy for each symlink. There an entry can be left out, or a place be made for any
//! override. Files stay as fresh and as writable as they were. What is lost is that entries of the
//! directory itself come and go: the farm keeps those it was planted with until it is tended again.

use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, readlinkat, renameat};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, fstat, mkdirat, stat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use super::tree::{Tree, is_mounted, open_directory, refer_to, replace, unmount_all};
use crate::error::errno_of;
use crate::etc::{Kind, Override, OverridesDir};
use crate::file_id::FileId;
use crate::printable::printable;
use crate::sys::mount::{clone_mount, make_writable, move_mount, new_mount};
use crate::{ETC, Error};

/// The directory of the farm that is its own.
const OWN: &str = ".netns-exec";
/// Below it, the host's directory that the farm covers.
const HOST: &str = ".netns-exec/host";
/// Below it, the directory of the overrides.
const OVERRIDES: &str = ".netns-exec/overrides";
/// Below it, what is about to be renamed to its name.
const NEW: &str = ".netns-exec/new";

/// What a farm is to be.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    /// Which of the host's entries it shows.
    pub(super) shows: &'a dyn Fn(&OsStr) -> bool,
    /// Whether programs of the view can make entries of their own in it.
    pub(super) is_writable: bool,
}

/// A directory that is covered, to which entries can be added.
pub(super) struct Farm {
    directory: PathBuf,
    /// Its root, on a mount that can be written to.
    root: OwnedFd,
}

impl Farm {
    /// Whether a farm covers the directory.
    pub(super) fn covers(directory: &Path) -> bool {
        fs::symlink_metadata(directory.join(HOST)).is_ok()
    }

    /// Whether an override of this name would be in its way.
    pub(super) fn needs_name(name: &OsStr) -> bool {
        name == OWN
    }

    /// What the host has in the directory, if a farm covers it.
    pub(super) fn host_of(directory: &Path) -> PathBuf {
        directory.join(HOST)
    }

    /// Cover `directory` by a farm that shows part of `host`, the tree that is to be seen there.
    pub(super) fn plant(directory: &Path, host: &Tree, plan: Plan<'_>) -> Result<Farm, Error> {
        let failed = |errno| {
            let action = format!("cover {}", printable(directory));
            Error::system(action, errno)
        };
        let Tree::Copy(_) = host else {
            // A bind mount of the covered directory would find the farm itself in it.
            let action = format!(
                "cover {}, without open_tree (Linux 5.2)",
                printable(directory)
            );
            return Err(Error::system(action, Errno::ENOSYS));
        };
        let root = empty(directory).map_err(failed)?;
        let farm = Farm {
            directory: directory.to_owned(),
            root,
        };
        farm.attach_directory(HOST, host).map_err(failed)?;
        farm.tend(plan)?;
        Ok(farm)
    }

    /// The farm that covers `directory`, to be tended.
    pub(super) fn reopen(directory: &Path) -> nix::Result<Farm> {
        let root = clone_mount(refer_to(directory)?)?;
        make_writable(&root)?;
        Ok(Farm {
            directory: directory.to_owned(),
            root,
        })
    }

    /// Show what is now to be shown of the host's directory.
    pub(super) fn tend(&self, plan: Plan<'_>) -> Result<(), Error> {
        let host = self.directory.join(HOST);
        let names = |directory: &Path| -> Result<Vec<OsString>, Error> {
            fs::read_dir(directory)
                .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect())
                .map_err(|error: io::Error| {
                    let action = format!("read {}", printable(directory));
                    Error::system(action, errno_of(&error))
                })
        };
        for name in names(&host)?.iter().filter(|name| *name != OWN) {
            if (plan.shows)(name) && (!plan.is_writable || self.is_free(name)) {
                self.show(name, &host.join(name)).map_err(|errno| {
                    let path = self.directory.join(name);
                    Error::system(format!("show {} in the view", printable(&path)), errno)
                })?;
            }
        }
        // What the host has no more.
        for name in names(&self.directory)?.iter().filter(|name| *name != OWN) {
            let ours = !plan.is_writable || self.shows_host(name);
            if ours && (plan.shows)(name) && refer_to(&host.join(name)).is_err() {
                // What cannot be removed dangles.
                let _ = self.clear(name);
            }
        }
        Ok(())
    }

    /// Let the host's entry `name`, which is at `source`, be seen.
    fn show(&self, name: &OsStr, source: &Path) -> nix::Result<()> {
        let Ok(metadata) = fs::symlink_metadata(source) else {
            return Ok(()); // It went away meanwhile.
        };
        if metadata.is_dir() {
            let source = refer_to(source)?;
            if FileId::of_fd(&source)?.is_at(&self.directory.join(name)) {
                return Ok(());
            }
            self.clear(name)?;
            return self.attach_directory(name, &Tree::of(source)?);
        }
        let text = if metadata.is_symlink() {
            fs::read_link(source).map_err(|error| errno_of(&error))?
        } else {
            Path::new(HOST).join(name)
        };
        self.link(name, &text)
    }

    /// Whether the entry was made to show one of the host's, as far as can be told.
    fn shows_host(&self, name: &OsStr) -> bool {
        match readlinkat(&self.root, name) {
            Ok(text) => text.as_bytes().starts_with(OWN.as_bytes()),
            Err(_) => is_mounted(&self.directory.join(name)),
        }
    }

    /// Whether an entry of the host can be shown without taking one away from a program.
    fn is_free(&self, name: &OsStr) -> bool {
        self.shows_host(name) || readlinkat(&self.root, name) == Err(Errno::ENOENT)
    }

    /// Attach the directory of overrides, so that links can lead to its entries.
    pub(super) fn bind_overrides(&self, tree: &Tree) -> nix::Result<()> {
        match self.attach_directory(OVERRIDES, tree) {
            // Another directory of that name was there.
            Err(Errno::EEXIST) => replace(tree, &self.directory.join(OVERRIDES)),
            result => result,
        }
    }

    /// Whether the directory of overrides that links lead to is this one.
    pub(super) fn has_overrides(&self, overrides: &OverridesDir) -> bool {
        FileId::of_fd(overrides).is_ok_and(|id| id.is_at(&self.directory.join(OVERRIDES)))
    }

    /// Let a link lead to the override. False if a program might not find that very file through
    /// it: the override is a symlink that may mean something else there, or the directory cannot
    /// be searched by everyone.
    pub(super) fn link_override(
        &self,
        directory: &OverridesDir,
        entry: &Override,
    ) -> nix::Result<bool> {
        let name = entry.name();
        let overrides = self.directory.join(OVERRIDES);
        let searchable = stat(&overrides).is_ok_and(|stat| stat.st_mode & 0o111 == 0o111);
        let link = directory.link(name);
        if !searchable
            || link.is_some_and(|text| leads_to_etc(&text))
            || !entry.id.is_at(&overrides.join(name))
        {
            return Ok(false);
        }
        self.link(name, &Path::new(OVERRIDES).join(name))?;
        Ok(true)
    }

    /// Make something that the override can be mounted on.
    pub(super) fn make_place(&self, entry: &Override) -> nix::Result<()> {
        let name = entry.name();
        let there = fs::symlink_metadata(&entry.target);
        if there.is_ok_and(|there| match entry.kind {
            Kind::File => there.is_file(),
            Kind::Directory => there.is_dir(),
        }) {
            return Ok(());
        }
        self.clear(name)?;
        match entry.kind {
            Kind::Directory => mkdirat(&self.root, name, Mode::from_bits_truncate(0o755)),
            Kind::File => {
                let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
                openat(&self.root, name, flags, Mode::from_bits_truncate(0o644)).map(drop)
            }
        }
    }

    /// Make it read-only, so that nothing in the view takes a file that it creates there for one
    /// of the host's.
    pub(super) fn protect(&self) -> Result<(), Error> {
        // This mount alone: what is mounted below keeps its own flags.
        let flags = MsFlags::MS_REMOUNT
            | MsFlags::MS_BIND
            | MsFlags::MS_RDONLY
            | MsFlags::MS_NOSUID
            | MsFlags::MS_NODEV
            | MsFlags::MS_NOEXEC;
        let none: Option<&Path> = None;
        mount(none, &self.directory, none, flags, none).map_err(|errno| {
            let action = format!("make the cover of {} read-only", printable(&self.directory));
            Error::system(action, errno)
        })
    }

    /// A symlink called `name`. One that is there already is replaced without a moment in which
    /// neither is.
    fn link(&self, name: &OsStr, text: &Path) -> nix::Result<()> {
        match readlinkat(&self.root, name) {
            Ok(there) if there == text => return Ok(()),
            Ok(_) => {}
            Err(Errno::ENOENT) => return symlinkat(text, &self.root, name),
            Err(_) => {
                self.clear(name)?;
                return symlinkat(text, &self.root, name);
            }
        }
        let _ = unlinkat(&self.root, NEW, UnlinkatFlags::NoRemoveDir);
        symlinkat(text, &self.root, NEW)?;
        // EBUSY where something is mounted on the link.
        renameat(&self.root, NEW, &self.root, name).or_else(|_| {
            self.clear(name)?;
            renameat(&self.root, NEW, &self.root, name)
        })
    }

    /// Make sure that there is nothing called `name`.
    fn clear(&self, name: &OsStr) -> nix::Result<()> {
        let path = self.directory.join(name);
        unmount_all(&path)?;
        match unlinkat(&self.root, name, UnlinkatFlags::NoRemoveDir) {
            Err(Errno::EISDIR) => unlinkat(&self.root, name, UnlinkatFlags::RemoveDir),
            Err(Errno::ENOENT) => Ok(()),
            result => result,
        }
    }

    /// A new directory, and a tree attached on it.
    fn attach_directory(&self, name: impl AsRef<Path>, tree: &Tree) -> nix::Result<()> {
        let name = name.as_ref();
        mkdirat(&self.root, name, Mode::from_bits_truncate(0o755))?;
        tree.attach(refer_to(&self.directory.join(name))?)
    }
}

/// Whether a symlink in the directory of overrides may lead to `/etc`, which is not the host's in
/// the view.
fn leads_to_etc(text: &Path) -> bool {
    text.starts_with(ETC) || text.components().any(|part| part == Component::ParentDir)
}

/// Mount a new, nearly empty tmpfs on the directory that looks like it from outside.
fn empty(directory: &Path) -> nix::Result<OwnedFd> {
    let place = open_directory(directory)?;
    let like = fstat(&place)?;
    let attributes = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_NOEXEC;
    let text = |text: String| CString::new(text).map_err(|_| Errno::EINVAL);
    let options = [
        (c"source", c"netns-exec".into()),
        (c"mode", text(format!("{:o}", like.st_mode & 0o7777))?),
        (c"uid", text(like.st_uid.to_string())?),
        (c"gid", text(like.st_gid.to_string())?),
    ];
    let root = match new_mount(c"tmpfs", &options, attributes as u32) {
        // An owner that this user namespace has no number for.
        Err(Errno::EINVAL) => new_mount(c"tmpfs", &options[..2], attributes as u32)?,
        root => root?,
    };
    mkdirat(&root, OWN, Mode::from_bits_truncate(0o755))?;
    move_mount(&root, place)?;
    Ok(root)
}
