//! What nsswitch.conf and resolv.conf come to in the namespace.

use serde_json::json;
use testbed::case::Case;
use testbed::{NSSWITCH_DNS, Namespace, Sandbox, alone};

use super::{check, says};

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(line_that_ends_every_lookup_is_found),
        alone!(services_that_pass_over_own_files_are_found),
        alone!(server_without_a_route_is_found),
        alone!(server_of_the_host_on_loopback_is_found),
        alone!(server_that_listens_here_is_fine),
        alone!(server_that_nobody_asks_does_not_matter),
        alone!(without_a_server_nothing_is_wrong),
    ]
}

fn alpha_with_dns() -> (Sandbox, Namespace) {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.host_file("nsswitch.conf", NSSWITCH_DNS);
    (sandbox, alpha)
}

fn line_that_ends_every_lookup_is_found() {
    let (sandbox, alpha) = Sandbox::alpha();
    alpha.file(
        "nsswitch.conf",
        "passwd: files\nhosts: files [NOTFOUND] dns\n",
    );
    let checked = check(&sandbox);
    let error = checked.only("nsswitch-error");
    assert_eq!(error["path"], "/etc/netns/alpha/nsswitch.conf");
    says(error, "what", &["line 2 (hosts) has a syntax error"]);
    says(error, "since", &["the file was written at 20"]);
    says(error, "mend", &["correct line 2"]);
    // It is as bad as it says.
    let run = sandbox
        .netns_exec(["alpha", "getent", "ahosts", "alpha"])
        .run();
    run.exits(2);

    alpha.file("nsswitch.conf", "hosts:\n");
    says(
        check(&sandbox).only("nsswitch-error"),
        "what",
        &["has no service"],
    );
}

fn services_that_pass_over_own_files_are_found() {
    for (hosts, resolv_conf, words) in [
        ("dns", "", "does not have files"),
        ("dns files", "", "asks dns before files"),
        ("files", "nameserver 192.0.2.1\n", "does not have dns"),
        (
            "files resolve [UNAVAIL=return] dns",
            "nameserver 192.0.2.1\n",
            "every lookup ends at resolve",
        ),
    ] {
        let (sandbox, alpha) = Sandbox::alpha();
        alpha.file("resolv.conf", resolv_conf);
        sandbox.host_file("nsswitch.conf", format!("hosts: {hosts}\n"));
        let checked = check(&sandbox);
        let order = checked.only("nsswitch-order");
        assert_eq!(order["path"], "/etc/nsswitch.conf");
        says(order, "what", &["'hosts: ", words]);
        says(order, "since", &["none of its own, so the host's counts"]);
        says(
            order,
            "mend",
            &["an nsswitch.conf of its own: hosts: files dns"],
        );
        alpha.file("nsswitch.conf", NSSWITCH_DNS);
        let kinds = check(&sandbox);
        assert!(
            kinds
                .findings
                .iter()
                .all(|it| it["kind"] == "nameserver-unreachable"),
            "{}",
            kinds.text
        );
    }
}

fn server_without_a_route_is_found() {
    let (sandbox, alpha) = alpha_with_dns();
    sandbox.host_file(
        "resolv.conf",
        "nameserver 192.0.2.1\nnameserver 2001:db8::1\n",
    );
    let checked = check(&sandbox);
    checked.text.exits(1);
    let [first, second] = checked.findings.as_slice() else {
        panic!("{}", checked.text)
    };
    for (finding, server) in [(first, "192.0.2.1"), (second, "2001:db8::1")] {
        assert_eq!(finding["kind"], "nameserver-unreachable");
        assert_eq!(finding["path"], "/etc/resolv.conf");
        assert_eq!(finding["pids"], json!([]));
        let what = format!("nameserver {server} cannot be reached: there is no route");
        says(finding, "what", &[&what]);
        says(
            finding,
            "mend",
            &["ip -n alpha route add", "give alpha a resolv.conf"],
        );
    }
    // A route is enough: nothing is sent there.
    sandbox.set_up(sandbox.command("ip -n alpha route add 192.0.2.0/24 dev lo".split(' ')));
    alpha.file("resolv.conf", "nameserver 192.0.2.1\n");
    check(&sandbox).is_healthy();
}

fn server_of_the_host_on_loopback_is_found() {
    let (sandbox, _alpha) = alpha_with_dns();
    sandbox.host_file("resolv.conf", "nameserver 127.0.0.53\n");
    let _server = sandbox.host_dns("127.0.0.53", "");
    let checked = check(&sandbox);
    let finding = checked.only("nameserver-unreachable");
    let what = "nameserver 127.0.0.53 cannot be reached: nobody listens there";
    says(finding, "what", &[what]);
    says(finding, "mend", &["start a server with netns-exec alpha"]);
}

fn server_that_listens_here_is_fine() {
    let (sandbox, alpha) = alpha_with_dns();
    // For the servers, which run under ip netns exec.
    sandbox.host_file("resolv.conf", "");
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    check(&sandbox).only("nameserver-unreachable");
    let server = sandbox.dns(&alpha, "127.0.0.53", "");
    check(&sandbox).is_healthy();
    drop(server);
    // One that never answers listens all the same.
    let _silent = sandbox.dns(&alpha, "127.0.0.53", "* ! silent\n");
    check(&sandbox).is_healthy();
    // For TCP it is another socket.
    alpha.file("resolv.conf", "nameserver 127.0.0.54\noptions use-vc\n");
    check(&sandbox).only("nameserver-unreachable");
}

fn server_that_nobody_asks_does_not_matter() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.host_file("resolv.conf", "nameserver 192.0.2.1\n");
    check(&sandbox).is_healthy();
}

fn without_a_server_nothing_is_wrong() {
    let (sandbox, alpha) = alpha_with_dns();
    alpha.file("resolv.conf", "search example\n");
    check(&sandbox).is_healthy();
}
