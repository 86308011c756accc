//! How long questions to a hosts file take: one, many, and what is slow on purpose.
//!
//! `cargo bench -p etc-netns-hostsfile`, with part of a name to run some of them.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hostsfile::{Excerpt, Family, Hosts};

const LINES: usize = 1_000_000;

/// Hosts with a full name and a short one; the last of them is `host999999`.
fn large() -> String {
    let mut text = String::new();
    for number in 0..LINES {
        let [_, a, b, c] = u32::try_from(number).unwrap().to_be_bytes();
        let _ = writeln!(
            text,
            "10.{a}.{b}.{c}\thost{number}.example.test host{number}"
        );
    }
    text
}

/// A file of the benches' own, removed at the end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(content: &str) -> TestFile {
        let path = std::env::temp_dir().join(format!("hosts-bench-{}", std::process::id()));
        fs::write(&path, content).unwrap();
        TestFile(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What one question costs, the file being in the page cache.
fn one_question(criterion: &mut Criterion) {
    let text = large();
    let file = TestFile::new(&text);
    let hosts = Hosts::open(&file.0).unwrap();
    let last: IpAddr = [10, 15, 66, 63].into();
    let mut group = criterion.benchmark_group("a file of 1,000,000 lines");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.sample_size(20);
    group.bench_function("read", |bencher| {
        bencher.iter(|| Hosts::open(&file.0).unwrap());
    });
    group.bench_function("parse", |bencher| bencher.iter(|| hosts.lines().count()));
    for name in ["host999999", "HOST999999.Example.Test", "nowhere", "e"] {
        let name = black_box(name.as_bytes());
        group.bench_function(format!("look for {}", name.escape_ascii()), |bencher| {
            bencher.iter(|| hosts.lookup(name, Family::Any, true));
        });
    }
    group.bench_function("look for the last address", |bencher| {
        bencher.iter(|| hosts.reverse(black_box(last)));
    });
    group.bench_function("look for host999999 in the file", |bencher| {
        let open = || File::open(&file.0).unwrap();
        bencher.iter(|| Excerpt::lookup(open(), b"host999999", Family::Any, true).unwrap());
    });
    group.finish();
}

/// What an index costs, and a question to it.
fn index(criterion: &mut Criterion) {
    let text = large();
    let file = TestFile::new(&text);
    let open = || Hosts::open(&file.0).unwrap();
    let mut group = criterion.benchmark_group("an index of 1,000,000 lines");
    group.sample_size(20);
    group.bench_function("of names", |bencher| {
        bencher.iter_batched(
            open,
            |hosts| {
                hosts.index_names();
                hosts
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("of addresses", |bencher| {
        bencher.iter_batched(
            open,
            |hosts| {
                hosts.index_addresses();
                hosts
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();

    let hosts = open();
    hosts.index_names();
    hosts.index_addresses();
    let mut group = criterion.benchmark_group("an indexed lookup");
    for name in ["host999999", "nowhere"] {
        let name = name.as_bytes();
        group.bench_function(format!("of {}", name.escape_ascii()), |bencher| {
            bencher.iter(|| hosts.lookup(black_box(name), Family::Any, false));
        });
    }
    let names: Vec<String> = (0..1000)
        .map(|number| format!("host{}", number * 997))
        .collect();
    let mut next = names.iter().cycle();
    group.bench_function("of 1,000 names in turn", |bencher| {
        bencher.iter(|| {
            let name = next.next().map_or("", String::as_str);
            hosts.lookup(name.as_bytes(), Family::Any, false)
        });
    });
    group.bench_function("of an address", |bencher| {
        bencher.iter(|| hosts.reverse(black_box([10, 15, 66, 63].into())));
    });
    group.finish();
}

/// Files made to be slow.
fn worst_cases(criterion: &mut Criterion) {
    let mut many = String::new();
    for number in 0..20_000 {
        let _ = writeln!(many, "10.0.{}.{} many", number >> 8, number & 255);
    }
    let long = "a".repeat(1 << 20);
    let files = [
        ("20,000 addresses of one name", "many", many),
        (
            "a line of a megabyte",
            "a",
            format!("10.0.0.1{}\n", " a".repeat(1 << 19)),
        ),
        (
            "a name of a megabyte",
            &long,
            format!("10.0.0.1 {long}b\n10.0.0.2 {long}\n"),
        ),
        ("1,000,000 equal names", "a", "10.0.0.1 a\n".repeat(LINES)),
        ("nothing but the name", "aaaa", format!("10.0.0.1 {long}\n")),
    ];
    let mut group = criterion.benchmark_group("slow on purpose");
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(2));
    for (what, name, text) in files {
        let (name, hosts) = (name.as_bytes(), Hosts::from_bytes(text));
        group.throughput(Throughput::Bytes(hosts.as_bytes().len() as u64));
        group.bench_function(what, |bencher| {
            bencher.iter(|| hosts.lookup(name, Family::Any, true));
        });
        group.bench_function(format!("{what}: its index"), |bencher| {
            bencher.iter_batched(
                || Hosts::from_bytes(hosts.as_bytes()),
                |hosts| hosts.index_names(),
                BatchSize::PerIteration,
            );
        });
        hosts.index_names();
        group.bench_function(format!("{what}, indexed"), |bencher| {
            bencher.iter(|| hosts.lookup(name, Family::Any, true));
        });
    }
    group.finish();
}

criterion_group!(benches, one_question, index, worst_cases);
criterion_main!(benches);
