//! Files made to be slow: what would not be linear takes minutes here.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hostsfile::{Excerpt, Family, Hosts};

/// How many names or addresses the answers have in which all lines count: without an index, from
/// an index, and of an excerpt. Likewise of the reverse.
fn ask(file: &str, name: &str, address: &str) -> [(usize, usize); 3] {
    let start = Instant::now();
    let address: IpAddr = address.parse().expect("an address");
    let hosts = Hosts::from_bytes(file);
    let ask = || {
        let answer = hosts.lookup(name.as_bytes(), Family::Any, true);
        let line = hosts.reverse(address);
        (
            answer.map_or(0, |answer| answer.addresses().count()),
            line.map_or(0, |line| line.names().count()),
        )
    };
    let searched = ask();
    hosts.index_names();
    hosts.index_addresses();
    let indexed = ask();
    let answer = Excerpt::lookup(file.as_bytes(), name.as_bytes(), Family::Any, true);
    let line = Excerpt::reverse(file.as_bytes(), address);
    let (answer, line) = answer
        .and_then(|answer| Ok((answer, line?)))
        .expect("bytes can be read");
    let excerpts = (
        answer
            .answer()
            .map_or(0, |answer| answer.addresses().count()),
        line.lines().next().map_or(0, |line| line.names().count()),
    );
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
    [searched, indexed, excerpts]
}

#[test]
fn a_million_lines_of_one_name() {
    let file = "1.2.3.4 a\n".repeat(1_000_000);
    assert_eq!(ask(&file, "A", "1.2.3.4"), [(1_000_000, 1); 3]);
    assert_eq!(ask(&file, "b", "1.2.3.5"), [(0, 0); 3]);
}

#[test]
fn a_million_times_one_name_in_a_line() {
    let file = format!("1.2.3.4{}\n1.2.3.5 a\n", " a".repeat(1_000_000));
    assert_eq!(ask(&file, "a", "1.2.3.4"), [(2, 1_000_000); 3]);
}

#[test]
fn a_name_of_a_megabyte() {
    let name = "a".repeat(1 << 20);
    let file = format!("1.2.3.4 {name}b\n1.2.3.4 {name}\n1.2.3.4 b{name}\n");
    assert_eq!(ask(&file, &name, "1.2.3.4"), [(1, 1); 3]);
    assert_eq!(ask(&file, &name[1..], "1.2.3.4"), [(0, 1); 3]);
}

#[test]
fn lines_that_almost_have_the_name() {
    let file = "1.2.3.4 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n".repeat(100_000);
    assert_eq!(ask(&file, &"a".repeat(40), "1.2.3.4"), [(0, 1); 3]);
}

#[test]
fn twenty_thousand_addresses_of_one_name_among_others() {
    let mut file = String::new();
    for number in 0..20_000 {
        let _ = writeln!(
            file,
            "10.0.{}.{} many one{number}",
            number >> 8,
            number & 255
        );
        let _ = writeln!(file, "10.1.{}.{} other{number}", number >> 8, number & 255);
    }
    assert_eq!(ask(&file, "many", "10.1.78.31"), [(20_000, 1); 3]);
    assert_eq!(ask(&file, "other19999", "10.0.78.31"), [(1, 2); 3]);
}

#[test]
fn no_lines_and_nothing_but_separators() {
    for file in [
        "\n".repeat(1 << 20),
        " ".repeat(1 << 20),
        "#".repeat(1 << 20),
    ] {
        assert_eq!(ask(&file, "a", "1.2.3.4"), [(0, 0); 3]);
        assert_eq!(ask(&file, "", "1.2.3.4"), [(0, 0); 3]);
    }
}
