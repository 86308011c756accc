//! Iterators over the lines of a file.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::index::Fields;
use crate::line::{self, Line, Parsed, SkippedLine};
use crate::numbers::{Counter, LineTable, Number};
use crate::search::{Candidates, Finder};

/// The lines of a file that have an address, see [`Hosts::lines`](crate::Hosts::lines).
#[derive(Clone)]
pub struct Lines<'h> {
    pub(crate) lines: ParsedLines<'h>,
}

impl<'h> Iterator for Lines<'h> {
    type Item = Line<'h>;

    fn next(&mut self) -> Option<Line<'h>> {
        self.lines.find_map(|parsed| match parsed {
            Parsed::Line(line) => Some(line),
            Parsed::Skipped(_) | Parsed::Blank => None,
        })
    }
}

/// The lines of a file that are passed over, see [`Hosts::skipped`](crate::Hosts::skipped).
#[derive(Clone)]
pub struct Skipped<'h> {
    pub(crate) lines: ParsedLines<'h>,
}

impl<'h> Iterator for Skipped<'h> {
    type Item = SkippedLine<'h>;

    fn next(&mut self) -> Option<SkippedLine<'h>> {
        self.lines.find_map(|parsed| match parsed {
            Parsed::Skipped(line) => Some(line),
            Parsed::Line(_) | Parsed::Blank => None,
        })
    }
}

/// The lines of a file that have a name, see [`Hosts::lines_with`](crate::Hosts::lines_with).
pub struct LinesWith<'h, 'n> {
    text: &'h [u8],
    name: &'n [u8],
    places: Places<'h, 'n>,
}

/// Where the lines are, and what tells their numbers.
enum Places<'h, 'n> {
    Searched(Candidates<'h, 'n>, Counter<'h>),
    Indexed(IndexedLines<'h>, &'h LineTable),
}

impl<'h, 'n> LinesWith<'h, 'n> {
    pub(crate) fn searched(text: &'h [u8], name: &'n [u8]) -> LinesWith<'h, 'n> {
        let candidates = Finder::new(name).candidates(text);
        LinesWith {
            text,
            name,
            places: Places::Searched(candidates, Counter::new(text)),
        }
    }

    pub(crate) fn indexed(
        text: &'h [u8],
        name: &'n [u8],
        fields: Fields<'h>,
        table: &'h LineTable,
    ) -> LinesWith<'h, 'n> {
        LinesWith {
            text,
            name,
            places: Places::Indexed(IndexedLines::new(text, fields), table),
        }
    }
}

impl<'h> Iterator for LinesWith<'h, '_> {
    type Item = Line<'h>;

    fn next(&mut self) -> Option<Line<'h>> {
        let LinesWith { text, name, places } = self;
        loop {
            match places {
                Places::Searched(candidates, counter) => {
                    let start = candidates.next()?.start;
                    if let Parsed::Line(mut line) = line::parse(&text[start..], 0)
                        && line.has_name(name)
                    {
                        line.number = Number::Counted(counter.of(start));
                        return Some(line);
                    }
                }
                Places::Indexed(lines, table) => {
                    // The line has the name: its field is compared here.
                    let start = lines.next_by(|text, place| line::is_field(text, place, name))?;
                    if let Parsed::Line(mut line) = line::parse(&text[start..], 0) {
                        line.number = table.number(text, start);
                        return Some(line);
                    }
                }
            }
        }
    }
}

/// Where the lines start that have fields which an index gives, in order, each once.
pub(crate) struct IndexedLines<'h> {
    text: &'h [u8],
    fields: Fields<'h>,
    /// The field whose line was last given.
    last: Option<usize>,
    /// Where the first line starts that was not yet given.
    floor: usize,
}

impl<'h> IndexedLines<'h> {
    pub(crate) fn new(text: &'h [u8], fields: Fields<'h>) -> IndexedLines<'h> {
        IndexedLines {
            text,
            fields,
            last: None,
            floor: 0,
        }
    }

    /// The next one by a field that is one of those looked for.
    pub(crate) fn next_by(&mut self, is_one: impl Fn(&[u8], usize) -> bool) -> Option<usize> {
        loop {
            let place = self.fields.next()?;
            if let Some(last) = self.last.take() {
                self.floor = end_of_line(self.text, last) + 1;
            }
            if place >= self.floor && is_one(self.text, place) {
                self.last = Some(place);
                return Some(start_of_line(self.text, self.floor, place));
            }
        }
    }
}

/// The line at `place`, without its newline. It starts at `floor` or later.
pub(crate) fn line_around(text: &[u8], floor: usize, place: usize) -> Range<usize> {
    start_of_line(text, floor, place)..end_of_line(text, place)
}

fn start_of_line(text: &[u8], floor: usize, place: usize) -> usize {
    memrchr(b'\n', &text[floor..place]).map_or(floor, |newline| floor + newline + 1)
}

fn end_of_line(text: &[u8], place: usize) -> usize {
    memchr(b'\n', &text[place..]).map_or(text.len(), |newline| place + newline)
}

/// Every line of a file, parsed.
#[derive(Clone)]
pub(crate) struct ParsedLines<'h> {
    rest: &'h [u8],
    number: usize,
}

impl<'h> ParsedLines<'h> {
    pub(crate) fn new(text: &'h [u8]) -> ParsedLines<'h> {
        ParsedLines {
            rest: text,
            number: 0,
        }
    }
}

impl<'h> Iterator for ParsedLines<'h> {
    type Item = Parsed<'h>;

    fn next(&mut self) -> Option<Parsed<'h>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        self.number += 1;
        Some(line::parse(line, self.number))
    }
}
