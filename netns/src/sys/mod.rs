//! The system calls that neither std nor nix wraps, one file a family.
//!
//! All unsafe code of this crate lives here, behind safe functions that take and give owned or
//! borrowed descriptors and report `errno` as [`std::io::Error`] or [`nix::errno::Errno`].
#![allow(unsafe_code)]

pub(crate) mod access;
pub(crate) mod credentials;
pub(crate) mod directory;
pub(crate) mod entry;
#[cfg(all(test, target_env = "gnu"))]
pub(crate) mod fnmatch;
pub(crate) mod gai;
pub(crate) mod mount;
pub(crate) mod nsfs;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod socket;
pub(crate) mod spawn;
pub(crate) mod statmount;
