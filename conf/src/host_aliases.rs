//! The file that the environment variable `HOSTALIASES` names: names of the user's own for names
//! in DNS, hostname(7).
//!
//! Source: glibc `resolv/res_context_hostalias.c`, `ns_makecanon.c`.

use crate::text::{is_space, short_lines, skip, split_where};

/// The buffer for a line (`BUFSIZ`).
const LINE: usize = 8192;

/// The longest target; more is cut off (`NS_MAXDNAME`).
const MAX_TARGET: usize = 1024;

/// What the file says, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostAliases {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl HostAliases {
    /// Reads the contents of the file. A line holds an alias and its target, separated by white
    /// space; the rest of the line is ignored.
    pub fn parse(file: &[u8]) -> Self {
        let mut pairs = Vec::new();
        for line in short_lines(file, LINE) {
            let (alias, rest) = split_where(line, is_space);
            if rest.is_empty() {
                // A word with nothing after it, not even a newline, ends the search.
                break;
            }
            let (target, _) = split_where(skip(rest, is_space), is_space);
            let target = &target[..target.len().min(MAX_TARGET)];
            // An alias without target ends the search, but only for one who looks for that alias:
            // an empty target stands for it.
            pairs.push((alias.to_vec(), target.to_vec()));
        }
        HostAliases { pairs }
    }

    /// What a name without dots stands for. The first line for the name counts; case and dots at
    /// the end do not matter.
    pub fn target(&self, name: &[u8]) -> Option<&[u8]> {
        let (_, target) = self.pairs.iter().find(|(alias, _)| {
            alias.len() < MAX_TARGET
                && name.len() < MAX_TARGET
                && without_dots(alias).eq_ignore_ascii_case(without_dots(name))
        })?;
        (!target.is_empty()).then_some(target)
    }
}

fn without_dots(name: &[u8]) -> &[u8] {
    let end = name
        .iter()
        .rposition(|&byte| byte != b'.')
        .map_or(0, |last| last + 1);
    &name[..end]
}
