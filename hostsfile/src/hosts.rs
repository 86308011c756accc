//! A hosts file and the questions it answers.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;

use crate::address::Family;
use crate::answer::Answer;
use crate::index::Index;
use crate::line::{self, Line, Parsed};
use crate::lines::{IndexedLines, Lines, LinesWith, ParsedLines, Skipped};
use crate::numbers::LineTable;
use crate::storage::Storage;

/// The content of a hosts file.
///
/// Nothing is parsed until it is asked for, so there is no such thing as a malformed file: any
/// bytes are a hosts file, if perhaps one without a single usable line.
///
/// A lookup makes one pass over the content, unless there is an index for it
/// ([`Hosts::index_names`], [`Hosts::index_addresses`]).
pub struct Hosts {
    text: Storage,
    names: OnceLock<Index>,
    addresses: OnceLock<Index>,
    /// For answers from an index, before which it is made.
    numbers: OnceLock<LineTable>,
    overrun: OnceLock<Option<usize>>,
}

impl Hosts {
    fn new(text: Storage) -> Hosts {
        Hosts {
            text,
            names: OnceLock::new(),
            addresses: OnceLock::new(),
            numbers: OnceLock::new(),
            overrun: OnceLock::new(),
        }
    }

    /// Reads a file whole. The file may change afterwards, this value does not.
    ///
    /// # Errors
    ///
    /// Those of opening and reading the file; what it holds is never an error. As with
    /// [`std::fs::read`] the error does not name the path. A FIFO without a writer blocks.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Hosts> {
        Hosts::from_file(&File::open(path)?)
    }

    /// Reads a file from where it stands to its end.
    ///
    /// # Errors
    ///
    /// Those of stat(2) and of reading.
    pub fn from_file(file: &File) -> io::Result<Hosts> {
        Storage::read_file(file).map(Hosts::new)
    }

    /// Reads anything from where it stands to its end.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn from_reader(reader: impl io::Read) -> io::Result<Hosts> {
        Storage::read(reader).map(Hosts::new)
    }

    /// Takes the content of a file.
    #[must_use]
    pub fn from_bytes(content: impl Into<Vec<u8>>) -> Hosts {
        Hosts::new(Storage::Owned(content.into()))
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
        unsafe { Storage::map(file) }.map(Hosts::new)
    }

    /// The content, as it was read.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Makes an index of the names, unless there is one: [`Hosts::lookup`] and
    /// [`Hosts::lines_with`] give the same as before, in constant time.
    ///
    /// It takes as long as a few lookups without it, and 9 bytes of memory for each name of each
    /// line, up to 13 while it is made. For a file of megabytes it starts threads, which end with
    /// the call.
    pub fn index_names(&self) {
        self.numbers.get_or_init(|| LineTable::new(&self.text));
        self.names.get_or_init(|| Index::of_names(&self.text));
    }

    /// Makes an index of the addresses, unless there is one: [`Hosts::reverse`] gives the same as
    /// before, in constant time. It costs what that of the names does, by addresses.
    pub fn index_addresses(&self) {
        self.numbers.get_or_init(|| LineTable::new(&self.text));
        self.addresses
            .get_or_init(|| Index::of_addresses(&self.text));
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
        *self.overrun.get_or_init(|| line::overrun(&self.text))
    }

    /// The lines that have a name, whatever their family, in order.
    #[must_use]
    pub fn lines_with<'h, 'n>(&'h self, name: &'n [u8]) -> LinesWith<'h, 'n> {
        match (self.names.get(), self.numbers.get()) {
            // The empty name, which is no field, is in no index.
            (Some(index), Some(table)) if line::can_be_field(name) => {
                LinesWith::indexed(&self.text, name, index.fields_named(name), table)
            }
            _ => LinesWith::searched(&self.text, name),
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
        let family = Family::of(address);
        let has_address = |line: &Line<'_>| line.address_in(family) == Some(address);
        let (Some(index), Some(table)) = (self.addresses.get(), self.numbers.get()) else {
            return self.lines().find(has_address);
        };
        let text = &self.text;
        // A hash may be wrong.
        let mut lines = IndexedLines::new(text, index.fields_with(address));
        while let Some(start) = lines.next_by(|_, _| true) {
            if let Parsed::Line(mut line) = line::parse(&text[start..], 0)
                && has_address(&line)
            {
                line.number = table.number(text, start);
                return Some(line);
            }
        }
        None
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts")
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}
