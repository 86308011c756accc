//! What responses say: rules 28, 37 and 39.

use conf::resolv_conf::{ResolvConf, SortlistEntry};
use proptest::prelude::*;

use super::script::*;
use crate::address::Family;
use crate::dns::answer;
use crate::dns::query::Responses;
use crate::dns::wire::{Message, RecordType};
use crate::nss::{HostError, Reply, Status};

const BOTH: [Family; 2] = [Family::Inet, Family::Unspec];
const NOT_FOUND: Reply = Reply::Failed(Status::NotFound, Some(HostError::HostNotFound));
const NOTHING: Reply = Reply::Failed(Status::TryAgain, Some(HostError::NoRecovery));
const UNREADABLE: Reply = Reply::Failed(Status::Unavail, Some(HostError::Unreadable));

async fn lookup(response: fn(Response) -> Response, family: Family) -> Reply {
    let script = Script::new(move |asked| response(Response::to(asked)).into());
    script.addresses(&servers(1), "www.x", family).await
}

#[tokio::test]
async fn a_cname_counts_whoever_owns_it_and_the_address_must_be_its_targets() {
    for family in BOTH {
        let reply = lookup(|r| r.cname("else.where", "t.x").address("T.X"), family).await;
        assert_eq!(found(reply).0, "t.x");
        let reply = lookup(|r| r.address("t.x").cname("@", "t.x"), family).await;
        assert!(matches!(reply, Reply::Failed(..)), "records count in order");
        let reply = lookup(|r| r.address("other.x"), family).await;
        assert!(matches!(reply, Reply::Failed(..)));
    }
}

#[tokio::test]
async fn a_target_that_is_no_host_name_is_followed_but_not_canonical() {
    for family in BOTH {
        let reply = lookup(
            |r| r.cname("@", "ok.x").cname("@", "-bad.x").address("-bad.x"),
            family,
        )
        .await;
        assert_eq!(found(reply).0, "ok.x");
    }
}

#[tokio::test]
async fn a_cname_behind_the_address_is_canonical_only_for_one_family() {
    let after = |r: Response| r.address("@").cname("@", "after.x");
    assert_eq!(found(lookup(after, Family::Inet).await).0, "after.x");
    assert_eq!(found(lookup(after, Family::Unspec).await).0, "www.x");
}

#[tokio::test]
async fn a_cname_alone_is_no_such_name_for_both_and_no_recovery_for_one() {
    let alone = |r: Response| r.cname("@", "t.x");
    assert_eq!(lookup(alone, Family::Unspec).await, NOT_FOUND);
    assert_eq!(lookup(alone, Family::Inet).await, NOTHING);
    assert_eq!(lookup(alone, Family::Inet6).await, NOTHING);
}

#[tokio::test]
async fn nxdomain_with_answers_is_no_such_name() {
    for family in BOTH {
        assert_eq!(lookup(|r| r.code(3).address("@"), family).await, NOT_FOUND);
    }
}

#[tokio::test]
async fn the_class_matters_for_one_family_only() {
    let chaos = |r: Response| r.record_of_class("@", A, 3, &V4.octets());
    assert_eq!(lookup(chaos, Family::Inet).await, NOTHING);
    assert_eq!(ips(lookup(chaos, Family::Unspec).await).len(), 1);
}

#[tokio::test]
async fn an_address_of_the_wrong_length_is_passed_over() {
    for family in BOTH {
        let reply = lookup(|r| r.record("@", A, &[1, 2, 3, 4, 5]).address("@"), family).await;
        assert!(ips(reply).contains(&V4.to_string()));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_unavailable_but_behind_the_answers_it_does_no_harm() {
    for family in BOTH {
        assert_eq!(
            lookup(|r| r.record("@", CNAME, &[0xc0, 0xff]), family).await,
            UNREADABLE
        );
        let reply = lookup(|r| r.address("@").followed_by(&[0x80; 9]), family).await;
        assert!(!ips(reply).is_empty());
        let reply = lookup(|r| r.record("@", 15, &[0]).address("@"), family).await;
        assert!(
            !ips(reply).is_empty(),
            "data that is not needed is not read"
        );
    }
}

#[tokio::test]
async fn after_a_success_the_other_response_may_be_unreadable() {
    let script = Script::new(|asked| {
        let response = Response::to(asked).address("@");
        match asked.record_type {
            A => response.into(),
            _ => response.record("@", CNAME, &[0xc0, 0xff]).into(),
        }
    });
    let reply = script.addresses(&servers(1), "www.x", Family::Unspec).await;
    assert_eq!(
        ips(reply).len(),
        2,
        "what came before the bad record counts"
    );
    let script = Script::new(|asked| {
        let response = Response::to(asked);
        match asked.record_type {
            A => response.cname("@", "t.x").into(),
            _ => response.record("@", CNAME, &[0xc0, 0xff]).into(),
        }
    });
    assert_eq!(
        script.addresses(&servers(1), "www.x", Family::Unspec).await,
        UNREADABLE
    );
}

#[tokio::test]
async fn sortlist_orders_for_4_only() {
    let conf = ResolvConf {
        sortlist: [
            ("10.2.0.0", "255.255.0.0"),
            ("10.1.0.0", "255.255.0.0"),
            ("10.3.0.1", "255.255.0.0"),
        ]
        .map(|(net, mask)| SortlistEntry {
            address: net.parse().unwrap(),
            mask: mask.parse().unwrap(),
        })
        .to_vec(),
        ..servers(1)
    };
    let script = Script::new(|asked| match asked.record_type {
        A => [[10, 3, 0, 1], [10, 1, 0, 1], [10, 2, 0, 1], [10, 1, 0, 2]]
            .iter()
            .fold(Response::to(asked), |response, ip| {
                response.record("@", A, ip)
            })
            .into(),
        _ => nodata(asked),
    });
    let sorted = ips(script.addresses(&conf, "www.x", Family::Inet).await);
    assert_eq!(sorted, ["10.2.0.1", "10.1.0.1", "10.1.0.2", "10.3.0.1"]);
    let unsorted = ips(script.addresses(&conf, "www.x", Family::Unspec).await);
    assert_eq!(unsorted[0], "10.3.0.1");
}

#[tokio::test]
async fn reverse_names_are_below_in_addr_arpa_and_ip6_arpa() {
    let conf = searching(&["never.used"]);
    for (ip, name) in [
        ("10.1.2.3", "3.2.1.10.in-addr.arpa"),
        ("::ffff:10.1.2.3", "3.2.1.10.in-addr.arpa"),
        ("::10.1.2.3", "3.2.1.10.in-addr.arpa"),
        ("::", "0.0.0.0.in-addr.arpa"),
        ("::1", &format!("1.{}ip6.arpa", "0.".repeat(31))),
        (
            "2001:db8::ab",
            &format!("b.a.{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(22)),
        ),
    ] {
        let script = Script::new(nxdomain);
        let reply = script.pointer(&conf, ip).await;
        assert_eq!(reply, NOT_FOUND);
        assert_eq!(script.queries(), [format!("1 PTR {name}")]);
    }
}

#[tokio::test]
async fn a_mapped_address_comes_back_as_ipv4() {
    let script = Script::new(|asked| Response::to(asked).record("@", PTR, &wire("Host.x")).into());
    let reply = script.pointer(&servers(1), "::ffff:10.1.2.3").await;
    assert_eq!(found(reply), ("Host.x".into(), vec!["10.1.2.3".into()]));
}

#[tokio::test]
async fn the_first_pointer_counts_and_must_be_a_host_name() {
    for (response, name) in [
        (
            (|r| {
                r.record("@", PTR, &wire("my_db.x"))
                    .record("@", PTR, &wire("b.x"))
            }) as fn(Response) -> Response,
            "my_db.x",
        ),
        (
            |r| r.cname("@", "1.sub.x").record("1.sub.x", PTR, &wire("c.x")),
            "c.x",
        ),
        (
            |r| {
                r.record("other", PTR, &wire("a.x"))
                    .record("@", PTR, &wire("b.x"))
            },
            "b.x",
        ),
        (|r| r.record("@", PTR, &wire(".")), "."),
    ] {
        let script = Script::new(move |asked| response(Response::to(asked)).into());
        assert_eq!(found(script.pointer(&servers(1), "10.0.0.1").await).0, name);
    }
    for (response, reply) in [
        (
            (|r| {
                r.record("@", PTR, &wire("-a.x"))
                    .record("@", PTR, &wire("b.x"))
            }) as fn(Response) -> Response,
            UNREADABLE,
        ),
        (|r| r.record("@", PTR, &wire("a\\.b.x")), UNREADABLE),
        (|r| r.record("@", PTR, &[0xc0]), UNREADABLE),
        (|r| r.cname("@", "1.sub.x"), NOTHING),
        (|r| r.record_of_class("@", PTR, 3, &wire("a.x")), NOTHING),
        (|r| r, failed(Status::NotFound, HostError::NoData)),
        (|r| r.code(2), failed(Status::NotFound, HostError::TryAgain)),
    ] {
        let script = Script::new(move |asked| response(Response::to(asked)).into());
        assert_eq!(script.pointer(&servers(1), "10.0.0.1").await, reply);
    }
}

fn read_all(bytes: Vec<u8>) {
    let Some(message) = Message::new(bytes) else {
        return;
    };
    answer::addresses(&message, RecordType::A);
    answer::addresses(&message, RecordType::Aaaa);
    answer::pointer(&message, V4.into());
    let responses = Responses {
        first: Some(message.clone()),
        second: Some(message.clone()),
    };
    answer::addresses_of_both(&responses);
    message.question_type();
    message.without_records();
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(bytes);
    }

    #[test]
    fn any_change_to_a_response_can_be_read(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in 0usize..200,
    ) {
        let asked = Asked {
            server: 1,
            over: crate::trace::Transport::Udp,
            name: "www.example".into(),
            record_type: A,
            socket: 1,
            message: vec![1, 2],
        };
        let response = Response::to(&asked).cname("@", "t.x").address("t.x").address("t.x");
        let mut bytes = response.bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(length.max(12));
        read_all(bytes);
    }
}
