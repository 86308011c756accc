//! A farm of symlinks over `/etc`, where an override has nothing to be mounted on.
//!
//! A mount needs a file or directory to cover, and none may be created on the host. So a small
//! tmpfs covers `/etc`: the host's `/etc` moves to a hidden directory of it, a symlink stands for
//! each of the host's files, a bind mount for each directory (a symlink would leak: from
//! `/etc/sub`, `..` must be this `/etc`), and a copy for each symlink. There a place can be made
//! for any override. Files stay as fresh and as writable as they were; what is lost is that entries
//! of `/etc` itself come and go: the view keeps those it started with, and its programs cannot
//! create, rename or remove any (EROFS).

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::Event;
use super::tree::{Tree, refer_to};
use crate::error::errno_of;
use crate::etc::{Kind, Override};
use crate::file_id::FileId;
use crate::printable::printable;
use crate::{ETC, Error};

/// The directory of the farm that holds the host's `/etc`.
const HOST: &str = ".netns-exec";

/// `/etc` is covered; places can still be made.
pub(super) struct Farm(());

impl Farm {
    fn flags() -> MsFlags {
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC
    }

    /// Cover `/etc` by a farm that shows all that is there.
    pub(super) fn plant(report: &mut dyn FnMut(Event)) -> Result<Farm, Error> {
        let etc = Path::new(ETC);
        let failed = |errno| Error::system("cover /etc to make room for an override", errno);
        let host = refer_to(etc).and_then(Tree::of).map_err(failed)?;
        let Tree::Copy(_) = &host else {
            // A bind mount of the covered directory would find the farm itself in it.
            let action = "cover /etc to make room for an override, without open_tree (Linux 5.2)";
            return Err(Error::system(action, Errno::ENOSYS));
        };
        let id = FileId::of_path(etc).map_err(failed)?;
        let names = fs::read_dir(etc)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect())
            .map_err(|error: io::Error| failed(errno_of(&error)))?;

        let options = Some("mode=0755");
        mount(
            Some("netns-exec"),
            etc,
            Some("tmpfs"),
            Farm::flags(),
            options,
        )
        .map_err(failed)?;
        let hidden = etc.join(HOST);
        attach_directory(&host, &hidden).map_err(failed)?;
        if !id.is_at(&hidden) {
            return Err(failed(Errno::ESTALE));
        }
        report(Event::Mounted {
            target: etc.into(),
            source: "tmpfs".into(),
        });
        let names: Vec<_> = names;
        for name in names.iter().filter(|name| *name != HOST) {
            plant_one(name, &hidden).map_err(|errno| {
                let action = format!("show {} in the view", printable(&etc.join(name)));
                Error::system(action, errno)
            })?;
        }
        Ok(Farm(()))
    }

    /// Make something that the override can be mounted on.
    pub(super) fn make_place(&self, entry: &Override) -> Result<(), Error> {
        if entry.target.file_name() == Some(OsStr::new(HOST)) {
            return Err(entry.refused("has a name that netns-exec itself needs", "rename it"));
        }
        // A symlink that a directory goes over.
        let made = match fs::remove_file(&entry.target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ if entry.kind == Kind::Directory => fs::create_dir(&entry.target),
            _ => fs::File::create_new(&entry.target).map(drop),
        };
        made.map_err(|error| entry.not_mounted(errno_of(&error)))
    }

    /// No more places: make it read-only, so that nothing in the view takes a file that it creates
    /// there for one of the host's.
    pub(super) fn finish(self) -> Result<(), Error> {
        // This mount alone: what is mounted below keeps its own flags.
        let flags = Farm::flags() | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
        let none: Option<&Path> = None;
        mount(none, ETC, none, flags, none)
            .map_err(|errno| Error::system("make the cover of /etc read-only", errno))
    }
}

/// Let the host's entry `name` be seen.
fn plant_one(name: &OsStr, hidden: &Path) -> nix::Result<()> {
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
