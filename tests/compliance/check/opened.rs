//! What programs really open at the paths of overrides.

use testbed::case::Case;

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        alone!(override_that_the_host_uncovered_is_lost_and_can_be_healed),
        alone!(override_under_ip_netns_exec_is_lost_too),
        alone!(override_that_was_replaced_is_stale),
        alone!(override_that_was_removed_is_stale),
        alone!(override_whose_place_the_host_removed_is_lost),
        alone!(override_newer_than_the_view_is_missing),
        alone!(directory_is_an_override_too),
        alone!(sealed_view_survives_the_host),
        alone!(process_without_view_is_found),
        alone!(many_processes_are_one_finding),
        alone!(files_of_another_name_are_not_demanded),
    ]
}

fn override_that_the_host_uncovered_is_lost_and_can_be_healed() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let (one, other) = (start_in_view(&sandbox), start_in_view(&sandbox));
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    assert_eq!(lost["path"], "/etc/hosts");
    suffer(lost, &[&one, &other]);
    says(lost, "what", &["2 processes read the host's file"]);
    says(
        lost,
        "since",
        &["the host replaced /etc/hosts at 20", " UTC"],
    );
    says(lost, "mend", &["netns-exec --heal alpha"]);
    let shown = format!("sh ({})", one.pid());
    assert!(checked.text.out().contains(&shown), "{}", checked.text);

    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    check(&sandbox).is_healthy();
}

fn override_under_ip_netns_exec_is_lost_too() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let process = start(&sandbox, Wrapper::IpNetnsExec);
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    suffer(lost, &[&process]);
    says(lost, "since", &["the host replaced /etc/hosts at"]);
    says(lost, "mend", &["start it again with netns-exec alpha"]);
}

fn override_that_was_replaced_is_stale() {
    let (sandbox, alpha) = Sandbox::alpha();
    let view = start_in_view(&sandbox);
    let other = start(&sandbox, Wrapper::IpNetnsExec);
    // In place: that is no other file.
    alpha.file("hosts", "127.0.1.2 alpha\n");
    check(&sandbox).is_healthy();
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.3 alpha\n");
    let checked = check(&sandbox);
    assert_eq!(checked.findings.len(), 2, "{}", checked.text);
    let [first, second] = [&checked.findings[0], &checked.findings[1]];
    for (finding, process) in [(first, &view), (second, &other)] {
        assert_eq!(finding["kind"], "override-stale");
        assert_eq!(finding["path"], "/etc/hosts");
        suffer(finding, &[process]);
        says(finding, "what", &["1 process reads an old file"]);
        says(
            finding,
            "since",
            &["/etc/netns/alpha/hosts was replaced at"],
        );
    }
    says(first, "mend", &["netns-exec --heal alpha"]);
    says(second, "mend", &["start it again with netns-exec alpha"]);
    drop(other);
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    check(&sandbox).is_healthy();
}

fn override_that_was_removed_is_stale() {
    for (how, words) in [
        ("bind", "1 process reads a removed file"),
        ("sealed", "1 process finds no file"),
    ] {
        let (sandbox, alpha) = Sandbox::alpha();
        alpha.file("host.conf", "multi on\n");
        let view = started(&sandbox.netns_exec(["--etc", how, "alpha"]).args(WAIT));
        sandbox.files().remove(alpha.path("hosts"));
        let checked = check(&sandbox);
        let stale = checked.only("override-stale");
        suffer(stale, &[&view]);
        says(stale, "what", &[words]);
        says(stale, "since", &["/etc/netns/alpha/hosts was removed at"]);
        sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
        check(&sandbox).is_healthy();
    }
    let (sandbox, alpha) = Sandbox::alpha();
    let process = start(&sandbox, Wrapper::IpNetnsExec);
    sandbox.files().remove(alpha.path("hosts"));
    suffer(check(&sandbox).only("override-stale"), &[&process]);
    // All of them.
    sandbox.files().remove(alpha.directory());
    suffer(check(&sandbox).only("override-stale"), &[&process]);
}

fn override_whose_place_the_host_removed_is_lost() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let view = start_in_view(&sandbox);
    sandbox.files().remove("/etc/hosts");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    suffer(lost, &[&view]);
    says(lost, "what", &["1 process finds no file"]);
    says(lost, "since", &["the host removed /etc/hosts at"]);
    sandbox.netns_exec(["--heal", "alpha"]).run().exits(0);
    check(&sandbox).is_healthy();
}

fn override_newer_than_the_view_is_missing() {
    let (sandbox, alpha) = Sandbox::alpha();
    let view = start_in_view(&sandbox);
    alpha.file("host.conf", "multi on\n");
    let checked = check(&sandbox);
    let missing = checked.only("override-missing");
    assert_eq!(missing["path"], "/etc/host.conf");
    suffer(missing, &[&view]);
    says(missing, "what", &["1 process reads the host's file"]);
    says(missing, "since", &["/etc/netns/alpha/host.conf is newer"]);
    alpha.file("resolv.conf", "");
    sandbox.files().remove(alpha.path("host.conf"));
    // The host has none.
    let checked = check(&sandbox);
    says(
        checked.only("override-missing"),
        "what",
        &["1 process finds no file"],
    );
}

fn directory_is_an_override_too() {
    let (sandbox, alpha) = Sandbox::alpha();
    sandbox.files().mkdir("/etc/app");
    sandbox.files().mkdir(alpha.path("app"));
    let view = start_in_view(&sandbox);
    check(&sandbox).is_healthy();
    sandbox.set_up(sandbox.command(["mv", "/etc/app", "/etc/app.old"]));
    sandbox.files().mkdir("/etc/app.new");
    sandbox.set_up(sandbox.command(["mv", "/etc/app.new", "/etc/app"]));
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    assert_eq!(lost["path"], "/etc/app");
    suffer(lost, &[&view]);
}

fn sealed_view_survives_the_host() {
    let (sandbox, alpha) = Sandbox::alpha();
    let _view = started(&sandbox.netns_exec(["--etc", "sealed", "alpha"]).args(WAIT));
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    sandbox
        .files()
        .replace(alpha.path("hosts"), "127.0.1.3 alpha\n");
    check(&sandbox).is_healthy();
}

fn process_without_view_is_found() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let nsenter = ["nsenter", "--net=/run/netns/alpha"];
    let process = started(&sandbox.command(nsenter).args(WAIT));
    let checked = check(&sandbox);
    let finding = checked.only("not-in-view");
    assert_eq!(finding["path"], "/etc/hosts");
    suffer(finding, &[&process]);
    says(finding, "since", &["not started by netns-exec"]);
    says(finding, "mend", &["start it again with netns-exec alpha"]);
    drop(process);
    check(&sandbox).is_healthy();
}

fn many_processes_are_one_finding() {
    let (sandbox, _alpha) = Sandbox::alpha();
    let script = "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 60 & done; echo started; read line";
    let command = Wrapper::NetnsExec.command(&sandbox, "alpha", ["sh", "-c", script]);
    let _view = started(&command);
    sandbox
        .files()
        .replace("/etc/hosts", "127.0.0.1 localhost\n");
    let checked = check(&sandbox);
    let lost = checked.only("override-lost");
    assert_eq!(lost["pids"].as_array().map(Vec::len), Some(13), "{lost}");
    says(lost, "what", &["13 processes read"]);
    let text = checked.text.out();
    assert!(text.contains(" and 3 more\n"), "{}", checked.text);
}

/// A view of another name of the same namespace has that one's files.
fn files_of_another_name_are_not_demanded() {
    let (sandbox, _alpha) = Sandbox::alpha();
    sandbox.files().write("/run/netns/other", "");
    let bind = ["mount", "--bind", "/run/netns/alpha", "/run/netns/other"];
    sandbox.set_up(sandbox.command(bind));
    for wrapper in Wrapper::ALL {
        let _view = started(&wrapper.command(&sandbox, "other", WAIT));
        check(&sandbox).is_healthy();
    }
}
