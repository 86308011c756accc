//! The entries of a directory. Reference: getdents(2).

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt as _;

use nix::errno::Errno;

/// How many bytes of entries are taken at once: a directory of overrides fits as a rule.
const BATCH: usize = 4096;

/// The offset of `d_name` in `struct linux_dirent64`; before it is the length of the entry.
const NAME: usize = 19;

/// The names of all entries but `.` and `..` from where the descriptor is, in no order.
pub(crate) fn names(directory: impl AsFd) -> nix::Result<Vec<OsString>> {
    let mut names = Vec::new();
    let mut buffer = [0u64; BATCH / size_of::<u64>()];
    loop {
        // SAFETY: the kernel writes to the buffer, which is aligned for an entry, at most as many
        // bytes as it has.
        let (length, bytes) = unsafe {
            let fd = directory.as_fd().as_raw_fd();
            let length = libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), BATCH);
            (length, buffer.align_to::<u8>().1)
        };
        let length = usize::try_from(Errno::result(length)?).unwrap_or(0);
        let mut rest = bytes.get(..length).unwrap_or(&[]);
        if rest.is_empty() {
            return Ok(names);
        }
        while let Some(&[low, high]) = rest.get(NAME - 3..NAME - 1) {
            let (entry, later) = rest
                .split_at_checked(u16::from_ne_bytes([low, high]).into())
                .ok_or(Errno::EIO)?;
            let name = entry.get(NAME..).ok_or(Errno::EIO)?;
            match name.split(|byte| *byte == 0).next().unwrap_or(&[]) {
                b"." | b".." => {}
                name => names.push(OsStr::from_bytes(name).to_owned()),
            }
            rest = later;
        }
    }
}
