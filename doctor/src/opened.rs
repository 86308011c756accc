//! What programs really open at the paths of `/etc`: compared, by device and inode, with the files
//! that win.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use netns::{ETC, Process, printable};
use nix::errno::Errno;

use crate::file::File;
use crate::finding::{Finding, Kind, Since, Sufferer, processes};
use crate::mounts::Mount;
use crate::target::Target;
use crate::views::{Origin, View, Views, is_in_view};

/// The files that decide what names mean. Where a process finds none of these although the host
/// has one, that is worth telling without an override too.
const OF_RESOLUTION: [&str; 5] = [
    "gai.conf",
    "host.conf",
    "hosts",
    "nsswitch.conf",
    "resolv.conf",
];

/// How often files that change while they are compared are looked at again.
const ATTEMPTS: usize = 3;

/// Compare, for every view, the overrides of these names, and those that are still mounted but
/// exist no more.
pub(crate) fn examine(
    target: &Target,
    directory: &Path,
    names: &[OsString],
    views: &Views,
) -> Vec<Finding> {
    let examination = Examination {
        target,
        directory,
        host: Host::new(),
    };
    let mut faults: Vec<(Fault, Vec<Sufferer>)> = Vec::new();
    for view in views.views.iter().filter(|view| !view.is_of_other_name) {
        let of_overrides = names
            .iter()
            .filter_map(|name| examination.override_fault(name, view));
        let of_others = examination
            .others(names, view)
            .into_iter()
            .filter_map(|name| examination.removed_fault(&name, view));
        for fault in of_overrides.chain(of_others) {
            match faults.iter_mut().find(|(known, _)| *known == fault) {
                Some((_, sufferers)) => sufferers.extend(view.sufferers()),
                None => faults.push((fault, view.sufferers().collect())),
            }
        }
    }
    faults.into_iter().map(Fault::finding).collect()
}

struct Examination<'a> {
    target: &'a Target,
    /// `/etc/netns/NAME`.
    directory: &'a Path,
    host: Host,
}

/// What is wrong with a file in a view; the same in several views is one finding.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    kind: Kind,
    path: PathBuf,
    /// What one process does, and what many do.
    verbs: [&'static str; 2],
    since: Option<Since>,
    mend: String,
}

impl Fault {
    fn finding((fault, mut sufferers): (Fault, Vec<Sufferer>)) -> Finding {
        sufferers.sort_unstable_by_key(|sufferer| sufferer.pid);
        let [one, many] = fault.verbs;
        Finding {
            kind: fault.kind,
            path: Some(fault.path),
            what: processes(sufferers.len(), one, many),
            since: fault.since,
            mend: fault.mend,
            processes: sufferers,
        }
    }
}

impl Examination<'_> {
    /// What is wrong where there is an override.
    fn override_fault(&self, name: &OsStr, view: &View) -> Option<Fault> {
        let (path, own) = (Path::new(ETC).join(name), self.directory.join(name));
        let mut seen = Err(Errno::ENOENT);
        for _ in 0..ATTEMPTS {
            // Gone: an editor's temporary file.
            let expected = File::at(&own).ok()?;
            seen = view.look(&path).and_then(File::of);
            if seen.is_ok_and(|seen| seen.id() == expected.id()) {
                return None;
            }
        }
        match seen {
            Ok(seen) if self.host.has(&path, &seen) => {
                let verbs = ["reads the host's file", "read the host's file"];
                Some(self.uncovered(path, &own, view, verbs))
            }
            Ok(_) => Some(self.other_file(path, &own, view)),
            Err(Errno::ENOENT) => {
                let verbs = ["finds no file", "find no file"];
                Some(self.uncovered(path, &own, view, verbs))
            }
            // Its processes have ended.
            Err(_) => None,
        }
    }

    /// An override that is not in place.
    fn uncovered(&self, path: PathBuf, own: &Path, view: &View, verbs: [&'static str; 2]) -> Fault {
        let by_host = || {
            let (verb, time) = match self.host.entry(&path) {
                Some(entry) => ("replaced", entry.changed()),
                None => {
                    let etc = File::at(Path::new(ETC)).ok();
                    ("removed", etc.and_then(|etc| etc.modified()))
                }
            };
            let what = format!("the host {verb} {}", printable(&path));
            after(view, time).map(|at| Since::at(what, Some(at)))
        };
        let by_us = || {
            let what = format!("{} is newer than the view, made or changed", printable(own));
            let time = File::entry(own).ok().and_then(|entry| entry.changed());
            after(view, time).map(|at| Since::at(what, Some(at)))
        };
        let name = path.file_name().unwrap_or_default();
        let (kind, since) = match &view.origin {
            Origin::Other => (Kind::NotInView, Some(self.not_started_by_us())),
            Origin::NetnsExec { placed, .. } if placed.iter().any(|placed| placed == name) => {
                (Kind::OverrideLost, by_host())
            }
            Origin::NetnsExec { .. } => (Kind::OverrideMissing, by_us()),
            Origin::IpNetnsExec => match (by_host(), by_us()) {
                (Some(since), _) => (Kind::OverrideLost, Some(since)),
                (None, Some(since)) => (Kind::OverrideMissing, Some(since)),
                (None, None) if self.host.entry(&path).is_none() => {
                    let what = "ip netns exec puts nothing where the host has no file";
                    (Kind::OverrideMissing, Some(Since::always(what)))
                }
                (None, None) => (Kind::OverrideLost, None),
            },
        };
        Fault {
            kind,
            path,
            verbs,
            since,
            mend: self.mend(view),
        }
    }

    /// A file that is neither the override nor the host's: what the override was once, if there
    /// is a mount.
    fn other_file(&self, path: PathBuf, own: &Path, view: &View) -> Fault {
        let is_mounted = view.mounts.iter().any(|mount| mount.point == path);
        let is_old = match view.origin {
            Origin::NetnsExec { .. } => true,
            Origin::IpNetnsExec => is_mounted,
            Origin::Other => self.is_shown(&path, view),
        };
        if is_old {
            let changed = File::entry(own).ok().and_then(|entry| entry.changed());
            let what = format!("{} was replaced", printable(own));
            Fault {
                kind: Kind::OverrideStale,
                path,
                verbs: ["reads an old file", "read an old file"],
                since: Some(Since::at(what, changed)),
                mend: self.mend(view),
            }
        } else {
            Fault {
                kind: Kind::NotInView,
                path,
                verbs: ["reads another file", "read another file"],
                since: Some(self.not_started_by_us()),
                mend: self.mend(view),
            }
        }
    }

    /// What is wrong where there is no override any more: it must not be seen, nor may the host's
    /// file be missing.
    fn removed_fault(&self, name: &OsStr, view: &View) -> Option<Fault> {
        let (path, own) = (Path::new(ETC).join(name), self.directory.join(name));
        let removed = || {
            let directory = File::at(self.directory).ok();
            let what = format!("{} was removed", printable(&own));
            Since::at(what, directory.and_then(|directory| directory.modified()))
        };
        let (verbs, since) = match view.look(&path).and_then(File::of) {
            Ok(seen) if self.was_placed(&path, view) && !self.host.has(&path, &seen) => {
                (["reads a removed file", "read a removed file"], removed())
            }
            Err(Errno::ENOENT) => {
                let on_host = self.host.entry(&path)?;
                let since = match after(view, on_host.changed()) {
                    Some(at) => {
                        let what = format!("the host made {}", printable(&path));
                        Since::at(what, Some(at))
                    }
                    None => removed(),
                };
                (["finds no file", "find no file"], since)
            }
            _ => return None,
        };
        // Made since this was begun?
        if File::entry(&own).is_ok() {
            return None;
        }
        Some(Fault {
            kind: Kind::OverrideStale,
            path,
            verbs,
            since: Some(since),
            mend: self.mend(view),
        })
    }

    /// The names of files without override that a view may see wrongly.
    fn others(&self, names: &[OsString], view: &View) -> Vec<OsString> {
        let mut others: Vec<OsString> = match &view.origin {
            Origin::NetnsExec { placed, .. } => {
                let of_resolution = OF_RESOLUTION.iter().map(OsString::from);
                of_resolution.chain(placed.iter().cloned()).collect()
            }
            _ => {
                let below = |mount: &Mount| {
                    Some(mount.point.strip_prefix(ETC).ok()?.as_os_str().to_owned())
                };
                let names = view.mounts.iter().filter_map(below);
                names
                    .filter(|name| self.is_shown(&Path::new(ETC).join(name), view))
                    .collect()
            }
        };
        others.sort_unstable();
        others.dedup();
        others.retain(|name| !names.contains(name));
        others
    }

    /// Whether this path had an override in the view.
    fn was_placed(&self, path: &Path, view: &View) -> bool {
        match &view.origin {
            Origin::NetnsExec { placed, .. } => placed
                .iter()
                .any(|name| Some(name.as_os_str()) == path.file_name()),
            _ => self.is_shown(path, view),
        }
    }

    /// Whether there is a mount of the file that is, or was, this path's override.
    fn is_shown(&self, path: &Path, view: &View) -> bool {
        let (Some(name), Some(namespace)) = (path.file_name(), self.directory.file_name()) else {
            return false;
        };
        let directory = Path::new("netns").join(namespace);
        view.mounts
            .iter()
            .any(|mount| mount.point == path && mount.shows(directory.as_os_str(), name))
    }

    fn not_started_by_us(&self) -> Since {
        Since::always("not started by netns-exec")
    }

    fn mend(&self, view: &View) -> String {
        match view.origin {
            Origin::NetnsExec { .. } => self.target.heal(),
            _ => format!("start it again with {}", self.target.start()),
        }
    }
}

/// The time, if it is after the view was made.
fn after(view: &View, time: Option<SystemTime>) -> Option<SystemTime> {
    /// The clock that gives files their times goes forward in steps, of 10 ms at most.
    const STEP: Duration = Duration::from_millis(10);
    let since = view.since?;
    time.filter(|time| *time + STEP >= since)
}

/// The host's `/etc`: that of this process, unless it is in a view; then that of the first one.
struct Host {
    first: Option<Process>,
}

impl Host {
    fn new() -> Host {
        Host {
            first: if is_in_view() { Process::find(1) } else { None },
        }
    }

    /// The entry of that name, a symlink too.
    fn entry(&self, path: &Path) -> Option<File> {
        match &self.first {
            None => File::entry(path).ok(),
            Some(_) => self.file(path),
        }
    }

    fn has(&self, path: &Path, file: &File) -> bool {
        self.file(path).is_some_and(|own| own.id() == file.id())
    }

    fn file(&self, path: &Path) -> Option<File> {
        match &self.first {
            None => File::at(path).ok(),
            Some(process) => process.look(path).and_then(File::of).ok(),
        }
    }
}
