//! Files that are replaced while a command starts, as editors and configuration managers do.

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ours!(override_that_is_being_replaced_is_seen),
        ours!(override_that_is_being_replaced_is_seen_in_a_farm),
        ours!(temporary_files_are_no_failed_overrides),
        ours!(directory_that_is_being_replaced_is_one_or_the_other),
    ]
}

/// How many commands are started while something goes on.
const STARTS: usize = 150;

/// Run `storm` in a loop, and start commands that print their hosts file meanwhile.
fn starts_during(sandbox: &Sandbox, storm: &str) {
    let storm = sandbox
        .command(["sh", "-c", &format!("while :; do {storm}; done")])
        .spawn();
    let script = format!(
        "for i in $(seq {STARTS}); do netns-exec --sys keep alpha cat /etc/hosts; done | sort | uniq"
    );
    sandbox
        .command(["sh", "-c", &script])
        .run()
        .exits(0)
        .quiet()
        .prints("127.0.1.1 alpha");
    drop(storm);
}

const REPLACE: &str = "echo 127.0.1.1 alpha >/etc/netns/alpha/hosts.new; \
                       mv /etc/netns/alpha/hosts.new /etc/netns/alpha/hosts";

fn override_that_is_being_replaced_is_seen(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.host_file("hosts.new", "");
    starts_during(&sandbox, REPLACE);
}

/// The temporary file has no counterpart on the host, so half of the views are farms.
fn override_that_is_being_replaced_is_seen_in_a_farm(_: Wrapper) {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file("only-here", "");
    starts_during(&sandbox, REPLACE);
}

fn temporary_files_are_no_failed_overrides(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.host_file("tmp", "");
    starts_during(
        &sandbox,
        "touch /etc/netns/alpha/tmp; rm /etc/netns/alpha/tmp",
    );
}

/// A symlink to the version of the day, replaced as a whole.
fn directory_that_is_being_replaced_is_one_or_the_other(_: Wrapper) {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "cp -a /etc/netns/alpha /etc/one; mv /etc/netns/alpha /etc/two; \
                  ln -s /etc/one /etc/netns/alpha";
    sandbox.set_up(sandbox.command(["sh", "-c", script]));
    starts_during(
        &sandbox,
        "for it in two one; do ln -s /etc/$it /etc/new; mv -T /etc/new /etc/netns/alpha; done",
    );
}
