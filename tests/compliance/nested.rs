//! A view made from within a view goes over the host's files, not over those of the outer one.

use testbed::case::Case;
use testbed::{Sandbox, Wrapper, both, ours};

pub(crate) fn cases() -> Vec<Case> {
    let kept = "the outer namespace's mounts stay";
    vec![
        both!(other_files_are_the_host_s).differs(Wrapper::IpNetnsExec, kept),
        both!(own_files_count),
        both!(directories_are_the_host_s).differs(Wrapper::IpNetnsExec, kept),
        ours!(any_kind_goes_into_any_other),
        ours!(outer_view_stays_as_it_is),
        ours!(host_s_own_mounts_are_kept),
        ours!(inner_view_is_healed_as_what_it_is),
    ]
}

/// `WRAPPER alpha WRAPPER beta COMMAND`.
fn nested(wrapper: Wrapper, sandbox: &Sandbox, script: &str) -> testbed::Command {
    let inner = wrapper.words().into_iter();
    let inner = inner.chain(["beta", "sh", "-c", script].map(Into::into));
    wrapper.command(sandbox, "alpha", inner)
}

fn other_files_are_the_host_s(wrapper: Wrapper) {
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.53\n");
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    nested(wrapper, &sandbox, "cat /etc/resolv.conf")
        .run()
        .exits(0)
        .prints("nameserver 192.0.2.53");
}

fn own_files_count(wrapper: Wrapper) {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    nested(wrapper, &sandbox, "cat /etc/hosts; ip netns identify $$")
        .run()
        .exits(0)
        .prints("127.0.1.1 beta\nbeta");
}

fn directories_are_the_host_s(wrapper: Wrapper) {
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    sandbox.files().mkdir("/etc/sub");
    sandbox.host_file("sub/file", "host\n");
    sandbox.files().mkdir(alpha.path("sub"));
    alpha.file("sub/file", "alpha\n");
    nested(wrapper, &sandbox, "cat /etc/sub/file")
        .run()
        .exits(0)
        .prints("host");
}

fn any_kind_goes_into_any_other(_: Wrapper) {
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.53\n");
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    alpha.file("only-alpha", "");
    let kinds = ["bind", "sealed"];
    for (outer, inner) in kinds
        .iter()
        .flat_map(|outer| kinds.map(|inner| (*outer, inner)))
    {
        let script = "cat /etc/hosts /etc/resolv.conf; ls /etc/only-alpha";
        let run = sandbox
            .netns_exec(["--etc", outer, "alpha", "netns-exec", "--etc", inner])
            .args(["beta", "sh", "-c", script])
            .run();
        assert_eq!(run.out(), "127.0.1.1 beta\nnameserver 192.0.2.53", "{run}");
        assert!(run.err().contains("only-alpha"), "{run}");
    }
}

fn outer_view_stays_as_it_is(_: Wrapper) {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "cat /proc/self/mountinfo >/run/before; netns-exec beta true; cat /etc/hosts; \
                  cat /proc/self/mountinfo | cmp - /run/before";
    let run = sandbox.netns_exec(["alpha", "sh", "-c", script]).run();
    run.exits(0).prints("127.0.1.1 alpha");
}

/// In a container, `/etc/hosts` often is a mount itself.
fn host_s_own_mounts_are_kept(_: Wrapper) {
    let (sandbox, alpha, beta) = Sandbox::alpha_and_beta();
    sandbox.files().remove(beta.path("hosts"));
    sandbox.host_file("hosts", "below\n");
    sandbox.host_file("mounted", "192.0.2.1 container\n");
    sandbox.set_up(sandbox.command(["mount", "--bind", "/etc/mounted", "/etc/hosts"]));
    alpha.file("mounted", "alpha\n");
    nested(Wrapper::NetnsExec, &sandbox, "cat /etc/hosts")
        .run()
        .exits(0)
        .prints("192.0.2.1 container");
}

fn inner_view_is_healed_as_what_it_is(_: Wrapper) {
    let (sandbox, _alpha, _beta) = Sandbox::alpha_and_beta();
    let script = "echo started; read line; cat /etc/hosts";
    let mut running = nested(Wrapper::NetnsExec, &sandbox, script).spawn();
    assert_eq!(running.line(), "started");
    sandbox.files().replace("/etc/hosts", "192.0.2.1 host\n");
    sandbox
        .netns_exec(["--heal", "alpha"])
        .run()
        .exits(0)
        .prints("");
    sandbox.netns_exec(["--heal", "beta"]).run().exits(0);
    running.tell("go");
    running.end().exits(0).prints("127.0.1.1 beta");
}
