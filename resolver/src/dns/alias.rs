//! The file that the environment variable `HOSTALIASES` names: names of the user's own for names
//! in DNS, hostname(7).
//!
//! Source: glibc `resolv/res_context_hostalias.c`, `ns_makecanon.c`.

/// glibc reads lines with a buffer of this size (`BUFSIZ`); the rest of a longer line is a line of
/// its own.
const LINE: usize = 8191;

/// The longest target; more is cut off (`NS_MAXDNAME`).
const MAX_TARGET: usize = 1024;

/// What the file says, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostAliases {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl HostAliases {
    /// Reads the contents of the file. A line holds an alias and its target, separated by white
    /// space; the rest of the line is ignored.
    pub(crate) fn parse(contents: &[u8]) -> Self {
        let mut pairs = Vec::new();
        for line in contents
            .split_inclusive(|&byte| byte == b'\n')
            .flat_map(|line| line.chunks(LINE))
        {
            // C strings end at a NUL.
            let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
            let Some(end) = line.iter().position(is_space) else {
                // A word with nothing after it, not even a newline, ends the search.
                break;
            };
            let (alias, rest) = line.split_at(end);
            let target: Vec<u8> = rest
                .iter()
                .copied()
                .skip_while(is_space)
                .take_while(|byte| !is_space(byte))
                .take(MAX_TARGET)
                .collect();
            // An alias without target ends the search, but only for one who looks for that alias:
            // an empty target stands for it.
            pairs.push((alias.to_vec(), target));
        }
        HostAliases { pairs }
    }

    /// What a name without dots stands for. The first line for the name counts; case and dots at
    /// the end do not matter.
    pub(super) fn target(&self, name: &[u8]) -> Option<&[u8]> {
        let (_, target) = self.pairs.iter().find(|(alias, _)| {
            alias.len() < MAX_TARGET
                && name.len() < MAX_TARGET
                && without_dots(alias).eq_ignore_ascii_case(without_dots(name))
        })?;
        (!target.is_empty()).then_some(target)
    }
}

/// The C locale's isspace.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn without_dots(name: &[u8]) -> &[u8] {
    let end = name
        .iter()
        .rposition(|&byte| byte != b'.')
        .map_or(0, |last| last + 1);
    &name[..end]
}
