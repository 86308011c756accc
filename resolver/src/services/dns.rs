//! The service `dns`: its configuration, and where it is asked from.

use std::ffi::OsString;
use std::future::poll_fn;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt as _;
use std::pin::pin;
use std::sync::Arc;

use conf::environment::Environment;
use conf::host_aliases::HostAliases;
use conf::resolv_conf::{Context, ResolvConf};
use netns::interfaces;

use crate::address::Family;
use crate::dns::{Dns, Network, Offline, Question, Transport};
use crate::error::Error;
use crate::files;
use crate::lookup::Lookup;
use crate::nss::Reply;
use crate::target::DnsPlace;
use crate::trace::Trace;

/// A question and all that the answer depends on but the servers.
struct Inquiry {
    question: Question,
    /// The contents of resolv.conf.
    resolv_conf: Arc<[u8]>,
    environment: Environment,
    aliases: HostAliases,
}

impl Inquiry {
    async fn make(&self, transport: &impl Transport) -> (Reply, Trace) {
        // Read where queries come from: the scopes of servers are interfaces of the namespace.
        let conf = parse(&self.resolv_conf, &self.environment, &interfaces::index_of);
        let mut trace = Trace::default();
        trace.append_notes(&conf.notes);
        let dns = Dns {
            conf: &conf,
            aliases: &self.aliases,
            transport,
        };
        let reply = dns.ask(&self.question, &mut trace).await;
        (reply, trace)
    }
}

impl Lookup<'_> {
    /// What DNS says to a name.
    pub(super) async fn dns_addresses(
        &mut self,
        name: &[u8],
        family: Family,
    ) -> Result<Reply, Error> {
        self.dns(Question::Addresses(name.to_vec(), family)).await
    }

    /// What DNS says to an address.
    pub(super) async fn dns_pointer(&mut self, ip: IpAddr) -> Result<Reply, Error> {
        self.dns(Question::Pointer(ip)).await
    }

    /// Ask from inside the namespace. Who may not go there still gets the answer to what
    /// takes no query.
    async fn dns(&mut self, question: Question) -> Result<Reply, Error> {
        let resolv_conf = self.resolv_conf()?;
        let environment = self.target.environment.clone();
        self.note_variables(&[
            ("LOCALDOMAIN", &environment.localdomain),
            ("RES_OPTIONS", &environment.res_options),
            ("HOSTALIASES", &environment.hostaliases),
        ]);
        let aliases = environment
            .hostaliases
            .as_deref()
            .and_then(|path| files::read_elsewhere(path, &mut self.trace));
        let inquiry = Inquiry {
            question,
            resolv_conf,
            environment,
            aliases: HostAliases::parse(&aliases.unwrap_or_default()),
        };
        let (reply, trace) = match self.target.place_for_dns() {
            Ok(DnsPlace::Here(runtime)) => {
                let network = <Network>::default();
                let mut made = pin!(inquiry.make(&network));
                poll_fn(|context| {
                    let _within = runtime.enter();
                    made.as_mut().poll(context)
                })
                .await
            }
            Ok(DnsPlace::Inside(inside)) => {
                inside
                    .run(async move || inquiry.make(&<Network>::default()).await)
                    .await?
            }
            Err(error) if error.is_permission_denied() => {
                let offline = Offline::default();
                let made = inquiry.make(&offline).await;
                if offline.was_wanted() {
                    return Err(error.into());
                }
                made
            }
            Err(error) => return Err(error.into()),
        };
        self.trace.append(trace);
        if let Reply::Found(_) = reply {
            // nss_dns resets h_errno (`getanswer_r`), which nss_files does not.
            self.host_error = None;
        }
        Ok(reply)
    }
}

/// resolv.conf, the environment and the host's name taken together.
pub(crate) fn parse(
    resolv_conf: &[u8],
    environment: &Environment,
    interface_index: &dyn Fn(&[u8]) -> Option<u32>,
) -> ResolvConf {
    // From it comes the search list where nothing else says.
    let host_name = nix::unistd::gethostname()
        .map(OsString::into_vec)
        .unwrap_or_default();
    let context = Context {
        environment,
        host_name: &host_name,
        interface_index,
    };
    ResolvConf::parse(resolv_conf, &context)
}
