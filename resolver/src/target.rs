//! What a resolver answers for: a namespace, its files, and the thread inside it. All lookups of a
//! resolver share it.

use std::sync::{Arc, Mutex, PoisonError};

use netns::{EtcFiles, Name, Namespace};

use crate::conf::environment::Environment;
use crate::files::HostsCache;
use crate::inside::Inside;

/// See the module.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) name: Option<Name>,
    pub(crate) environment: Environment,
    pub(crate) hosts: HostsCache,
    inside: Mutex<Option<Arc<Inside>>>,
}

impl Target {
    pub(crate) fn new(namespace: Namespace, name: Option<Name>) -> Target {
        Target {
            namespace: Arc::new(namespace),
            name,
            environment: Environment::from_process(),
            hosts: HostsCache::default(),
            inside: Mutex::default(),
        }
    }

    /// The files of `/etc` as the namespace sees them now.
    pub(crate) fn etc(&self) -> Result<EtcFiles, netns::Error> {
        EtcFiles::new(self.name.as_ref())
    }

    /// The thread inside the namespace, started when it is needed and none is alive. A failure is
    /// not kept: the caller may have more privilege next time.
    pub(crate) fn inside(&self) -> Result<Arc<Inside>, netns::Error> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        match &*inside {
            Some(inside) if inside.is_alive() => Ok(inside.clone()),
            _ => {
                let started = Arc::new(Inside::start(&self.namespace)?);
                Ok(inside.insert(started).clone())
            }
        }
    }

    /// Where to do what depends on the namespace and does not wait: on the calling thread if that
    /// is in the namespace, else inside.
    pub(crate) fn inside_or_here(&self) -> Result<Place, netns::Error> {
        if self.namespace.is_current() {
            Ok(Place::Here)
        } else {
            self.inside().map(Place::Inside)
        }
    }
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
            Place::Inside(inside) => inside.run(async move || work()).await,
        }
    }
}
