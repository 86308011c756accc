//! The search list: rules 22 to 24.

use conf::host_aliases::HostAliases;
use conf::resolv_conf::ResolvConf;

use super::script::*;
use crate::address::Family;
use crate::dns::{Dns, Question};
use crate::nss::{HostError, Reply, Status};
use crate::trace::{Step, Trace};

/// The names asked for A, with servers that know none.
async fn candidates(conf: &ResolvConf, name: &str) -> Vec<String> {
    aliased(conf, &HostAliases::default(), name).await
}

async fn aliased(conf: &ResolvConf, aliases: &HostAliases, name: &str) -> Vec<String> {
    let script = Script::new(nxdomain);
    let dns = Dns {
        conf,
        aliases,
        transport: &script,
    };
    let question = Question::Addresses(name.into(), Family::Inet);
    dns.ask(&question, &mut Trace::default()).await;
    script.asked().into_iter().map(|asked| asked.name).collect()
}

/// What one domain does, by the end of the name.
fn by_domain(asked: &Asked) -> Act {
    match asked.name.rsplit('.').next() {
        Some("nodata") => nodata(asked),
        Some("servfail") => servfail(asked),
        Some("refused") => refused(asked),
        Some("formerr") => code(asked, 1),
        Some("notimp") => code(asked, 4),
        Some("silent") => Act::Silence,
        Some("good") => ok(asked),
        Some("off") => Act::Fail(std::io::ErrorKind::ConnectionRefused),
        _ => nxdomain(asked),
    }
}

async fn in_domains(domains: &[&str], name: &str, family: Family) -> Reply {
    Script::new(by_domain)
        .addresses(&searching(domains), name, family)
        .await
}

#[tokio::test]
async fn enough_dots_try_the_name_as_it_is_first() {
    let conf = searching(&["one", "two"]);
    assert_eq!(
        candidates(&conf, "www").await,
        ["www.one", "www.two", "www"]
    );
    assert_eq!(
        candidates(&conf, "www.x").await,
        ["www.x", "www.x.one", "www.x.two"]
    );
    let conf = ResolvConf { ndots: 2, ..conf };
    assert_eq!(
        candidates(&conf, "www.x").await,
        ["www.x.one", "www.x.two", "www.x"]
    );
    let conf = ResolvConf { ndots: 0, ..conf };
    assert_eq!(
        candidates(&conf, "www").await,
        ["www", "www.one", "www.two"]
    );
}

#[tokio::test]
async fn a_trailing_dot_tries_the_name_only_as_it_is() {
    assert_eq!(candidates(&searching(&["one"]), "www.").await, ["www"]);
    assert_eq!(candidates(&searching(&["one"]), ".").await, ["."]);
}

#[tokio::test]
async fn a_root_on_the_list_is_the_name_as_it_is() {
    assert_eq!(
        candidates(&searching(&[".", "one"]), "www").await,
        ["www", "www.one"]
    );
    assert_eq!(
        candidates(&searching(&["one", "."]), "www").await,
        ["www.one", "www"]
    );
    assert_eq!(
        candidates(&searching(&[".one"]), "www").await,
        ["www.one", "www"]
    );
}

#[tokio::test]
async fn no_tld_query_leaves_out_a_name_without_dots_after_a_search() {
    let conf = ResolvConf {
        no_tld_query: true,
        ..searching(&["one"])
    };
    assert_eq!(candidates(&conf, "www").await, ["www.one"]);
    let conf = ResolvConf {
        no_tld_query: true,
        ..servers(1)
    };
    assert_eq!(candidates(&conf, "www").await, ["www"]);
}

#[tokio::test]
async fn nxdomain_nodata_and_servfail_go_on_with_the_list() {
    for domain in ["none", "nodata", "servfail"] {
        let reply = in_domains(&[domain, "good"], "www", Family::Unspec).await;
        assert_eq!(found(reply).0, "www.good");
    }
}

#[tokio::test]
async fn other_errors_end_the_list_and_leave_the_name_as_it_is() {
    for domain in ["refused", "formerr", "notimp", "silent", "foo..bar"] {
        let script = Script::new(by_domain);
        let conf = searching(&[domain, "good"]);
        script.addresses(&conf, "www", Family::Inet).await;
        let last = script.asked().pop().map(|asked| asked.name);
        assert_eq!(last.as_deref(), Some("www"), "{domain}");
    }
}

#[tokio::test]
async fn without_any_server_the_search_ends_at_once() {
    let script = Script::new(by_domain);
    let reply = script
        .addresses(&searching(&["off", "good"]), "www", Family::Inet)
        .await;
    assert_eq!(reply, failed(Status::Unavail, HostError::TryAgain));
    assert_eq!(script.queries(), ["1 A www.off"]);
}

#[tokio::test]
async fn the_error_of_the_name_as_it_is_first_is_the_last_word() {
    let reply = in_domains(&["nodata"], "a.b", Family::Unspec).await;
    assert_eq!(reply, failed(Status::NotFound, HostError::HostNotFound));
}

#[tokio::test]
async fn else_nodata_counts_more_than_servfail() {
    for domains in [["nodata", "servfail"], ["servfail", "nodata"]] {
        let reply = in_domains(&domains, "www", Family::Unspec).await;
        assert_eq!(reply, failed(Status::NotFound, HostError::NoData));
    }
}

#[tokio::test]
async fn a_servfail_on_the_list_is_a_temporary_error_but_not_unavailable() {
    for family in [Family::Unspec, Family::Inet, Family::Inet6] {
        let reply = in_domains(&["servfail", "none"], "www", family).await;
        assert_eq!(reply, failed(Status::NotFound, HostError::TryAgain));
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_not_asked_for() {
    for name in ["a b", "-a", "a..b", "caf\u{e9}"] {
        assert!(
            candidates(&searching(&["one"]), name).await.is_empty(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_case_and_escapes_reach_the_server_as_names() {
    assert_eq!(candidates(&servers(1), "WwW.\\069x").await, ["WwW.Ex"]);
}

#[tokio::test]
async fn an_alias_replaces_a_name_without_dots() {
    let aliases = HostAliases::parse(b"short www.example\nself self\nchain short\n");
    let conf = searching(&["one"]);
    let candidates = async |name| aliased(&conf, &aliases, name).await;
    assert_eq!(
        candidates("short").await,
        ["www.example", "www.example.one"]
    );
    assert_eq!(candidates("short.").await, ["short"]);
    // What an alias stands for may be an alias, and that is not searched for.
    assert_eq!(candidates("self").await, ["self"]);
    assert_eq!(candidates("chain").await, ["www.example"]);
}

#[tokio::test]
async fn the_trace_has_the_candidates_that_were_tried_before_their_queries() {
    let conf = searching(&["none", "good", "other"]);
    let script = Script::new(by_domain);
    let mut trace = Trace::default();
    let dns = Dns {
        conf: &conf,
        aliases: &HostAliases::default(),
        transport: &script,
    };
    dns.addresses(b"www", Family::Inet, &mut trace).await;
    let [
        Step::Search(search),
        Step::Query(first),
        Step::Query(second),
    ] = trace.steps()
    else {
        panic!("{trace:?}")
    };
    assert_eq!(search.candidates, ["www.none.", "www.good."]);
    assert_eq!(
        [first.name.as_str(), second.name.as_str()],
        ["www.none.", "www.good."]
    );
}
