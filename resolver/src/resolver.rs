//! The public face: a resolver for a namespace, blocking or async.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use netns::{Name, Namespace, Selector};

use crate::address::{Address, Family};
use crate::block_on::{block_on, drive};
use crate::error::Error;
use crate::lookup::Lookup;
use crate::target::Target;
use crate::trace::Trace;

/// Resolves names as a program does that `netns-exec` runs in a namespace.
///
/// Cheap to clone; clones share the namespace, the cache and the thread. Files are read again
/// when they change, so a resolver can be kept as long as the program runs. One that has asked
/// DNS, or looked at the interfaces of another namespace, holds a thread and a few descriptors;
/// so keep one a namespace rather than one a lookup.
#[derive(Clone, Debug)]
pub struct Resolver {
    target: Arc<Target>,
}

/// What to ask for: the hints of getaddrinfo(3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// `ai_family`.
    pub family: Family,
    /// `AI_ADDRCONFIG`: only families of which the namespace has an address.
    pub addrconfig: bool,
}

impl Options {
    /// `AF_UNSPEC` and no flags.
    pub fn new() -> Options {
        Options::default()
    }

    /// With this family.
    pub fn family(self, family: Family) -> Options {
        Options { family, ..self }
    }

    /// With or without `AI_ADDRCONFIG`.
    pub fn addrconfig(self, addrconfig: bool) -> Options {
        Options { addrconfig, ..self }
    }
}

/// What a name resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The addresses, in the order in which a program should try them. At least one.
    pub addresses: Vec<Address>,
    /// The canonical name (`AI_CANONNAME`); bytes, as hosts files may hold any.
    pub canonical_name: Vec<u8>,
    /// Whether the order is a guess, made without a look at the namespace's routes and interfaces
    /// for want of privilege.
    pub order_guessed: bool,
}

/// The outcome of a lookup, and how it came about.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// The answer, or why there is none.
    pub result: Result<T, Error>,
    /// Every step that led there.
    pub trace: Trace,
}

impl<T> Outcome<T> {
    fn failed(error: netns::Error) -> Outcome<T> {
        Outcome {
            result: Err(error.into()),
            trace: Trace::default(),
        }
    }
}

impl Resolver {
    /// For the namespace of this name in `/run/netns`.
    ///
    /// # Errors
    /// If there is no such namespace.
    pub fn named(name: &str) -> Result<Resolver, netns::Error> {
        Resolver::of(&Selector::Name(Name::new(name)?))
    }

    /// For a namespace given by the path of its file, such as `/proc/PID/ns/net`. If it has a name
    /// in `/run/netns`, the files of that name apply.
    ///
    /// # Errors
    /// If the file is not that of a network namespace.
    pub fn at_path(path: impl AsRef<Path>) -> Result<Resolver, netns::Error> {
        Resolver::of(&Selector::Path(path.as_ref().to_owned()))
    }

    /// For what a user pointed at on a command line.
    ///
    /// # Errors
    /// If it is not a network namespace.
    pub fn of(selector: &Selector) -> Result<Resolver, netns::Error> {
        let (namespace, name) = Namespace::find(selector)?;
        Ok(Resolver::new(namespace, name))
    }

    /// For the namespace that the calling thread is in.
    ///
    /// # Errors
    /// If `/proc` is not mounted.
    pub fn current() -> Result<Resolver, netns::Error> {
        Ok(Resolver::new(Namespace::current()?, netns::current_name()?))
    }

    fn new(namespace: Namespace, name: Option<Name>) -> Resolver {
        Resolver {
            target: Arc::new(Target::new(namespace, name)),
        }
    }

    /// The name of the namespace, if it has one.
    pub fn namespace_name(&self) -> Option<&Name> {
        self.target.name.as_ref()
    }

    /// The namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.target.namespace
    }

    /// The addresses of a host: `getaddrinfo(host, NULL, ...)`. Blocks until there is an outcome,
    /// as long as the timeouts of resolv.conf allow.
    pub fn lookup(&self, host: impl AsRef<[u8]>, options: Options) -> Outcome<Answer> {
        block_on(self.lookup_async(host, options))
    }

    /// The name of an address: `getnameinfo` with `NI_NAMEREQD`. Blocks.
    pub fn reverse(&self, address: IpAddr) -> Outcome<Vec<u8>> {
        block_on(self.reverse_async(address))
    }

    /// Drive `future`, and with it all lookups that it awaits, on the calling thread. If that is in
    /// the namespace (and stays there, with its user and its control group), they need no other
    /// thread then, not even for DNS: the cheapest way to make many at a time.
    ///
    /// # Panics
    /// Within a runtime of tokio.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        drive(&self.target.namespace, future)
    }

    /// [`Resolver::lookup`] as a future, for any runtime.
    ///
    /// DNS is asked on a thread of the resolver's own inside the namespace. Files are read on the
    /// thread that polls, which matters only for very large hosts files.
    pub async fn lookup_async(&self, host: impl AsRef<[u8]>, options: Options) -> Outcome<Answer> {
        let host = host.as_ref();
        let mut lookup = match Lookup::begin(&self.target) {
            Ok(lookup) => lookup,
            Err(error) => return Outcome::failed(error),
        };
        let found = lookup
            .getaddrinfo(host, options.family, options.addrconfig)
            .await;
        Outcome {
            result: found.map(|found| Answer {
                addresses: found.addresses,
                canonical_name: found.canonical_name,
                order_guessed: lookup.order_guessed,
            }),
            trace: lookup.trace,
        }
    }

    /// [`Resolver::reverse`] as a future, for any runtime.
    pub async fn reverse_async(&self, address: IpAddr) -> Outcome<Vec<u8>> {
        match Lookup::begin(&self.target) {
            Ok(mut lookup) => {
                let result = lookup.getnameinfo(address).await;
                Outcome {
                    result,
                    trace: lookup.trace,
                }
            }
            Err(error) => Outcome::failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that programs may spawn them.
    #[test]
    fn lookups_are_send() {
        fn is_send(_: impl Send) {}
        let resolver = Resolver::current().unwrap();
        is_send(resolver.lookup_async("alpha", Options::default()));
        is_send(resolver.reverse_async([192, 0, 2, 1].into()));
    }
}
