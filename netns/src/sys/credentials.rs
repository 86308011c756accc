//! Who a thread acts as. Reference: credentials(7), capabilities(7).
//!
//! To the kernel these are of a thread. The C library's functions of the same names change those of
//! all threads of a process; here it is the calling one alone, which is what a program with one
//! thread, one thread in a view, and a process that still shares its parent's memory need.

use std::ffi::{c_int, c_long};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getgroups, getresgid, getresuid};

#[cfg(target_pointer_width = "64")]
use libc::{SYS_setfsgid, SYS_setfsuid, SYS_setgroups, SYS_setresgid, SYS_setresuid};
#[cfg(target_pointer_width = "32")]
use libc::{
    SYS_setfsgid32 as SYS_setfsgid, SYS_setfsuid32 as SYS_setfsuid,
    SYS_setgroups32 as SYS_setgroups, SYS_setresgid32 as SYS_setresgid,
    SYS_setresuid32 as SYS_setresuid,
};

/// What decides what a thread may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    /// The supplementary ones.
    pub(crate) groups: Vec<Gid>,
}

impl Credentials {
    /// Have them for good, and no capabilities but those that root has. It allocates nothing.
    ///
    /// # Errors
    /// EPERM for lack of privilege.
    pub(crate) fn take(&self) -> nix::Result<()> {
        let (uid, gid) = (self.uid.as_raw(), self.gid.as_raw());
        set_groups(&self.groups)?;
        // SAFETY: only integers are passed.
        Errno::result(unsafe { libc::syscall(SYS_setresgid, gid, gid, gid) })?;
        // SAFETY: only integers are passed.
        Errno::result(unsafe { libc::syscall(SYS_setresuid, uid, uid, uid) })?;
        if !self.uid.is_root() {
            drop_kept_capabilities()?;
        }
        let (uids, gids) = (getresuid()?, getresgid()?);
        let are_taken = [uids.real, uids.effective, uids.saved] == [self.uid; 3]
            && [gids.real, gids.effective, gids.saved] == [self.gid; 3];
        if are_taken { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// Have them where files are concerned, until what this returns is dropped. Otherwise the thread
    /// stays what it was: the user cannot signal it.
    ///
    /// # Errors
    /// EPERM for lack of privilege.
    pub(crate) fn take_for_files(&self) -> nix::Result<TakenForFiles> {
        let groups = getgroups()?;
        set_groups(&self.groups)?;
        let mut taken = TakenForFiles {
            groups,
            gid: None,
            uid: None,
        };
        taken.gid = Some(set_for_files(SYS_setfsgid, self.gid.as_raw())?);
        taken.uid = Some(set_for_files(SYS_setfsuid, self.uid.as_raw())?);
        Ok(taken)
    }
}

/// What a thread had before [`Credentials::take_for_files`], which it has again when this is dropped.
#[derive(Debug)]
pub(crate) struct TakenForFiles {
    groups: Vec<Gid>,
    gid: Option<u32>,
    uid: Option<u32>,
}

impl Drop for TakenForFiles {
    fn drop(&mut self) {
        // What cannot be had again is a lack of privilege for the thread, and no gain.
        if let Some(uid) = self.uid {
            let _ = set_for_files(SYS_setfsuid, uid);
        }
        if let Some(gid) = self.gid {
            let _ = set_for_files(SYS_setfsgid, gid);
        }
        let _ = set_groups(&self.groups);
    }
}

fn set_groups(groups: &[Gid]) -> nix::Result<()> {
    // SAFETY: the array has the length that is told and outlives the call; a Gid is a gid_t.
    let result = unsafe { libc::syscall(SYS_setgroups, groups.len(), groups.as_ptr()) };
    Errno::result(result).map(drop)
}

/// setfsuid(2) or setfsgid(2): what it was before.
fn set_for_files(call: c_long, id: u32) -> nix::Result<u32> {
    let set = || {
        // SAFETY: only integers are passed.
        unsafe { libc::syscall(call, id) as u32 }
    };
    // It gives what was so before, and never an error.
    let before = set();
    if set() == id {
        Ok(before)
    } else {
        Err(Errno::EPERM)
    }
}

/// Drop the capabilities that a change of user leaves: ambient ones, which become permitted again
/// at exec, and inheritable ones. Reference: capset(2).
fn drop_kept_capabilities() -> nix::Result<()> {
    // SAFETY: only integers are passed.
    let result = unsafe {
        libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL,
            0,
            0,
            0,
        )
    };
    match Errno::result(result) {
        // EINVAL: a kernel before 4.3, without ambient capabilities.
        Ok(_) | Err(Errno::EINVAL) => {}
        Err(errno) => return Err(errno),
    }
    /// `struct __user_cap_header_struct` of linux/capability.h.
    #[repr(C)]
    struct Header {
        version: u32,
        pid: c_int,
    }
    /// `_LINUX_CAPABILITY_VERSION_3`: two sets of 32 bits, each effective, permitted, inheritable.
    const VERSION_3: u32 = 0x2008_0522;
    let mut header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let none = [[0u32; 3]; 2];
    // SAFETY: header and data have the layout of that version and outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, none.as_ptr()) };
    Errno::result(result).map(drop)
}
