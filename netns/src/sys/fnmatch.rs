//! Patterns as a shell has them. Reference: fnmatch(3).

use std::ffi::CStr;

/// Whether the whole text matches.
pub(crate) fn fnmatch(pattern: &CStr, text: &CStr) -> bool {
    // SAFETY: both are NUL-terminated strings that outlive the call, which only reads them.
    unsafe { libc::fnmatch(pattern.as_ptr(), text.as_ptr(), 0) == 0 }
}
