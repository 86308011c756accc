//! Services whose modules ask a daemon of the host: what each says when it cannot reach it.
//!
//! Observed by calling the modules of Debian 12 with no daemon running. A module that is not in
//! the list counts as one that fails as most do.

use crate::address::Family;
use crate::nss::{HostError, Reply, Status};

/// `resolve`, `mymachines`, `mdns*`, `sss`, `libvirt*` and most others.
const NO_RECOVERY: Reply = Reply::Failed(Status::Unavail, Some(HostError::NoRecovery));

/// The answer to a name: of `gethostbyname4_r` for `Unspec`, else of `gethostbyname2_r`. A module
/// that has only the latter is asked for IPv6 and then IPv4.
pub(super) fn unreachable(service: &str, family: Family) -> Reply {
    match (service, family) {
        // No daemon but a question to the network, which nobody answers; there is none for IPv6.
        ("wins", Family::Unspec | Family::Inet) => super::NOT_FOUND,
        ("wins", Family::Inet6) | ("docker", _) | ("nis", Family::Unspec) => {
            Reply::Failed(Status::Unavail, Some(HostError::NoData))
        }
        ("nis", Family::Inet6) => Reply::Failed(Status::Unavail, None),
        // These set no errno, and for one family errno decides.
        ("nis", Family::Inet) | ("nisplus", _) => {
            Reply::Failed(Status::Unavail, Some(HostError::Internal(0)))
        }
        ("ldap", _) => Reply::Failed(Status::Unavail, Some(HostError::HostNotFound)),
        _ => NO_RECOVERY,
    }
}

/// The answer to an address, of `gethostbyaddr_r`.
pub(super) fn unreachable_reverse(service: &str) -> Reply {
    match service {
        "nis" | "nisplus" => Reply::Failed(Status::Unavail, None),
        "ldap" => Reply::Failed(Status::Unavail, Some(HostError::HostNotFound)),
        _ => NO_RECOVERY,
    }
}

/// Why the service knows nothing, for the trace.
pub(super) fn why(service: &str) -> &'static str {
    match service {
        "resolve" | "mymachines" | "sss" | "ldap" | "docker" | "nis" | "nisplus" => OUT_OF_REACH,
        "wins" => "it asks the network, and counts as not answered",
        _ if service.starts_with("mdns") => OUT_OF_REACH,
        _ => "a module that only the C library can ask, taken as out of reach",
    }
}

const OUT_OF_REACH: &str = "a daemon of the host, out of reach";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_out_of_reach_is_a_permanent_failure() {
        for service in ["resolve", "mymachines", "mdns4_minimal", "sss", "whatever"] {
            for family in [Family::Unspec, Family::Inet, Family::Inet6] {
                assert_eq!(unreachable(service, family), NO_RECOVERY);
            }
            assert_eq!(unreachable_reverse(service), NO_RECOVERY);
        }
    }

    #[test]
    fn wins_knows_no_such_name_where_nobody_answers_and_no_ipv6_at_all() {
        for family in [Family::Unspec, Family::Inet] {
            assert_eq!(unreachable("wins", family), super::super::NOT_FOUND);
        }
        assert_eq!(unreachable("wins", Family::Inet6).status(), Status::Unavail);
    }
}
