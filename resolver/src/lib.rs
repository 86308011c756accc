//! Resolve host names as glibc does in a Linux network namespace.

mod address;
mod nss;
mod trace;
