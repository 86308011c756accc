//! What a resolver answers for: a namespace, its files, and the thread inside it. All lookups of a
//! resolver share it.

use std::sync::{Arc, Mutex, PoisonError};

use conf::environment::Environment;
use netns::{EtcFiles, Name, Namespace};
use tokio::runtime::Handle;

use crate::block_on::{is_driven_in, runtime_in};
use crate::files::{Etc, HostsCache, SmallFiles};
use crate::inside::{Inside, NO_RUNTIME, failed};
use crate::sources::KnownInterfaces;

/// See the module.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) name: Option<Name>,
    pub(crate) environment: Environment,
    pub(crate) hosts: HostsCache,
    pub(crate) files: SmallFiles,
    pub(crate) interfaces: Arc<KnownInterfaces>,
    inside: Mutex<Option<Arc<Inside>>>,
    /// In place of `/etc`, with no way inside.
    #[cfg(test)]
    directory: Option<std::path::PathBuf>,
}

impl Target {
    pub(crate) fn new(namespace: Namespace, name: Option<Name>) -> Target {
        Target {
            namespace: Arc::new(namespace),
            name,
            environment: Environment::from_process(),
            hosts: HostsCache::default(),
            files: SmallFiles::default(),
            interfaces: Arc::default(),
            inside: Mutex::default(),
            #[cfg(test)]
            directory: None,
        }
    }

    /// A target that asks nobody anything and has these files.
    #[cfg(test)]
    pub(crate) fn closed(directory: std::path::PathBuf, environment: Environment) -> Target {
        let here = Namespace::current().expect("a namespace");
        Target {
            environment,
            directory: Some(directory),
            ..Target::new(here, None)
        }
    }

    /// The files of `/etc` as the namespace sees them now.
    pub(crate) fn etc(&self) -> Result<Etc, netns::Error> {
        #[cfg(test)]
        if let Some(directory) = &self.directory {
            return Ok(Etc::Directory(directory.clone()));
        }
        EtcFiles::new(self.name.as_ref()).map(Etc::Namespace)
    }

    /// The thread inside the namespace, started when it is needed and none is alive. A failure is
    /// not kept: the caller may have more privilege next time.
    pub(crate) fn inside(&self) -> Result<Arc<Inside>, netns::Error> {
        #[cfg(test)]
        if self.directory.is_some() {
            let action = "enter the namespace";
            return Err(netns::Error::system(action, nix::errno::Errno::EPERM));
        }
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        match &*inside {
            Some(inside) if inside.is_alive() => Ok(inside.clone()),
            _ => {
                let started = Arc::new(Inside::start(&self.namespace)?);
                Ok(inside.insert(started).clone())
            }
        }
    }

    /// Where to ask DNS: on the calling thread if that is in the namespace and drives lookups, else
    /// inside.
    pub(crate) fn place_for_dns(&self) -> Result<DnsPlace, netns::Error> {
        match runtime_in(&self.namespace) {
            Some(runtime) => {
                let runtime = runtime.map_err(|error| failed(NO_RUNTIME, &error))?;
                Ok(DnsPlace::Here(runtime.handle().clone()))
            }
            None => self.inside().map(DnsPlace::Inside),
        }
    }

    /// Where to do what depends on the namespace and does not wait: on the calling thread if that
    /// is in the namespace, else inside.
    pub(crate) fn inside_or_here(&self) -> Result<Place, netns::Error> {
        if is_driven_in(&self.namespace) || self.namespace.is_current() {
            Ok(Place::Here)
        } else {
            self.inside().map(Place::Inside)
        }
    }
}

/// See [`Target::place_for_dns`].
pub(crate) enum DnsPlace {
    Here(Handle),
    Inside(Arc<Inside>),
}

/// See [`Target::inside_or_here`].
pub(crate) enum Place {
    Here,
    Inside(Arc<Inside>),
}

impl Place {
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, netns::Error> {
        match self {
            Place::Here => Ok(work()),
            Place::Inside(inside) => inside.call(work).await,
        }
    }
}
