//! Which server is asked when, and what a response leads to: rules 25, 26 and 29.

use std::io::ErrorKind;
use std::time::Duration;

use conf::resolv_conf::ResolvConf;

use super::script::*;
use crate::address::Family;
use crate::nss::{HostError, Reply, Status};
use crate::trace::Transport as Over;

const UNAVAIL: Reply = Reply::Failed(Status::Unavail, Some(HostError::TryAgain));

async fn ask(count: u8, behaviour: fn(&Asked) -> Act, family: Family) -> (Script, Reply) {
    let script = Script::new(behaviour);
    let reply = script.addresses(&servers(count), "www.x", family).await;
    (script, reply)
}

#[tokio::test]
async fn a_and_aaaa_go_out_together_and_either_is_a_success() {
    let (script, reply) = ask(1, ok, Family::Unspec).await;
    assert_eq!(ips(reply), ["10.0.0.1", "2001:db8::1"]);
    assert_eq!(script.queries(), ["1 A www.x", "1 AAAA www.x"]);
    assert!(script.asked().iter().all(|asked| asked.socket == 1));
    for other in [nodata, nxdomain, servfail, refused, |asked: &Asked| {
        code(asked, 1)
    }] {
        for good in [A, AAAA] {
            let script = Script::new(move |asked| {
                if asked.record_type == good {
                    ok(asked)
                } else {
                    other(asked)
                }
            });
            let reply = script.addresses(&servers(2), "www.x", Family::Unspec).await;
            assert_eq!(ips(reply).len(), 1);
            assert_eq!(script.queries().len(), 2, "no second server");
        }
    }
}

#[tokio::test]
async fn the_answer_that_comes_first_is_first() {
    let script = Script::new(|asked| {
        let delay = Duration::from_millis(if asked.record_type == A { 9 } else { 1 });
        Act::Say(vec![(delay, Response::to(asked).address("@").bytes())])
    });
    let reply = script.addresses(&servers(1), "www.x", Family::Unspec).await;
    assert_eq!(ips(reply), ["2001:db8::1", "10.0.0.1"]);
}

#[tokio::test]
async fn nodata_with_nxdomain_is_no_such_name_and_with_servfail_nodata() {
    for (other, error) in [
        (nxdomain as fn(&Asked) -> Act, HostError::HostNotFound),
        (servfail, HostError::NoData),
        (nodata, HostError::NoData),
    ] {
        for empty in [A, AAAA] {
            let script = Script::new(move |asked| {
                if asked.record_type == empty {
                    nodata(asked)
                } else {
                    other(asked)
                }
            });
            let reply = script.addresses(&servers(1), "www.x", Family::Unspec).await;
            assert_eq!(reply, failed(Status::NotFound, error));
        }
    }
}

#[tokio::test]
async fn a_lost_aaaa_costs_three_timeouts_and_then_a_is_the_answer() {
    let (script, reply) = ask(
        2,
        |a| {
            if a.record_type == A {
                ok(a)
            } else {
                Act::Silence
            }
        },
        Family::Unspec,
    )
    .await;
    assert_eq!(ips(reply), ["10.0.0.1"]);
    assert_eq!(script.seconds(), 15);
    let sockets: Vec<_> = script
        .asked()
        .iter()
        .map(|asked| (asked.record_type, asked.socket))
        .collect();
    // At once, one after the other, and with a socket each.
    assert_eq!(
        sockets,
        [(A, 1), (AAAA, 1), (A, 1), (AAAA, 1), (A, 2), (AAAA, 3)]
    );
}

#[tokio::test]
async fn a_lost_a_sends_on_to_the_next_server_and_is_a_temporary_error() {
    let (script, reply) = ask(
        2,
        |a| {
            if a.record_type == AAAA {
                ok(a)
            } else {
                Act::Silence
            }
        },
        Family::Unspec,
    )
    .await;
    assert_eq!(reply, UNAVAIL);
    assert_eq!(
        script.queries(),
        ["1 A www.x", "1 AAAA www.x", "1 A www.x", "2 A www.x"],
        "one after the other from then on"
    );
}

#[tokio::test]
async fn a_server_that_handles_one_question_a_socket_is_found_out() {
    let script = Script::new(|asked| match (asked.record_type, asked.socket) {
        (A, _) | (_, 3) => ok(asked),
        _ => Act::Silence,
    });
    let reply = script.addresses(&servers(1), "www.x", Family::Unspec).await;
    assert_eq!((ips(reply).len(), script.seconds()), (2, 10));
}

#[tokio::test]
async fn single_request_waits_for_a_and_reopen_takes_another_socket() {
    let conf = ResolvConf {
        single_request: true,
        ..servers(1)
    };
    let script = Script::new(|a| {
        if a.record_type == A {
            Act::Silence
        } else {
            ok(a)
        }
    });
    assert_eq!(
        script.addresses(&conf, "www.x", Family::Unspec).await,
        UNAVAIL
    );
    assert_eq!(script.queries(), ["1 A www.x"]);

    let conf = ResolvConf {
        single_request_reopen: true,
        ..servers(1)
    };
    let script = Script::new(ok);
    assert_eq!(
        ips(script.addresses(&conf, "www.x", Family::Unspec).await).len(),
        2
    );
    let sockets: Vec<_> = script.asked().iter().map(|asked| asked.socket).collect();
    assert_eq!(sockets, [1, 2]);
}

#[tokio::test]
async fn error_codes_and_lame_responses_send_on_to_the_next_server() {
    let errors: [fn(&Asked) -> Act; 5] = [
        servfail,
        refused,
        |asked| code(asked, 4),
        |asked| Response::to(asked).without_recursion().into(),
        |asked| Response::to(asked).code(5).without_question().into(),
    ];
    for error in errors {
        for family in [Family::Unspec, Family::Inet, Family::Inet6] {
            let script = Script::new(move |a| if a.server == 1 { error(a) } else { ok(a) });
            assert!(!ips(script.addresses(&servers(2), "www.x", family).await).is_empty());
            assert_eq!(script.seconds(), 0);
            let script = Script::new(error);
            let conf = ResolvConf {
                attempts: 2,
                ..servers(2)
            };
            assert_eq!(script.addresses(&conf, "www.x", family).await, UNAVAIL);
            let each = if family == Family::Unspec { 2 } else { 1 };
            assert_eq!(
                script.queries().len(),
                4 * each,
                "two rounds of two servers"
            );
        }
    }
}

#[tokio::test]
async fn nxdomain_nodata_and_formerr_are_final() {
    for (behaviour, error) in [
        (nxdomain as fn(&Asked) -> Act, HostError::HostNotFound),
        (nodata, HostError::NoData),
        (|asked| code(asked, 1), HostError::NoRecovery),
    ] {
        for family in [Family::Unspec, Family::Inet, Family::Inet6] {
            let (script, reply) = ask(2, behaviour, family).await;
            assert_eq!(reply, failed(Status::NotFound, error));
            assert!(script.asked().iter().all(|asked| asked.server == 1));
        }
    }
}

#[tokio::test]
async fn each_server_has_its_share_of_the_timeout() {
    let (script, reply) = ask(3, |_| Act::Silence, Family::Inet).await;
    assert_eq!(reply, UNAVAIL);
    // 5, then 10 and 20 divided by three.
    assert_eq!(script.seconds(), 5 + 3 + 6);
    let script = Script::new(|_| Act::Silence);
    let conf = ResolvConf {
        timeout: 0,
        attempts: 2,
        ..servers(2)
    };
    script.addresses(&conf, "www.x", Family::Inet).await;
    assert_eq!(script.seconds(), 4, "at least a second each");
}

#[tokio::test]
async fn a_port_without_a_server_costs_no_time() {
    for family in [Family::Unspec, Family::Inet] {
        let (script, reply) = ask(
            2,
            |a| {
                if a.server == 1 {
                    Act::Fail(ErrorKind::ConnectionRefused)
                } else {
                    ok(a)
                }
            },
            family,
        )
        .await;
        assert_eq!((ips(reply).is_empty(), script.seconds()), (false, 0));
    }
}

#[tokio::test]
async fn no_attempts_no_query_and_a_temporary_error() {
    let conf = ResolvConf {
        attempts: 0,
        ..servers(1)
    };
    let script = Script::new(ok);
    assert_eq!(
        script.addresses(&conf, "www.x", Family::Unspec).await,
        UNAVAIL
    );
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn no_server_at_all_is_tryagain() {
    let script = Script::new(ok);
    let reply = script.addresses(&servers(0), "www.x", Family::Unspec).await;
    assert_eq!(reply, failed(Status::TryAgain, HostError::TryAgain));
}

#[tokio::test]
async fn strangers_packets_are_passed_over() {
    let (script, reply) = ask(
        1,
        |asked| {
            let good = Response::to(asked).address("@").bytes();
            let mut wrong_id = good.clone();
            wrong_id[0] ^= 1;
            let wrong_name = Response::to(&Asked {
                name: "other".into(),
                ..asked.clone()
            })
            .bytes();
            let no_question = Response::to(asked).code(3).without_question().bytes();
            let at = Duration::from_millis;
            Act::Say(vec![
                (at(1), wrong_id),
                (at(2), wrong_name),
                (at(3), no_question),
                (at(4), good),
            ])
        },
        Family::Inet,
    )
    .await;
    assert_eq!((ips(reply).len(), script.seconds()), (1, 0));
}

#[tokio::test]
async fn a_truncated_datagram_asks_the_same_server_again_over_tcp() {
    let (script, reply) = ask(
        2,
        |a| {
            if a.over == Over::Udp {
                Response::to(a).truncated().into()
            } else {
                ok(a)
            }
        },
        Family::Unspec,
    )
    .await;
    assert_eq!(ips(reply).len(), 2);
    assert_eq!(script.queries()[2..], ["1 A www.x tcp", "1 AAAA www.x tcp"]);
}

#[tokio::test]
async fn over_tcp_any_code_is_final_and_a_lost_connection_is_the_end_of_the_rounds() {
    let conf = ResolvConf {
        use_vc: true,
        attempts: 2,
        ..servers(2)
    };
    let script = Script::new(refused);
    let reply = script.addresses(&conf, "www.x", Family::Inet).await;
    assert_eq!(reply, failed(Status::NotFound, HostError::NoRecovery));
    assert_eq!(script.queries(), ["1 A www.x tcp"]);

    let script = Script::new(|_| Act::Fail(ErrorKind::UnexpectedEof));
    let reply = script.addresses(&conf, "www.x", Family::Inet).await;
    assert_eq!(reply, failed(Status::NotFound, HostError::TryAgain));
    assert_eq!(script.queries(), ["1 A www.x tcp", "2 A www.x tcp"]);

    let script = Script::new(|_| Act::Fail(ErrorKind::ConnectionReset));
    script.addresses(&conf, "www.x", Family::Inet).await;
    assert_eq!(
        script.queries().len(),
        4,
        "a reset connection is made once again"
    );
}

/// Ours: glibc waits for ever.
#[tokio::test]
async fn over_tcp_silence_has_an_end() {
    let conf = ResolvConf {
        use_vc: true,
        ..servers(1)
    };
    let script = Script::new(|_| Act::Silence);
    assert_eq!(
        script.addresses(&conf, "www.x", Family::Inet).await,
        UNAVAIL
    );
    assert_eq!(script.seconds(), 30);
}

#[tokio::test]
async fn edns0_offers_1200_bytes_and_formerr_is_not_asked_again_without() {
    let conf = ResolvConf {
        edns0: true,
        ..servers(1)
    };
    let script = Script::new(|asked| code(asked, 1));
    script.addresses(&conf, "www.x", Family::Inet).await;
    let asked = script.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0]
            .message
            .ends_with(&[0, 0, 41, 0x04, 0xb0, 0, 0, 0, 0, 0, 0])
    );
    assert_eq!(
        asked[0].message[2..12],
        [1, 0, 0, 1, 0, 0, 0, 0, 0, 1],
        "recursion desired"
    );
}

#[tokio::test]
async fn trust_ad_sets_the_bit() {
    for (trust_ad, bits) in [(false, 0), (true, 0x20)] {
        let script = Script::new(ok);
        script
            .addresses(
                &ResolvConf {
                    trust_ad,
                    ..servers(1)
                },
                "www.x",
                Family::Inet,
            )
            .await;
        assert_eq!(script.asked()[0].message[3], bits);
    }
}

#[tokio::test]
async fn no_aaaa_asks_for_a_alone_and_has_nodata_for_6() {
    let conf = ResolvConf {
        no_aaaa: true,
        edns0: true,
        ..servers(1)
    };
    let script = Script::new(ok);
    assert_eq!(
        ips(script.addresses(&conf, "www.x", Family::Unspec).await),
        ["10.0.0.1"]
    );
    let reply = script.addresses(&conf, "www.x", Family::Inet6).await;
    assert_eq!(reply, failed(Status::NotFound, HostError::NoData));
    assert_eq!(script.queries(), ["1 A www.x", "1 A www.x"]);
    assert_eq!(script.asked()[1].message[11], 0, "without EDNS");
    let script = Script::new(nxdomain);
    let reply = script.addresses(&conf, "www.x", Family::Inet6).await;
    assert_eq!(reply, failed(Status::NotFound, HostError::HostNotFound));
}

#[tokio::test]
async fn no_aaaa_takes_silence_for_nodata() {
    let conf = ResolvConf {
        no_aaaa: true,
        ..servers(1)
    };
    let script = Script::new(|_| Act::Silence);
    let reply = script.addresses(&conf, "www.x", Family::Inet6).await;
    assert_eq!(reply, failed(Status::Unavail, HostError::NoData));
    let script = Script::new(servfail);
    assert_eq!(
        script.addresses(&conf, "www.x", Family::Inet6).await,
        UNAVAIL
    );
}

#[tokio::test]
async fn rotate_goes_round_the_servers() {
    let conf = ResolvConf {
        rotate: true,
        ..servers(3)
    };
    let script = Script::new(ok);
    for _ in 0..30 {
        script.addresses(&conf, "www.x", Family::Inet).await;
    }
    // Other lookups of the process turn the same wheel.
    for server in 1..=3 {
        assert!(script.asked().iter().any(|asked| asked.server == server));
    }
}
