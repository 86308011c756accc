//! One lookup under way: the configuration as it is now, the `h_errno` so far, the trace; and how
//! it reaches the services and the namespace.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use conf::gai_conf::GaiConf;
use conf::host_conf::HostConf;
use conf::nsswitch::{Nsswitch, Service};
use conf::numeric;
use netns::{interfaces, printable_bytes};
use nix::errno::Errno;

use crate::address::{Address, Scope};
use crate::departure::Departure;
use crate::error::{Code, Error};
use crate::files::{Etc, HostsFile, Unread};
use crate::nss::HostError;
use crate::order::direct_first;
use crate::target::{Place, Target};
use crate::trace::{Step, Trace};
use crate::{files, services, sources};

/// See the module.
pub(crate) struct Lookup<'r> {
    pub(crate) target: &'r Target,
    etc: Etc,
    pub(crate) trace: Trace,
    /// glibc's `h_errno`: a service that sets none leaves that of the service before it.
    pub(crate) host_error: Option<HostError>,
    /// What [`Lookup::resolver_context`] has read, and what there is to tell of that.
    resolv_conf: Option<(Arc<[u8]>, Trace)>,
    host_conf: Option<HostConf>,
    /// The order of the addresses depends on sources or interfaces that could not be seen.
    pub(crate) order_guessed: bool,
}

impl<'r> Lookup<'r> {
    /// # Errors
    /// If the namespace's files cannot stand in for the host's.
    pub(crate) fn begin(target: &'r Target) -> Result<Lookup<'r>, netns::Error> {
        Ok(Lookup {
            target,
            etc: target.etc()?,
            trace: Trace::default(),
            host_error: None,
            resolv_conf: None,
            host_conf: None,
            order_guessed: false,
        })
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.trace.note(text);
    }

    /// Take over the `h_errno` that a service set, if it set one.
    pub(crate) fn set_host_error(&mut self, error: Option<HostError>) {
        if error.is_some() {
            self.host_error = error;
        }
    }

    /// The content of a file, nothing if it cannot be read.
    pub(crate) fn file(&mut self, name: &'static str) -> Result<Arc<[u8]>, netns::Error> {
        let read = self.target.files.read(&self.etc, name, &mut self.trace)?;
        Ok(read.unwrap_or_default())
    }

    /// Read resolv.conf, which glibc does before it asks the first service, be that DNS or not.
    ///
    /// # Errors
    /// [`Code::System`] if it is there and cannot be read.
    pub(crate) fn resolver_context(&mut self) -> Result<(), Error> {
        let mut trace = Trace::default();
        // What keeps an override from being put in place matters to DNS alone.
        let Ok(content) = self.target.files.read(&self.etc, "resolv.conf", &mut trace) else {
            return Ok(());
        };
        let content = match content {
            Err(unread) if !unread.is_absence() => {
                self.trace.append(trace);
                return Err(self.unreadable("resolv.conf", unread).into());
            }
            content => content.unwrap_or_default(),
        };
        let read = services::resolv_conf(&content, &self.target.environment, &|_| None);
        let stops = |departure: &conf::Departure| departure.stops_every_lookup();
        for departure in read.notes.departures().filter(stops) {
            self.trace.depart(Departure::Conf(departure));
        }
        self.resolv_conf = Some((content, trace));
        Ok(())
    }

    /// resolv.conf as DNS goes by it: as it was when [`Lookup::resolver_context`] read it.
    pub(crate) fn resolv_conf(&mut self) -> Result<Arc<[u8]>, netns::Error> {
        match &self.resolv_conf {
            Some((content, read)) => {
                self.trace.append(read.clone());
                Ok(content.clone())
            }
            None => self.file("resolv.conf"),
        }
    }

    fn unreadable(&mut self, name: &str, unread: Unread) -> Code {
        self.note(format!(
            "{name} is there and cannot be read, which disables all lookups"
        ));
        Code::System(unread.errno() as i32)
    }

    /// Whether glibc's look for files leaves errno as `ENOENT` behind, for want of one: those that
    /// it looks for in every lookup, and host.conf, for which it does in the first.
    pub(crate) fn misses_a_file(&self) -> bool {
        let is_missing = |name| {
            let read = self
                .target
                .files
                .read(&self.etc, name, &mut Trace::default());
            read.is_ok_and(|content| content.is_err())
        };
        let host_conf_is_missing = match &self.target.environment.resolv_host_conf {
            Some(path) => files::read_elsewhere(path, &mut Trace::default()).is_none(),
            None => is_missing("host.conf"),
        };
        host_conf_is_missing || ["resolv.conf", "nsswitch.conf"].into_iter().any(is_missing)
    }

    /// Whether resolv.conf has a server with a scope that is none in the namespace, which leaves
    /// errno set too.
    pub(crate) async fn scope_of_server_fails(&mut self) -> Result<bool, netns::Error> {
        let Some((content, _)) = &self.resolv_conf else {
            return Ok(false);
        };
        let content = content.clone();
        let environment = &self.target.environment;
        // Nearly always there is no scope to be looked at.
        if !services::resolv_conf(&content, environment, &|_| None).scope_fails {
            return Ok(false);
        }
        let environment = environment.clone();
        let look = move || {
            services::resolv_conf(&content, &environment, &interfaces::index_of).scope_fails
        };
        match self.target.inside_or_here() {
            Ok(place) => place.run(look).await,
            Err(error) if error.is_permission_denied() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The hosts services in order; without a file the default ones.
    ///
    /// # Errors
    /// [`Code::System`] if the file is there and cannot be read, or has a syntax error (`EINVAL`).
    pub(crate) fn services(&mut self) -> Result<Vec<Service>, Error> {
        let nsswitch = match self
            .target
            .files
            .read(&self.etc, "nsswitch.conf", &mut self.trace)?
        {
            Ok(content) => Nsswitch::parse(&content),
            Err(unread) if unread.is_absence() => Nsswitch::default(),
            Err(unread) => return Err(self.unreadable("nsswitch.conf", unread).into()),
        };
        let services = nsswitch.hosts.map_err(|error| {
            self.note(error.to_string());
            Code::System(Errno::EINVAL as i32)
        })?;
        if services.is_empty() {
            self.trace.depart(Departure::NoService);
        }
        Ok(services)
    }

    /// host.conf, read when a lookup first depends on it.
    pub(crate) fn host_conf(&mut self) -> Result<&HostConf, netns::Error> {
        if self.host_conf.is_none() {
            let environment = &self.target.environment;
            let content = match &environment.resolv_host_conf {
                Some(path) => files::read_elsewhere(path, &mut self.trace)
                    .unwrap_or_default()
                    .into(),
                None => self.file("host.conf")?,
            };
            let host_conf = HostConf::parse(&content, environment);
            self.note_variables(&[
                ("RESOLV_HOST_CONF", &environment.resolv_host_conf),
                ("RESOLV_MULTI", &environment.resolv_multi),
                ("RESOLV_REORDER", &environment.resolv_reorder),
            ]);
            self.trace.append_notes(&host_conf.notes);
            self.host_conf = Some(host_conf);
        }
        Ok(self.host_conf.get_or_insert_default())
    }

    /// Note those environment variables that are set: each counts over a file.
    pub(crate) fn note_variables(&mut self, variables: &[(&str, &Option<Vec<u8>>)]) {
        for (name, value) in variables {
            if let Some(value) = value {
                self.note(format!(
                    "{name}={} in the environment",
                    printable_bytes(value)
                ));
            }
        }
    }

    /// The hosts file, or why it cannot be read.
    pub(crate) fn hosts(&mut self) -> Result<Result<(HostsFile, PathBuf), Unread>, netns::Error> {
        self.target.hosts.read(&self.etc, &mut self.trace)
    }

    /// Whether the namespace has IPv4 and IPv6 addresses other than 127.0.0.1 and ::1.
    pub(crate) async fn configured_families(&mut self) -> Result<(bool, bool), Error> {
        let known = self.target.interfaces.clone();
        let place = self.target.inside_or_here()?;
        let seen = place.run(move || known.get()).await?;
        Ok((seen.has_ipv4(), seen.has_ipv6()))
    }

    /// `reorder` of host.conf: an address in a net of the namespace's own goes first.
    pub(crate) async fn reorder(&mut self, addresses: &mut [Address]) -> Result<(), Error> {
        if addresses.len() > 1
            && self.host_conf()?.reorder
            && let Some(place) = self.place_for_order()?
        {
            let nets = place.run(sources::ipv4_nets).await?;
            direct_first(addresses, &nets);
        }
        Ok(())
    }

    /// The addresses in the order in which a program in the namespace gets them.
    pub(crate) async fn ordered(&mut self, addresses: Vec<Address>) -> Result<Vec<Address>, Error> {
        let conf = GaiConf::parse(&self.file("gai.conf")?);
        self.trace.append_notes(&conf.notes);
        let Some(place) = self.place_for_order()? else {
            return Ok(sources::order_unseen(addresses, &conf));
        };
        let known = self.target.interfaces.clone();
        let order = place
            .run(move || sources::order(addresses, &conf, &known.get()))
            .await?;
        let ordered = order.iter().map(|entry| entry.address.clone()).collect();
        self.trace.push(Step::Order(order));
        Ok(ordered)
    }

    /// Where to look at what the order of addresses depends on; None, and a note, for a caller who
    /// may not look.
    fn place_for_order(&mut self) -> Result<Option<Place>, netns::Error> {
        match self.target.inside_or_here() {
            Err(error) if error.is_permission_denied() => {
                if !self.order_guessed {
                    self.note(format!("the order of the addresses is a guess: {error}"));
                }
                self.order_guessed = true;
                Ok(None)
            }
            place => place.map(Some),
        }
    }

    /// What the text after `%` of a numeric address stands for; None if it is no scope at all
    /// (`%0`).
    pub(crate) async fn scope(&mut self, ip: IpAddr, text: &[u8]) -> Result<Option<Scope>, Error> {
        let owned = text.to_vec();
        let resolve = move || {
            let id = numeric::scope_id(ip, &owned, &interfaces::index_of)?;
            Some((id, interfaces::name_of(id)))
        };
        let scope = match self.target.inside_or_here() {
            Ok(place) => place.run(resolve).await?,
            Err(error) if error.is_permission_denied() => {
                let id_if = |known: Option<u32>| numeric::scope_id(ip, text, &|_| known);
                // A number is taken for one, though an interface may be called so; only its name
                // stays unknown. A name is none anywhere but on the link.
                let is_number = text.iter().all(u8::is_ascii_digit);
                if !is_number && id_if(None) != id_if(Some(u32::MAX)) {
                    return Err(error.into());
                }
                id_if(None).map(|id| (id, None))
            }
            Err(error) => return Err(error.into()),
        };
        let (id, name) = scope.ok_or(Code::NoName)?;
        let name = name.filter(|_| prints_interface_name(ip));
        Ok((id != 0).then_some(Scope { id, name }))
    }
}

/// getnameinfo(3) prints a name for these (`IN6_IS_ADDR_LINKLOCAL`, `IN6_IS_ADDR_MC_LINKLOCAL`).
fn prints_interface_name(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local() || (ip.is_multicast() && ip.octets()[1] & 0x0f == 2)
        }
    }
}

#[cfg(test)]
mod tests;
