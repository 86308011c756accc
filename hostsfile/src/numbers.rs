//! The numbers of lines.

#![forbid(unsafe_code)]

use memchr::memchr_iter;

/// How far apart the places are of which a table knows the line.
const STEP: usize = 1 << 7;

/// A table that gives the number of any line in constant time.
pub(crate) struct LineTable {
    /// How many newlines stand before each multiple of [`STEP`].
    before: Vec<usize>,
}

impl LineTable {
    pub(crate) fn new(text: &[u8]) -> LineTable {
        let mut count = 0;
        let before = text.chunks(STEP).map(|step| {
            let before = count;
            count += newlines(step);
            before
        });
        LineTable {
            before: before.collect(),
        }
    }

    /// That of the line that starts at `start` in the text and is not empty.
    pub(crate) fn number<'t>(&'t self, text: &'t [u8], start: usize) -> Number<'t> {
        let step = start / STEP;
        Number::Uncounted {
            before: &self.before[step],
            last: &text[step * STEP..start],
        }
    }
}

/// The number of a line; the first is 1.
#[derive(Clone, Copy)]
pub(crate) enum Number<'t> {
    Counted(usize),
    /// To be counted when it is asked for: few lookups need it.
    Uncounted {
        /// How many newlines stand before `last`, still in the table.
        before: &'t usize,
        /// The text from there to the line.
        last: &'t [u8],
    },
}

impl Number<'_> {
    pub(crate) fn get(self) -> usize {
        match self {
            Number::Counted(number) => number,
            Number::Uncounted { before, last } => before + newlines(last) + 1,
        }
    }
}

/// Counts lines to places in ascending order.
#[derive(Clone)]
pub(crate) struct Counter<'t> {
    text: &'t [u8],
    counted: usize,
    number: usize,
}

impl<'t> Counter<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Counter<'t> {
        Counter {
            text,
            counted: 0,
            number: 1,
        }
    }

    /// The number of the line at `place`.
    pub(crate) fn of(&mut self, place: usize) -> usize {
        self.number += newlines(&self.text[self.counted..place]);
        self.counted = place;
        self.number
    }
}

fn newlines(text: &[u8]) -> usize {
    const { assert!(STEP <= u8::MAX as usize) };
    // A byte holds the count of so few, so that the compiler adds up a vector at a time.
    if text.len() <= STEP {
        let is_one = |&byte: &u8| u8::from(byte == b'\n');
        return text.iter().map(is_one).sum::<u8>().into();
    }
    memchr_iter(b'\n', text).count()
}
