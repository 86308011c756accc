//! What a name service says to the name service switch: nsswitch.conf(5), glibc's `nss.h` and the
//! `h_errno` of netdb.h.

pub use conf::nsswitch::{Action, Status};

use crate::address::Address;

/// The `h_errno` that comes with a status other than success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum HostError {
    /// `HOST_NOT_FOUND`: no such name.
    HostNotFound,
    /// `TRY_AGAIN`: a temporary failure.
    TryAgain,
    /// `NO_RECOVERY`: a permanent failure.
    NoRecovery,
    /// `NO_RECOVERY`, and errno is set too: a response that cannot be read.
    Unreadable,
    /// `NO_DATA`: the name is known but has no address of this kind.
    NoData,
    /// `NETDB_INTERNAL`, with the `errno` that says more.
    Internal(i32),
}

/// The answer of one service to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// `NSS_STATUS_SUCCESS`.
    Found(Found),
    /// Any other status. glibc leaves `h_errno` as it was where a service sets none, hence the
    /// option.
    Failed(Status, Option<HostError>),
}

/// What a service found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Addresses in the service's order, duplicates kept. For a reverse lookup: the address asked.
    pub addresses: Vec<Address>,
    /// The official name (`h_name`), as bytes: hosts files hold any.
    pub canonical_name: Vec<u8>,
}

impl Reply {
    /// The status the switch acts on.
    pub(crate) fn status(&self) -> Status {
        match self {
            Reply::Found(_) => Status::Success,
            Reply::Failed(status, _) => *status,
        }
    }
}
