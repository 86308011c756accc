//! The names of all namespaces.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::{fs, io};

use crate::error::errno_of;
use crate::{Error, NAMED_NAMESPACES, Name};

/// Names in byte order. There can be many thousands, so each takes its bytes and five more.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Each ends with a NUL byte.
    text: Vec<u8>,
    /// Where each begins, the first one last.
    starts: Vec<u32>,
}

impl Names {
    /// All names in `/run/netns`; none if the directory does not exist.
    ///
    /// # Errors
    /// [`Error::System`] if it cannot be read.
    pub fn read() -> Result<Names, Error> {
        let failed = |error| Error::system(format!("read {NAMED_NAMESPACES}"), errno_of(&error));
        let mut names = Names::default();
        let entries = match fs::read_dir(NAMED_NAMESPACES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            if let Ok(name) = Name::new(entry.map_err(failed)?.file_name()) {
                names.add(&name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Keep those that are wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&Name) -> bool) {
        let Names { text, starts } = self;
        starts.retain(|&start| is_wanted(&name_at(text, start)));
    }

    fn add(&mut self, name: &Name) {
        // As many bytes of names as this cannot count do not fit into a directory of the kernel's.
        let Ok(start) = u32::try_from(self.text.len()) else {
            return;
        };
        self.starts.push(start);
        self.text.extend_from_slice(name.as_os_str().as_bytes());
        self.text.push(0);
    }

    fn sort(&mut self) {
        let Names { text, starts } = self;
        starts.sort_unstable_by(|&a, &b| bytes_at(text, b).cmp(bytes_at(text, a)));
    }
}

impl Iterator for Names {
    type Item = Name;

    fn next(&mut self) -> Option<Name> {
        self.starts.pop().map(|start| name_at(&self.text, start))
    }
}

fn bytes_at(text: &[u8], start: u32) -> &[u8] {
    let rest = text.get(start as usize..).unwrap_or(&[]);
    rest.split(|&byte| byte == 0).next().unwrap_or(&[])
}

fn name_at(text: &[u8], start: u32) -> Name {
    Name::checked(OsStr::from_bytes(bytes_at(text, start)).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_byte_order() {
        let mut names = Names::default();
        for name in ["beta", "b", "alpha", "é", "ab", " "] {
            names.add(&Name::new(name).expect("a name"));
        }
        names.sort();
        names.retain(|name| name.as_os_str() != "ab");
        assert_eq!(names.len(), 5);
        let order: Vec<_> = names.map(|name| name.as_os_str().to_owned()).collect();
        assert_eq!(order, [" ", "alpha", "b", "beta", "é"]);
    }
}
