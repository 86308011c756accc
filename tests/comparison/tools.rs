//! The programs that are compared, and how each runs a command in a namespace.

use std::ffi::OsString;
use std::fs;

use testbed::{Sandbox, Wrapper, need};

/// A program that runs a command in a network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    NetnsExec(Form),
    IpNetnsExec,
    Firejail,
    Nsenter,
}

/// How netns-exec is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `--etc bind`, the default.
    Bind,
    /// The same, and `netns-exec --watch` beside it.
    BindAndWatched,
    /// `--etc sealed`.
    Sealed,
    /// The same, and `netns-exec --watch` beside it.
    SealedAndWatched,
}

impl Form {
    pub(crate) const ALL: [Form; 4] = [
        Form::Bind,
        Form::BindAndWatched,
        Form::Sealed,
        Form::SealedAndWatched,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Form::Bind => "bind",
            Form::BindAndWatched => "bind + watch",
            Form::Sealed => "sealed",
            Form::SealedAndWatched => "sealed + watch",
        }
    }

    /// Whether `--watch` runs.
    pub(crate) fn is_watched(self) -> bool {
        matches!(self, Form::BindAndWatched | Form::SealedAndWatched)
    }

    fn is_sealed(self) -> bool {
        matches!(self, Form::Sealed | Form::SealedAndWatched)
    }
}

impl Tool {
    /// What a reader would type before the command.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Tool::NetnsExec(_) => "netns-exec",
            Tool::IpNetnsExec => "ip netns exec",
            Tool::Firejail => "firejail --netns",
            Tool::Nsenter => "nsenter --net",
        }
    }

    /// Whether something looks after running commands.
    pub(crate) fn is_watched(self) -> bool {
        matches!(self, Tool::NetnsExec(form) if form.is_watched())
    }

    pub(crate) fn is_installed(self) -> bool {
        match self {
            Tool::NetnsExec(_) => true,
            Tool::IpNetnsExec => need::is_installed("ip"),
            Tool::Firejail => need::is_installed("firejail"),
            Tool::Nsenter => need::is_installed("nsenter"),
        }
    }

    /// The words before a command. `namespace` is a name, or the path of a namespace file.
    pub(crate) fn words(self, namespace: &str) -> Vec<OsString> {
        let mut words = match self {
            Tool::NetnsExec(_) => Wrapper::NetnsExec.words(),
            Tool::IpNetnsExec => Wrapper::IpNetnsExec.words(),
            Tool::Firejail => ["firejail", "--quiet", "--noprofile"]
                .map(Into::into)
                .into(),
            Tool::Nsenter => vec!["nsenter".into()],
        };
        if matches!(self, Tool::NetnsExec(form) if form.is_sealed()) {
            words.extend(["--etc", "sealed"].map(Into::into));
        }
        words.push(match self {
            Tool::NetnsExec(_) | Tool::IpNetnsExec => namespace.into(),
            Tool::Firejail => format!("--netns={namespace}").into(),
            Tool::Nsenter if namespace.contains('/') => format!("--net={namespace}").into(),
            Tool::Nsenter => format!("--net=/run/netns/{namespace}").into(),
        });
        words
    }

    /// The same, for a command that shall be run as alice; `None` if there is no option for it.
    pub(crate) fn words_as_alice(self, namespace: &str) -> Option<Vec<OsString>> {
        let options = match self {
            Tool::NetnsExec(_) => ["--user", "alice"],
            Tool::Nsenter => ["--setuid=1001", "--setgid=1001"],
            Tool::IpNetnsExec | Tool::Firejail => return None,
        };
        let mut words = self.words(namespace);
        words.splice(1..1, options.map(Into::into));
        Some(words)
    }

    /// Give a sandbox the files without which the program does not start.
    pub(crate) fn settle_in(self, sandbox: &Sandbox) {
        if self != Tool::Firejail {
            return;
        }
        sandbox.files().mkdir("/etc/firejail");
        for file in ["firejail/firejail.config", "login.defs"] {
            let path = format!("/etc/{file}");
            let content = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            sandbox.host_file(file, content);
        }
    }

    /// What it says of its version.
    pub(crate) fn version(self, sandbox: &Sandbox) -> String {
        let mut words = self.words("");
        words.truncate(1);
        self.settle_in(sandbox);
        let option = if self == Tool::IpNetnsExec {
            "-V"
        } else {
            "--version"
        };
        let run = sandbox.command(words).arg(option).run();
        version_in(&run.out()).to_owned()
    }
}

/// The first thing in a text that has the look of a version.
fn version_in(text: &str) -> &str {
    text.split([' ', '-', ',', '\n'])
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.'))
        .unwrap_or("of a version it does not tell")
}
