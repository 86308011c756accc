//! The rules of nss_dns, one test each. Unless it says otherwise a test's rule was seen on glibc
//! 2.36 with the same servers.

mod answers;
mod bounds;
mod names;
mod script;
mod searches;
mod servers;
mod sockets;
