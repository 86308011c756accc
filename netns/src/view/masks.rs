//! The sockets of the host's resolving daemons, hidden from a view.
//!
//! What is covered is the directory of a socket, not the socket: a daemon that is started again
//! replaces its socket, which would uncover it. A farm shows everything else that is in the
//! directory, a resolv.conf or the sockets of other services, and programs of the view can make
//! files of their own in it.

use std::fmt::Display;
use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;

use super::Event;
use super::farm::{self, Farm, Plan};
use super::record::{Mounted, open_root};
use super::tree::{Tree, look_below, open_directory};
use crate::file_id::FileId;
use crate::host_resolvers::{HOST_RESOLVERS, HostResolver};
use crate::{Error, printable};

/// Where half of the sockets are looked for, see [`HOST_RESOLVERS`].
const VAR_RUN: &str = "/var/run";

/// Hide all sockets that could be reached, in the place of masks of a view that this one is made
/// from.
pub(super) fn put_on(report: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let mut masks = Vec::new();
    let has_var_run = !leads_to_run(Path::new(VAR_RUN));
    for resolver in HOST_RESOLVERS {
        let directory = Path::new(resolver.directory);
        if !has_var_run && directory.starts_with(VAR_RUN) {
            continue;
        }
        let id = match FileId::of_path(directory) {
            Err(Errno::ENOENT) => continue,
            id => id.ok(),
        };
        // Two paths may lead to one directory.
        if id.is_some_and(|id| masks.contains(&id)) {
            continue;
        }
        if put_on_one(resolver, directory)? {
            masks.extend(FileId::of_path(directory));
            report(Event::Mounted {
                target: directory.into(),
                source: "tmpfs".into(),
            });
        }
    }
    Ok(())
}

/// Whether it is /run by another name, as it is nearly everywhere.
fn leads_to_run(path: &Path) -> bool {
    let run = Path::new("/run");
    fs::read_link(path).is_ok_and(|text| text == run)
        || FileId::of_path(run).is_ok_and(|id| id.is_at(path))
}

/// In a view that programs run in, hide those that can be reached now, and show what has come into
/// the directories of others. The directories that were not masked.
pub(super) fn renew(record: &Mounted) -> Result<Vec<&'static Path>, Error> {
    let mut renewed = Vec::new();
    let place = record
        .staging()
        .map_err(|errno| Error::system("look after the host's daemons in a view", errno))?;
    for resolver in HOST_RESOLVERS {
        let directory = Path::new(resolver.directory);
        let failed = |errno| Error::system(format!("look after {}", resolver.directory), errno);
        if let Some(farm) = Farm::reopen(directory).map_err(failed)? {
            with_plan(resolver, |plan| farm.tend(plan))?;
        } else if put_on_one(resolver, &place)? {
            renewed.push(directory);
        }
    }
    Ok(renewed)
}

/// Whether those who have this root directory cannot reach any of the daemons.
pub(super) fn are_on(root: impl AsFd) -> bool {
    let has_var_run = !leads_to_run(Path::new(VAR_RUN));
    HOST_RESOLVERS
        .iter()
        .filter(|resolver| has_var_run || !resolver.directory.starts_with(VAR_RUN))
        .all(|resolver| is_hidden(resolver, &root))
}

/// Whether those who have this root directory cannot reach the daemon.
fn is_hidden(resolver: &HostResolver, root: impl AsFd) -> bool {
    let directory = Path::new(resolver.directory);
    match look_below(&root, directory) {
        Ok(_) => farm::host_of(root, directory).is_ok_and(|host| host.is_some()),
        Err(_) => true,
    }
}

/// Cover the directory by a farm that grows at `place`. False if the host has no such directory.
fn put_on_one(resolver: &HostResolver, place: &Path) -> Result<bool, Error> {
    let directory = Path::new(resolver.directory);
    let failed = |why: &dyn Display| {
        let (daemon, directory) = (resolver.daemon, printable(directory));
        format!("hide {daemon} in {directory} (--host-resolvers keep lets it answer){why}")
    };
    let failed_at = |errno| Error::system(failed(&""), errno);
    // What programs of the view that this one is made from have in the directory is theirs.
    let outer = open_root().and_then(|root| farm::host_of(root, directory));
    let host = match outer.map_err(failed_at)? {
        Some(host) => host,
        None => match open_directory(directory) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(false),
            host => host.map_err(failed_at)?,
        },
    };
    let tree = Tree::of(host).map_err(failed_at)?;
    let grown = with_plan(resolver, |plan| Farm::grow(place, directory, &tree, plan));
    let mut farm = grown.map_err(|error| match error {
        Error::System { action, errno } => {
            Error::system(failed(&format_args!(": cannot {action}")), errno)
        }
        error => error,
    })?;
    if place != directory {
        farm.move_to(directory).map_err(failed_at)?;
    }
    Ok(true)
}

/// A daemon that is started in the view makes its socket in the farm, for the view alone.
fn with_plan<T>(resolver: &HostResolver, work: impl FnOnce(Plan<'_>) -> T) -> T {
    work(Plan {
        shows: &|name| {
            let mut hidden = resolver.sockets.iter().chain(&resolver.pid_file);
            !hidden.any(|hidden| name == *hidden)
        },
        is_writable: true,
    })
}
