//! The one-shot search: which lines are worth parsing.
//!
//! A lookup in a file that was just read parses only the lines that hold the name as a field, and
//! finds these by two bytes of the name at once, as memmem does, but in any case of letters. It
//! makes one pass, whatever the file holds. For many lookups in one file there is [`crate::index`].

#![forbid(unsafe_code)]

use std::array;
use std::iter::zip;
use std::ops::Range;

use crate::block::{BLOCK, bits, mask};
use crate::line::{self, ends_field};
use crate::lines::line_around;

/// A name to look for in any number of texts.
#[derive(Clone, Copy)]
pub(crate) struct Finder<'n> {
    name: &'n [u8],
    probes: [Probe; 2],
}

impl<'n> Finder<'n> {
    pub(crate) fn new(name: &'n [u8]) -> Finder<'n> {
        Finder {
            name,
            probes: Probe::rarest(name),
        }
    }

    pub(crate) fn name(&self) -> &'n [u8] {
        self.name
    }

    /// The lines of `text` that may have the name: a superset of those that do, in order, each
    /// once.
    pub(crate) fn candidates<'h>(&self, text: &'h [u8]) -> Candidates<'h, 'n> {
        let possible = self.name.is_empty() || line::can_be_field(self.name);
        Candidates {
            text,
            finder: *self,
            floor: if possible { 0 } else { text.len() },
        }
    }
}

/// See [`Finder::candidates`].
pub(crate) struct Candidates<'h, 'n> {
    text: &'h [u8],
    finder: Finder<'n>,
    /// Where the first line starts that was not yet looked at.
    floor: usize,
}

impl Candidates<'_, '_> {
    /// Where the next field starts that equals the name.
    fn next_hit(&self) -> Option<usize> {
        // The first field of a file is no name.
        let from = self.floor.max(1);
        let Finder { name, probes, .. } = self.finder;
        let places = (self.text.len() + 1).checked_sub(from + name.len())?;
        let [first, second] = probes;
        let firsts = &self.text[from + first.at..][..places];
        let seconds = &self.text[from + second.at..][..places];
        let is_hit = |&place: &usize| {
            first.fits(firsts[place])
                && second.fits(seconds[place])
                && ends_field(self.text[from + place - 1])
                && line::is_field(self.text, from + place, name)
        };

        let (first_blocks, _) = firsts.as_chunks::<BLOCK>();
        let (second_blocks, _) = seconds.as_chunks::<BLOCK>();
        for (index, (ones, others)) in zip(first_blocks, second_blocks).enumerate() {
            let fits = |at| first.fits(ones[at]) & second.fits(others[at]);
            // Most often there is none, which can be told sooner than where they are.
            if !(0..BLOCK).fold(false, |any, at| any | fits(at)) {
                continue;
            }
            let mut places = bits(mask(array::from_fn(fits))).map(|bit| index * BLOCK + bit);
            if let Some(place) = places.find(is_hit) {
                return Some(from + place);
            }
        }
        (first_blocks.len() * BLOCK..places)
            .find(is_hit)
            .map(|place| from + place)
    }
}

/// A byte of the name in its place.
#[derive(Clone, Copy)]
struct Probe {
    at: usize,
    byte: u8,
    /// The bit by which the cases of a letter differ; 0 if it is none.
    case: u8,
}

impl Probe {
    /// The two rarest bytes of a name, or of the start of one that is long; the same twice if it
    /// has but one. Of the empty name, which is not searched for, anything.
    fn rarest(name: &[u8]) -> [Probe; 2] {
        let name = &name[..name.len().min(BLOCK)];
        let first = (0..name.len())
            .min_by_key(|&at| commonness(name[at]))
            .unwrap_or(0);
        let second = (0..name.len())
            // Where a byte stands, the same often stands next to it.
            .filter(|&at| !name[at].eq_ignore_ascii_case(&name[first]))
            .min_by_key(|&at| commonness(name[at]))
            .unwrap_or(name.len().saturating_sub(1));
        [first, second].map(|at| {
            let byte = name.get(at).copied().unwrap_or(0);
            let case = if byte.is_ascii_alphabetic() { 0x20 } else { 0 };
            Probe {
                at,
                byte: byte | case,
                case,
            }
        })
    }

    fn fits(self, byte: u8) -> bool {
        byte | self.case == self.byte
    }
}

impl Iterator for Candidates<'_, '_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.floor >= self.text.len() {
            return None;
        }
        // A line without a name leaves nothing to search for: any line may be one.
        let hit = if self.finder.name.is_empty() {
            Some(self.floor)
        } else {
            self.next_hit()
        };
        let Some(hit) = hit else {
            self.floor = self.text.len();
            return None;
        };
        let line = line_around(self.text, self.floor, hit);
        self.floor = line.end + 1;
        Some(line)
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
        Finder::new(name.as_bytes())
            .candidates(text.as_bytes())
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
    fn the_search_looks_for_the_rarest_bytes() {
        let places = |name: &[u8]| Probe::rarest(name).map(|probe| probe.at);
        assert_eq!(places(b"ads.tracker.example"), [13, 8]);
        assert_eq!(places(b"zz-top"), [0, 2]);
        assert_eq!(places(b"_x"), [0, 1]);
        assert_eq!(places(b"aaa"), [0, 2]);
        assert_eq!(places(b"a"), [0, 0]);
    }

    #[test]
    fn names_are_found_in_every_place_of_a_block() {
        for name in ["a", "K", "b-", "alpha.example"] {
            for before in 0..3 * BLOCK {
                for after in [0, 1, BLOCK] {
                    let text = format!("{}1 {name}{}", "\n".repeat(before), "\n".repeat(after));
                    for name in [name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                        assert_eq!(candidates(&text, &name).len(), 1, "{name} in {text:?}");
                    }
                }
            }
        }
    }
}
