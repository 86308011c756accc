//! hosts(5) as glibc reads it, over any bytes.
//!
//! A hosts file is a list of lines, each an address, a canonical name and aliases. This crate
//! answers the questions glibc's `files` service answers from it, with the same lines, addresses
//! and names: the addresses of a name ([`Hosts::lookup`]) and the name of an address
//! ([`Hosts::reverse`]). It also tells on which lines the answer stands, and which lines were
//! passed over ([`Hosts::skipped`]), so that a program can explain it.
//!
//! A lookup makes one pass over the content. For many questions to one file there is an index
//! ([`Hosts::index_names`]), for one question to a large file the [`Excerpt`], which does not keep
//! it. The answers are the same.
//!
//! It knows nothing of where the file is, of host.conf or of other name services: whoever calls
//! it decides which file is read and whether `multi` is on.
//!
//! ```
//! use hostsfile::{Family, Hosts};
//!
//! let hosts = Hosts::from_bytes("\
//! 127.0.1.1   alpha.example alpha   # this machine
//! 10.0.0.7    db
//! fd00::7     db
//! ");
//!
//! // The first matching line, as with an empty host.conf.
//! let answer = hosts.lookup(b"ALPHA", Family::Any, false).expect("line 1 has it");
//! assert_eq!(answer.canonical_name(), b"alpha.example");
//! assert!(answer.addresses().eq(["127.0.1.1".parse::<std::net::IpAddr>()?]));
//! assert_eq!(answer.lines().next().map(|line| line.number()), Some(1));
//!
//! // All of them, as with `multi on`.
//! let answer = hosts.lookup(b"db", Family::Any, true).expect("lines 2 and 3 have it");
//! assert_eq!(answer.addresses().count(), 2);
//!
//! // Names compare whole: a trailing dot makes another name.
//! assert!(hosts.lookup(b"db.", Family::Any, true).is_none());
//!
//! let line = hosts.reverse("10.0.0.7".parse()?).expect("line 2 has it");
//! assert_eq!(line.canonical_name(), b"db");
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! # The rules
//!
//! - A line ends at a newline, a NUL or a `#`, wherever that stands. Fields are separated by
//!   space, tab, CR, VT or FF. Everything else is part of a field, a byte order mark too.
//! - The first field must be an address in the strict form of inet_pton(3): four decimal numbers
//!   without leading zeros, or IPv6 text without a scope. Any other line is skipped whole.
//! - The second field is the canonical name. A line without one has the empty name.
//! - Names compare whole and byte for byte, but for the case of ASCII letters. There is no limit
//!   on their length or number, and no check that they are valid host names.
//! - What an address counts as depends on the [`Family`] asked for.
//!
//! # Sources
//!
//! The manual pages hosts(5), host.conf(5) and inet_pton(3), and the behaviour of glibc 2.36
//! (`nss/nss_files/files-hosts.c` there). What glibc does beyond its array bounds is not
//! reproduced: it repeats the last bytes of a line that starts with white space and has a NUL or
//! no newline at its end. In a locale with one byte a character, glibc also folds letters beyond
//! ASCII; this crate does what it does in the C locale and in UTF-8.

mod address;
mod answer;
mod block;
mod excerpt;
mod fields;
mod hash;
mod hosts;
mod index;
mod line;
mod lines;
mod numbers;
mod parallel;
mod search;
mod storage;

pub use address::Family;
pub use answer::Answer;
pub use excerpt::Excerpt;
pub use hosts::Hosts;
pub use line::{Line, Names, SkippedLine};
pub use lines::{Lines, LinesWith, Skipped};
