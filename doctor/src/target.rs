//! The namespace that is looked at, and the commands that mend it.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use netns::{Name, Namespace, printable};

/// The namespace that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) name: Option<Name>,
    /// Its name, or the absolute path it was given by.
    pub(crate) label: OsString,
}

impl Target {
    /// The command that starts programs as they should be.
    pub(crate) fn start(&self) -> String {
        format!("netns-exec {}", word(&self.label))
    }

    /// The command that puts overrides back in place.
    pub(crate) fn heal(&self) -> String {
        format!("netns-exec --heal {}", word(&self.label))
    }

    /// A command of iproute2 for the namespace: `ip -n NAME COMMAND`.
    pub(crate) fn ip(&self, command: &str) -> String {
        match &self.name {
            Some(name) => format!("ip -n {} {command}", word(name.as_os_str())),
            None => self.inside(&format!("ip {command}")),
        }
    }

    /// A command run in the network namespace, with the host's files.
    pub(crate) fn inside(&self, command: &str) -> String {
        match &self.name {
            Some(name) => format!("ip netns exec {} {command}", word(name.as_os_str())),
            None => format!("nsenter --net={} {command}", word(&self.label)),
        }
    }
}

/// A word of a shell command, on one line.
pub(crate) fn word(text: &OsStr) -> String {
    let text = printable(text).to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_take_apart_are_quoted() {
        for (text, quoted) in [
            ("alpha-1.b", "alpha-1.b"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("a\nb", r"'a\nb'"),
        ] {
            assert_eq!(word(text.as_ref()), quoted);
        }
    }
}
