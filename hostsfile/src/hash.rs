//! The hash of an index: keyed, quick for short names, blind to the case of ASCII letters.
//!
//! It multiplies two halves and folds the product, as wyhash and foldhash do. The key is other in
//! each process, so that nobody can write a file whose names all fall together.

#![forbid(unsafe_code)]

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;

/// The key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key([u64; 2]);

impl Key {
    /// One that nobody can guess.
    pub(crate) fn random() -> Key {
        // The standard library's hasher is too slow to hash names, but it has a random key.
        let random = RandomState::new();
        Key([random.hash_one(0), random.hash_one(1)])
    }

    /// Of a name: the same for all spellings of it.
    pub(crate) fn name(self, name: &[u8]) -> u64 {
        let [mut state, _] = self.0;
        // So that a name and the same followed by NULs differ.
        state ^= (name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut rest = name;
        while rest.len() > 16 {
            let (sixteen, after) = rest.split_at(16);
            state = self.mix(state, sixteen);
            rest = after;
        }
        self.mix(state, rest)
    }

    /// A step over at most 16 bytes.
    fn mix(self, state: u64, bytes: &[u8]) -> u64 {
        let (low, high) = match (bytes.first_chunk(), bytes.last_chunk()) {
            // They overlap where there are fewer than 16.
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => {
                let all = bytes
                    .iter()
                    .fold(0, |all, &byte| all << 8 | u64::from(byte));
                (all, 0)
            }
        };
        fold(lower(low) ^ state, lower(high) ^ self.0[1])
    }

    /// Of an address.
    pub(crate) fn address(self, address: IpAddr) -> u64 {
        let Key([state, key]) = self;
        match address {
            IpAddr::V4(v4) => fold(u64::from(v4.to_bits()) ^ state, key),
            IpAddr::V6(v6) => {
                let (low, high) = halves(v6.octets());
                fold(low ^ state, high ^ !key)
            }
        }
    }
}

fn halves(bytes: [u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(bytes);
    (both as u64, (both >> 64) as u64)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// `to_ascii_lowercase` of eight bytes at once.
fn lower(bytes: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let high = 0x80 * EACH;
    let low = bytes & !high;
    // The highest bit of a byte says: at least `A`, above `Z`. Neither sum leaves its byte.
    let from_a = low + (0x80 - b'A' as u64) * EACH;
    let above_z = low + (0x7f - b'Z' as u64) * EACH;
    let upper = (from_a ^ above_z) & !bytes & high;
    bytes | upper >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_are_folded_as_one_is() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut bytes = *b"aZ[@\xc1z`A";
                bytes[at] = byte;
                assert_eq!(
                    lower(u64::from_le_bytes(bytes)).to_le_bytes(),
                    bytes.map(|byte| byte.to_ascii_lowercase()),
                );
            }
        }
    }

    #[test]
    fn case_does_not_count_and_every_byte_does() {
        let key = Key::random();
        for length in 0..70 {
            let name: Vec<u8> = (0..length).map(|at| b'a' + at % 26).collect();
            let hash = key.name(&name);
            assert_eq!(hash, key.name(&name.to_ascii_uppercase()));
            assert_ne!(hash, key.name(&[&name[..], b"a"].concat()));
            for at in 0..name.len() {
                let mut other = name.clone();
                other[at] = b'_';
                assert_ne!(hash, key.name(&other), "byte {at} of {length}");
            }
        }
    }

    #[test]
    fn addresses_of_both_families_are_told_apart() {
        let key = Key::random();
        let addresses = ["1.2.3.4", "1.2.3.5", "::1.2.3.4", "::ffff:1.2.3.4", "::"];
        let mut hashes = addresses.map(|text| key.address(text.parse().unwrap()));
        hashes.sort_unstable();
        assert!(hashes.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
