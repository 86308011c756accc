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
}

/// Tells the numbers of places in ascending order: it counts on from where it was, or from the
/// nearest place that a table knows.
#[derive(Clone)]
pub(crate) struct Numbers<'t> {
    text: &'t [u8],
    table: Option<&'t LineTable>,
    counted: usize,
    number: usize,
}

impl<'t> Numbers<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Numbers<'t> {
        Numbers {
            text,
            table: None,
            counted: 0,
            number: 1,
        }
    }

    pub(crate) fn with(self, table: Option<&'t LineTable>) -> Numbers<'t> {
        Numbers { table, ..self }
    }

    /// The number of the line at `place`; the first is 1.
    pub(crate) fn of(&mut self, place: usize) -> usize {
        let known = place / STEP;
        if let Some(table) = self.table
            && let Some(before) = table.before.get(known)
            && known * STEP > self.counted
        {
            (self.counted, self.number) = (known * STEP, before + 1);
        }
        self.number += newlines(&self.text[self.counted..place]);
        self.counted = place;
        self.number
    }
}

fn newlines(text: &[u8]) -> usize {
    memchr_iter(b'\n', text).count()
}
