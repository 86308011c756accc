//! Where the bytes of a file are kept. The only module that may be unsafe.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;

use memmap2::Mmap;

pub(crate) enum Storage {
    Owned(Vec<u8>),
    Mapped(Mmap),
}

impl Storage {
    pub(crate) fn read(mut from: impl Read) -> io::Result<Storage> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        Ok(Storage::Owned(bytes))
    }

    /// # Safety
    ///
    /// While the value lives, nothing may change or truncate the file.
    #[allow(unsafe_code)]
    pub(crate) unsafe fn map(file: &File) -> io::Result<Storage> {
        // Pipes and the files of proc(5) have no length but may have content.
        if file.metadata()?.len() == 0 {
            return Storage::read(file);
        }
        // SAFETY: the caller vouches that the file stays as it is while it is mapped.
        unsafe { Mmap::map(file) }.map(Storage::Mapped)
    }
}

impl Deref for Storage {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Storage::Owned(bytes) => bytes,
            Storage::Mapped(map) => map,
        }
    }
}
