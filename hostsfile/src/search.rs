//! The one-shot search: which lines are worth parsing.
//!
//! A lookup in a file that was just read parses only the lines that hold the name as a field, and
//! finds these by one byte of the name. It makes one pass, whatever the file holds. An index for
//! many lookups in one file would stand beside this module and give out the same line ranges.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::{memchr, memchr2_iter, memrchr};

use crate::line::ends_field;

/// The lines that may have a name: a superset of those that do, in order, each once.
pub(crate) struct Candidates<'h, 'n> {
    text: &'h [u8],
    name: &'n [u8],
    /// The position in `name` of the byte that the search looks for.
    rarest: usize,
    /// Where the first line starts that was not yet looked at.
    floor: usize,
}

impl<'h, 'n> Candidates<'h, 'n> {
    pub(crate) fn new(text: &'h [u8], name: &'n [u8]) -> Candidates<'h, 'n> {
        // No field holds such a byte, so no line has the name.
        let impossible = name.iter().any(|&byte| ends_field(byte));
        let rarest = (0..name.len())
            .min_by_key(|&at| commonness(name[at]))
            .unwrap_or(0);
        Candidates {
            text,
            name,
            rarest,
            floor: if impossible { text.len() } else { 0 },
        }
    }

    /// Where the next field starts that equals the name.
    fn next_hit(&self) -> Option<usize> {
        let rest = &self.text[self.floor..];
        let byte = self.name[self.rarest];
        memchr2_iter(byte.to_ascii_lowercase(), byte.to_ascii_uppercase(), rest)
            .filter_map(|hit| hit.checked_sub(self.rarest))
            .find(|&start| self.is_field(rest, start))
            .map(|start| self.floor + start)
    }

    /// Whether the name stands at `start` of `text` as a whole field that is not the first.
    ///
    /// The comparison comes last, and stops where the field does: so no byte is compared twice,
    /// even in a file made of almost nothing but the name.
    fn is_field(&self, text: &[u8], start: usize) -> bool {
        let end = start + self.name.len();
        start > 0
            && ends_field(text[start - 1])
            && text.get(end).is_none_or(|&byte| ends_field(byte))
            && text
                .get(start..end)
                .is_some_and(|field| field.eq_ignore_ascii_case(self.name))
    }
}

impl Iterator for Candidates<'_, '_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.floor >= self.text.len() {
            return None;
        }
        // A line without a name leaves nothing to search for: any line may be one.
        let hit = if self.name.is_empty() {
            Some(self.floor)
        } else {
            self.next_hit()
        };
        let Some(hit) = hit else {
            self.floor = self.text.len();
            return None;
        };
        let start = memrchr(b'\n', &self.text[self.floor..hit])
            .map_or(self.floor, |at| self.floor + at + 1);
        let end = memchr(b'\n', &self.text[hit..]).map_or(self.text.len(), |at| hit + at);
        self.floor = end + 1;
        Some(start..end)
    }
}

/// How often a byte is met in hosts files: 0 for most, higher for common ones.
///
/// This bears on speed alone. The order is that of large block lists, most common last.
fn commonness(byte: u8) -> usize {
    const COMMON: &[u8] = b"zjq987x65k432wvyf-bhgup1ldmrsnitcoea .0";
    COMMON
        .iter()
        .position(|&common| common == byte.to_ascii_lowercase())
        .map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
        Candidates::new(text.as_bytes(), name.as_bytes())
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn only_lines_with_the_whole_field_are_candidates() {
        let text = "1 alpha\n2 alphabet\n3 my-alpha x\n4 beta\tALPHA#\n5 alpha.";
        assert_eq!(candidates(text, "alpha"), ["1 alpha", "4 beta\tALPHA#"]);
        assert_eq!(candidates(text, "alpha."), ["5 alpha."]);
    }

    #[test]
    fn a_line_is_given_once() {
        assert_eq!(candidates("1 a a a\n2 a\n", "a"), ["1 a a a", "2 a"]);
    }

    #[test]
    fn the_first_field_of_the_file_is_no_name() {
        assert_eq!(candidates("a b\n", "a"), [""; 0]);
        assert_eq!(candidates("", "a"), [""; 0]);
    }

    #[test]
    fn the_empty_name_makes_every_line_a_candidate() {
        assert_eq!(candidates("1\n\n2", ""), ["1", "", "2"]);
        assert_eq!(candidates("1\n", ""), ["1"]);
    }

    #[test]
    fn a_name_that_no_field_can_hold_has_no_candidates() {
        for name in ["a b", "a\n2", "a#", "a\0"] {
            assert_eq!(candidates("1 a b\n2 a#\n3 a\0", name), [""; 0], "{name:?}");
        }
    }

    #[test]
    fn the_search_looks_for_the_rarest_byte() {
        let text = b"";
        assert_eq!(Candidates::new(text, b"ads.tracker.example").rarest, 13);
        assert_eq!(Candidates::new(text, b"_x").rarest, 0);
    }
}
