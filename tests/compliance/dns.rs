//! DNS: netns-resolve from outside and glibc inside give the same answer to the same zone, to a
//! good server and to a bad one.

use std::net::IpAddr;

use testbed::case::Case;
use testbed::oracle::{Answer, Family, Oracle, Question, show};
use testbed::{NSSWITCH_DNS, Namespace, Sandbox, alone, dns};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(addresses_are_found),
        alone!(search_list_is_tried),
        alone!(aliases_lead_to_addresses),
        alone!(missing_names_and_missing_data_differ),
        alone!(addresses_have_names),
        alone!(truncated_answers_come_by_tcp),
        alone!(answer_too_long_for_udp_comes_by_tcp),
        alone!(errors_of_a_server_end_as_glibc_ends_them),
        alone!(next_server_is_asked_after_a_bad_one),
        alone!(records_of_another_owner_do_not_count),
        alone!(without_a_the_rest_is_as_good_as_glibc_says),
        alone!(without_aaaa_the_rest_is_as_good_as_glibc_says),
        alone!(late_answers_count),
        alone!(queries_stay_in_their_namespace),
    ]
}

const SERVER: &str = "127.0.0.53";

/// A namespace that asks a server with this script, and both who answer for it.
struct Asked {
    sandbox: Sandbox,
    alpha: Namespace,
    server: dns::Server,
    glibc: Oracle,
    ours: Oracle,
}

impl Asked {
    fn new(resolv_conf: &str, script: &str) -> Asked {
        let (sandbox, alpha) = Sandbox::alpha();
        alpha.file("nsswitch.conf", NSSWITCH_DNS);
        // Without a file to mount over, ip netns exec leaves the namespace's out.
        sandbox.host_file("resolv.conf", "");
        let resolv_conf =
            format!("nameserver {SERVER}\noptions timeout:1 attempts:1\n{resolv_conf}");
        alpha.file("resolv.conf", resolv_conf);
        let server = sandbox.dns(&alpha, SERVER, script);
        Asked {
            glibc: Oracle::glibc(&sandbox, &alpha),
            ours: Oracle::resolver(&sandbox, &alpha),
            sandbox,
            alpha,
            server,
        }
    }

    /// The answer to a name in each family, on which both must agree.
    #[track_caller]
    fn agree(&mut self, name: &str) -> Vec<Answer> {
        let questions = Family::ALL.map(|family| Question::Forward {
            name: name.into(),
            family,
            addrconfig: false,
        });
        questions
            .iter()
            .map(|question| self.agree_on(question))
            .collect()
    }

    #[track_caller]
    fn agree_on(&mut self, question: &Question) -> Answer {
        let glibc = self.glibc.ask(question);
        let mut ours = self.ours.ask(question);
        // Where AI_CANONNAME makes glibc fail there is nothing to compare.
        if let (Ok(glibc), Ok(ours)) = (&glibc, &mut ours)
            && glibc.name.is_none()
        {
            ours.name = None;
        }
        assert!(
            ours == glibc,
            "{question}\nours:  {}\nglibc: {}",
            show(&ours),
            show(&glibc)
        );
        glibc
    }
}

#[track_caller]
fn has(answer: &Answer, addresses: &[&str]) {
    let found = answer.as_ref().map(|found| {
        let mut found: Vec<_> = found
            .addresses
            .iter()
            .map(|(ip, _)| ip.to_string())
            .collect();
        found.sort();
        found
    });
    assert_eq!(
        found,
        Ok(addresses.iter().map(|&text| text.to_owned()).collect())
    );
}

fn addresses_are_found() {
    let script = "www.corp.test A 10.0.0.1\nwww.corp.test A 10.0.0.2\nwww.corp.test AAAA fd00::1\n\
                  four.corp.test A 10.0.0.4\nsix.corp.test AAAA fd00::6\n";
    let mut asked = Asked::new("", script);
    let answers = asked.agree("www.corp.test");
    has(&answers[0], &["10.0.0.1", "10.0.0.2", "fd00::1"]);
    has(&answers[1], &["10.0.0.1", "10.0.0.2"]);
    has(&answers[2], &["fd00::1"]);
    asked.agree("WWW.corp.TEST");
    asked.agree("www.corp.test.");
    asked.agree("four.corp.test");
    asked.agree("six.corp.test");
}

fn search_list_is_tried() {
    let script = "www.one.test A 10.0.0.1\nwww.two.test A 10.0.0.2\ndb.two.test A 10.0.0.3\n\
                  a.b A 10.0.0.4\na.b.one.test A 10.0.0.5\n";
    let mut asked = Asked::new("search one.test two.test\n", script);
    for name in [
        "www",
        "db",
        "nosuch",
        "a.b",
        "www.",
        "a.b.",
        "db.two.test",
        "x.y.z",
    ] {
        asked.agree(name);
    }
    let mut asked = Asked::new("search one.test two.test\noptions ndots:2\n", script);
    for name in ["www", "a.b", "a.b.", "x.y.z"] {
        asked.agree(name);
    }
}

fn aliases_lead_to_addresses() {
    let script = "alias.corp.test CNAME www.corp.test\nwww.corp.test A 10.0.0.1\n\
                  far.corp.test CNAME alias.corp.test\nnowhere.corp.test CNAME nosuch.corp.test\n\
                  loop.corp.test CNAME loop.corp.test\nodd.corp.test CNAME a%b.corp.test\n\
                  a%b.corp.test A 10.0.0.9\n";
    let mut asked = Asked::new("", script);
    has(&asked.agree("far.corp.test")[0], &["10.0.0.1"]);
    for name in ["alias", "nowhere", "loop", "odd"] {
        asked.agree(&format!("{name}.corp.test"));
    }
}

fn missing_names_and_missing_data_differ() {
    let script = "empty.corp.test -\nfour.corp.test A 10.0.0.4\n";
    let mut asked = Asked::new("", script);
    for name in [
        "nosuch.corp.test",
        "empty.corp.test",
        "four.corp.test",
        "-bad.test",
        "a..b",
        "x y",
    ] {
        asked.agree(name);
    }
    let netns_resolve = |host| asked.sandbox.netns_resolve(["alpha", host]).run();
    netns_resolve("nosuch.corp.test").exits(2);
    netns_resolve("empty.corp.test").exits(2);
}

fn addresses_have_names() {
    let name = |address| dns::reverse_name(ip(address));
    let script = format!(
        "{} PTR four.corp.test\n{} PTR six.corp.test\n{} -\n",
        name("10.0.0.4"),
        name("fd00::6"),
        name("10.0.0.5")
    );
    let mut asked = Asked::new("", &script);
    for address in ["10.0.0.4", "fd00::6", "10.0.0.5", "10.0.0.7"] {
        let question = Question::Reverse(ip(address));
        let _agreed = asked.agree_on(&question);
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn truncated_answers_come_by_tcp() {
    let script = "big.corp.test A 10.0.0.1\nbig.corp.test ! truncated\n";
    let mut asked = Asked::new("", script);
    has(&asked.agree("big.corp.test")[0], &["10.0.0.1"]);
    assert!(
        asked
            .server
            .queries()
            .contains(&"tcp A big.corp.test.".into())
    );
}

fn answer_too_long_for_udp_comes_by_tcp() {
    let script: String = (1..=60)
        .map(|n| format!("big.corp.test A 10.0.1.{n}\n"))
        .collect();
    let mut asked = Asked::new("", &script);
    let answers = asked.agree("big.corp.test");
    let count = answers[1].as_ref().map(|found| found.addresses.len());
    assert_eq!(count, Ok(60));
}

fn errors_of_a_server_end_as_glibc_ends_them() {
    for behaviour in [
        "servfail", "refused", "notimp", "formerr", "nxdomain", "lame", "silent",
    ] {
        let script = format!("bad.corp.test A 10.0.0.1\nbad.corp.test ! {behaviour}\n");
        let mut asked = Asked::new("search corp.test\n", &script);
        asked.agree("bad.corp.test");
        asked.agree("bad");
    }
}

fn next_server_is_asked_after_a_bad_one() {
    for behaviour in [
        "servfail", "refused", "notimp", "formerr", "nxdomain", "lame", "silent",
    ] {
        let second = "nameserver 127.0.0.54\n";
        let mut asked = Asked::new(second, &format!("* ! {behaviour}\n"));
        let next = asked
            .sandbox
            .dns(&asked.alpha, "127.0.0.54", "www.corp.test A 10.0.0.1\n");
        asked.agree("www.corp.test");
        let final_answer = matches!(behaviour, "formerr" | "nxdomain");
        assert_eq!(next.queries().is_empty(), final_answer, "{behaviour}");
    }
}

fn records_of_another_owner_do_not_count() {
    let script = "www.corp.test A 10.0.0.1\nwww.corp.test ! owner evil.corp.test\n";
    asked_agree(script, &["www.corp.test"]);
}

fn without_a_the_rest_is_as_good_as_glibc_says() {
    half_an_answer("A", "AAAA fd00::1");
}

fn without_aaaa_the_rest_is_as_good_as_glibc_says() {
    half_an_answer("AAAA", "A 10.0.0.1");
}

/// Good data of one type, and none of the other for many reasons.
fn half_an_answer(missing: &str, data: &str) {
    let behaviours = ["servfail", "refused", "nxdomain", "silent"];
    let names = behaviours.map(|behaviour| format!("{behaviour}.corp.test"));
    let mut script = String::new();
    for (name, behaviour) in names.iter().zip(behaviours) {
        script += &format!("{name} {data}\n{name} !{missing} {behaviour}\n");
    }
    asked_agree(&script, &names.each_ref().map(String::as_str));
}

fn late_answers_count() {
    let script = "slow.corp.test A 10.0.0.1\nslow.corp.test ! delay 300\n";
    asked_agree(script, &["slow.corp.test"]);
}

fn asked_agree(script: &str, names: &[&str]) {
    let mut asked = Asked::new("", script);
    for name in names {
        asked.agree(name);
    }
}

fn queries_stay_in_their_namespace() {
    let (sandbox, alpha, beta) = Sandbox::alpha_and_beta();
    sandbox.host_file("nsswitch.conf", NSSWITCH_DNS);
    sandbox.host_file("resolv.conf", format!("nameserver {SERVER}\n"));
    let of_alpha = sandbox.dns(&alpha, SERVER, "www.corp.test A 10.1.0.1\n");
    let of_beta = sandbox.dns(&beta, SERVER, "www.corp.test A 10.2.0.1\n");
    sandbox
        .netns_resolve(["alpha", "www.corp.test"])
        .run()
        .prints("10.1.0.1");
    assert!(!of_alpha.queries().is_empty());
    assert_eq!(of_beta.queries(), [""; 0]);
    sandbox
        .netns_resolve(["beta", "www.corp.test"])
        .run()
        .prints("10.2.0.1");
}
