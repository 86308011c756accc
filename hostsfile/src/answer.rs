//! What a lookup found.

#![forbid(unsafe_code)]

use std::iter;
use std::net::IpAddr;

use crate::address::Family;
use crate::line::Line;

/// The answer to a lookup by name: at least one line.
///
/// It borrows from what gave it. One of a single line takes no memory of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'h> {
    family: Family,
    first: Line<'h>,
    others: Vec<Line<'h>>,
}

impl<'h> Answer<'h> {
    /// Puts together what `lines`, which all have the name, say for `family`.
    pub(crate) fn collect(
        lines: impl Iterator<Item = Line<'h>>,
        family: Family,
        multi: bool,
    ) -> Option<Answer<'h>> {
        let mut lines = lines.filter(|line| line.address_in(family).is_some());
        Some(Answer {
            family,
            first: lines.next()?,
            others: if multi { lines.collect() } else { Vec::new() },
        })
    }

    /// One address for each of the lines, in the order of the file, duplicates kept; in the form
    /// that the family asked for gives them (see [`Family`]).
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.lines().filter_map(|line| line.address_in(self.family))
    }

    /// The first name of the first line, as spelt there. It is empty if that line has no name.
    #[must_use]
    pub fn canonical_name(&self) -> &'h [u8] {
        self.first.canonical_name()
    }

    /// The other names, as gethostbyname(3) lists them: the aliases of the first line, then for
    /// each further line its aliases and, where it is spelt differently from the canonical name,
    /// its first name. Duplicates are kept.
    pub fn aliases(&self) -> impl Iterator<Item = &'h [u8]> {
        // Case counts here, although it does not in the search.
        let of_other = |line: &Line<'h>| {
            let own = line.canonical_name();
            let own = (own != self.canonical_name()).then_some(own);
            line.aliases().chain(own)
        };
        self.first
            .aliases()
            .chain(self.others.iter().flat_map(of_other))
    }

    /// The lines that the answer stands on, in the order of the file.
    pub fn lines(&self) -> impl Iterator<Item = &Line<'h>> {
        iter::once(&self.first).chain(&self.others)
    }
}
