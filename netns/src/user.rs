//! Users: looked up, and become for good.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid};

use crate::Error;
use crate::error::errno_of;
use crate::printable::printable;
use crate::sys::credentials::{Credentials, TakenForFiles};

/// Where id(1) is. Not searched for in `PATH`: it runs with the caller's privileges, which the
/// command of a user is not to have.
const ID: [&str; 3] = [
    "/usr/bin/id",
    "/bin/id",
    "/run/current-system/sw/bin/id", // NixOS
];

/// A user with everything that decides what its processes may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User(Credentials);

/// See [`User::look_as_user`].
#[derive(Debug)]
pub struct LookingAsUser {
    _taken: TakenForFiles,
}

impl User {
    /// Look up a login name, or a numeric user id that has an entry, in the user database as this
    /// process sees it.
    ///
    /// This is getpwnam(3) and getgrouplist(3), but in a process of id(1): they load what
    /// nsswitch.conf names, which a statically linked program cannot.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`]; [`Error::System`] if there is no id(1), or for an id that is none.
    pub fn find(user: &OsStr) -> Result<User, Error> {
        let failed = |errno| Error::system(format!("look up user {}", printable(user)), errno);
        let no_such_user = || Error::NoSuchUser {
            user: user.to_owned(),
        };
        let uid = *ask("-u", user)?.first().ok_or_else(no_such_user)?;
        // The first one is the group of the user's entry.
        let groups = ask("-G", user)?;
        let gid = *groups.first().ok_or_else(no_such_user)?;
        // To the system calls this number means "leave it as it is", which would be root.
        if uid == u32::MAX || gid == u32::MAX {
            return Err(failed(Errno::EINVAL));
        }
        Ok(User(Credentials {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
            groups: groups.into_iter().map(Gid::from_raw).collect(),
        }))
    }

    /// Become this user, for good: supplementary groups, group and user ids, no capabilities. The
    /// process must have one thread.
    ///
    /// # Errors
    /// [`Error::System`], typically for lack of privilege.
    pub fn become_user(&self) -> Result<(), Error> {
        self.0.take().map_err(|errno| self.not_become(errno))
    }

    /// Let this thread reach the files that this user does, and no others, until what this returns
    /// is dropped. It still has the user and the privileges that it had otherwise: the user cannot
    /// signal it.
    ///
    /// # Errors
    /// As [`User::become_user`].
    pub fn look_as_user(&self) -> Result<LookingAsUser, Error> {
        let taken = self.0.take_for_files();
        taken
            .map(|_taken| LookingAsUser { _taken })
            .map_err(|errno| self.not_become(errno))
    }

    pub(crate) fn not_become(&self, errno: Errno) -> Error {
        Error::system(format!("become user {}", self.0.uid), errno)
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0
    }
}

/// The numbers that id(1) prints. None if there is no such user.
fn ask(option: &str, user: &OsStr) -> Result<Vec<u32>, Error> {
    let id = ID.into_iter().find(|id| Path::new(id).exists());
    let failed = |error: io::Error| {
        let action = format!(
            "look up user {}: {} does not run",
            printable(user),
            id.unwrap_or(ID[0])
        );
        Error::system(action, errno_of(&error))
    };
    let mut child = Command::new(id.unwrap_or(ID[0]))
        .args([OsStr::new(option), OsStr::new("--"), user])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut text = String::new();
    if let Some(stdout) = &mut child.stdout {
        stdout.read_to_string(&mut text).map_err(failed)?;
    }
    // An error: the caller ignores SIGCHLD, and the kernel has told nobody. The text tells enough.
    if child.wait().is_ok_and(|status| !status.success()) {
        return Ok(Vec::new());
    }
    let numbers = text.split_whitespace().map(str::parse);
    Ok(numbers.collect::<Result<_, _>>().unwrap_or_default())
}
