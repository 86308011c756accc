//! Becoming another user, and becoming the command.

use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{self, Gid, Uid};

use crate::printable::printable;
use crate::sys::process as sys;
use crate::{ENVIRONMENT_VARIABLE, Error};

/// A user with everything that decides what its processes may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

impl User {
    /// Look up a login name, or a numeric user id that has an entry, in the user database as this
    /// process sees it (getpwnam(3), getgrouplist(3)).
    ///
    /// # Errors
    /// [`Error::System`] if there is no such user or the database cannot be read.
    pub fn find(user: &OsStr) -> Result<User, Error> {
        let failed = |errno| Error::system(format!("look up user {}", printable(user)), errno);
        let name = user.to_str().ok_or_else(|| failed(Errno::ENOENT))?;
        let by_name = unistd::User::from_name(name).map_err(failed)?;
        let entry = match (by_name, name.parse()) {
            (Some(entry), _) => Some(entry),
            (None, Ok(uid)) => unistd::User::from_uid(Uid::from_raw(uid)).map_err(failed)?,
            (None, Err(_)) => None,
        };
        let entry = entry.ok_or_else(|| Error::NoSuchUser {
            user: user.to_owned(),
        })?;
        let login = CString::new(entry.name).map_err(|_| failed(Errno::EINVAL))?;
        let groups = unistd::getgrouplist(&login, entry.gid).map_err(failed)?;
        Ok(User {
            uid: entry.uid,
            gid: entry.gid,
            groups,
        })
    }

    /// Become this user, for good: supplementary groups, group and user ids, no capabilities.
    ///
    /// # Errors
    /// [`Error::System`], typically for lack of privilege.
    pub fn become_user(&self) -> Result<(), Error> {
        let failed = |errno| Error::system(format!("become user {}", self.uid), errno);
        unistd::setgroups(&self.groups).map_err(failed)?;
        unistd::setresgid(self.gid, self.gid, self.gid).map_err(failed)?;
        unistd::setresuid(self.uid, self.uid, self.uid).map_err(failed)?;
        if self.uid.is_root() {
            Ok(())
        } else {
            sys::clear_ambient_capabilities().map_err(failed)
        }
    }
}

/// Whether this program runs with privileges that its caller lacks (set-user-ID and the like).
pub fn gained_privileges() -> bool {
    sys::gained_privileges()
}

/// Why a command did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// No such file.
    NotFound,
    /// The file is there but cannot be executed: why.
    NotExecutable(Errno),
}

/// Replace this process by a command, looked up in `PATH`, with `NETNS=namespace` added to the
/// environment, everything else in it untouched, and SIGPIPE at its default.
///
/// # Errors
/// The command did not start; this process goes on.
pub fn exec(command: &[OsString], namespace: &OsStr) -> Result<Infallible, NotStarted> {
    let text = |text: &OsStr| {
        CString::new(text.as_bytes()).map_err(|_| NotStarted::NotExecutable(Errno::EINVAL))
    };
    let args = command
        .iter()
        .map(|arg| text(arg))
        .collect::<Result<Vec<_>, _>>()?;
    let file = args.first().ok_or(NotStarted::NotFound)?;
    let variable = (text(ENVIRONMENT_VARIABLE.as_ref())?, text(namespace)?);
    sys::default_sigpipe();
    let Err(errno) = sys::exec(file, &args, (&variable.0, &variable.1));
    match errno {
        // Also the errno for an interpreter that does not exist.
        Errno::ENOENT | Errno::ENOTDIR if !is_found(&command[0]) => Err(NotStarted::NotFound),
        errno => Err(NotStarted::NotExecutable(errno)),
    }
}

/// Whether the lookup that execvp(3) does finds a file.
fn is_found(command: &OsStr) -> bool {
    if command.is_empty() {
        return false;
    }
    if command.as_bytes().contains(&b'/') {
        return Path::new(command).exists();
    }
    let path = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    env::split_paths(&path).any(|directory| directory.join(command).exists())
}
