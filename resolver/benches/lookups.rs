//! How long a lookup takes that needs no server, against getaddrinfo(3).
//!
//! `cargo bench -p etc-netns-resolver`. It reads the machine's own files, and changes nothing.
#![allow(clippy::unwrap_used)]

use std::ffi::CString;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use netns::glibc::{self, Flags};
use netns_resolver::{Options, Resolver};

/// In the namespace that the bench runs in, so that neither takes another thread.
fn lookups(criterion: &mut Criterion) {
    let resolver = Resolver::current().unwrap();
    for (what, host) in [
        ("a host of the hosts file", "localhost"),
        ("a numeric host", "192.0.2.1"),
    ] {
        let name = CString::new(host).unwrap();
        let theirs = || glibc::getaddrinfo(&name, glibc::Family::Unspec, Flags::default());
        let ours = || resolver.lookup(host, Options::default()).result;
        assert_eq!(ours().is_ok(), theirs().is_ok(), "{host}");
        let mut group = criterion.benchmark_group(what);
        group.bench_function("Resolver", |bencher| bencher.iter(|| black_box(ours())));
        group.bench_function("getaddrinfo", |bencher| {
            bencher.iter(|| black_box(theirs()))
        });
        group.finish();
    }
}

criterion_group!(benches, lookups);
criterion_main!(benches);
