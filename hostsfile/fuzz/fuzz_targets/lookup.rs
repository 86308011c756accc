//! Any file, any name: nothing panics, and the answer is that of the naive reader, with an index
//! and of an excerpt too.
#![no_main]

use hostsfile::{Excerpt, Family, Hosts};
use libfuzzer_sys::fuzz_target;

#[allow(dead_code)]
#[path = "../../tests/it/naive.rs"]
mod naive;

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (name, file, multi) = input;
    let hosts = Hosts::from_bytes(file);
    let indexed = Hosts::from_bytes(file);
    indexed.index_names();
    indexed.index_addresses();
    for (family, number) in [(Family::Any, 0), (Family::V4, 4), (Family::V6, 6)] {
        let answer = hosts.lookup(name, family, multi);
        let excerpt = Excerpt::lookup(file, name, family, multi).expect("bytes can be read");
        assert_eq!(indexed.lookup(name, family, multi), answer);
        assert_eq!(excerpt.answer(), answer);
        let expected = naive::lookup(file, name, number, multi);
        assert_eq!(
            answer.as_ref().map(|a| a.addresses().collect::<Vec<_>>()),
            expected.as_ref().map(|e| e.addresses.clone())
        );
        assert_eq!(
            answer.map(|a| a.canonical_name().to_vec()),
            expected.map(|e| e.canonical_name)
        );
    }
    for line in hosts.lines() {
        let found = hosts.reverse(line.address);
        assert!(found.is_some_and(|found| found.number() <= line.number()));
        assert_eq!(indexed.reverse(line.address), found);
        let excerpt = Excerpt::reverse(file, line.address).expect("bytes can be read");
        assert_eq!(excerpt.lines().next(), found);
    }
});
