//! The services that nsswitch.conf has for hosts, and their order: whether the namespace's own
//! hosts file and nameservers are asked, and before others.
//!
//! Services whose module asks a daemon of the host are unavailable in a view, which hides the
//! daemon: what matters is that the lookup goes on from there.

use conf::nsswitch::{Action, Nsswitch, Service, Status};
use conf::resolv_conf::names_a_server;
use netns::EtcFiles;

use crate::Obstacle;
use crate::configuration::Configuration;
use crate::finding::{Finding, Kind};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Services {
    /// Whether some lookup gets to DNS.
    pub(crate) ask_dns: bool,
    pub(crate) findings: Vec<Finding>,
}

/// Look at the services that programs of the namespace get.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn examine(files: &EtcFiles) -> Result<Services, Obstacle> {
    let file = Configuration::read(files, "nsswitch.conf")?;
    let nsswitch = file
        .as_ref()
        .map_or_else(Nsswitch::default, |file| Nsswitch::parse(&file.content));
    let hosts = Configuration::read(files, "hosts")?;
    let has_hosts = hosts.is_some();
    let own_hosts = hosts.is_some_and(|file| file.is_own);
    let own_servers = Configuration::read(files, "resolv.conf")?
        .is_some_and(|file| file.is_own && names_a_server(&file.content));

    let mut faults = Vec::new();
    let services = nsswitch.hosts.unwrap_or_else(|error| {
        let mend = format!("correct line {}", error.line);
        let what = format!(
            "line {} ({}) has a syntax error, with which every lookup fails",
            error.line, error.database
        );
        faults.push((Kind::NsswitchError, what, mend));
        Vec::new()
    });
    if services.is_empty() && faults.is_empty() {
        let what = "its hosts line has no service, so no name is found".to_owned();
        faults.push((Kind::NsswitchError, what, "hosts: files dns".into()));
    }
    if faults.is_empty() {
        let own = [
            ("files", "hosts", own_hosts),
            ("dns", "resolv.conf", own_servers),
        ];
        for (service, file, is_own) in own {
            if is_own && let Some(what) = passed_over(&services, has_hosts, service, file) {
                faults.push((Kind::NsswitchOrder, what, "hosts: files dns".into()));
            }
        }
    }
    let ask_dns = matches!(place_of(&services, has_hosts, "dns"), Place::Asked(_));
    let findings = faults.into_iter().map(|(kind, what, mend)| Finding {
        kind,
        path: file.as_ref().map(|file| file.path.clone()),
        what,
        since: file.as_ref().map(Configuration::since),
        mend: match &file {
            // The others have the host's file, too.
            Some(file) if !file.is_own => {
                format!("give the namespace an nsswitch.conf of its own: {mend}")
            }
            _ => mend,
        },
        processes: Vec::new(),
    });
    Ok(Services {
        ask_dns,
        findings: findings.collect(),
    })
}

/// What is wrong with the place that a service has, if `file` is what it answers from.
fn passed_over(services: &[Service], has_hosts: bool, service: &str, file: &str) -> Option<String> {
    let line = || {
        let names: Vec<_> = services.iter().map(|it| it.name.as_str()).collect();
        format!("hosts: {}", names.join(" "))
    };
    match place_of(services, has_hosts, service) {
        Place::Missing => Some(format!(
            "'{}' does not have {service}, so the namespace's {file} is never read",
            line()
        )),
        Place::After(other) => Some(format!(
            "'{}' never gets to {service}, and so to the namespace's {file}: every lookup ends at {other}",
            line()
        )),
        Place::Asked(before) if service == "files" => {
            let other = before.iter().find(|it| answers(&it.name))?;
            Some(format!(
                "'{}' asks {} before files, so the namespace's {file} does not count for names that \
                 {} knows",
                line(),
                other.name,
                other.name
            ))
        }
        Place::Asked(_) => None,
    }
}

/// Where a service stands.
enum Place<'a> {
    /// Nowhere.
    Missing,
    /// Behind this one, from which no lookup goes on.
    After(&'a str),
    /// Some lookups get there, past these.
    Asked(&'a [Service]),
}

fn place_of<'a>(services: &'a [Service], has_hosts: bool, name: &str) -> Place<'a> {
    let Some(index) = services.iter().position(|it| it.name == name) else {
        return Place::Missing;
    };
    let before = &services[..index];
    let goes_on = |service: &&Service| {
        let statuses = statuses(&service.name, has_hosts).iter();
        let mut actions = statuses.map(|&status| service.action(status));
        actions.any(|action| action != Action::Return)
    };
    match before.iter().find(|service| !goes_on(service)) {
        Some(last) => Place::After(&last.name),
        None => Place::Asked(before),
    }
}

/// What a service may say in a view to a name that it does not know.
fn statuses(service: &str, has_hosts: bool) -> &'static [Status] {
    match service {
        "files" if has_hosts => &[Status::NotFound],
        "files" => &[Status::Unavail],
        // Its temporary failures are UNAVAIL as well.
        "dns" => &[Status::NotFound, Status::Unavail],
        // If the module is there, or else.
        "myhostname" => &[Status::NotFound, Status::Unavail],
        // It asks the network, not a daemon.
        "wins" => &[Status::NotFound, Status::Unavail],
        // The daemon is hidden, or there is no such module.
        _ => &[Status::Unavail],
    }
}

/// Whether a service may know a name, in a view.
fn answers(service: &str) -> bool {
    matches!(service, "dns" | "myhostname" | "wins")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str, service: &str) -> Option<String> {
        passed_over(&services(line), true, service, "F")
    }

    fn services(line: &str) -> Vec<Service> {
        let nsswitch = Nsswitch::parse(format!("hosts: {line}\n").as_bytes());
        nsswitch.hosts.expect("a list")
    }

    #[test]
    fn lists_that_distributions_have_are_fine() {
        for line in [
            "files dns",
            "files mdns4_minimal [NOTFOUND=return] dns",
            "mymachines resolve [!UNAVAIL=return] files myhostname dns",
            "files resolve [!UNAVAIL=return] dns",
            "files mymachines myhostname resolve [!UNAVAIL=return] dns",
            "sss files dns",
        ] {
            assert_eq!(wrong(line, "files"), None, "{line}");
            assert_eq!(wrong(line, "dns"), None, "{line}");
        }
    }

    #[test]
    fn services_that_are_passed_over_are_told() {
        for (line, service, words) in [
            ("dns", "files", "does not have files"),
            ("dns files", "files", "asks dns before files"),
            ("myhostname files", "files", "asks myhostname before files"),
            (
                "resolve [!SUCCESS=return] files",
                "files",
                "every lookup ends at resolve",
            ),
            ("files resolve", "dns", "does not have dns"),
            (
                "resolve [UNAVAIL=return] dns",
                "dns",
                "every lookup ends at resolve",
            ),
            (
                "files [NOTFOUND=return] dns",
                "dns",
                "every lookup ends at files",
            ),
        ] {
            let what = wrong(line, service).unwrap_or_default();
            assert!(what.contains(words), "{line}: {what}");
        }
    }

    #[test]
    fn without_a_hosts_file_dns_is_asked_all_the_same() {
        let services = services("files [NOTFOUND=return] dns");
        assert_eq!(passed_over(&services, false, "dns", "F"), None);
    }
}
