//! One lookup under way: the configuration as it is now, the `h_errno` so far, the trace; and how
//! it reaches the services and the namespace.

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use hostsfile::Hosts;
use netns::{EtcFiles, interfaces, printable_bytes};
use nix::errno::Errno;

use crate::address::{Address, Family, Scope};
use crate::conf::gai_conf::GaiConf;
use crate::conf::host_conf::HostConf;
use crate::conf::nsswitch::{Nsswitch, Service};
use crate::conf::resolv_conf::{Context, ResolvConf};
use crate::departure::Departure;
use crate::dns::{Dns, DnsConfig, HostAliases, Network};
use crate::error::{Code, Error};
use crate::nss::{HostError, Reply};
use crate::target::Target;
use crate::trace::{Step, Trace};
use crate::{files, numeric, sources};

/// See the module.
pub(crate) struct Lookup<'r> {
    pub(crate) target: &'r Target,
    etc: EtcFiles,
    pub(crate) trace: Trace,
    /// glibc's `h_errno`: a service that sets none leaves that of the service before it.
    pub(crate) host_error: Option<HostError>,
    host_conf: Option<HostConf>,
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
            host_conf: None,
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

    fn file(&mut self, name: &'static str) -> Result<Option<Vec<u8>>, netns::Error> {
        Ok(files::read(&self.etc, name, &mut self.trace)?.ok())
    }

    /// Whether glibc's look for changed files leaves errno as `ENOENT` behind, for want of one that
    /// it looks for in every lookup.
    pub(crate) fn misses_a_file(&self) -> Result<bool, netns::Error> {
        for name in ["resolv.conf", "nsswitch.conf"] {
            if files::read(&self.etc, name, &mut Trace::default())?.is_err() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The hosts services in order. An unreadable file means the default ones; a syntax error
    /// means none, as [`Code::System`] with `EINVAL`.
    pub(crate) fn services(&mut self) -> Result<Vec<Service>, Error> {
        let nsswitch = match self.file("nsswitch.conf")? {
            Some(content) => Nsswitch::parse(&content),
            None => Nsswitch::default(),
        };
        let services = nsswitch.hosts.map_err(|error| {
            self.note(error.to_string());
            Code::System(Errno::EINVAL)
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
                Some(path) => files::read_elsewhere(path),
                None => self.file("host.conf")?,
            };
            let host_conf = HostConf::parse(&content.unwrap_or_default(), environment);
            self.note_variables(&[
                ("RESOLV_HOST_CONF", &environment.resolv_host_conf),
                ("RESOLV_MULTI", &environment.resolv_multi),
                ("RESOLV_REORDER", &environment.resolv_reorder),
            ]);
            self.trace.append(host_conf.notes.clone());
            self.host_conf = Some(host_conf);
        }
        Ok(self.host_conf.get_or_insert_default())
    }

    /// Note those environment variables that are set: each counts over a file.
    fn note_variables(&mut self, variables: &[(&str, &Option<Vec<u8>>)]) {
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
    pub(crate) fn hosts(&mut self) -> Result<Result<(Arc<Hosts>, PathBuf), Errno>, netns::Error> {
        let hosts = self.target.hosts.read(&self.etc, &mut self.trace)?;
        if let Ok((hosts, _)) = &hosts
            && hosts.overrun().is_some()
        {
            self.trace.depart(Departure::IndentedLine);
        }
        Ok(hosts.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0))))
    }

    /// What DNS says to a name.
    pub(crate) async fn dns_addresses(
        &mut self,
        name: &[u8],
        family: Family,
    ) -> Result<Reply, Error> {
        let name = name.to_vec();
        self.dns(async move |dns, trace| dns.addresses(&name, family, trace).await)
            .await
    }

    /// What DNS says to an address.
    pub(crate) async fn dns_pointer(&mut self, ip: IpAddr) -> Result<Reply, Error> {
        self.dns(async move |dns, trace| dns.pointer(ip, trace).await)
            .await
    }

    /// Ask DNS on the thread inside the namespace.
    async fn dns(
        &mut self,
        ask: impl AsyncFnOnce(Dns<'_, Network>, &mut Trace) -> Reply + Send + 'static,
    ) -> Result<Reply, Error> {
        let content = self.file("resolv.conf")?.unwrap_or_default();
        let environment = self.target.environment.clone();
        self.note_variables(&[
            ("LOCALDOMAIN", &environment.localdomain),
            ("RES_OPTIONS", &environment.res_options),
            ("HOSTALIASES", &environment.hostaliases),
        ]);
        let aliases = environment
            .hostaliases
            .as_deref()
            .and_then(files::read_elsewhere);
        let inside = self.target.inside()?;
        let answer = inside.run(async move || {
            // Read here because the scopes of servers are interfaces of the namespace.
            let context = Context {
                environment: &environment,
                host_name: &host_name(),
                interface_index: &interfaces::index_of,
            };
            let resolv_conf = ResolvConf::parse(&content, &context);
            let mut trace = resolv_conf.notes.clone();
            let conf = dns_config(resolv_conf, aliases.as_deref());
            let dns = Dns {
                conf: &conf,
                transport: &Network::default(),
            };
            let reply = ask(dns, &mut trace).await;
            (reply, trace)
        });
        let (reply, trace) = answer.await?;
        self.trace.append(trace);
        Ok(reply)
    }

    /// Whether the namespace has IPv4 and IPv6 addresses other than 127.0.0.1 and ::1.
    pub(crate) async fn configured_families(&mut self) -> Result<(bool, bool), Error> {
        let seen = self
            .target
            .inside_or_here()?
            .run(sources::interfaces)
            .await?;
        Ok((seen.has_ipv4(), seen.has_ipv6()))
    }

    /// `reorder` of host.conf: an address in a net of the namespace's own goes first.
    pub(crate) async fn reorder(&mut self, addresses: &mut [Address]) -> Result<(), Error> {
        if addresses.len() > 1 && self.host_conf()?.reorder {
            let nets = self
                .target
                .inside_or_here()?
                .run(sources::ipv4_nets)
                .await?;
            self.host_conf()?.reorder(addresses, &nets);
        }
        Ok(())
    }

    /// The addresses in the order in which a program in the namespace gets them.
    pub(crate) async fn ordered(&mut self, addresses: Vec<Address>) -> Result<Vec<Address>, Error> {
        let conf = GaiConf::parse(&self.file("gai.conf")?.unwrap_or_default());
        self.trace.append(conf.notes.clone());
        let order = match self.target.inside_or_here() {
            Ok(place) => place.run(move || sources::order(addresses, &conf)).await?,
            Err(error) if error.is_permission_denied() => {
                self.note(format!(
                    "the order is a guess, for want of source addresses: {error}"
                ));
                return Ok(sources::order_unseen(addresses, &conf));
            }
            Err(error) => return Err(error.into()),
        };
        let ordered = order.iter().map(|entry| entry.address.clone()).collect();
        self.trace.push(Step::Order(order));
        Ok(ordered)
    }

    /// What the text after `%` of a numeric address stands for; None if it is no scope at all
    /// (`%0`).
    pub(crate) async fn scope(&mut self, ip: IpAddr, text: &[u8]) -> Result<Option<Scope>, Error> {
        // Only these can be scoped by an interface's name.
        let by_name = text.iter().any(|byte| !byte.is_ascii_digit());
        let owned = text.to_vec();
        let resolve = move || {
            let id = numeric::scope_id(ip, &owned, &interfaces::index_of)?;
            Some((id, interfaces::name_of(id)))
        };
        let scope = match self.target.inside_or_here() {
            Ok(place) => place.run(resolve).await?,
            // A number means itself, only its name stays unknown.
            Err(error) if error.is_permission_denied() && !by_name => {
                numeric::scope_id(ip, text, &|_| None).map(|id| (id, None))
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

/// The host name, from which the search list comes where nothing else says.
fn host_name() -> Vec<u8> {
    nix::unistd::gethostname()
        .map(OsString::into_vec)
        .unwrap_or_default()
}

/// The parser's words in those of the DNS service.
fn dns_config(conf: ResolvConf, aliases: Option<&[u8]>) -> DnsConfig {
    DnsConfig {
        servers: conf.nameservers,
        search: conf.search,
        ndots: conf.ndots,
        timeout: conf.timeout,
        attempts: conf.attempts,
        rotate: conf.rotate,
        edns0: conf.edns0,
        single_request: conf.single_request,
        single_request_reopen: conf.single_request_reopen,
        use_vc: conf.use_vc,
        no_tld_query: conf.no_tld_query,
        no_aaaa: conf.no_aaaa,
        trust_ad: conf.trust_ad,
        sortlist: conf
            .sortlist
            .iter()
            .map(|entry| (entry.address, entry.mask))
            .collect(),
        aliases: aliases.map(HostAliases::parse).unwrap_or_default(),
    }
}
