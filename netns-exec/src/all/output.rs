//! What commands print, line by line, each line with the name of its namespace before it.

use std::fmt::Display;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd;

use memchr::{memchr_iter, memrchr};
use netns::Name;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

use super::progress::Progress;

/// Where a line belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Output = 0,
    Error = 1,
}

impl Stream {
    pub(super) const BOTH: [Stream; 2] = [Stream::Output, Stream::Error];
}

/// The longest piece of a line that is held back for its end. More of it is a line of its own.
const LONGEST: usize = 64 * 1024;

/// Bytes that become lines with a name before them.
pub(super) struct Lines {
    prefix: Vec<u8>,
    /// The last line, which has no end yet.
    rest: Vec<u8>,
}

impl Lines {
    pub(super) fn of(name: &Name) -> Lines {
        Lines {
            prefix: format!("{name}: ").into_bytes(),
            rest: Vec::new(),
        }
    }

    /// The lines that are whole with these bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (whole, rest) = match memrchr(b'\n', bytes) {
            Some(end) => bytes.split_at(end + 1),
            None => (&[][..], bytes),
        };
        let count = memchr_iter(b'\n', whole).count();
        let size = count * self.prefix.len() + self.rest.len() + whole.len();
        let mut lines = Vec::with_capacity(if count > 0 { size } else { 0 });
        let mut start = 0;
        for newline in memchr_iter(b'\n', whole) {
            lines.extend_from_slice(&self.prefix);
            if start == 0 {
                lines.append(&mut self.rest);
            }
            lines.extend_from_slice(&whole[start..=newline]);
            start = newline + 1;
        }
        self.rest.extend_from_slice(rest);
        if self.rest.len() > LONGEST {
            lines.extend(self.end());
        }
        lines
    }

    /// The last line, which now ends.
    pub(super) fn end(&mut self) -> Vec<u8> {
        if self.rest.is_empty() {
            return Vec::new();
        }
        let rest = std::mem::take(&mut self.rest);
        [&self.prefix, rest.as_slice(), b"\n"].concat()
    }
}

/// Standard output and standard error of this program, whose lines do not mix.
#[derive(Default)]
pub(super) struct Output {
    /// Nobody reads standard error any more.
    is_error_closed: bool,
}

impl Output {
    /// Write whole lines.
    ///
    /// # Errors
    /// If nobody reads standard output any more, or it cannot be written to.
    pub(super) fn write(
        &mut self,
        progress: &mut Progress,
        stream: Stream,
        lines: &[u8],
    ) -> nix::Result<()> {
        match stream {
            Stream::Output => {
                if io::stdout().is_terminal() {
                    progress.clear();
                }
                write_all(io::stdout(), lines)
            }
            Stream::Error => {
                progress.clear();
                if !self.is_error_closed {
                    self.is_error_closed = write_all(io::stderr(), lines).is_err();
                }
                Ok(())
            }
        }
    }

    /// A line of this program's own on standard error.
    pub(super) fn complain(&mut self, progress: &mut Progress, message: impl Display) {
        let line = format!("netns-exec: {message}\n");
        // Never an error there.
        let _ = self.write(progress, Stream::Error, line.as_bytes());
    }
}

/// Also to what somebody else has made non-blocking.
fn write_all(to: impl AsFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match write(&to, bytes) {
            Ok(length) => bytes = &bytes[length..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let mut fds = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
                let _ = poll(&mut fds, PollTimeout::NONE);
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Lines {
        Lines::of(&Name::new("alpha").expect("a name"))
    }

    #[test]
    fn lines_come_whole_and_named() {
        let mut lines = lines();
        assert_eq!(lines.take(b"on"), b"");
        assert_eq!(lines.take(b"e\ntwo\nth"), b"alpha: one\nalpha: two\n");
        assert_eq!(lines.take(b"\n\n"), b"alpha: th\nalpha: \n");
        assert_eq!(lines.take(b"end"), b"");
        assert_eq!(lines.end(), b"alpha: end\n");
        assert_eq!(lines.end(), b"");
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut lines = lines();
        let long = vec![b'x'; LONGEST + 1];
        let first = lines.take(&long);
        assert_eq!(first.len(), "alpha: \n".len() + long.len());
        assert_eq!(lines.take(b"y\n"), b"alpha: y\n");
    }

    #[test]
    fn names_are_made_harmless() {
        let mut lines = Lines::of(&Name::new("a\nb").expect("a name"));
        assert_eq!(lines.take(b"x\n"), b"a\\nb: x\n");
    }
}
