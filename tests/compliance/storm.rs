//! A host that replaces its files all the time: what a command sees of it. The bench of this name
//! gives the figures.

use std::time::Duration;

use testbed::case::Case;
use testbed::storm::{Seen, sandbox, storm};
use testbed::{Command, Sandbox, Wrapper, both, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(sealed_lets_nothing_through),
        both!(override_is_back_when_the_storm_is_over).differs(
            Wrapper::IpNetnsExec,
            "the first rename takes it away for good",
        ),
    ]
}

/// A hundred renames a second over each file.
fn seen_by(sandbox: &Sandbox, wrapper: Command) -> Seen {
    let seen = storm(sandbox, wrapper, 100, Duration::from_secs(1));
    assert!(seen.answers > 1000, "{seen:?}");
    assert_eq!(seen.others, 0, "{seen:?}");
    seen
}

fn sealed_lets_nothing_through(_: Wrapper) {
    let (sandbox, _alpha) = sandbox();
    let seen = seen_by(&sandbox, sandbox.netns_exec(["--etc", "sealed", "alpha"]));
    assert_eq!(seen.of_the_host, 0, "{seen:?}");
}

fn override_is_back_when_the_storm_is_over(wrapper: Wrapper) {
    let (sandbox, _alpha) = sandbox();
    let _watch = (wrapper == Wrapper::NetnsExec).then(|| {
        let mut watch = sandbox.netns_exec(["--watch"]).spawn();
        assert_eq!(watch.line(), "watching");
        watch
    });
    let seen = seen_by(&sandbox, wrapper.command(&sandbox, "alpha", [""; 0]));
    assert!(seen.is_covered_at_the_end, "{seen:?}");
    // It is a few milliseconds where nobody else wants the processors.
    assert!(seen.longest_uncovered < Duration::from_secs(1), "{seen:?}");
}
