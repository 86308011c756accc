//! One question to a file that is not kept.

#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::net::IpAddr;
use std::ops::{ControlFlow, Range};

use memchr::memrchr;

use crate::address::Family;
use crate::answer::Answer;
use crate::line::{self, Line, Parsed};
use crate::lines::line_around;
use crate::numbers::Counter;
use crate::search::Finder;

/// The lines of a file that answer one question, found while the file was read.
///
/// It says what [`Hosts`](crate::Hosts) says, and costs less where a large file is asked once: the
/// file goes through a buffer of 128 KiB (and of its longest line) and is read no further than the
/// answer takes.
pub struct Excerpt {
    family: Family,
    /// The lines, one after the other.
    text: Vec<u8>,
    /// Their numbers in the file, and where they are in `text`.
    lines: Vec<(usize, Range<usize>)>,
    overrun: Option<usize>,
}

impl Excerpt {
    /// Looks for a name as [`Hosts::lookup`](crate::Hosts::lookup) does, in what `reader` gives
    /// from where it stands.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn lookup(
        reader: impl Read,
        name: &[u8],
        family: Family,
        multi: bool,
    ) -> io::Result<Excerpt> {
        let question = Question::Name {
            finder: Finder::new(name),
            family,
            multi,
        };
        question.ask(reader, BUFFER)
    }

    /// Looks for an address as [`Hosts::reverse`](crate::Hosts::reverse) does, in what `reader`
    /// gives from where it stands.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn reverse(reader: impl Read, address: IpAddr) -> io::Result<Excerpt> {
        Question::Address(address).ask(reader, BUFFER)
    }

    /// The answer to the lookup: what [`Hosts::lookup`](crate::Hosts::lookup) gives.
    #[must_use]
    pub fn answer(&self) -> Option<Answer<'_>> {
        // All lines count: no others are here.
        Answer::collect(self.lines(), self.family, true)
    }

    /// The lines that the answer stands on, in the order of the file; of
    /// [`Excerpt::reverse`] the one that [`Hosts::reverse`](crate::Hosts::reverse) gives.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines.iter().filter_map(|(number, range)| {
            match line::parse(&self.text[range.clone()], *number) {
                Parsed::Line(line) => Some(line),
                Parsed::Skipped(_) | Parsed::Blank => None,
            }
        })
    }

    /// What [`Hosts::overrun`](crate::Hosts::overrun) says of the file as far as it was read: to
    /// its end, or to the first line that answers where no other counts.
    #[must_use]
    pub fn overrun(&self) -> Option<usize> {
        self.overrun
    }

    fn add(&mut self, number: usize, line: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(line);
        self.lines.push((number, start..self.text.len()));
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines()).finish()
    }
}

/// What is looked for.
enum Question<'n> {
    Name {
        finder: Finder<'n>,
        family: Family,
        multi: bool,
    },
    Address(IpAddr),
}

impl Question<'_> {
    fn ask(&self, reader: impl Read, buffer: usize) -> io::Result<Excerpt> {
        let mut excerpt = Excerpt {
            family: match *self {
                Question::Name { family, .. } => family,
                Question::Address(address) => Family::of(address),
            },
            text: Vec::new(),
            lines: Vec::new(),
            overrun: None,
        };
        let multi = matches!(self, Question::Name { multi: true, .. });
        // The newlines before the block.
        let mut before = 0;
        for_each_block(reader, buffer, |block| {
            let mut counter = Counter::new(block);
            let found = self
                .candidates(block)
                .filter(|range| self.is_answered(&block[range.clone()]));
            let mut read = block;
            for range in found {
                excerpt.add(before + counter.of(range.start), &block[range.clone()]);
                if !multi {
                    read = &block[..block.len().min(range.end + 1)];
                    break;
                }
            }
            if excerpt.overrun.is_none() {
                excerpt.overrun = line::overrun(read).map(|number| before + number);
            }
            before += counter.of(block.len()) - 1;
            if multi || excerpt.lines.is_empty() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(excerpt)
    }

    /// The lines that may answer: a superset of those that do, in order, each once.
    fn candidates<'b>(&'b self, block: &'b [u8]) -> Box<dyn Iterator<Item = Range<usize>> + 'b> {
        match self {
            Question::Name { finder, .. } => Box::new(finder.candidates(block)),
            Question::Address(_) => {
                let after = |line: &Range<usize>| {
                    let start = line.end + 1;
                    (start < block.len()).then(|| line_around(block, start, start))
                };
                Box::new(std::iter::successors(Some(line_around(block, 0, 0)), after))
            }
        }
    }

    fn is_answered(&self, line: &[u8]) -> bool {
        let Parsed::Line(line) = line::parse(line, 0) else {
            return false;
        };
        match self {
            Question::Name { finder, family, .. } => {
                line.has_name(finder.name()) && line.address_in(*family).is_some()
            }
            Question::Address(address) => line.address_in(Family::of(*address)) == Some(*address),
        }
    }
}

/// How much is read at once: enough for few system calls, and no more than stays in a processor's
/// cache until it is searched.
const BUFFER: usize = 128 << 10;

/// Calls `each` with all that `reader` gives, in pieces that end where lines do.
fn for_each_block(
    mut reader: impl Read,
    buffer: usize,
    mut each: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    let mut filled = 0;
    loop {
        let count = match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let new = filled..filled + count;
        filled = new.end;
        if let Some(newline) = memrchr(b'\n', &buffer[new.clone()]) {
            let end = new.start + newline + 1;
            if each(&buffer[..end]).is_break() {
                return Ok(());
            }
            buffer.copy_within(end..filled, 0);
            filled -= end;
        } else if filled == buffer.len() {
            // The line is longer than that.
            buffer.resize(2 * filled, 0);
        }
    }
    if filled > 0 {
        let _ = each(&buffer[..filled]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hosts;

    #[test]
    fn blocks_end_where_lines_do() {
        let text = "1.2.3.4 a\n\n# b\n1.2.3.4 a long line that is in no buffer\n1.2.3.4 a";
        for size in 1..=text.len() + 1 {
            let mut all = Vec::new();
            for_each_block(text.as_bytes(), size, |block| {
                all.extend_from_slice(block);
                assert!(block.ends_with(b"\n") || all.len() == text.len(), "{size}");
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(all, text.as_bytes(), "{size}");
        }
    }

    #[test]
    fn the_answer_is_the_same_whatever_the_buffer() {
        let text = "::1 b a\n1.2.3.4 B\n\n#\n a\0\n::1 a # b\n1.2.3.4 a b a\n 1.2.3.5 b";
        let hosts = Hosts::from_bytes(text);
        for size in 1..=text.len() + 1 {
            for (name, family, multi) in [
                ("a", Family::Any, true),
                ("a", Family::V4, false),
                ("b", Family::V6, true),
                ("b", Family::Any, false),
                ("", Family::Any, true),
                ("c", Family::Any, true),
            ] {
                let question = Question::Name {
                    finder: Finder::new(name.as_bytes()),
                    family,
                    multi,
                };
                let excerpt = question.ask(text.as_bytes(), size).unwrap();
                let answer = hosts.lookup(name.as_bytes(), family, multi);
                assert_eq!(excerpt.answer(), answer, "{name} {size}");
            }
            for address in ["::1", "1.2.3.5", "1.2.3.6"] {
                let address: IpAddr = address.parse().unwrap();
                let excerpt = Question::Address(address)
                    .ask(text.as_bytes(), size)
                    .unwrap();
                assert_eq!(
                    excerpt.lines().next(),
                    hosts.reverse(address),
                    "{address} {size}"
                );
            }
        }
    }

    #[test]
    fn no_more_is_read_than_the_answer_takes() {
        struct Once(bool);
        impl Read for Once {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert!(!std::mem::replace(&mut self.0, true), "read again");
                buffer[..10].copy_from_slice(b"1.2.3.4 a\n");
                Ok(10)
            }
        }
        let excerpt = Excerpt::lookup(Once(false), b"a", Family::Any, false).unwrap();
        assert!(excerpt.answer().is_some());
        let excerpt = Excerpt::reverse(Once(false), [1, 2, 3, 4].into()).unwrap();
        assert_eq!(excerpt.lines().count(), 1);
    }
}
