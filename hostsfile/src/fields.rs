//! The fields of many lines, for an index: what the grammar of one line says, at the speed of a
//! pass over the bytes.

#![forbid(unsafe_code)]

use crate::block::{BLOCK, bits, mask};
use crate::line::ends_field;

/// Calls `each` with every field of `text`, which starts with a line: the field's place in its line
/// (0 is the address), where it starts, and the field. Whether field 0 is an address is not looked
/// at.
pub(crate) fn each_field(text: &[u8], mut each: impl FnMut(usize, usize, &[u8])) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    // What comes after the text ends its last field.
    let mut end = [b'\n'; BLOCK];
    end[..rest.len()].copy_from_slice(rest);

    let (mut place, mut start) = (0, 0);
    let mut comment = false;
    for (index, block) in blocks.iter().chain([&end]).enumerate() {
        for in_block in bits(mask(block.map(ends_field))) {
            let at = index * BLOCK + in_block;
            if at > text.len() {
                return;
            }
            if at > start && !comment {
                each(place, start, &text[start..at]);
                place += 1;
            }
            start = at + 1;
            match block[in_block] {
                b'\n' => (place, comment) = (0, false),
                b'#' | 0 => comment = true,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &[u8]) -> Vec<(usize, usize, Vec<u8>)> {
        let mut fields = Vec::new();
        each_field(text, |place, start, field| {
            fields.push((place, start, field.to_vec()));
        });
        fields
    }

    #[test]
    fn fields_have_their_place_and_start() {
        assert_eq!(
            fields(b"1 a\tb\n\n# x y\n 2 c # d\n3\n4 e\0f\n5 g"),
            [
                (0, 0, b"1".to_vec()),
                (1, 2, b"a".to_vec()),
                (2, 4, b"b".to_vec()),
                (0, 14, b"2".to_vec()),
                (1, 16, b"c".to_vec()),
                (0, 22, b"3".to_vec()),
                (0, 24, b"4".to_vec()),
                (1, 26, b"e".to_vec()),
                (0, 30, b"5".to_vec()),
                (1, 32, b"g".to_vec()),
            ]
        );
    }

    #[test]
    fn fields_may_cross_and_end_at_blocks() {
        for length in 1..3 * BLOCK {
            let name = vec![b'n'; length];
            let text = [b"1 ", &name[..]].concat();
            let expected = [(0, 0, b"1".to_vec()), (1, 2, name)];
            assert_eq!(fields(&text), expected);
            assert_eq!(fields(&[&text[..], b"\n"].concat()), expected);
        }
    }
}
