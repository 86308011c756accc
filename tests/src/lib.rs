//! A test bed for network namespaces: nothing of the machine is touched, no network is needed.
//!
//! - [`Sandbox`]: a mount and network namespace (and, without privilege, a user namespace) of its
//!   own, with its own `/etc`, `/run` and `/sys`; [`Namespace`]s in it, made by `ip netns add`.
//! - [`Command`], [`Run`], [`Running`]: programs run in a sandbox.
//! - [`Wrapper`]: a test written once runs against `netns-exec` and `ip netns exec`.
//! - [`dns`]: a DNS server that answers, or misbehaves, as its script says.
//! - [`daemons`]: nscd, systemd-resolved, avahi-daemon, and stand-ins for others.
//! - [`oracle`]: the C library of this machine, asked from inside a view.
//! - [`world`]: all that an answer depends on; [`generate`] makes them up, a [`stage`] puts them up,
//!   [`departures`] says where nobody should follow glibc.
//! - [`storm`]: a host that replaces its files all the time, and what a command sees of it.
//! - [`case`]: test cases, their known differences, and what to do where one cannot run.
//! - [`need`]: what a test needs of the machine.
//!
//! The parts that must run inside a sandbox are subcommands of the `testbed` program; see
//! [`helper`].
#![forbid(unsafe_code)]

pub mod case;
mod command;
pub mod daemons;
pub mod departures;
pub mod dns;
pub mod files;
pub mod generate;
pub mod helper;
pub mod hosts_files;
pub mod need;
pub mod oracle;
pub mod programs;
pub mod random;
mod sandbox;
pub mod shrink;
pub mod stage;
pub mod storm;
pub mod world;
mod wrapper;

pub use command::{Command, Run, Running};
pub use files::Files;
pub use sandbox::{NSSWITCH_DNS, NSSWITCH_FILES, Namespace, Sandbox};
pub use wrapper::Wrapper;
