//! Names of namespaces, and the ways a user can point at one.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::pattern;
use crate::printable::printable;

/// Where ip-netns(8) keeps a file for each named namespace.
pub const NAMED_NAMESPACES: &str = "/run/netns";

/// The name of a namespace: a file name of 1 to 255 bytes, without `/`, not `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(OsString);

impl Name {
    /// Check a name.
    ///
    /// # Errors
    /// [`Error::InvalidName`] says what is wrong with it.
    pub fn new(name: impl Into<OsString>) -> Result<Name, Error> {
        let name = name.into();
        let why = match name.as_bytes() {
            b"" => "is empty",
            b"." | b".." => "is no file name",
            bytes if bytes.len() > 255 => "is longer than 255 bytes",
            bytes if bytes.contains(&b'/') => "contains a slash",
            bytes if bytes.contains(&0) => "contains a NUL byte",
            _ => return Ok(Name(name)),
        };
        Err(Error::InvalidName { name, why })
    }

    /// A text that was one before.
    pub(crate) fn checked(name: OsString) -> Name {
        Name(name)
    }

    /// The name as given.
    pub fn as_os_str(&self) -> &OsStr {
        &self.0
    }

    /// Whether it is one of those that a pattern stands for: `*`, `?` and `[...]` as in a shell,
    /// fnmatch(3). A leading dot is a character like any other.
    pub fn matches(&self, pattern: impl AsRef<OsStr>) -> bool {
        pattern::matches(pattern.as_ref().as_bytes(), self.0.as_bytes())
    }

    /// The file of ip-netns(8) that holds the namespace, `/run/netns/NAME`.
    pub fn path(&self) -> PathBuf {
        Path::new(NAMED_NAMESPACES).join(&self.0)
    }
}

/// Made harmless for a terminal.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        printable(&self.0).fmt(f)
    }
}

/// How a user points at a namespace on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// A name below `/run/netns`.
    Name(Name),
    /// The path of a namespace file, such as `/proc/PID/ns/net`: anything with a slash.
    Path(PathBuf),
}

impl Selector {
    /// Tell a path from a name.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a text that is neither.
    pub fn new(text: impl Into<OsString>) -> Result<Selector, Error> {
        let text = text.into();
        if text.as_bytes().contains(&b'/') {
            Ok(Selector::Path(text.into()))
        } else {
            Name::new(text).map(Selector::Name)
        }
    }

    /// The file to open.
    pub fn path(&self) -> PathBuf {
        match self {
            Selector::Name(name) => name.path(),
            Selector::Path(path) => path.clone(),
        }
    }

    /// The text the user gave.
    pub fn as_os_str(&self) -> &OsStr {
        match self {
            Selector::Name(name) => name.as_os_str(),
            Selector::Path(path) => path.as_os_str(),
        }
    }
}

/// Made harmless for a terminal.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        printable(self.as_os_str()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_file_name_of_up_to_255_bytes() {
        for good in ["a", "alpha", "a b", "...", "-v", "é", &"x".repeat(255)] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "/", &"x".repeat(256)] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn leading_dot_matches_like_any_other_character() {
        let name = Name::new(".hidden").expect("a name");
        assert!(name.matches("*") && name.matches("?hidden") && !name.matches("hidden"));
    }

    #[test]
    fn anything_with_a_slash_is_a_path() {
        assert_eq!(
            Selector::new("../x").unwrap(),
            Selector::Path("../x".into())
        );
        assert!(matches!(Selector::new("x").unwrap(), Selector::Name(_)));
        assert!(Selector::new("..").is_err());
    }
}
