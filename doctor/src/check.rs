//! All examinations of a namespace, in the order in which their findings are told.

use std::path::{Path, absolute};
use std::sync::Arc;

use netns::{EtcFiles, Namespace, OVERRIDES, Selector};

use crate::configuration::Configuration;
use crate::overrides::Overrides;
use crate::target::Target;
use crate::views::Views;
use crate::{
    Obstacle, Report, dbus, inside, leftover, loopback, nameservers, opened, overrides, ping,
    services, sockets,
};

/// Look at a namespace and all its processes but this one.
///
/// Everything that can be looked at is, whatever else fails. It takes root, or `CAP_SYS_ADMIN` and
/// `CAP_SYS_PTRACE` over the namespace and its processes, to see everything. With the latter,
/// processes that refuse are passed over: they are outside the caller's user namespace, or a
/// security module guards them.
pub fn check(selector: &Selector) -> Report {
    let mut report = Report {
        namespace: selector.as_os_str().to_owned(),
        findings: Vec::new(),
        obstacles: Vec::new(),
        overrides: 0,
        processes: 0,
    };
    let (namespace, name) = match Namespace::find(selector) {
        Ok(found) => found,
        Err(error) => {
            match leftover::examine(selector, &error) {
                Some(finding) => report.findings.push(finding),
                None => report.obstacles.push(error.into()),
            }
            return report;
        }
    };
    report.namespace = match &name {
        Some(name) => name.as_os_str().to_owned(),
        // A change of directory must not make it another.
        None => absolute(selector.path()).unwrap_or(selector.path()).into(),
    };
    let target = Target {
        namespace: Arc::new(namespace),
        name,
        label: report.namespace.clone(),
    };
    examine(&target, &mut report);
    report
}

fn examine(target: &Target, report: &mut Report) {
    let files = EtcFiles::new(target.name.as_ref());
    if let Err(error) = &files {
        report.findings.push(overrides::unusable(error));
    }
    // Without a directory of overrides that can be used, no file wins.
    let files = files.ok();
    let views = report.noted(Views::of(target)).unwrap_or_default();
    report.processes = views.processes().count();
    if views.refused > 0 {
        let count = views.refused;
        report.obstacles.push(Obstacle::Processes { count });
    }
    if let Some(files) = &files
        && let Some(name) = &target.name
    {
        let overrides = match files.overrides_dir() {
            Some(directory) => report.noted(overrides::examine(files, directory)),
            // Views may have files of it all the same.
            None => Some(Overrides::default()),
        };
        let overrides = overrides.unwrap_or_default();
        report.overrides = overrides.usable.len();
        report.findings.extend(overrides.findings);
        let directory = Path::new(OVERRIDES).join(name.as_os_str());
        let opened = opened::examine(target, &directory, &overrides.usable, &views);
        report.findings.extend(opened);
    }
    let services = files
        .as_ref()
        .and_then(|files| report.noted(services::examine(files)))
        .unwrap_or_default();
    let resolv_conf = files
        .as_ref()
        .filter(|_| services.ask_dns)
        .and_then(|files| report.noted(Configuration::read(files, "resolv.conf")))
        .flatten();
    let servers = resolv_conf.as_ref().map(|file| file.content.clone());
    let inside = inside::look(target, servers.unwrap_or_default());
    let inside = report.noted(inside).unwrap_or_default();
    report.obstacles.extend(inside.obstacles);
    report.findings.extend(services.findings);
    if let Some(file) = &resolv_conf {
        let unreachable = nameservers::examine(target, file, inside.nameservers);
        report.findings.extend(unreachable);
    }
    let reached = sockets::examine(target, &views, inside.listeners.as_ref());
    report.findings.extend(reached.findings);
    let down = inside.loopback_down.as_deref();
    report.findings.extend(loopback::examine(target, down));
    let ping = ping::examine(target, inside.ping_groups);
    report.findings.extend(ping);
    if let Some(listeners) = &inside.listeners {
        report.findings.extend(dbus::examine(&views, listeners));
    }
}

impl Report {
    /// What was seen; what could not be is an obstacle.
    pub(crate) fn noted<T, E: Into<Obstacle>>(&mut self, seen: Result<T, E>) -> Option<T> {
        seen.map_err(|error| self.obstacles.push(error.into())).ok()
    }
}
