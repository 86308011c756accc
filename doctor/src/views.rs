//! The processes of a namespace, those together that see the same files: a thousand in one view
//! cost one look at each file.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::SystemTime;

use netns::view::{HostResolvers, Record};
use netns::{Error, Name, NamespaceId, Process};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use crate::file::File;
use crate::finding::Sufferer;
use crate::mounts::Mount;
use crate::target::Target;

/// Where a view of netns-exec keeps what it is, made together with the view.
const RECORD: &str = "/run/netns-exec/view";

/// The directory with an entry for each override that is in place in it.
const PLACED: &str = "/run/netns-exec/view/overrides";

/// What put a view up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// netns-exec.
    NetnsExec {
        /// Whether the host's daemons are masked.
        masks: bool,
        /// The names of the overrides that were put in place.
        placed: Vec<OsString>,
    },
    /// `ip netns exec`.
    IpNetnsExec,
    /// Something that does not know of `/etc/netns`.
    Other,
}

/// Processes with the same mount namespace and root directory.
#[derive(Debug)]
pub(crate) struct View {
    processes: Vec<Process>,
    pub(crate) origin: Origin,
    pub(crate) mounts: Vec<Mount>,
    /// Whether it is one of another name of the namespace, so that it has that one's files.
    pub(crate) is_of_other_name: bool,
    /// When it was made, or its first process started.
    pub(crate) since: Option<SystemTime>,
}

/// All views of a namespace.
#[derive(Debug, Default)]
pub(crate) struct Views {
    pub(crate) views: Vec<View>,
    /// How many processes could not be looked at. They may be in the namespace or not.
    pub(crate) refused: usize,
}

impl Views {
    /// Look at all processes but this one.
    ///
    /// # Errors
    /// Where `/proc` is not mounted.
    pub(crate) fn of(target: &Target) -> Result<Views, Error> {
        // Then more privilege is not to be had: the process is outside of the user namespace, or
        // a security module keeps everyone from looking.
        let is_privileged = may_look_at_others();
        let mut refused = 0;
        let mut groups: HashMap<_, Vec<Process>> = HashMap::new();
        let mut order = Vec::new();
        for process in Process::all()? {
            if process.pid() == std::process::id() {
                continue;
            }
            match key(&process, target) {
                Ok(None) => {}
                Ok(Some(key)) => {
                    let group = groups.entry(key).or_default();
                    if group.is_empty() {
                        order.push(key);
                    }
                    group.push(process);
                }
                Err(Errno::EACCES | Errno::EPERM) if !is_privileged => refused += 1,
                // It has ended meanwhile.
                Err(_) => {}
            }
        }
        let views = order
            .into_iter()
            .filter_map(|key| groups.remove(&key))
            .filter_map(|processes| View::new(processes, target))
            .collect();
        Ok(Views { views, refused })
    }

    /// All processes.
    pub(crate) fn processes(&self) -> impl Iterator<Item = &Process> {
        self.views.iter().flat_map(|view| &view.processes)
    }

    /// Whether a process of this number is in the namespace.
    pub(crate) fn has(&self, pid: u32) -> bool {
        self.processes().any(|process| process.pid() == pid)
    }
}

/// The mount namespace and the root directory of a process; None if it is in another network
/// namespace.
fn key(process: &Process, target: &Target) -> nix::Result<Option<(NamespaceId, (u64, u64))>> {
    if !process.is_in(&target.namespace)? {
        return Ok(None);
    }
    let root = File::of(process.look(Path::new("/"))?)?;
    Ok(Some((process.mount_namespace()?, root.id())))
}

impl View {
    /// None if all its processes have ended meanwhile.
    fn new(processes: Vec<Process>, target: &Target) -> Option<View> {
        let table = processes
            .iter()
            .find_map(|process| process.mountinfo().ok())?;
        let mounts = Mount::parse_all(&table);
        let mut view = View {
            processes,
            origin: Origin::Other,
            mounts,
            is_of_other_name: false,
            since: None,
        };
        let record = view.ask(Record::of).ok().flatten();
        let record = record.filter(|record| {
            let name = record.name.as_ref();
            name.is_some_and(|name| is_name_of(target, name))
        });
        let mut name = None;
        if let Some(record) = record {
            view.origin = Origin::NetnsExec {
                masks: record.host_resolvers == HostResolvers::Mask,
                placed: view.look(Path::new(PLACED)).and_then(names_in).ok()?,
            };
            name = record.name;
            let made = view.look(Path::new(RECORD)).and_then(File::of).ok()?;
            view.since = made.changed();
        } else if let Some(mounted) = view.name_of_sysfs(target) {
            view.origin = Origin::IpNetnsExec;
            name = Some(mounted);
        }
        view.is_of_other_name = name.is_some() && name != target.name;
        if view.since.is_none() {
            let started = view.processes.iter().filter_map(|it| it.started().ok());
            view.since = started.min();
        }
        Some(view)
    }

    /// `ip netns exec NAME` mounts a sysfs and gives NAME as its source (iproute2
    /// lib/namespace.c, `netns_switch`).
    fn name_of_sysfs(&self, target: &Target) -> Option<Name> {
        let sysfs = |mount: &&Mount| mount.point == Path::new("/sys") && mount.fs_type == *"sysfs";
        let sysfs = self.mounts.iter().rev().find(sysfs)?;
        Name::new(&sysfs.source)
            .ok()
            .filter(|name| is_name_of(target, name))
    }

    /// The file that its programs get by opening the absolute `path`.
    ///
    /// # Errors
    /// Those of the lookup. ESRCH when all its processes have ended.
    pub(crate) fn look(&self, path: &Path) -> nix::Result<OwnedFd> {
        self.ask(|process| process.look(path))
    }

    /// What the first of its processes says that still lives.
    fn ask<T>(&self, question: impl Fn(&Process) -> nix::Result<T>) -> nix::Result<T> {
        for process in &self.processes {
            match question(process) {
                // Is there no such file, or no such process any more?
                Err(Errno::ENOENT | Errno::ESRCH) if process.mount_namespace().is_err() => {}
                result => return result,
            }
        }
        Err(Errno::ESRCH)
    }

    /// Its processes, as those who suffer from something.
    pub(crate) fn sufferers(&self) -> impl Iterator<Item = Sufferer> {
        self.processes.iter().map(Sufferer::from)
    }
}

/// Whether the namespace can be called by this name.
fn is_name_of(target: &Target, name: &Name) -> bool {
    target.name.as_ref() == Some(name) || target.namespace.is_at(&name.path())
}

/// Whether this process is itself in a view of netns-exec, so that its `/etc` is not the host's.
pub(crate) fn is_in_view() -> bool {
    Process::find(std::process::id())
        .is_some_and(|own| Record::of(&own).is_ok_and(|it| it.is_some()))
}

/// The names of the entries of a directory.
fn names_in(directory: OwnedFd) -> nix::Result<Vec<OsString>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut directory = Dir::openat(&directory, ".", flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in directory.iter() {
        match entry?.file_name().to_bytes() {
            b"." | b".." => {}
            name => names.push(OsStr::from_bytes(name).to_owned()),
        }
    }
    Ok(names)
}

/// Whether this process has `CAP_SYS_PTRACE` (capabilities(7)) in its user namespace.
fn may_look_at_others() -> bool {
    const CAP_SYS_PTRACE: u32 = 19;
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    effective.is_some_and(|set| set >> CAP_SYS_PTRACE & 1 == 1)
}
