//! `testbed getaddrinfo`: look up each line of standard input by the C library, one after the
//! other, as a program does that has a list of names.

use std::ffi::CString;
use std::io::{self, BufRead as _};

use netns::glibc::{self, Family, Flags};

use super::{Failure, context, say};

/// Print how many were found.
///
/// # Errors
/// If standard input cannot be read, or a line has a NUL.
pub(super) fn main() -> Result<(), Failure> {
    let mut found = 0;
    for line in io::stdin().lock().lines() {
        let name = context(line, "standard input")?;
        let name = context(CString::new(name), "a line")?;
        found += usize::from(glibc::getaddrinfo(&name, Family::Unspec, Flags::default()).is_ok());
    }
    say(found)
}
