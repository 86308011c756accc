//! The services of nsswitch.conf: which there are, and what each says to a question.

use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;

use nix::errno::Errno;

use crate::address::Family;
use crate::conf::nsswitch::Service;
use crate::error::Error;
use crate::lookup::Lookup;
use crate::nss::{Found, HostError, Reply, Status};
use crate::trace::{Action, HostsLine, ServiceOutcome, Step};

/// How a service of this name is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The hosts file.
    Files,
    /// DNS.
    Dns,
    /// A module that asks a daemon of the host: from the namespace it must not be reached.
    HostDaemon,
    /// glibc could not load a module for it.
    Missing,
}

impl Kind {
    fn of(name: &str) -> Kind {
        match name {
            // Both are part of the C library since glibc 2.34.
            "files" => Kind::Files,
            "dns" => Kind::Dns,
            name if module_exists(name) => Kind::HostDaemon,
            _ => Kind::Missing,
        }
    }
}

/// Where the C library of this machine finds `libnss_NAME.so.2`.
fn module_exists(name: &str) -> bool {
    static DIRECTORIES: OnceLock<Vec<String>> = OnceLock::new();
    let directories = DIRECTORIES.get_or_init(|| {
        let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
        ["/lib", "/usr/lib"]
            .iter()
            .flat_map(|base| {
                [
                    format!("{base}/{triplet}"),
                    format!("{base}64"),
                    base.to_string(),
                ]
            })
            .collect()
    });
    let file = format!("libnss_{name}.so.2");
    directories
        .iter()
        .any(|directory| Path::new(directory).join(&file).exists())
}

impl Lookup<'_> {
    /// What the service says to a name, `gethostbyname4_r` for `Unspec` and `gethostbyname2_r` for
    /// one family. None if it cannot be loaded.
    pub(crate) async fn ask(
        &mut self,
        service: &Service,
        name: &[u8],
        family: Family,
    ) -> Result<Option<Reply>, Error> {
        match Kind::of(&service.name) {
            Kind::Files => self.files(name, family).map(Some),
            Kind::Dns => self.dns_addresses(name, family).await.map(Some),
            Kind::HostDaemon => Ok(Some(UNREACHABLE)),
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
            Kind::HostDaemon => Ok(Some(UNREACHABLE)),
            Kind::Missing => Ok(None),
        }
    }

    /// Record what the service said and what the switch does next.
    pub(crate) fn service_done(&mut self, service: &Service, status: Status, action: Action) {
        let note = match Kind::of(&service.name) {
            Kind::Files | Kind::Dns => None,
            Kind::HostDaemon => Some("a daemon of the host, out of reach".to_owned()),
            Kind::Missing => Some("no such module on this machine".to_owned()),
        };
        let service = service.name.clone();
        self.trace.push(Step::Service(ServiceOutcome {
            service,
            status,
            action,
            note,
        }));
    }

    fn files(&mut self, name: &[u8], family: Family) -> Result<Reply, Error> {
        let (hosts, path) = match self.hosts()? {
            Ok(found) => found,
            Err(errno) => return Ok(no_hosts_file(errno, family)),
        };
        let wanted = match family {
            Family::Unspec => hostsfile::Family::Any,
            Family::Inet => hostsfile::Family::V4,
            Family::Inet6 => hostsfile::Family::V6,
        };
        let multi = self.host_conf()?.multi;
        let Some(answer) = hosts.lookup(name, wanted, multi) else {
            return Ok(NOT_IN_FILE);
        };
        for line in &answer.lines {
            self.trace.push(Step::HostsLine(hosts_line(&path, line)));
        }
        Ok(Reply::Found(Found {
            addresses: answer.addresses.iter().map(|&ip| ip.into()).collect(),
            canonical_name: answer.canonical_name.to_vec(),
        }))
    }

    fn files_reverse(&mut self, ip: IpAddr) -> Result<Reply, Error> {
        let (hosts, path) = match self.hosts()? {
            Ok(found) => found,
            Err(_) => return Ok(Reply::Failed(Status::Unavail, None)),
        };
        let Some(line) = hosts.reverse(ip) else {
            return Ok(NOT_IN_FILE);
        };
        self.trace.push(Step::HostsLine(hosts_line(&path, &line)));
        Ok(Reply::Found(Found {
            addresses: vec![ip.into()],
            canonical_name: line.canonical_name().to_vec(),
        }))
    }
}

/// nss-resolve and its like when their daemon does not answer.
const UNREACHABLE: Reply = Reply::Failed(Status::Unavail, Some(HostError::NoRecovery));

/// nss_files at the end of the file.
const NOT_IN_FILE: Reply = Reply::Failed(Status::NotFound, Some(HostError::HostNotFound));

/// nss_files without a file to read (`nss/nss_files/files-hosts.c`): the function for both
/// families sets `h_errno`, that for one family does not.
fn no_hosts_file(errno: Errno, family: Family) -> Reply {
    let busy = errno == Errno::EAGAIN;
    let status = if busy {
        Status::TryAgain
    } else {
        Status::Unavail
    };
    let host_error = match family {
        Family::Unspec if busy => Some(HostError::TryAgain),
        Family::Unspec => Some(HostError::HostNotFound),
        Family::Inet | Family::Inet6 => None,
    };
    Reply::Failed(status, host_error)
}

fn hosts_line(path: &Path, line: &hostsfile::Line<'_>) -> HostsLine {
    HostsLine {
        path: path.to_owned(),
        number: line.number,
        address: line.address,
        names: line.names().map(<[u8]>::to_vec).collect(),
    }
}
