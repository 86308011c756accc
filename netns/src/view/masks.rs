//! The sockets of the host's resolving daemons, hidden from a view.
//!
//! What is covered is the directory of a socket, not the socket: a daemon that is started again
//! replaces its socket, which would uncover it. A farm shows everything else that is in the
//! directory, a resolv.conf or the sockets of other services, and programs of the view can make
//! files of their own in it.

use std::path::Path;

use nix::errno::Errno;

use super::Event;
use super::farm::{Farm, Plan};
use super::tree::{Tree, open_directory};
use crate::file_id::FileId;
use crate::host_resolvers::{HOST_RESOLVERS, HostResolver};
use crate::{Error, printable};

/// Hide all sockets that could be reached, in the place of masks of a view that this one is made
/// from.
pub(super) fn put_on(report: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let mut masks = Vec::new();
    for resolver in HOST_RESOLVERS {
        let directory = Path::new(resolver.directory);
        // Two paths may lead to one directory.
        if FileId::of_path(directory).is_ok_and(|id| masks.contains(&id)) {
            continue;
        }
        let host = if Farm::covers(directory) {
            // What programs of the outer view have made in the directory is theirs.
            &Farm::host_of(directory)
        } else {
            directory
        };
        if put_on_one(resolver, host)? {
            masks.extend(FileId::of_path(directory));
            report(Event::Mounted {
                target: directory.into(),
                source: "tmpfs".into(),
            });
        }
    }
    Ok(())
}

/// Hide those that can be reached now, and show what has come into the directories of others.
/// The directories that were not masked.
pub(super) fn renew() -> Result<Vec<&'static Path>, Error> {
    let mut renewed = Vec::new();
    for resolver in HOST_RESOLVERS {
        let directory = Path::new(resolver.directory);
        if Farm::covers(directory) {
            tend(resolver)?;
        } else if put_on_one(resolver, directory)? {
            renewed.push(directory);
        }
    }
    Ok(renewed)
}

/// False if the host has no such directory.
fn put_on_one(resolver: &HostResolver, host: &Path) -> Result<bool, Error> {
    let directory = Path::new(resolver.directory);
    let failed = |errno| {
        let (daemon, directory) = (resolver.daemon, printable(directory));
        let action = format!("hide {daemon} in {directory} (--host-resolvers keep lets it answer)");
        Error::system(action, errno)
    };
    let host = match open_directory(host) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(false),
        host => host.map_err(failed)?,
    };
    let tree = Tree::of(host).map_err(failed)?;
    with_plan(resolver, |plan| Farm::plant(directory, &tree, plan))?;
    Ok(true)
}

fn tend(resolver: &HostResolver) -> Result<(), Error> {
    let farm = Farm::reopen(Path::new(resolver.directory))
        .map_err(|errno| Error::system(format!("look after {}", resolver.directory), errno))?;
    with_plan(resolver, |plan| farm.tend(plan))
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
