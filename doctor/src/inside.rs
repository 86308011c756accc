//! What can be seen from inside the network namespace alone, gathered by one thread that goes
//! there and ends.

use std::io;

use netns::Error;
use nix::errno::Errno;

use crate::nameservers::{self, Unreachable};
use crate::ping::Groups;
use crate::target::Target;
use crate::unix::Listeners;
use crate::{Obstacle, loopback};

/// What the thread saw.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    /// The loopback interface, if it is down.
    pub(crate) loopback_down: Option<String>,
    /// The nameservers that cannot be reached.
    pub(crate) nameservers: Vec<Unreachable>,
    /// Who may ping.
    pub(crate) ping_groups: Option<Groups>,
    /// Who listens at unix sockets, if that could be seen.
    pub(crate) listeners: Option<Listeners>,
    /// What could not be seen.
    pub(crate) obstacles: Vec<Obstacle>,
}

/// Look, also for the nameservers of this resolv.conf.
///
/// # Errors
/// If the namespace cannot be entered.
pub(crate) fn look(target: &Target, resolv_conf: Vec<u8>) -> Result<Inside, Obstacle> {
    let thread = target.namespace.spawn(move |entered| {
        entered?;
        let mut inside = Inside::default();
        let down = loopback::look();
        inside.loopback_down = inside.noted("list interfaces", down).flatten();
        inside.nameservers = nameservers::look(&resolv_conf);
        let groups = Groups::look();
        inside.ping_groups = inside.noted("read who may ping", groups).flatten();
        let listeners = Listeners::look();
        inside.listeners = inside.noted("list unix sockets", listeners);
        Ok::<_, Error>(inside)
    });
    match thread
        .map_err(|source| obstacle("start a thread", source))?
        .join()
    {
        Ok(inside) => Ok(inside?),
        Err(_) => Err(obstacle("look", Errno::EIO.into())),
    }
}

impl Inside {
    /// What was seen; what could not be is an obstacle.
    fn noted<T>(&mut self, what: &str, seen: io::Result<T>) -> Option<T> {
        seen.map_err(|source| self.obstacles.push(obstacle(what, source)))
            .ok()
    }
}

fn obstacle(what: &str, source: io::Error) -> Obstacle {
    Obstacle::Inside {
        what: what.to_owned(),
        source,
    }
}
