//! What runs a command in a namespace: the program under test and the one it follows.

use std::ffi::{OsStr, OsString};

use crate::programs::under_test;
use crate::{Command, Sandbox};

/// `netns-exec NAME COMMAND` or `ip netns exec NAME COMMAND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// The program under test.
    NetnsExec,
    /// The reference.
    IpNetnsExec,
}

impl Wrapper {
    /// Both.
    pub const ALL: [Wrapper; 2] = [Wrapper::NetnsExec, Wrapper::IpNetnsExec];

    /// For the name of a test.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Wrapper::NetnsExec => "netns-exec",
            Wrapper::IpNetnsExec => "ip",
        }
    }

    /// The words before the name of the namespace.
    #[must_use]
    pub fn words(self) -> Vec<OsString> {
        match self {
            Wrapper::NetnsExec => vec![under_test("netns-exec").into()],
            Wrapper::IpNetnsExec => ["ip", "netns", "exec"].map(OsString::from).into(),
        }
    }

    /// This command in this namespace.
    #[must_use]
    pub fn command<A: Into<OsString>>(
        self,
        sandbox: &Sandbox,
        namespace: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        sandbox
            .command(self.words())
            .arg(namespace)
            .args(args.into_iter().map(Into::into))
    }
}
