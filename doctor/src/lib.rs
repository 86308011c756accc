//! What keeps the programs of a network namespace from resolving by the namespace's own files.
//!
//! [`check`] looks at a namespace and at every process in it and changes nothing. Each thing that
//! is wrong is a [`Finding`]: what it is, since what, how to mend it, who suffers. One kind of
//! examination has one module:
//!
//! * `leftover`: a plain file in `/run/netns`;
//! * `overrides`: entries of `/etc/netns/NAME` that cannot be put in place;
//! * `opened`: what programs really open at those paths;
//! * `sockets`: daemons of the host that answer for the namespace;
//! * `services`: the order in which nsswitch.conf has services asked;
//! * `nameservers`: the servers of resolv.conf, as they can be reached;
//! * `loopback`, `ping`: the network as it is inside;
//! * `dbus`: buses that are out of reach.
//!
//! Which file wins is decided by [`netns::EtcFiles`], as in the view and the resolver. Nothing
//! here prints or exits; [`render`] writes a report for people or programs.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod check;
mod configuration;
mod dbus;
mod file;
mod finding;
mod inside;
mod leftover;
mod loopback;
mod mounts;
mod nameservers;
mod opened;
mod overrides;
mod ping;
pub mod render;
mod services;
mod sockets;
mod target;
mod time;
mod unix;
mod views;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

pub use check::check;
pub use finding::{Finding, Kind, Since, Sufferer};

/// What was found out about a namespace.
#[derive(Debug)]
pub struct Report {
    /// Its name, or its path if it has none.
    pub namespace: OsString,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub obstacles: Vec<Obstacle>,
    /// How many files of its own it has that can be put in place.
    pub overrides: usize,
    /// How many processes of it were looked at.
    pub processes: usize,
}

impl Report {
    /// Whether everything was looked at and nothing is wrong.
    pub fn is_healthy(&self) -> bool {
        self.findings.is_empty() && self.obstacles.is_empty()
    }
}

/// Something that could not be looked at. Each message is one line and safe to print.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// There is no such namespace, or it may not be entered.
    #[error(transparent)]
    Namespace(#[from] netns::Error),

    /// Processes of others, which may be in the namespace or not.
    #[error(
        "{} could not be looked at: Permission denied (it takes root, or CAP_SYS_PTRACE)",
        render::counted(*count, "process", "processes")
    )]
    Processes {
        /// How many.
        count: usize,
    },

    /// A file.
    #[error("cannot read {}: {source}", netns::printable(path))]
    File {
        /// Its path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// Something inside the namespace.
    #[error("cannot {what} in the namespace: {source}")]
    Inside {
        /// What was to be done, as an infinitive.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}
