//! Daemons of the host that answer for names: what they say is not heard in a view.

use testbed::case::Case;
use testbed::{Command, Sandbox, Wrapper};

mod daemons; // nscd, systemd-resolved, avahi-daemon
mod sockets; // stand-ins for all that are known

pub(crate) fn cases() -> Vec<Case> {
    let cases = [daemons::cases(), sockets::cases()];
    cases.into_iter().flatten().collect()
}

/// The known difference of what is added to a directory that a view covers.
const COVERED_ONCE: &str = "a cover shows what was there at the start; --heal and --watch renew it";

/// A rule that ip breaks because it hides nothing.
fn not_ip(case: Case) -> Case {
    let because = "in ip netns exec the host's daemons answer";
    case.differs(Wrapper::IpNetnsExec, because)
}

/// A rule that ip breaks so, and netns-exec for this reason.
fn neither(case: Case, because: &'static str) -> Case {
    not_ip(case).differs(Wrapper::NetnsExec, because)
}

/// `--host-resolvers keep`; there is no other way with ip.
fn keeping(wrapper: Wrapper, sandbox: &Sandbox, args: &[&str]) -> Command {
    match wrapper {
        Wrapper::NetnsExec => sandbox
            .netns_exec(["--host-resolvers", "keep", "alpha"])
            .args(args),
        Wrapper::IpNetnsExec => wrapper.command(sandbox, "alpha", args.to_vec()),
    }
}
