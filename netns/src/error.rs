//! What can go wrong, in words for the user: the operation, the path, and what to do.

use std::ffi::OsString;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::Name;
use crate::printable::printable;

/// A failure of this crate. Each message is one line and safe to print.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text cannot name a namespace.
    #[error("'{}' is not a namespace name: it {why}", printable(name))]
    InvalidName {
        /// The text.
        name: OsString,
        /// What is wrong with it.
        why: &'static str,
    },

    /// There is no such namespace.
    #[error(
        "no such network namespace: {} does not exist (ip netns list shows those that do)",
        printable(path)
    )]
    NoSuchNamespace {
        /// The file that was looked for.
        path: PathBuf,
    },

    /// The file is there but holds no network namespace.
    #[error("{} is not a network namespace: {why}", printable(path))]
    NotANamespace {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },

    /// The namespace has several names with files of their own.
    #[error(
        "{} has several names in /run/netns ({}), each with files in /etc/netns: \
         say which by name",
        printable(path),
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    Ambiguous {
        /// What the user gave.
        path: PathBuf,
        /// The names.
        names: Vec<Name>,
    },

    /// The caller may not enter the namespace.
    #[error(
        "cannot enter network namespace {}: {} (it takes root, or CAP_SYS_ADMIN over it)",
        printable(path),
        errno.desc()
    )]
    CannotEnter {
        /// Its file, or the text the user gave.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },

    /// A file of `/etc/netns/NAME` cannot be put in place of the one in `/etc`.
    #[error("{} {why}; {advice}", printable(path))]
    Override {
        /// The file below `/etc/netns`.
        path: PathBuf,
        /// What is wrong, as a predicate: `is a fifo`.
        why: String,
        /// What to do about it.
        advice: String,
        /// Why the kernel refused, if it did.
        errno: Option<Errno>,
    },

    /// A view cannot be pinned here.
    #[error("cannot pin a view here: {why}; {advice}")]
    CannotPin {
        /// What is in the way.
        why: &'static str,
        /// What to do about it.
        advice: &'static str,
    },

    /// A pinned view is no more what a view made now would be, since this process entered it; the
    /// process has left it.
    #[error("the pinned view has changed: {why}")]
    Pinned {
        /// How.
        why: String,
    },

    /// The user database has no such user.
    #[error("no such user: {}", printable(user))]
    NoSuchUser {
        /// The name or number.
        user: OsString,
    },

    /// A system call failed.
    #[error("cannot {action}: {}", errno.desc())]
    System {
        /// What was to be done, as an infinitive with its path.
        action: String,
        /// Why it failed.
        errno: Errno,
    },
}

impl Error {
    /// A system call failed at `action`.
    pub fn system(action: impl Into<String>, errno: Errno) -> Error {
        Error::System {
            action: action.into(),
            errno,
        }
    }

    /// A file of `/etc/netns/NAME` cannot be put in place for what it is: a predicate, and what to do
    /// about it.
    pub fn unusable(
        path: impl Into<PathBuf>,
        why: impl Into<String>,
        advice: impl Into<String>,
    ) -> Error {
        Error::Override {
            path: path.into(),
            why: why.into(),
            advice: advice.into(),
            errno: None,
        }
    }

    /// Why the kernel refused what was to be done, if it did.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Error::CannotEnter { errno, .. } | Error::System { errno, .. } => Some(*errno),
            Error::Override { errno, .. } => *errno,
            _ => None,
        }
    }

    /// Whether more privilege would have helped.
    pub fn is_permission_denied(&self) -> bool {
        matches!(
            self,
            Error::CannotEnter {
                errno: Errno::EPERM | Errno::EACCES,
                ..
            } | Error::System {
                errno: Errno::EPERM | Errno::EACCES,
                ..
            }
        )
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::CannotEnter { errno, .. } | Error::System { errno, .. } => {
                std::io::Error::from(*errno).kind()
            }
            Error::NoSuchNamespace { .. } => std::io::ErrorKind::NotFound,
            _ => std::io::ErrorKind::InvalidInput,
        };
        std::io::Error::new(kind, error)
    }
}

/// The `errno` behind an error of std's file functions.
pub(crate) fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
