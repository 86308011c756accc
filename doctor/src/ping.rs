//! Who may ping without privilege: `net.ipv4.ping_group_range`, icmp(7). Every network namespace
//! has its own, and a new one lets nobody.

use std::fs;
use std::io;

use netns::Namespace;

use crate::finding::{Finding, Kind, Since};
use crate::target::Target;

const PATH: &str = "/proc/sys/net/ipv4/ping_group_range";

/// The groups that may open ICMP sockets, first and last. None do if the first is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Groups {
    first: u32,
    last: u32,
}

impl Groups {
    /// Those of the namespace that the calling thread is in. None without IPv4.
    pub(crate) fn look() -> io::Result<Option<Groups>> {
        match fs::read_to_string(PATH) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => Ok(Groups::parse(&text?)),
        }
    }

    fn parse(text: &str) -> Option<Groups> {
        let mut numbers = text.split_whitespace().map(str::parse);
        Some(Groups {
            first: numbers.next()?.ok()?,
            last: numbers.next()?.ok()?,
        })
    }

    fn is_empty(self) -> bool {
        self.first > self.last
    }

    /// Whether all of `others` are among these.
    fn contain(self, others: Groups) -> bool {
        others.is_empty() || (self.first <= others.first && others.last <= self.last)
    }
}

/// Compare the namespace with the one that the caller is in: only what works there can be missed.
pub(crate) fn examine(target: &Target, here: Option<Groups>) -> Option<Finding> {
    let (here, caller) = (here?, Groups::look().ok()??);
    let is_callers = Namespace::current().is_ok_and(|it| it.id() == target.namespace.id());
    if is_callers || here.contain(caller) {
        return None;
    }
    let allowed = if here.is_empty() {
        "no group".to_owned()
    } else {
        format!("groups {} to {} alone", here.first, here.last)
    };
    let since = here
        .is_empty()
        .then(|| Since::always("a new namespace has it so"));
    let range = format!("{} {}", caller.first, caller.last);
    Some(Finding {
        kind: Kind::PingForbidden,
        path: Some(PATH.into()),
        what: format!(
            "users may not ping here as they may outside: {allowed} may open ICMP sockets"
        ),
        since,
        mend: target.inside(&format!("sysctl -w net.ipv4.ping_group_range=\"{range}\"")),
        processes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_compared_as_sets() {
        let groups = |text| Groups::parse(text).expect("a range");
        let (none, all) = (groups("1\t0\n"), groups("0\t2147483647\n"));
        for (one, other, contains) in [
            (none, none, true),
            (none, all, false),
            (all, none, true),
            (all, all, true),
            (groups("0 0"), groups("0 1000"), false),
            (groups("0 1000"), groups("100 1000"), true),
        ] {
            assert_eq!(one.contain(other), contains, "{one:?} {other:?}");
        }
    }
}
