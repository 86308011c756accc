//! Patterns as the C library has them, which tests hold [`crate::pattern`] to. Reference:
//! fnmatch(3).

use std::ffi::CString;

/// Whether the whole text matches.
///
/// # Panics
/// If one of them has a NUL byte.
pub(crate) fn fnmatch(pattern: &str, text: &str) -> bool {
    let [pattern, text] = [pattern, text].map(|it| CString::new(it).expect("no NUL"));
    // SAFETY: both are NUL-terminated strings that outlive the call, which only reads them.
    unsafe { libc::fnmatch(pattern.as_ptr(), text.as_ptr(), 0) == 0 }
}
