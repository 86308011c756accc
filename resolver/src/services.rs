//! The services of nsswitch.conf: which there are, and what each says to a question.
//!
//! `dns` has a module of its own, [`crate::dns`].

mod daemons;
mod dns;
mod files;
mod modules;
mod myhostname;

use std::net::IpAddr;

use conf::nsswitch::Service;

use crate::address::Family;
use crate::error::Error;
use crate::lookup::Lookup;
use crate::nss::{Action, HostError, Reply, Status};
use crate::trace::{ServiceOutcome, Step};

pub(crate) use dns::parse as resolv_conf;
use modules::Functions;

/// How a service of this name is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The hosts file.
    Files,
    /// DNS.
    Dns,
    /// The host's own names, which need no configuration.
    MyHostname,
    /// A module that asks a daemon of the host, which from the namespace must not be reached, or
    /// one that is not known here.
    HostDaemon(Functions),
    /// glibc could not load a module for it.
    Missing,
}

impl Kind {
    fn of(name: &str) -> Kind {
        match name {
            // Both are part of the C library since glibc 2.34.
            "files" => Kind::Files,
            "dns" => Kind::Dns,
            _ => match modules::functions(name) {
                None => Kind::Missing,
                Some(_) if name == "myhostname" => Kind::MyHostname,
                Some(functions) => Kind::HostDaemon(functions),
            },
        }
    }
}

/// The service works and knows no such name or address.
const NOT_FOUND: Reply = Reply::Failed(Status::NotFound, Some(HostError::HostNotFound));

impl Lookup<'_> {
    /// What the service says to a name, `gethostbyname4_r` for `Unspec` and `gethostbyname2_r` for
    /// one family. None if there is no such function to call.
    pub(crate) async fn ask(
        &mut self,
        service: &Service,
        name: &[u8],
        family: Family,
    ) -> Result<Option<Reply>, Error> {
        match Kind::of(&service.name) {
            Kind::Files => self.files(name, family).map(Some),
            Kind::Dns => self.dns_addresses(name, family).await.map(Some),
            Kind::MyHostname => self.myhostname(name, family).await.map(Some),
            Kind::HostDaemon(functions) => Ok(functions
                .serve(family)
                .then(|| daemons::unreachable(&service.name, family))),
            Kind::Missing => Ok(None),
        }
    }

    /// What the service says to an address.
    pub(crate) async fn ask_reverse(
        &mut self,
        service: &Service,
        ip: IpAddr,
    ) -> Result<Option<Reply>, Error> {
        match Kind::of(&service.name) {
            Kind::Files => self.files_reverse(ip).map(Some),
            Kind::Dns => self.dns_pointer(ip).await.map(Some),
            Kind::MyHostname => self.myhostname_reverse(ip).await.map(Some),
            Kind::HostDaemon(functions) => Ok(functions
                .by_address
                .then(|| daemons::unreachable_reverse(&service.name))),
            Kind::Missing => Ok(None),
        }
    }

    /// Record what the service said and what the switch does next.
    pub(crate) fn service_done(&mut self, service: &Service, status: Status, action: Action) {
        let note = match Kind::of(&service.name) {
            Kind::Files | Kind::Dns | Kind::MyHostname => None,
            Kind::HostDaemon(functions) if functions == Functions::default() => {
                Some("its module does not look up hosts")
            }
            Kind::HostDaemon(_) => Some(daemons::why(&service.name)),
            Kind::Missing => Some("no such module on this machine"),
        };
        let service = service.name.clone();
        self.trace.push(Step::Service(ServiceOutcome {
            service,
            status,
            action,
            note: note.map(str::to_owned),
        }));
    }
}
