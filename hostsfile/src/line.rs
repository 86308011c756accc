//! The grammar of one line.

#![forbid(unsafe_code)]

use std::fmt;
use std::net::IpAddr;

use memchr::{memchr, memchr_iter, memchr3, memrchr};

use crate::address::{self, Family};
use crate::numbers::Number;

/// A line that has an address.
#[derive(Clone, Copy)]
pub struct Line<'h> {
    pub(crate) number: Number<'h>,
    /// Its address, as written: neither v4-mapped addresses nor `::1` are translated.
    pub address: IpAddr,
    /// What follows the address, without comment and without leading separators.
    names: &'h [u8],
}

impl<'h> Line<'h> {
    /// Where it stands in the file; the first line is 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number.get()
    }

    /// All names in order, the canonical one first. There is always at least one, see
    /// [`Line::canonical_name`].
    #[must_use]
    pub fn names(&self) -> Names<'h> {
        Names {
            rest: Some(self.names),
            canonical: true,
        }
    }

    /// The first name, as spelt in the file; empty if the line has only an address.
    #[must_use]
    pub fn canonical_name(&self) -> &'h [u8] {
        split_field(self.names).0
    }

    /// All names but the first, in order.
    #[must_use]
    pub fn aliases(&self) -> Names<'h> {
        Names {
            rest: Some(split_field(self.names).1),
            canonical: false,
        }
    }

    /// Whether one of the names is `name`, but for the case of ASCII letters.
    #[must_use]
    pub fn has_name(&self, name: &[u8]) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// What the address counts as in a lookup for `family`, by the table at [`Family`]; `None` if
    /// this line is no match there.
    #[must_use]
    pub fn address_in(&self, family: Family) -> Option<IpAddr> {
        address::in_family(self.address, family)
    }
}

impl PartialEq for Line<'_> {
    fn eq(&self, other: &Line<'_>) -> bool {
        (self.number(), self.address, self.names) == (other.number(), other.address, other.names)
    }
}

impl Eq for Line<'_> {}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("number", &self.number())
            .field("address", &self.address)
            .field("names", &format_args!("\"{}\"", self.names.escape_ascii()))
            .finish()
    }
}

/// A line that is passed over because its first field is no address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SkippedLine<'h> {
    number: usize,
    /// The field that should have been an address.
    pub field: &'h [u8],
    names: &'h [u8],
}

impl<'h> SkippedLine<'h> {
    /// Where it stands in the file; the first line is 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The names that the line would have given.
    #[must_use]
    pub fn names(&self) -> Names<'h> {
        Names {
            rest: Some(self.names),
            canonical: true,
        }
    }
}

impl fmt::Debug for SkippedLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SkippedLine")
            .field("number", &self.number)
            .field("field", &format_args!("\"{}\"", self.field.escape_ascii()))
            .field("names", &format_args!("\"{}\"", self.names.escape_ascii()))
            .finish()
    }
}

/// The names of a line, see [`Line::names`] and [`Line::aliases`].
#[derive(Clone)]
pub struct Names<'h> {
    rest: Option<&'h [u8]>,
    /// The next one is the canonical name, which may be empty.
    canonical: bool,
}

impl<'h> Iterator for Names<'h> {
    type Item = &'h [u8];

    fn next(&mut self) -> Option<&'h [u8]> {
        let (name, rest) = split_field(self.rest?);
        let canonical = std::mem::take(&mut self.canonical);
        self.rest = (!rest.is_empty()).then_some(rest);
        (canonical || !name.is_empty()).then_some(name)
    }
}

impl std::iter::FusedIterator for Names<'_> {}

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.clone().map(|name| name.escape_ascii().to_string()))
            .finish()
    }
}

/// What a line turned out to be.
pub(crate) enum Parsed<'h> {
    /// Empty, white space or a comment.
    Blank,
    Line(Line<'h>),
    Skipped(SkippedLine<'h>),
}

/// Parses the first line of a text.
pub(crate) fn parse(text: &[u8], number: usize) -> Parsed<'_> {
    // glibc handles lines as C strings: a NUL ends one as a comment does.
    let text = &text[..memchr3(b'\n', b'#', 0, text).unwrap_or(text.len())];
    let (field, names) = split_field(trim_start(text));
    if field.is_empty() {
        Parsed::Blank
    } else if let Some(address) = address::parse(field) {
        Parsed::Line(Line {
            number: Number::Counted(number),
            address,
            names,
        })
    } else {
        Parsed::Skipped(SkippedLine {
            number,
            field,
            names,
        })
    }
}

/// See [`Hosts::overrun`](crate::Hosts::overrun).
pub(crate) fn overrun(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    while from < text.len() {
        // Such a line ends at a NUL or with the file.
        let end = memchr(0, &text[from..]).map_or(text.len(), |at| from + at);
        let start = memrchr(b'\n', &text[..end]).map_or(0, |newline| newline + 1);
        if is_indented(&text[start..end]) {
            return Some(memchr_iter(b'\n', &text[..start]).count() + 1);
        }
        from = memchr(b'\n', &text[end..]).map_or(text.len(), |newline| end + newline);
    }
    None
}

/// Whether a line has separators before its first field.
fn is_indented(text: &[u8]) -> bool {
    let fields = trim_start(text);
    fields.len() < text.len() && !matches!(fields, [] | [b'#', ..])
}

/// Whether a byte separates fields: isspace(3) of the C locale.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Whether a byte ends a field: a separator, or the end of the line's text.
pub(crate) fn ends_field(byte: u8) -> bool {
    is_separator(byte) || matches!(byte, b'#' | 0)
}

/// Whether a line can have a field like this.
pub(crate) fn can_be_field(text: &[u8]) -> bool {
    !text.is_empty() && !text.iter().any(|&byte| ends_field(byte))
}

/// Whether the field that starts at `start` is this one, but for the case of ASCII letters.
///
/// The comparison comes last, and only if the field is as long: so no byte is compared twice, even
/// in a file made of almost nothing but the name.
pub(crate) fn is_field(text: &[u8], start: usize, field: &[u8]) -> bool {
    let end = start + field.len();
    text.get(end).is_none_or(|&byte| ends_field(byte))
        && text
            .get(start..end)
            // Most names are spelt the same everywhere, which is sooner seen.
            .is_some_and(|own| own == field || own.eq_ignore_ascii_case(field))
}

/// The text up to the first separator, and what follows the separators there.
fn split_field(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|&byte| is_separator(byte))
        .unwrap_or(text.len());
    let (field, rest) = text.split_at(end);
    (field, trim_start(rest))
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|&byte| !is_separator(byte))
        .unwrap_or(text.len());
    &text[start..]
}
