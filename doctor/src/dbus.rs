//! D-Bus addresses that lead nowhere in the namespace: abstract sockets belong to the network
//! namespace they were made in, those with a path do not.

use std::os::unix::ffi::OsStrExt as _;

use netns::{Process, printable_bytes};

use crate::finding::{Finding, Kind, Since, Sufferer, processes};
use crate::unix::Listeners;
use crate::views::Views;

/// The variables that hold addresses of buses.
const VARIABLES: [&str; 2] = ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"];

/// Look at the environment of every process. `listeners` are those of the namespace.
pub(crate) fn examine(views: &Views, listeners: &Listeners) -> Vec<Finding> {
    let mut findings = Vec::new();
    for variable in VARIABLES {
        let mut sufferers: Vec<(Vec<u8>, Vec<Sufferer>)> = Vec::new();
        for process in views.processes() {
            let Some(name) = lost_name(process, variable, listeners) else {
                continue;
            };
            match sufferers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, same)) => same.push(process.into()),
                None => sufferers.push((name, vec![process.into()])),
            }
        }
        findings.extend(sufferers.into_iter().map(|(name, mut sufferers)| {
            sufferers.sort_unstable_by_key(|sufferer| sufferer.pid);
            finding(variable, &name, sufferers)
        }));
    }
    findings
}

fn finding(variable: &str, name: &[u8], sufferers: Vec<Sufferer>) -> Finding {
    let have = processes(sufferers.len(), "has", "have");
    let name = printable_bytes(name);
    Finding {
        kind: Kind::DbusUnreachable,
        path: None,
        what: format!("{have} {variable} with the abstract socket {name}, which is not there"),
        since: Some(Since::always(
            "an abstract socket exists in the network namespace it was made in only",
        )),
        mend: format!(
            "let the bus listen at a path too (unix:path=...) and give that in {variable}, or \
             start one in the namespace with dbus-run-session"
        ),
        processes: sufferers,
    }
}

/// The first name of an address of which no part leads to a bus.
fn lost_name(process: &Process, variable: &str, listeners: &Listeners) -> Option<Vec<u8>> {
    let value = process.variable(variable).ok()??;
    let names = abstract_names(value.as_bytes())?;
    if names.iter().any(|name| listeners.have_abstract(name)) {
        return None;
    }
    names.into_iter().next()
}

/// The abstract names in an address, which is a list of addresses to try (D-Bus specification,
/// "Server Addresses"). None if one of them is of another kind, which may well work.
fn abstract_names(address: &[u8]) -> Option<Vec<Vec<u8>>> {
    let addresses = address.split(|&byte| byte == b';');
    addresses
        .filter(|address| !address.is_empty())
        .map(|address| {
            let mut pairs = address.strip_prefix(b"unix:")?.split(|&byte| byte == b',');
            pairs
                .find_map(|pair| pair.strip_prefix(b"abstract="))
                .map(unescape)
        })
        .collect()
}

/// Undo `%2f`.
fn unescape(value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        let digits = tail.first_chunk::<2>().filter(|_| *first == b'%');
        let escaped = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lists_and_may_be_escaped() {
        let names = |address: &str| abstract_names(address.as_bytes());
        let one = |name: &str| Some(vec![name.as_bytes().to_vec()]);
        assert_eq!(
            names("unix:abstract=/tmp/dbus-x,guid=0a"),
            one("/tmp/dbus-x")
        );
        assert_eq!(names("unix:guid=0a,abstract=%2ftmp%2Fa;"), one("/tmp/a"));
        assert_eq!(names("unix:abstract=50%"), one("50%"));
        assert_eq!(names("unix:abstract=a;unix:path=/run/bus"), None);
        assert_eq!(names("unix:path=/run/bus"), None);
        assert_eq!(names(""), Some(vec![]));
    }
}
