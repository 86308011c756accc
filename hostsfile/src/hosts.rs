//! A hosts file and the questions it answers.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use memchr::{memchr, memchr_iter, memrchr};

use crate::address::Family;
use crate::answer::Answer;
use crate::line::{self, Line, Parsed, SkippedLine};
use crate::search::Candidates;
use crate::storage::Storage;

/// The content of a hosts file.
///
/// Nothing is parsed until it is asked for, so there is no such thing as a malformed file: any
/// bytes are a hosts file, if perhaps one without a single usable line.
pub struct Hosts {
    text: Storage,
}

impl Hosts {
    /// Reads a file whole. The file may change afterwards, this value does not.
    ///
    /// # Errors
    ///
    /// Those of opening and reading the file; what it holds is never an error. As with
    /// [`std::fs::read`] the error does not name the path. A FIFO without a writer blocks.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Hosts> {
        std::fs::read(path).map(Hosts::from_bytes)
    }

    /// Reads a file, or anything else, from where it stands to its end.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn from_reader(reader: impl io::Read) -> io::Result<Hosts> {
        Ok(Hosts {
            text: Storage::read(reader)?,
        })
    }

    /// Takes the content of a file.
    #[must_use]
    pub fn from_bytes(content: impl Into<Vec<u8>>) -> Hosts {
        Hosts {
            text: Storage::Owned(content.into()),
        }
    }

    /// Maps a file into memory instead of reading it.
    ///
    /// For a file of many megabytes this saves the copy. A file that says it is empty (as those
    /// of proc(5) and pipes do) is read instead.
    ///
    /// # Errors
    ///
    /// Those of stat(2) and mmap(2), and of reading for a file that says it is empty.
    ///
    /// # Safety
    ///
    /// While the value lives, nothing in any process may write to the file in place or truncate
    /// it. If the file is written to, the bytes change under references to them; if it is
    /// truncated, reading them kills the process with `SIGBUS`. A file that is replaced by rename
    /// is fine: the mapping keeps the old one. Where other programs or users may edit the file,
    /// as with most hosts files, this cannot be promised: use [`Hosts::open`].
    #[allow(unsafe_code)]
    pub unsafe fn map(file: &File) -> io::Result<Hosts> {
        // SAFETY: the contract is the caller's, word for word.
        let text = unsafe { Storage::map(file) }?;
        Ok(Hosts { text })
    }

    /// The content, as it was read.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// All lines that have an address, in order.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            lines: ParsedLines::new(&self.text),
        }
    }

    /// The lines that are passed over because their first field is no address, in order. Empty
    /// lines and comments are not among them.
    #[must_use]
    pub fn skipped(&self) -> Skipped<'_> {
        Skipped {
            lines: ParsedLines::new(&self.text),
        }
    }

    /// The number of the first line of which glibc 2.36 reads bytes twice, so that it has other
    /// names there: one that starts with a separator and has a NUL, or ends the file without a
    /// newline.
    #[must_use]
    pub fn overrun(&self) -> Option<usize> {
        let text: &[u8] = &self.text;
        let mut from = 0;
        while from < text.len() {
            // Such a line ends at a NUL or with the file.
            let end = memchr(0, &text[from..]).map_or(text.len(), |at| from + at);
            let start = memrchr(b'\n', &text[..end]).map_or(0, |newline| newline + 1);
            if line::is_indented(&text[start..end]) {
                return Some(memchr_iter(b'\n', &text[..start]).count() + 1);
            }
            from = memchr(b'\n', &text[end..]).map_or(text.len(), |newline| end + newline);
        }
        None
    }

    /// The lines that have a name, whatever their family, in order.
    #[must_use]
    pub fn lines_with<'h, 'n>(&'h self, name: &'n [u8]) -> LinesWith<'h, 'n> {
        LinesWith {
            text: &self.text,
            name,
            candidates: Candidates::new(&self.text, name),
            counted: 0,
            number: 1,
        }
    }

    /// The addresses of a name.
    ///
    /// With `multi` (see host.conf(5)) every matching line counts, else only the first that
    /// matches in `family`. `None` means that no line matches.
    ///
    /// The name is taken as it is: no dot is stripped, and an address in text is a name like any
    /// other. The empty name finds the lines that have none.
    #[must_use]
    pub fn lookup(&self, name: &[u8], family: Family, multi: bool) -> Option<Answer<'_>> {
        Answer::collect(self.lines_with(name), family, multi)
    }

    /// The first line with an address; its [`canonical_name`](Line::canonical_name) is the name
    /// of the address. `multi` has no bearing on it.
    ///
    /// The address is looked for in its own family, so an IPv4 address is found in v4-mapped
    /// lines too, and 127.0.0.1 in a line with `::1`. An IPv6 address is found in IPv6 text only:
    /// `::ffff:192.0.2.1` is not found in a line with `192.0.2.1`. To look for both at once, as
    /// later versions of glibc do, pass [`IpAddr::to_canonical`].
    #[must_use]
    pub fn reverse(&self, address: IpAddr) -> Option<Line<'_>> {
        let family = if address.is_ipv4() {
            Family::V4
        } else {
            Family::V6
        };
        self.lines()
            .find(|line| line.address_in(family) == Some(address))
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts")
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// The lines of a file that have an address, see [`Hosts::lines`].
#[derive(Clone)]
pub struct Lines<'h> {
    lines: ParsedLines<'h>,
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

/// The lines of a file that are passed over, see [`Hosts::skipped`].
#[derive(Clone)]
pub struct Skipped<'h> {
    lines: ParsedLines<'h>,
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

/// The lines of a file that have a name, see [`Hosts::lines_with`].
pub struct LinesWith<'h, 'n> {
    text: &'h [u8],
    name: &'n [u8],
    candidates: Candidates<'h, 'n>,
    /// Up to where newlines were counted, and the number of the line there.
    counted: usize,
    number: usize,
}

impl<'h> Iterator for LinesWith<'h, '_> {
    type Item = Line<'h>;

    fn next(&mut self) -> Option<Line<'h>> {
        loop {
            let range = self.candidates.next()?;
            let Parsed::Line(mut line) = line::parse(&self.text[range.clone()], 0) else {
                continue;
            };
            if line.has_name(self.name) {
                self.number += memchr_iter(b'\n', &self.text[self.counted..range.start]).count();
                self.counted = range.start;
                line.number = self.number;
                return Some(line);
            }
        }
    }
}

/// Every line of a file, parsed.
#[derive(Clone)]
struct ParsedLines<'h> {
    rest: &'h [u8],
    number: usize,
}

impl<'h> ParsedLines<'h> {
    fn new(text: &'h [u8]) -> ParsedLines<'h> {
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
