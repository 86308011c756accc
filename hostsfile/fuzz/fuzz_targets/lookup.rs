//! Any file, any name: nothing panics, and the answer is that of the naive reader.
#![no_main]

use hostsfile::{Family, Hosts};
use libfuzzer_sys::fuzz_target;

#[allow(dead_code)]
#[path = "../../tests/it/naive.rs"]
mod naive;

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (name, file, multi) = input;
    let hosts = Hosts::from_bytes(file);
    for (family, number) in [(Family::Any, 0), (Family::V4, 4), (Family::V6, 6)] {
        let answer = hosts.lookup(name, family, multi);
        let expected = naive::lookup(file, name, number, multi);
        assert_eq!(
            answer.as_ref().map(|a| &a.addresses),
            expected.as_ref().map(|e| &e.addresses)
        );
        assert_eq!(
            answer.map(|a| a.canonical_name.to_vec()),
            expected.map(|e| e.canonical_name)
        );
    }
    for line in hosts.lines() {
        assert!(
            hosts
                .reverse(line.address)
                .is_some_and(|found| found.number <= line.number)
        );
    }
});
