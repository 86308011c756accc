//! gethostbyname2_r(3) and gethostbyaddr_r(3), `nss/getXXbyYY_r.c`: the older way through the
//! switch, which getaddrinfo takes for `AF_INET` and getnameinfo takes always.

use std::net::IpAddr;

use conf::nsswitch::Service;
use nix::errno::Errno;

use crate::address::Family;
use crate::departure::Departure;
use crate::digits_dots::{DigitsDots, digits_dots};
use crate::error::{Code, Error};
use crate::lookup::Lookup;
use crate::nss::{Action, Found, HostError, Reply, Status};

/// What is asked of each service.
#[derive(Clone, Copy)]
enum Question<'a> {
    Name(&'a [u8]),
    Address(IpAddr),
}

/// What the services said, one after the other.
struct Switched {
    /// The last status.
    status: Status,
    /// What was found, if that is success.
    found: Option<Found>,
    /// Whether any service could be asked at all.
    any_service: bool,
    /// Whether a failed service has left an errno behind. Before the first it is 0.
    errno_is_set: bool,
}

impl Lookup<'_> {
    /// The IPv4 addresses of a name.
    pub(crate) async fn gethostbyname2(&mut self, name: &[u8]) -> Result<Found, Error> {
        self.resolver_context()?;
        match digits_dots(name, Family::Inet) {
            DigitsDots::NotNumeric => {}
            DigitsDots::Address(ip) => {
                let addresses = vec![ip.into()];
                return Ok(Found {
                    addresses,
                    canonical_name: name.to_vec(),
                });
            }
            DigitsDots::Fails(error) => {
                self.note("a name of digits and dots, or with a colon, is looked up nowhere");
                return Err(match error {
                    HostError::NoData => Code::NoData,
                    _ => Code::NoName,
                }
                .into());
            }
        }
        let mut switched = self.switch(Question::Name(name)).await?;
        let status = switched.status;
        if let (Status::Success, Some(mut found)) = (status, switched.found.take()) {
            self.reorder(&mut found.addresses).await?;
            return Ok(found);
        }
        // try_simple_gethostbyname() in getaddrinfo.c.
        let code = |host_error, errno_is_set: bool| match (status, host_error) {
            (Status::NotFound | Status::Success, Some(HostError::NoData)) => Code::NoData,
            (Status::NotFound | Status::Success, _) => Code::NoName,
            // The error is that gethostbyname2_r() returns errno. With 0 there is none.
            (_, Some(HostError::NoData)) if !errno_is_set => Code::NoData,
            (_, Some(HostError::TryAgain)) => Code::Again,
            (_, _) if !errno_is_set => Code::NoName,
            (_, Some(HostError::Internal(errno))) => Code::System(errno),
            (_, _) => Code::NoData,
        };
        Err(self.closing_code(&switched, code).into())
    }

    /// The name of an address, as getnameinfo(3) with `NI_NAMEREQD` gives it.
    pub(crate) async fn getnameinfo(&mut self, ip: IpAddr) -> Result<Vec<u8>, Error> {
        if ip == IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED) {
            return Err(Code::NoName.into());
        }
        self.resolver_context()?;
        let mut switched = self.switch(Question::Address(ip)).await?;
        if let (Status::Success, Some(found)) = (switched.status, switched.found.take()) {
            let name = self.host_conf()?.trim(&found.canonical_name).to_vec();
            // NI_MAXHOST is 1025 with the final NUL.
            return if name.len() < 1025 {
                Ok(name)
            } else {
                Err(Code::Overflow.into())
            };
        }
        let code = |host_error, _| match host_error {
            Some(HostError::Internal(errno)) => Code::System(errno),
            Some(HostError::TryAgain) => Code::Again,
            _ => Code::NoName,
        };
        Err(self.closing_code(&switched, code).into())
    }

    /// Ask one service after the other.
    async fn switch(&mut self, question: Question<'_>) -> Result<Switched, Error> {
        let mut status = Status::Unavail;
        let mut any_service = false;
        let mut errno_is_set = false;
        let mut merging = None;
        let mut found = None;
        let services = match self.services() {
            Err(Error::Code(Code::System(errno))) => {
                self.host_error = Some(HostError::Internal(errno));
                return Ok(Switched {
                    status,
                    found: None,
                    any_service: false,
                    errno_is_set: true,
                });
            }
            services => services?,
        };
        if services.is_empty() {
            // glibc reads past the end of its list here; no service means no such name.
            self.host_error = Some(HostError::HostNotFound);
            return Ok(Switched {
                status: Status::NotFound,
                found: None,
                any_service: true,
                errno_is_set,
            });
        }
        for service in &services {
            let Some(reply) = self.ask_for(service, question).await? else {
                // A service that cannot be loaded is passed over without a trace in the status.
                let action = service.action(Status::Unavail);
                self.service_done(service, Status::Unavail, action);
                if action == Action::Continue {
                    continue;
                }
                break;
            };
            any_service = true;
            status = reply.status();
            match reply {
                Reply::Found(new) => found = Some(new),
                Reply::Failed(_, host_error) => {
                    self.set_host_error(host_error);
                    errno_is_set |= match status {
                        Status::TryAgain => true,
                        // nss_dns puts errno back as it was, unless it is the very reason.
                        Status::Unavail => {
                            service.name != "dns"
                                || matches!(
                                    host_error,
                                    Some(HostError::Internal(_) | HostError::Unreadable)
                                )
                        }
                        _ => false,
                    };
                    found = None;
                }
            }
            if let Some(first) = merging.take() {
                // Merging results of hosts services is not implemented: with two results the
                // status becomes UNAVAIL, with one the first stays.
                if status == Status::Success {
                    (status, found) = (Status::Unavail, None);
                } else {
                    self.trace.depart(Departure::Merge);
                    (status, found) = (Status::Success, Some(first));
                }
            }
            if service.action(status) == Action::Merge && status == Status::Success {
                self.note("results of hosts services cannot be merged");
                merging = found.take();
                status = Status::Unavail;
                errno_is_set = true;
            }
            let action = service.action(status);
            self.service_done(service, status, action);
            if action == Action::Return {
                break;
            }
        }
        if found.is_none() && !errno_is_set {
            // Without a service its value counts too, and only ENOENT is known.
            errno_is_set =
                self.misses_a_file() || (any_service && self.scope_of_server_fails().await?);
        }
        Ok(Switched {
            status,
            found,
            any_service,
            errno_is_set,
        })
    }

    async fn ask_for(
        &mut self,
        service: &Service,
        question: Question<'_>,
    ) -> Result<Option<Reply>, Error> {
        match question {
            Question::Name(name) => self.ask(service, name, Family::Inet).await,
            Question::Address(ip) => self.ask_reverse(service, ip).await,
        }
    }

    /// The code of a lookup without an answer, as `code` makes it of `h_errno` and of whether
    /// errno is set. Whatever a program had in errno before is not known: 0 is taken for it.
    fn closing_code(
        &mut self,
        switched: &Switched,
        code: impl Fn(Option<HostError>, bool) -> Code,
    ) -> Code {
        let with = |errno_is_set| {
            let host_error = self.closing_host_error(switched, errno_is_set);
            code(host_error, errno_is_set)
        };
        let (closing, other) = (with(switched.errno_is_set), with(true));
        if closing != other {
            self.trace.depart(Departure::Errno);
        }
        closing
    }

    /// `h_errno` at the end: a lookup that could ask nobody says so in its own way.
    fn closing_host_error(&self, switched: &Switched, errno_is_set: bool) -> Option<HostError> {
        if switched.any_service || switched.status == Status::Success {
            return self.host_error;
        }
        match self.host_error {
            Some(HostError::Internal(errno)) if errno != Errno::ENOENT as i32 => self.host_error,
            // No service could be loaded, which leaves errno as it was.
            None if !errno_is_set => Some(HostError::Internal(0)),
            _ => Some(HostError::NoRecovery),
        }
    }
}
