//! All tests that need a sandbox. `cargo test -p etc-netns-tests --test compliance -- PART` runs
//! those whose name has PART in it.

use std::process::ExitCode;

mod all; // netns-exec --all
mod check; // netns-exec --check
mod compare; // netns-resolve --compare
mod differential; // hostsfile and the resolver against the live glibc
mod dns; // DNS queries, well answered and badly
mod exit_status; // statuses and messages
mod fail_closed; // an override that cannot be put in place
mod fallback; // kernels without the newer mount calls
mod faults; // what is wrong without this project, each thing once
mod healing; // --heal and --watch
mod host_resolvers; // daemons of the host that answer for names
mod hostile; // processes that would have healing work for them
mod interrupted; // a start that is killed, or fails, half way
mod lookup; // which file a command is
mod many; // many hosts in one netns-resolve
mod names; // what may name a namespace
mod nested; // a view made from within a view
mod overrides; // which files come over /etc, and how
mod peers; // what the tests of other resolvers exercise
mod pin; // views kept for later commands
mod process; // what the command inherits
mod propagation; // mounts come in and do not go out
mod races; // files that are replaced while a command starts
mod regressions; // differences that were found once
mod resolve; // netns-resolve
mod sealed; // --etc sealed
mod storm; // a host that replaces its files all the time
mod story; // alpha and beta
mod sys; // /sys
mod testbed_itself; // the sandbox
mod three_ways; // from outside, inside, and in a program
mod user; // netns-exec -u

fn main() -> ExitCode {
    let cases = [
        testbed_itself::cases(),
        story::cases(),
        faults::cases(),
        interrupted::cases(),
        storm::cases(),
        overrides::cases(),
        fail_closed::cases(),
        fallback::cases(),
        races::cases(),
        sealed::cases(),
        healing::cases(),
        hostile::cases(),
        nested::cases(),
        sys::cases(),
        propagation::cases(),
        process::cases(),
        exit_status::cases(),
        lookup::cases(),
        user::cases(),
        names::cases(),
        all::cases(),
        check::cases(),
        host_resolvers::cases(),
        resolve::cases(),
        many::cases(),
        compare::cases(),
        dns::cases(),
        three_ways::cases(),
        peers::cases(),
        pin::cases(),
        regressions::cases(),
        differential::cases(),
    ];
    testbed::case::main(cases.into_iter().flatten().collect())
}
