//! Where a process was before it entered a pinned view, and the way back.

use std::env;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, chroot, fchdir};

use crate::Error;
use crate::error::errno_of;
use crate::file_id::FileId;
use crate::sys::statmount::{MountId, mount_at};
use crate::view::found::on_thread;
use crate::view::open_directory;
use crate::view::record::open_root;
use crate::view::working_directory::is_covered;

/// What makes two root directories the same: the directory, and the mount it is seen on.
type RootId = (FileId, MountId);

/// Where a process was: its mount namespace, its root and working directories.
#[derive(Debug)]
pub(super) struct Outside {
    mount_namespace: OwnedFd,
    root: OwnedFd,
    root_id: RootId,
    /// The working directory, and its path.
    directory: OwnedFd,
    path: PathBuf,
}

impl Outside {
    /// Where this thread is, which from now on shares that with no other.
    pub(super) fn look() -> nix::Result<Outside> {
        unshare(CloneFlags::CLONE_FS)?;
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(Outside {
            mount_namespace: open(OWN_NAMESPACE, flags, Mode::empty())?,
            root: open_root()?,
            root_id: root_id()?,
            directory: open_directory(Path::new("."))?,
            path: env::current_dir().map_err(|error| errno_of(&error))?,
        })
    }

    /// Enter the same mount namespace again, which takes a thread to its root directory. Whether
    /// that is the one that this thread had.
    ///
    /// # Errors
    /// Then the thread is where it was.
    pub(super) fn enter_namespace_again(&self) -> nix::Result<bool> {
        setns(&self.mount_namespace, CloneFlags::CLONE_NEWNS)?;
        Ok(root_id() == Ok(self.root_id))
    }

    /// Be there again.
    pub(super) fn go_back(&self) -> Result<(), Error> {
        let back = || {
            if !self.enter_namespace_again()? {
                fchdir(&self.root)?;
                chroot(".")?;
            }
            fchdir(&self.directory)
        };
        back().map_err(|errno| Error::system("leave a pinned view", errno))
    }

    /// Enter the working directory in the view, by its path. False if that is not the same
    /// directory, nor one that a view covers.
    pub(super) fn enter_working_directory(&self) -> bool {
        chdir(&self.path).is_ok()
            && (is_covered(&self.path)
                || FileId::of_fd(&self.directory).is_ok_and(|id| id.is_at(Path::new("."))))
    }
}

/// Whether this process has no other root directory than its mount namespace.
pub(super) fn has_root_of_namespace() -> Result<bool, Error> {
    on_thread(|| {
        let look = || -> nix::Result<bool> {
            let root = root_id()?;
            let own = open(
                OWN_NAMESPACE,
                OFlag::O_RDONLY | OFlag::O_CLOEXEC,
                Mode::empty(),
            )?;
            setns(own, CloneFlags::CLONE_NEWNS)?;
            Ok(root_id()? == root)
        };
        look().map_err(|errno| Error::system("look at /", errno))
    })
}

const OWN_NAMESPACE: &str = "/proc/thread-self/ns/mnt";

fn root_id() -> nix::Result<RootId> {
    let root = Path::new("/");
    Ok((FileId::of_path(root)?, mount_at(root)?.0))
}
