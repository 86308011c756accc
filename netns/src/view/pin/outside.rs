//! Where a process was before it entered a pinned view, and the way back.

use std::env;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, chroot, fchdir};

use super::relation::Relation;
use crate::error::errno_of;
use crate::file_id::FileId;
use crate::sys::statmount::{MountId, mount_at};
use crate::view::open_directory;
use crate::view::record::open_root;
use crate::view::working_directory::is_covered;
use crate::{Error, Name};

/// The mount namespace and the root directory of a thread.
pub(super) struct Here {
    mount_namespace: OwnedFd,
    root: OwnedFd,
    id: RootId,
}

/// What makes two root directories the same: the directory, and the mount it is seen on.
type RootId = (FileId, MountId);

impl Here {
    pub(super) fn look() -> nix::Result<Here> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(Here {
            mount_namespace: open("/proc/thread-self/ns/mnt", flags, Mode::empty())?,
            root: open_root()?,
            id: Here::root_id()?,
        })
    }

    fn root_id() -> nix::Result<RootId> {
        let root = Path::new("/");
        Ok((FileId::of_path(root)?, mount_at(root)?.0))
    }

    /// Whether it has no other root directory than the mount namespace: whoever enters that gets
    /// the latter. This thread does, and has it as its working directory.
    pub(super) fn is_root_of_namespace(&self) -> nix::Result<bool> {
        setns(&self.mount_namespace, CloneFlags::CLONE_NEWNS)?;
        Ok(Here::root_id()? == self.id)
    }

    /// Be there again.
    fn go_back(&self) -> nix::Result<()> {
        setns(&self.mount_namespace, CloneFlags::CLONE_NEWNS)?;
        if Here::root_id()? != self.id {
            fchdir(&self.root)?;
            chroot(".")?;
        }
        Ok(())
    }
}

/// Where this process was.
pub(super) struct Outside {
    pub(super) here: Here,
    /// What the view pinned under the name should have to it.
    pub(super) relation: Option<Relation>,
    /// The working directory, and its path.
    directory: OwnedFd,
    path: PathBuf,
}

impl Outside {
    pub(super) fn look(name: &Name) -> nix::Result<Outside> {
        Ok(Outside {
            here: Here::look()?,
            relation: Relation::of_host(name)?,
            directory: open_directory(Path::new("."))?,
            path: env::current_dir().map_err(|error| errno_of(&error))?,
        })
    }

    pub(super) fn go_back(&self) -> Result<(), Error> {
        let back = self.here.go_back().and_then(|()| fchdir(&self.directory));
        back.map_err(|errno| Error::system("leave a pinned view", errno))
    }

    /// Enter it in the view, by its path. False if that is not the same directory, nor one that a
    /// view covers.
    pub(super) fn enter_working_directory(&self) -> bool {
        chdir(&self.path).is_ok()
            && (is_covered(&self.path)
                || FileId::of_fd(&self.directory).is_ok_and(|id| id.is_at(Path::new("."))))
    }
}
