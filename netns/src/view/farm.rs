//! A farm of symlinks over a directory of the host.
//!
//! A mount needs a file or directory to cover, and none may be created on the host; and a mount on
//! a file of the host goes when the host replaces that file. So a small tmpfs covers the whole
//! directory: the host's moves to a hidden place in it, a symlink stands for each of its files, a
//! bind mount for each directory (a symlink would leak: from `/etc/sub`, `..` must be this `/etc`),
//! and a copy for each symlink. There an entry can be left out, or a place be made for any
//! override. Files stay as fresh and as writable as they were. What is lost is that entries of the
//! directory itself come and go: the farm keeps those it was planted with until it is tended again.

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat, renameat};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use super::tmpfs;
use super::tree::{Tree, is_mounted, look_below, open_directory, refer_to, replace, unmount_all};
use crate::etc::{Kind, Override, OverridesDir, names_in};
use crate::file_id::{FileId, file_type};
use crate::printable::printable;
use crate::sys::mount::{clone_mount, make_writable, move_mount};
use crate::{ETC, Error};

/// The directory of the farm that is its own: a file system by itself, so that nobody who may
/// write to the farm can put another in its place.
const OWN: &str = ".netns-exec";
/// In it, the host's directory that the farm covers.
const HOST: &str = "host";
/// In it, the directory of the overrides.
const OVERRIDES: &str = "overrides";
/// What is about to be renamed to its name, in the farm.
const NEW: &str = ".netns-exec-new";

/// How often an override is looked at that is being replaced.
const ATTEMPTS: usize = 64;

/// What a farm is to be.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    /// Which of the host's entries it shows.
    pub(super) shows: &'a dyn Fn(&OsStr) -> bool,
    /// Whether programs of the view can make entries of their own in it.
    pub(super) is_writable: bool,
}

/// A directory that is covered, or is to be, to which entries can be added.
pub(super) struct Farm {
    /// Where it is now.
    directory: PathBuf,
    /// Its root (`O_PATH`).
    at: OwnedFd,
    /// Its root on a mount that can be written to, made when something is to be changed: to be rid
    /// of a mount takes the kernel a while.
    writable: OnceCell<OwnedFd>,
    /// Its own directory.
    own: OwnedFd,
}

/// What the host has in the directory (`O_PATH`), if a farm covers it, as those see it whose root
/// directory is `root`.
pub(super) fn host_of(root: impl AsFd, directory: &Path) -> nix::Result<Option<OwnedFd>> {
    let own = match look_below(root, directory) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => None,
        covered => tmpfs::find(covered?, OWN)?,
    };
    own.map(|own| tmpfs::open_below(own, HOST)).transpose()
}

/// Whether the farm over a directory, as those see it whose root directory is `root`, has its links
/// lead into this directory of overrides.
pub(super) fn leads_into(root: impl AsFd, directory: &Path, overrides: &OverridesDir) -> bool {
    let linked = look_below(root, directory)
        .and_then(|covered| tmpfs::find(covered, OWN))
        .and_then(|own| tmpfs::open_below(own.ok_or(Errno::ENOENT)?, OVERRIDES))
        .and_then(FileId::of_fd);
    linked.is_ok() && linked == FileId::of_fd(overrides)
}

impl Farm {
    /// Whether an override of this name would be in its way.
    pub(super) fn needs_name(name: &OsStr) -> bool {
        name == OWN || name == NEW
    }

    /// Grow a farm at `place` that shows part of `host`, the tree that is to be seen at
    /// `directory`. Both are the same where no program is yet that could look there while the farm
    /// is still empty; else [`Farm::move_to`] brings it there.
    pub(super) fn grow(
        place: &Path,
        directory: &Path,
        host: &Tree,
        plan: Plan<'_>,
    ) -> Result<Farm, Error> {
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
        let farm = Farm::empty(place, directory, host).map_err(failed)?;
        farm.tend(plan)?;
        Ok(farm)
    }

    /// One without entries.
    fn empty(place: &Path, directory: &Path, host: &Tree) -> nix::Result<Farm> {
        let root = tmpfs::like(&fstat(open_directory(directory)?)?)?;
        mkdirat(&root, OWN, Mode::from_bits_truncate(0o755))?;
        move_mount(&root, open_directory(place)?)?;
        let own = tmpfs::new()?;
        for name in [HOST, OVERRIDES] {
            mkdirat(&own, name, Mode::from_bits_truncate(0o755))?;
        }
        let own_place = place.join(OWN);
        move_mount(&own, refer_to(&own_place)?)?;
        host.attach(refer_to(&own_place.join(HOST))?)?;
        make_read_only(&own_place)?;
        Ok(Farm {
            directory: place.to_owned(),
            at: open_directory(place)?,
            writable: root.into(),
            own,
        })
    }

    /// The farm that covers `directory`, to be tended. None if none does.
    pub(super) fn reopen(directory: &Path) -> nix::Result<Option<Farm>> {
        let at = match open_directory(directory) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
            at => at?,
        };
        let Some(own) = tmpfs::find(&at, OWN)? else {
            return Ok(None);
        };
        Ok(Some(Farm {
            directory: directory.to_owned(),
            at,
            writable: OnceCell::new(),
            own,
        }))
    }

    /// Bring it with all that it has to where it is to be, in one step.
    pub(super) fn move_to(&mut self, directory: &Path) -> nix::Result<()> {
        move_mount(refer_to(&self.directory)?, open_directory(directory)?)?;
        self.directory = directory.to_owned();
        Ok(())
    }

    /// Where its entry of this name is now.
    pub(super) fn path_of(&self, name: &OsStr) -> PathBuf {
        self.directory.join(name)
    }

    /// Its root, to be written to.
    fn writable(&self) -> nix::Result<&OwnedFd> {
        if let Some(root) = self.writable.get() {
            return Ok(root);
        }
        let root = clone_mount(&self.at)?;
        make_writable(&root)?;
        Ok(self.writable.get_or_init(|| root))
    }

    /// The host's directory.
    fn host(&self) -> nix::Result<OwnedFd> {
        tmpfs::open_below(&self.own, HOST)
    }

    /// Show what is now to be shown of the host's directory.
    pub(super) fn tend(&self, plan: Plan<'_>) -> Result<(), Error> {
        let failed = |errno| {
            let action = format!("read {}", printable(&self.directory));
            Error::system(action, errno)
        };
        let host = self.host().map_err(failed)?;
        for name in names_in(&host).map_err(failed)? {
            let shows = !Farm::needs_name(&name) && (plan.shows)(&name);
            if shows && (!plan.is_writable || self.is_free(&name)) {
                self.show(&host, &name).map_err(|errno| {
                    let path = printable(&self.path_of(&name)).to_string();
                    Error::system(format!("show {path} in the view"), errno)
                })?;
            }
        }
        // What the host has no more.
        for name in names_in(&self.at).map_err(failed)? {
            let ours = !plan.is_writable || self.shows_host(&name);
            let is_gone = || entry_of(&host, &name) == Err(Errno::ENOENT);
            if ours && !Farm::needs_name(&name) && (plan.shows)(&name) && is_gone() {
                // What cannot be removed dangles.
                let _ = self.clear(&name);
            }
        }
        Ok(())
    }

    /// Let the entry `name` of the host's directory be seen.
    fn show(&self, host: &OwnedFd, name: &OsStr) -> nix::Result<()> {
        let text = match entry_of(host, name) {
            Err(Errno::ENOENT) => return Ok(()), // It went away meanwhile.
            Err(errno) => return Err(errno),
            Ok(SFlag::S_IFDIR) => return self.show_directory(host, name),
            Ok(SFlag::S_IFLNK) => readlinkat(host, name)?.into(),
            Ok(_) => Path::new(OWN).join(HOST).join(name),
        };
        self.link(name, &text)
    }

    fn show_directory(&self, host: &OwnedFd, name: &OsStr) -> nix::Result<()> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let source = openat(host, name, flags, Mode::empty())?;
        if FileId::of_fd(&source)?.is_at(&self.path_of(name)) {
            return Ok(());
        }
        self.clear(name)?;
        self.attach_directory(name, &Tree::of(source)?)
    }

    /// Whether the entry was made to show one of the host's, as far as can be told.
    fn shows_host(&self, name: &OsStr) -> bool {
        match readlinkat(&self.at, name) {
            Ok(text) => text.as_bytes().starts_with(OWN.as_bytes()),
            Err(_) => is_mounted(&self.path_of(name)),
        }
    }

    /// Whether an entry of the host can be shown without taking one away from a program.
    fn is_free(&self, name: &OsStr) -> bool {
        self.shows_host(name) || readlinkat(&self.at, name) == Err(Errno::ENOENT)
    }

    /// Attach the directory of overrides, so that links can lead to its entries.
    pub(super) fn bind_overrides(&self, tree: &Tree) -> nix::Result<()> {
        replace(tree, &self.directory.join(OWN).join(OVERRIDES))
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
        let overrides = tmpfs::open_below(&self.own, OVERRIDES)?;
        let searchable = fstat(&overrides)?.st_mode & 0o111 == 0o111;
        let link = directory.link(name);
        // Whichever it is now: it may be replaced at any moment, between the two looks too.
        let is_found = || {
            let linked = fstatat(&overrides, name, AtFlags::empty());
            linked.map(|stat| FileId::of(&stat)) == directory.id_of(name)
        };
        if !searchable
            || link.is_some_and(|text| leads_to_etc(&text))
            || !(0..ATTEMPTS).any(|_| is_found())
        {
            return Ok(false);
        }
        self.link(name, &Path::new(OWN).join(OVERRIDES).join(name))?;
        Ok(true)
    }

    /// Make something that the override can be mounted on.
    pub(super) fn make_place(&self, entry: &Override) -> nix::Result<()> {
        let name = entry.name();
        let there = entry_of(&self.at, name);
        if there.is_ok_and(|there| match entry.kind {
            Kind::File => there == SFlag::S_IFREG,
            Kind::Directory => there == SFlag::S_IFDIR,
        }) {
            return Ok(());
        }
        self.clear(name)?;
        match entry.kind {
            Kind::Directory => mkdirat(self.writable()?, name, Mode::from_bits_truncate(0o755)),
            Kind::File => {
                let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
                let mode = Mode::from_bits_truncate(0o644);
                openat(self.writable()?, name, flags, mode).map(drop)
            }
        }
    }

    /// Make it read-only, so that nothing in the view takes a file that it creates there for one
    /// of the host's.
    pub(super) fn protect(&self) -> Result<(), Error> {
        make_read_only(&self.directory).map_err(|errno| {
            let action = format!("make the cover of {} read-only", printable(&self.directory));
            Error::system(action, errno)
        })
    }

    /// A symlink called `name`. One that is there already is replaced without a moment in which
    /// neither is.
    fn link(&self, name: &OsStr, text: &Path) -> nix::Result<()> {
        let there = readlinkat(&self.at, name);
        if there.as_deref() == Ok(text.as_os_str()) {
            return Ok(());
        }
        let root = self.writable()?;
        match there {
            Ok(_) => {}
            Err(Errno::ENOENT) => return symlinkat(text, root, name),
            Err(_) => {
                self.clear(name)?;
                return symlinkat(text, root, name);
            }
        }
        let _ = unlinkat(root, NEW, UnlinkatFlags::NoRemoveDir);
        symlinkat(text, root, NEW)?;
        // EBUSY where something is mounted on the link.
        renameat(root, NEW, root, name).or_else(|_| {
            self.clear(name)?;
            renameat(root, NEW, root, name)
        })
    }

    /// Make sure that there is nothing called `name`.
    fn clear(&self, name: &OsStr) -> nix::Result<()> {
        unmount_all(&self.path_of(name))?;
        if entry_of(&self.at, name) == Err(Errno::ENOENT) {
            return Ok(());
        }
        let root = self.writable()?;
        match unlinkat(root, name, UnlinkatFlags::NoRemoveDir) {
            Err(Errno::EISDIR) => unlinkat(root, name, UnlinkatFlags::RemoveDir),
            Err(Errno::ENOENT) => Ok(()),
            result => result,
        }
    }

    /// A new directory, and a tree attached on it.
    fn attach_directory(&self, name: &OsStr, tree: &Tree) -> nix::Result<()> {
        mkdirat(self.writable()?, name, Mode::from_bits_truncate(0o755))?;
        tree.attach(refer_to(&self.path_of(name))?)
    }
}

/// What kind of file an entry itself is.
fn entry_of(directory: &OwnedFd, name: &OsStr) -> nix::Result<SFlag> {
    fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).map(|stat| file_type(&stat))
}

/// Whether a symlink in the directory of overrides may lead to `/etc`, which is not the host's in
/// the view.
fn leads_to_etc(text: &Path) -> bool {
    text.starts_with(ETC) || text.components().any(|part| part == Component::ParentDir)
}

/// Make the mount at `path` read-only; what is mounted below keeps its own flags.
fn make_read_only(path: &Path) -> nix::Result<()> {
    let flags = MsFlags::MS_REMOUNT
        | MsFlags::MS_BIND
        | MsFlags::MS_RDONLY
        | MsFlags::MS_NOSUID
        | MsFlags::MS_NODEV
        | MsFlags::MS_NOEXEC;
    let none: Option<&Path> = None;
    mount(none, path, none, flags, none)
}
