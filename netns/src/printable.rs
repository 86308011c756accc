//! Text of untrusted origin, made fit for one line of a terminal.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::os::unix::ffi::OsStrExt;

/// Display any bytes harmlessly: control and invisible characters, among them those that change
/// the writing direction, and bytes that are not UTF-8 appear escaped (`\n`, `\u{202e}`, `\xff`).
pub fn printable<T: AsRef<OsStr> + ?Sized>(text: &T) -> Printable<'_> {
    Printable(text.as_ref().as_bytes())
}

/// [`printable`] for text that is held as bytes.
pub fn printable_bytes(text: &[u8]) -> Printable<'_> {
    Printable(text)
}

/// See [`printable`].
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a>(&'a [u8]);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    // These need no escape here: they cannot harm a terminal.
                    '"' | '\'' => f.write_char(c)?,
                    _ => write!(f, "{}", c.escape_debug())?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// What an argument parser says about bad usage, in one line: the error and its hints, without the
/// word `error:` before and the summary of the usage after them.
pub fn usage_error(rendered: &str) -> String {
    let what: Vec<&str> = rendered
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .filter(|line| !line.is_empty())
        .collect();
    what.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_is_one_line() {
        let rendered = "error: invalid value 'x' for '--sys <HOW>'\n  [possible values: auto]\n\n\
                        Usage: p [OPTIONS]\n\nFor more information, try '--help'.\n";
        let line = "invalid value 'x' for '--sys <HOW>' [possible values: auto]";
        assert_eq!(usage_error(rendered), line);
    }

    #[test]
    fn nothing_reaches_the_terminal_as_a_control() {
        let shown = printable_bytes(b"a\x1b[31m\n\xff\xe2\x80\xae'b'").to_string();
        assert_eq!(shown, "a\\u{1b}[31m\\n\\xff\\u{202e}'b'");
    }
}
