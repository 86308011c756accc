//! Linux network namespaces by name, and the `/etc` that belongs to them.
//!
//! A network namespace isolates the network, not `/etc`. The convention of ip-netns(8) is to look
//! in `/etc/netns/NAME/` first, then in `/etc/`. This crate is the system side of that convention:
//!
//! * [`Name`], [`Selector`], [`Namespace`]: names, what a user may point at, verified handles;
//!   which namespace am I in ([`current_name`]), and threads and sockets inside another.
//! * [`EtcFiles`]: which file wins for a namespace. There is no other place that decides it.
//! * [`view`]: the mounts that make every program see that choice.
//! * [`Process`]: the processes of this machine, the namespaces they are in, the files they see.
//! * [`HOST_RESOLVERS`]: the daemons of the host that would answer for a namespace.
//! * [`interfaces`]: addresses and interfaces of the namespace the calling thread is in.
//!
//! Nothing here prints or exits. All unsafe code is in the private module `sys`.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod error;
mod etc;
mod file_id;
pub mod glibc;
mod host_resolvers;
pub mod interfaces;
mod mounts;
mod name;
mod names;
mod namespace;
mod pattern;
mod printable;
pub mod process;
mod processes;
mod sys;
mod user;
pub mod view;

pub use error::Error;
pub use etc::{ETC, EtcFiles, OVERRIDES, Winner};
pub use host_resolvers::{HOST_RESOLVERS, HostResolver};
pub use name::{NAMED_NAMESPACES, Name, Selector};
pub use names::Names;
pub use namespace::{ENVIRONMENT_VARIABLE, Namespace, NamespaceId, current_name};
pub use printable::{Printable, printable, printable_bytes, usage_error};
pub use processes::Process;
#[doc(hidden)]
pub use sys::entry::arguments;
pub use user::{LookingAsUser, User};
