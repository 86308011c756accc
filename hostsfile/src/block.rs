//! Bytes by the block, in ways that the compiler turns into vector instructions: no branches, and
//! every byte looked at.

#![forbid(unsafe_code)]

/// As many bytes as a mask has bits.
pub(crate) const BLOCK: usize = u64::BITS as usize;

/// Bit N is set if flag N is.
pub(crate) fn mask(flags: [bool; BLOCK]) -> u64 {
    // Moves the lowest bits of eight bytes next to each other, into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let flags = flags.map(u8::from);
    let (eights, _) = flags.as_chunks::<8>();
    let bytes = eights
        .iter()
        .map(|eight| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56);
    bytes
        .enumerate()
        .fold(0, |mask, (index, bits)| mask | bits << (8 * index))
}

/// The numbers of the bits that are set, in ascending order.
pub(crate) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros();
        mask &= mask.checked_sub(1)?;
        Some(bit as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_the_bits_of_its_flags() {
        assert_eq!(bits(mask([false; BLOCK])).count(), 0);
        assert!(bits(mask([true; BLOCK])).eq(0..BLOCK));
        for bit in 0..BLOCK {
            let mut flags = [false; BLOCK];
            flags[bit] = true;
            assert_eq!(mask(flags), 1 << bit);
            flags[BLOCK - 1] = true;
            assert!(
                bits(mask(flags)).eq([bit, BLOCK - 1][..2 - bit / (BLOCK - 1)].iter().copied())
            );
        }
    }
}
