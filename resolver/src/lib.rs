//! Resolve host names as glibc does in a Linux network namespace.
//!
//! A [`Resolver`] answers what getaddrinfo(3) answers to a program that `netns-exec` runs in a
//! namespace: the files of `/etc/netns/NAME` before those of `/etc`, the services of nsswitch.conf
//! in their order, DNS asked from inside the namespace, the addresses in the order of gai.conf.
//! The calling program stays where it is.
//!
//! ```no_run
//! use netns_resolver::{Options, Resolver};
//!
//! let alpha = Resolver::named("alpha")?;
//! let outcome = alpha.lookup("www.example.com", Options::new());
//! match outcome.result {
//!     Ok(answer) => println!("{}", answer.addresses[0]),
//!     Err(error) if error.is_not_found() => println!("no such host"),
//!     Err(error) => return Err(error.into()),
//! }
//! for step in outcome.trace.steps() {
//!     println!("{step:?}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Resolver::current`] is for the namespace that the program is in, and
//! [`Resolver::lookup_async`] for async programs, whatever their runtime.
//!
//! # Privilege
//!
//! Reading files takes none. What must be asked from inside a namespace that the caller is not in
//! (DNS, the scope of an address by its interface, `AI_ADDRCONFIG`) takes `CAP_SYS_ADMIN`, and
//! fails with [`Error::Namespace`] without it. The order of several addresses depends on the
//! namespace's routes; without the privilege it is a guess, and the trace says so.
//!
//! # Agreement with glibc
//!
//! The judge is glibc 2.36: the same addresses in the same order, the same canonical name, the same
//! error ([`Code`]). Modules of the name service switch that ask a daemon of the host (`resolve`,
//! `mdns`, `sss` and others) count as unavailable: from a namespace they must not answer.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
#![forbid(unsafe_code)]

mod address;
mod block_on;
mod departure;
mod digits_dots;
mod dns;
mod error;
mod files;
mod getaddrinfo;
mod gethostbyname;
mod inside;
mod lookup;
mod nss;
mod order;
mod resolver;
mod services;
mod sources;
mod target;
mod trace;

pub use address::{Address, Family, Scope};
pub use departure::Departure;
pub use error::{Code, Error};
/// How a namespace is named, and what can go wrong with it.
pub use netns::{Error as NamespaceError, Name, Namespace, Selector};
pub use nss::{Action, Status};
pub use resolver::{Answer, Options, Outcome, Resolver};
pub use trace::{
    FileLookup, FileOrigin, HostsLine, Ordered, Query, QueryOutcome, SearchStep, ServiceOutcome,
    Step, Trace, Transport,
};
