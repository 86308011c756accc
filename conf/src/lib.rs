//! The configuration files of name resolution, read with glibc's own grammars.
//!
//! Every parser takes the bytes of a file, whatever they are, and gives what glibc 2.36 makes of
//! them. None fails but nsswitch.conf, where glibc fails too; what is odd about a file and shapes
//! the answer is said in its `notes`. [`numeric`] reads addresses as these files, and
//! getaddrinfo(3), have them written.
//!
//! Pure functions of bytes: which file is read, and what is done about it, is for others.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

pub mod environment;
pub mod gai_conf;
pub mod host_aliases;
pub mod host_conf;
mod notes;
pub mod nsswitch;
pub mod numeric;
pub mod resolv_conf;
mod text;

pub use notes::{Departure, Note, Notes};
