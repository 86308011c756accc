//! What a lookup found.

#![forbid(unsafe_code)]

use std::net::IpAddr;

use crate::address::Family;
use crate::line::Line;

/// The answer to a lookup by name: at least one line.
///
/// It borrows from the [`Hosts`](crate::Hosts) that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<'h> {
    /// One address for each of `lines`, in the order of the file, duplicates kept; in the form
    /// that the family asked for gives them (see [`Family`]).
    pub addresses: Vec<IpAddr>,
    /// The first name of the first line, as spelt there. It is empty if that line has no name.
    pub canonical_name: &'h [u8],
    /// The other names, as gethostbyname(3) lists them: the aliases of the first line, then for
    /// each further line its aliases and, where it is spelt differently from `canonical_name`,
    /// its first name. Duplicates are kept.
    pub aliases: Vec<&'h [u8]>,
    /// The lines that the answer stands on, in the order of the file.
    pub lines: Vec<Line<'h>>,
}

impl<'h> Answer<'h> {
    /// Puts together what `lines`, which all have the name, say for `family`.
    pub(crate) fn collect(
        lines: impl Iterator<Item = Line<'h>>,
        family: Family,
        multi: bool,
    ) -> Option<Answer<'h>> {
        let mut found = lines.filter_map(|line| Some((line.address_in(family)?, line)));
        let (address, first) = found.next()?;
        let mut answer = Answer {
            addresses: vec![address],
            canonical_name: first.canonical_name(),
            aliases: first.aliases().collect(),
            lines: vec![first],
        };
        if multi {
            found.for_each(|(address, line)| answer.add(address, line));
        }
        Some(answer)
    }

    fn add(&mut self, address: IpAddr, line: Line<'h>) {
        self.addresses.push(address);
        self.aliases.extend(line.aliases());
        // Case counts here, although it does not in the search.
        if line.canonical_name() != self.canonical_name {
            self.aliases.push(line.canonical_name());
        }
        self.lines.push(line);
    }
}
