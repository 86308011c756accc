//! An index for many questions to one file: where a name stands, or an address.
//!
//! It is a sorted list with an entry of eight bytes for each name of each line: the hash of the
//! name in the high bits, its place in the file in the low ones, as many as the length of the file
//! takes. So all places of a name are neighbours, in the order of the file, whatever their number.
//! A directory says where the entries begin that share their highest bits, eight to sixteen of
//! them on average.
//!
//! Hashes say where to look, and the file itself whether it is there: an entry may be wrong, none
//! is missing.

#![forbid(unsafe_code)]

use std::net::IpAddr;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use memchr::memchr;

use crate::address::{self, Family};
use crate::fields::each_field;
use crate::hash::Key;
use crate::parallel::{join, threads_for};

pub(crate) struct Index {
    key: Key,
    /// Sorted.
    entries: Vec<u64>,
    /// How many low bits of an entry are a place.
    place_bits: u32,
    /// For each value of the highest bits of an entry, where these entries begin; and the end.
    directory: Vec<usize>,
    directory_bits: u32,
}

impl Index {
    /// Of the names of all lines, also of those without an address, but not of the empty name.
    pub(crate) fn of_names(text: &[u8]) -> Index {
        let name = |key: Key, number, field: &[u8]| [(number > 0).then(|| key.name(field)), None];
        Index::build(text, &name)
    }

    /// Of the addresses that a line is found by, see [`Hosts::reverse`](crate::Hosts::reverse).
    pub(crate) fn of_addresses(text: &[u8]) -> Index {
        let addresses = |key: Key, number, field: &[u8]| {
            let own = if number == 0 {
                address::parse(field)
            } else {
                None
            };
            let as_v4 = own.and_then(|own| address::in_family(own, Family::V4));
            [own, as_v4.filter(|_| own != as_v4)].map(|found| found.map(|ip| key.address(ip)))
        };
        Index::build(text, &addresses)
    }

    /// `hashes` gives those under which a field is to be found, by its number in the line.
    fn build(
        text: &[u8],
        hashes: &(impl Fn(Key, usize, &[u8]) -> [Option<u64>; 2] + Sync),
    ) -> Index {
        let key = Key::random();
        let place_bits = usize::BITS - text.len().leading_zeros();
        let entries_of = |part: Range<usize>| {
            let mut entries = Vec::new();
            each_field(&text[part.clone()], |number, start, field| {
                let place = (part.start + start) as u64;
                let hashes = hashes(key, number, field).into_iter().flatten();
                entries.extend(hashes.map(|hash| hash >> place_bits << place_bits | place));
            });
            entries
        };
        let threads = threads_for(text.len());
        let mut entries = collect(text, 0..text.len(), threads, &entries_of);
        entries.shrink_to_fit();
        sort(&mut entries, threads);

        let directory_bits = (entries.len() / 8).checked_ilog2().unwrap_or(0);
        // Its slots are told apart by bits of hashes alone.
        let directory_bits = directory_bits.min(u64::BITS - place_bits);
        Index {
            key,
            directory: directory(&entries, directory_bits),
            entries,
            place_bits,
            directory_bits,
        }
    }

    /// Where the fields are that may be this name, which is not empty, in order.
    pub(crate) fn fields_named(&self, name: &[u8]) -> Fields<'_> {
        self.fields(self.key.name(name))
    }

    /// Where the fields are that may be this address, in order.
    pub(crate) fn fields_with(&self, address: IpAddr) -> Fields<'_> {
        self.fields(self.key.address(address))
    }

    fn fields(&self, hash: u64) -> Fields<'_> {
        let slot = highest(hash, self.directory_bits);
        let entries = &self.entries[self.directory[slot]..self.directory[slot + 1]];
        let hash = hash >> self.place_bits;
        let first = entries.partition_point(|entry| entry >> self.place_bits < hash);
        Fields {
            entries: &entries[first..],
            hash,
            place_bits: self.place_bits,
        }
    }
}

/// The places of fields, see [`Index::fields_named`].
#[derive(Clone)]
pub(crate) struct Fields<'i> {
    entries: &'i [u64],
    hash: u64,
    place_bits: u32,
}

impl Iterator for Fields<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let (&entry, rest) = self.entries.split_first()?;
        if entry >> self.place_bits != self.hash {
            return None;
        }
        self.entries = rest;
        Some((entry & ((1 << self.place_bits) - 1)) as usize)
    }
}

/// The entries of a part of the text, which starts with a line.
fn collect(
    text: &[u8],
    part: Range<usize>,
    threads: usize,
    entries_of: &(impl Fn(Range<usize>) -> Vec<u64> + Sync),
) -> Vec<u64> {
    let middle = part.start + part.len() / 2;
    let newline = memchr(b'\n', &text[middle..part.end]);
    let (Some(newline), true) = (newline, threads > 1) else {
        return entries_of(part);
    };
    let middle = middle + newline + 1;
    let half = threads / 2;
    let (mut after, mut entries) = join(
        || collect(text, middle..part.end, half, entries_of),
        || collect(text, part.start..middle, threads - half, entries_of),
    );
    entries.append(&mut after);
    entries
}

fn sort(entries: &mut [u64], threads: usize) {
    if threads < 2 || entries.len() < 2 {
        return entries.sort_unstable();
    }
    let middle = entries.len() / 2;
    entries.select_nth_unstable(middle);
    let (low, high) = entries.split_at_mut(middle);
    let low = Mutex::new(low);
    let half = threads / 2;
    join(
        || {
            sort(
                &mut low.lock().unwrap_or_else(PoisonError::into_inner),
                half,
            )
        },
        || sort(high, threads - half),
    );
}

fn directory(entries: &[u64], bits: u32) -> Vec<usize> {
    let mut directory = Vec::with_capacity((1 << bits) + 1);
    for (at, entry) in entries.iter().enumerate() {
        let slots = highest(*entry, bits) + 1;
        if directory.len() < slots {
            directory.resize(slots, at);
        }
    }
    directory.resize((1 << bits) + 1, entries.len());
    directory
}

/// The value of so many highest bits.
fn highest(value: u64, bits: u32) -> usize {
    value.checked_shr(u64::BITS - bits).unwrap_or(0) as usize
}
