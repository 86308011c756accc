//! Processes, the namespaces they are in and the files they see: proc(5).

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;

use crate::error::errno_of;
use crate::file_id::FileId;
use crate::namespace::NamespaceId;
use crate::{Error, Namespace};

/// A process of this machine, as far as this pid namespace shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pid: u32,
    /// Of the process, or of a thread that lives on where the first one has ended.
    directory: PathBuf,
}

impl Process {
    /// All processes, by number.
    ///
    /// # Errors
    /// [`Error::System`] where `/proc` is not mounted.
    pub fn all() -> Result<Vec<Process>, Error> {
        let mut pids = numbers_in(Path::new("/proc"))
            .map_err(|error| Error::system("read /proc", errno_of(&error)))?;
        pids.sort_unstable();
        Ok(pids.into_iter().filter_map(Process::find).collect())
    }

    /// The process of this number. None if there is none, or it is a zombie.
    pub fn find(pid: u32) -> Option<Process> {
        let directory = PathBuf::from(format!("/proc/{pid}"));
        let lives = |directory: &Path| fs::read_link(directory.join("ns/mnt"));
        match lives(&directory) {
            // A process whose first thread has ended has namespaces in its others only.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let tasks = directory.join("task");
                let thread = numbers_in(&tasks)
                    .ok()?
                    .into_iter()
                    .map(|thread| tasks.join(thread.to_string()))
                    .find(|thread| lives(thread).is_ok())?;
                Some(Process {
                    pid,
                    directory: thread,
                })
            }
            // Another user's process is one all the same.
            _ => Some(Process { pid, directory }),
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The name of its program, `comm` of proc(5). Empty if it is gone.
    pub fn command(&self) -> OsString {
        let mut name = fs::read(self.directory.join("comm")).unwrap_or_default();
        name.pop_if(|byte| *byte == b'\n');
        OsString::from_vec(name)
    }

    /// What identifies its mount namespace.
    ///
    /// # Errors
    /// EACCES for other users' processes, ENOENT when it is gone.
    pub fn mount_namespace(&self) -> nix::Result<NamespaceId> {
        self.namespace("mnt")
    }

    /// What identifies its network namespace.
    ///
    /// # Errors
    /// As [`Process::mount_namespace`].
    pub fn network_namespace(&self) -> nix::Result<NamespaceId> {
        self.namespace("net")
    }

    /// Whether it is in this network namespace.
    ///
    /// # Errors
    /// As [`Process::mount_namespace`].
    pub fn is_in(&self, namespace: &Namespace) -> nix::Result<bool> {
        Ok(self.network_namespace()? == namespace.id())
    }

    fn namespace(&self, kind: &str) -> nix::Result<NamespaceId> {
        FileId::of_path(&self.directory.join("ns").join(kind)).map(NamespaceId::of)
    }

    /// A handle of its mount namespace.
    pub(crate) fn open_mount_namespace(&self) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        open(&self.directory.join("ns/mnt"), flags, Mode::empty())
    }

    /// The file (`O_PATH`) that it gets by opening the absolute `path`: in its mount namespace,
    /// below its root directory.
    ///
    /// # Errors
    /// Those of the lookup; EACCES for other users' processes.
    pub fn look(&self, path: &Path) -> nix::Result<OwnedFd> {
        let root = open(
            &self.directory.join("root"),
            OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT);
        openat2(&root, path, how)
    }

    /// The value of a variable in the environment that its program was started with.
    ///
    /// # Errors
    /// EACCES for other users' processes, ENOENT when it is gone.
    pub fn variable(&self, name: &str) -> io::Result<Option<OsString>> {
        let environment = fs::read(self.directory.join("environ"))?;
        let value = environment.split(|byte| *byte == 0).find_map(|entry| {
            entry
                .strip_prefix(name.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"="))
        });
        Ok(value.map(|value| OsString::from_vec(value.to_vec())))
    }
}

/// The entries of a directory that are numbers.
fn numbers_in(directory: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        numbers.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<u32>().ok()),
        );
    }
    Ok(numbers)
}
