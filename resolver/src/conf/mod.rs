//! The configuration files of name resolution, read with glibc's own grammars.
//!
//! Every parser takes the bytes of a file, whatever they are, and gives what glibc 2.36 makes of
//! them. None fails but nsswitch.conf, where glibc fails too; what is odd about a file and shapes
//! the answer is said in words in its `notes`.

pub(crate) mod environment;
pub(crate) mod gai_conf;
pub(crate) mod host_aliases;
pub(crate) mod host_conf;
pub(crate) mod nsswitch;
pub(crate) mod resolv_conf;
mod text;
