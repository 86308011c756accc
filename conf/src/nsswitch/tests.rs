use proptest::prelude::*;

use super::Action::{Continue, Merge, Return};
use super::*;

/// `files[RCCC] dns[RCCC]`: the services with their actions for SUCCESS, NOTFOUND, UNAVAIL and
/// TRYAGAIN by initial; `error 2 hosts` for an error in line 2.
fn hosts(file: impl AsRef<[u8]>) -> String {
    let services = match Nsswitch::parse(file.as_ref()).hosts {
        Err(error) => return format!("error {} {}", error.line, error.database),
        Ok(services) => services,
    };
    let initial = |action| match action {
        Return => 'R',
        Continue => 'C',
        Merge => 'M',
    };
    let described: Vec<_> = services
        .iter()
        .map(|service| {
            let actions: String = [
                Status::Success,
                Status::NotFound,
                Status::Unavail,
                Status::TryAgain,
            ]
            .map(|status| initial(service.action(status)))
            .iter()
            .collect();
            format!("{}[{actions}]", service.name)
        })
        .collect();
    described.join(" ")
}

const DEFAULT: &str = "files[RCCC] dns[RCCC]";

#[test]
fn rule_11_without_file_or_hosts_line_it_is_files_dns() {
    assert_eq!(hosts(""), DEFAULT);
    assert_eq!(hosts("passwd: files\n"), DEFAULT);
    assert_eq!(Nsswitch::parse(b""), Nsswitch::default());
}

#[test]
fn rule_11_a_last_line_without_newline_is_ignored() {
    assert_eq!(hosts("hosts: dns"), DEFAULT);
    assert_eq!(hosts("hosts: files\nhosts: dns"), "files[RCCC]");
    assert_eq!(hosts("hosts: [oops"), DEFAULT);
}

#[test]
fn rule_11_the_colon_is_optional_and_may_be_repeated() {
    for line in [
        "hosts: dns",
        "hosts dns",
        "hosts:dns",
        "hosts : dns",
        "hosts:: : dns",
        "hosts\tdns",
    ] {
        assert_eq!(hosts(format!("{line}\n")), "dns[RCCC]", "{line}");
    }
}

#[test]
fn rule_11_leading_white_space_is_fine_and_cr_is_white_space() {
    assert_eq!(hosts(" \t\x0b\x0chosts: dns\r\n"), "dns[RCCC]");
}

#[test]
fn rule_11_names_are_case_sensitive() {
    assert_eq!(hosts("Hosts: dns\n"), DEFAULT);
    assert_eq!(hosts("hosts: DNS\n"), "DNS[RCCC]");
}

#[test]
fn rule_11_a_hash_is_no_comment_inside_a_line() {
    assert_eq!(
        hosts("hosts: files # dns\n"),
        "files[RCCC] #[RCCC] dns[RCCC]"
    );
    assert_eq!(hosts("#hosts: dns\n"), DEFAULT);
    assert_eq!(hosts("# hosts: dns\n"), DEFAULT);
}

#[test]
fn rule_11_the_last_hosts_line_wins() {
    assert_eq!(hosts("hosts: dns\nhosts: files\n"), "files[RCCC]");
}

#[test]
fn a_nul_ends_the_line() {
    assert_eq!(hosts("hosts: dns\0 files\n"), "dns[RCCC]");
    assert_eq!(hosts("hosts\0: dns\n"), DEFAULT);
}

#[test]
fn rule_12_a_syntax_error_in_any_known_database_disables_lookups() {
    assert_eq!(
        hosts("hosts: files\npasswd: files [oops]\n"),
        "error 2 passwd"
    );
    assert_eq!(
        hosts("hosts: files [oops]\nhosts: files\n"),
        "error 1 hosts"
    );
    assert_eq!(hosts("shadow_compat: a [=]\n"), "error 1 shadow_compat");
}

#[test]
fn rule_12_a_bad_line_of_an_unknown_database_is_ignored() {
    assert_eq!(hosts("sudoers: files [oops]\nhosts: dns\n"), "dns[RCCC]");
    assert_eq!(hosts(":hosts: files [oops]\n"), DEFAULT);
}

#[test]
fn rule_13_actions_by_status_whatever_the_case() {
    assert_eq!(hosts("hosts: a [NOTFOUND=return] b\n"), "a[RRCC] b[RCCC]");
    assert_eq!(hosts("hosts: a[NotFound=RETURN]b\n"), "a[RRCC] b[RCCC]");
    assert_eq!(
        hosts("hosts: a [ success = merge unavail=return\ttryagain =return ]\n"),
        "a[MCRR]"
    );
    assert_eq!(hosts("hosts: a [SUCCESS=continue]\n"), "a[CCCC]");
}

#[test]
fn rule_13_all_but_one_and_later_ones_override() {
    assert_eq!(hosts("hosts: a [!UNAVAIL=return]\n"), "a[RRCR]");
    assert_eq!(hosts("hosts: a [!SUCCESS=merge]\n"), "a[RMMM]");
    assert_eq!(
        hosts("hosts: a [!UNAVAIL=return NOTFOUND=continue]\n"),
        "a[RCCR]"
    );
    assert_eq!(
        hosts("hosts: a [NOTFOUND=return !UNAVAIL=continue]\n"),
        "a[CCCC]"
    );
    assert_eq!(
        hosts("hosts: a [NOTFOUND=return!UNAVAIL=continue]\n"),
        "error 1 hosts"
    );
}

#[test]
fn rule_13_syntax_errors() {
    for criteria in [
        "[]",
        "[ ]",
        "[! NOTFOUND=return]",
        "[NOTFOUND=return",
        "[NOTFOUND]",
        "[NOTFOUND=]",
        "[NOTFOUND=stop]",
        "[NOTFOUN=return]",
        "[RETURN=return]",
        "[NOTFOUND=return=continue]",
        "[NOTFOUND=return, UNAVAIL=return]",
        "[",
    ] {
        assert_eq!(
            hosts(format!("hosts: a {criteria} b\n")),
            "error 1 hosts",
            "{criteria}"
        );
    }
}

#[test]
fn a_second_bracket_ends_the_list() {
    assert_eq!(
        hosts("hosts: a [NOTFOUND=return] [UNAVAIL=return] b\n"),
        "a[RRCC]"
    );
    assert_eq!(hosts("hosts: a [NOTFOUND=return][oops\n"), "a[RRCC]");
}

#[test]
fn a_hosts_line_without_services_asks_none() {
    assert_eq!(hosts("hosts:\n"), "");
    assert_eq!(hosts("hosts: dns\nhosts: [NOTFOUND=return] dns\n"), "");
}

#[test]
fn a_name_may_hold_any_bytes() {
    assert_eq!(
        hosts(b"hosts: f\xff]!: dns\n"),
        "f\u{fffd}]!:[RCCC] dns[RCCC]"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(file: Vec<u8>) {
        let _ = Nsswitch::parse(&file);
    }

    #[test]
    fn no_line_panics(line in "(hosts|group)[: ][a-z :\\[\\]!=A-Z\\x00]{0,40}\n") {
        let _ = Nsswitch::parse(line.as_bytes());
    }
}
