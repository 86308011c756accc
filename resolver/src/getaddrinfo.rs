//! getaddrinfo(3): from a name to addresses in order, as glibc's `sysdeps/posix/getaddrinfo.c`
//! goes about it.

use conf::numeric::{self, Numeric};
use nix::errno::Errno;

use crate::address::{Address, Family};
use crate::departure::Departure;
use crate::error::{Code, Error};
use crate::lookup::Lookup;
use crate::nss::{Action, Found, HostError, Reply, Status};
use crate::trace::Step;

/// What the switch has learned so far about why there is nothing (`no_data` in the source).
#[derive(Clone, Copy, PartialEq, Eq)]
enum NoData {
    /// Nothing that would change the plain answer "no such name".
    Unknown,
    /// The name is known.
    Known,
    /// No answer now.
    Again,
}

impl Lookup<'_> {
    /// The addresses of `name`, ordered, with the canonical name.
    pub(crate) async fn getaddrinfo(
        &mut self,
        name: &[u8],
        family: Family,
        addrconfig: bool,
    ) -> Result<Found, Error> {
        // "*" stands for no name at all, and neither name nor service is an error.
        if name == b"*" {
            return Err(Code::NoName.into());
        }
        let family = if addrconfig {
            self.narrow(family).await?
        } else {
            family
        };
        let mut found = match self.numeric(name, family).await? {
            Some(found) => found,
            None => match family {
                Family::Inet => self.gethostbyname2(name).await?,
                Family::Unspec | Family::Inet6 => self.nss_addresses(name, family).await?,
            },
        };
        if found.addresses.len() > 1 {
            found.addresses = self.ordered(found.addresses).await?;
        }
        Ok(found)
    }

    /// `AI_ADDRCONFIG`: ask only for what the namespace's own addresses can use.
    async fn narrow(&mut self, family: Family) -> Result<Family, Error> {
        let (ipv4, ipv6) = self.configured_families().await?;
        let narrowed = match (family, ipv4, ipv6) {
            (Family::Unspec, true, false) => Family::Inet,
            (Family::Unspec, false, true) => Family::Inet6,
            (Family::Inet, false, _) | (Family::Inet6, _, false) => {
                self.note("AI_ADDRCONFIG: the namespace has no address of this family");
                return Err(Code::NoName.into());
            }
            _ => return Ok(family),
        };
        self.note(match narrowed {
            Family::Inet => {
                "AI_ADDRCONFIG: the namespace has IPv4 addresses only, so IPv4 is asked for"
            }
            _ => "AI_ADDRCONFIG: the namespace has IPv6 addresses only, so IPv6 is asked for",
        });
        Ok(narrowed)
    }

    /// The address that the text is, if it is one.
    async fn numeric(&mut self, name: &[u8], family: Family) -> Result<Option<Found>, Error> {
        let (address, scope) = match numeric::parse(name) {
            None => return Ok(None),
            Some(Numeric::V4(ip)) if family != Family::Inet6 => (Address::from(ip), None),
            Some(Numeric::V6 { ip, scope }) => match (family, ip.to_ipv4_mapped()) {
                (Family::Unspec | Family::Inet6, _) => (Address::from(ip), scope),
                (Family::Inet, Some(ip)) => (Address::from(ip), scope),
                (Family::Inet, None) => return Err(Code::AddrFamily.into()),
            },
            Some(Numeric::V4(_)) => return Err(Code::AddrFamily.into()),
        };
        let mut address = address;
        if let Some(scope) = scope {
            let scope = self.scope(address.ip, scope).await?;
            // A scope is judged for an IPv4 address too, but a sockaddr_in has none.
            address.scope = scope.filter(|_| address.ip.is_ipv6());
        }
        self.trace.push(Step::Numeric);
        Ok(Some(Found {
            addresses: vec![address],
            canonical_name: name.to_vec(),
        }))
    }

    /// `get_nss_addresses`: one service after the other, for both families or IPv6.
    async fn nss_addresses(&mut self, name: &[u8], family: Family) -> Result<Found, Error> {
        let services = match self.resolver_context().and_then(|()| self.services()) {
            Err(Error::Code(_)) => {
                // Unless the lookup before this one has left NETDB_INTERNAL in h_errno.
                self.trace.depart(Departure::Errno);
                return Err(Code::NoName.into());
            }
            services => services?,
        };
        let mut status = Status::Unavail;
        let mut no_data = NoData::Unknown;
        // Kept from the last service that was asked, over those that could not be loaded.
        let mut no_inet6_data = NoData::Unknown;
        let mut found = None;

        for (index, service) in services.iter().enumerate() {
            // Results of a service before this one are thrown away, also with [SUCCESS=continue].
            no_data = NoData::Unknown;
            found = None;
            match self.ask(service, name, family).await? {
                Some(Reply::Found(new)) => {
                    status = Status::Success;
                    found = Some(new);
                    no_inet6_data = no_data;
                }
                Some(Reply::Failed(failed, host_error)) => {
                    status = failed;
                    self.set_host_error(host_error);
                    // gethosts() gives up at once, whatever nsswitch.conf says.
                    if family == Family::Inet6
                        && let Some(HostError::Internal(errno)) = self.host_error
                    {
                        self.service_done(service, status, Action::Return);
                        return Err(Code::System(errno).into());
                    }
                    no_data = match self.host_error {
                        Some(HostError::TryAgain) => NoData::Again,
                        Some(HostError::NoData) => NoData::Known,
                        _ => NoData::Unknown,
                    };
                    no_inet6_data = no_data;
                }
                None => {
                    status = Status::Unavail;
                    self.set_host_error(Some(HostError::Internal(Errno::EBUSY as i32)));
                }
            }
            let action = service.action(status);
            self.service_done(service, status, action);
            if action == Action::Return {
                break;
            }
            if action == Action::Merge && index + 1 < services.len() {
                // The hosts database cannot merge: the lookup ends before the next service.
                self.note("getaddrinfo cannot merge results of hosts services");
                self.host_error = Some(HostError::Internal(Errno::EBUSY as i32));
                found = None;
                break;
            }
        }

        if matches!(status, Status::TryAgain | Status::Unavail)
            && let Some(HostError::Internal(errno)) = self.host_error
        {
            return Err(Code::System(errno).into());
        }
        match (no_data, no_inet6_data) {
            (NoData::Again, NoData::Again) => return Err(Code::Again.into()),
            (NoData::Unknown, _) | (_, NoData::Unknown) => {}
            _ => return Err(Code::NoData.into()),
        }
        found.ok_or(Code::NoName.into())
    }
}
