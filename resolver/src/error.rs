//! How a lookup can fail: glibc's own distinctions, and our own failures beside them.

use std::fmt;

use nix::errno::Errno;

/// A failed lookup.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// getaddrinfo(3) or getnameinfo(3) in the namespace would return this code.
    #[error("{0}")]
    Code(Code),
    /// The question could not be asked as a program in the namespace would: an override that
    /// cannot be put in place, or no permission to enter the namespace for a DNS query.
    #[error(transparent)]
    Namespace(#[from] netns::Error),
}

impl Error {
    /// The code, if it is glibc's.
    pub fn code(&self) -> Option<Code> {
        match self {
            Error::Code(code) => Some(*code),
            Error::Namespace(_) => None,
        }
    }

    /// No such name, or no such data for it: asking again gives the same.
    pub fn is_not_found(&self) -> bool {
        let code = self.code();
        matches!(code, Some(Code::NoName | Code::NoData | Code::AddrFamily))
    }

    /// A temporary failure: asking again may do better.
    pub fn is_temporary(&self) -> bool {
        self.code().is_some_and(Code::is_temporary)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Error::Code(code)
    }
}

/// The `EAI_*` codes of getaddrinfo(3) and getnameinfo(3) that a lookup of a name can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// `EAI_NONAME`, -2: the name does not exist.
    NoName,
    /// `EAI_AGAIN`, -3: no answer now.
    Again,
    /// `EAI_FAIL`, -4: a failure that will stay.
    Fail,
    /// `EAI_NODATA`, -5: the name exists and has no address of this kind.
    NoData,
    /// `EAI_ADDRFAMILY`, -9: a numeric address of another family.
    AddrFamily,
    /// `EAI_SYSTEM`, -11, with its errno, see errno(3). It may be 0.
    System(i32),
    /// `EAI_OVERFLOW`, -12: the name found is longer than `NI_MAXHOST`.
    Overflow,
}

impl Code {
    /// The constant's name in netdb.h.
    pub fn name(self) -> &'static str {
        match self {
            Code::NoName => "EAI_NONAME",
            Code::Again => "EAI_AGAIN",
            Code::Fail => "EAI_FAIL",
            Code::NoData => "EAI_NODATA",
            Code::AddrFamily => "EAI_ADDRFAMILY",
            Code::System(_) => "EAI_SYSTEM",
            Code::Overflow => "EAI_OVERFLOW",
        }
    }

    /// The constant's value in glibc's netdb.h, a negative number.
    pub fn value(self) -> i32 {
        match self {
            Code::NoName => -2,
            Code::Again => -3,
            Code::Fail => -4,
            Code::NoData => -5,
            Code::AddrFamily => -9,
            Code::System(_) => -11,
            Code::Overflow => -12,
        }
    }

    /// Whether asking again may do better.
    pub fn is_temporary(self) -> bool {
        self == Code::Again
    }
}

/// As gai_strerror(3) says it.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Code::NoName => "Name or service not known",
            Code::Again => "Temporary failure in name resolution",
            Code::Fail => "Non-recoverable failure in name resolution",
            Code::NoData => "No address associated with hostname",
            Code::AddrFamily => "Address family for hostname not supported",
            Code::System(errno) => {
                return write!(f, "System error: {}", Errno::from_raw(*errno).desc());
            }
            Code::Overflow => "Argument buffer overflow",
        })
    }
}

/// What went wrong, without the number that std puts behind it.
pub(crate) fn io_text(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => Errno::from_raw(errno).desc().to_owned(),
        None => error.to_string(),
    }
}
