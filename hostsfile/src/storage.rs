//! Where the bytes of a file are kept. The only module that may be unsafe.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;

use memmap2::{Mmap, MmapMut};

pub(crate) enum Storage {
    Owned(Vec<u8>),
    /// Memory of our own, outside the allocator, and how much of it is content.
    Pages(MmapMut, usize),
    Mapped(Mmap),
}

/// From what size on memory comes in huge pages, if the system has them.
const HUGE: usize = 4 << 20;

impl Storage {
    pub(crate) fn read(mut from: impl Read) -> io::Result<Storage> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        Ok(Storage::Owned(bytes))
    }

    /// Reads a file from where it stands to its end.
    pub(crate) fn read_file(file: &File) -> io::Result<Storage> {
        match usize::try_from(file.metadata()?.len()) {
            Ok(size) if size >= HUGE => Storage::read_to_pages(file, size),
            _ => Storage::read(file),
        }
    }

    /// To get memory for a large file takes longer than to copy the file there, by far, unless it
    /// comes in huge pages.
    fn read_to_pages(mut from: impl Read, size: usize) -> io::Result<Storage> {
        // One byte more than is expected, to see the end.
        let mut pages = MmapMut::map_anon(size.saturating_add(1))?;
        // Where there are no huge pages, small ones do.
        #[cfg(target_os = "linux")]
        let _ = pages.advise(memmap2::Advice::HugePage);
        let mut length = 0;
        while length < pages.len() {
            match from.read(&mut pages[length..]) {
                Ok(0) => return Ok(Storage::Pages(pages, length)),
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // The file has grown.
        let mut bytes = pages.to_vec();
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
            Storage::Pages(pages, length) => &pages[..*length],
            Storage::Mapped(map) => map,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_grown_or_shrunk_since_its_size_was_asked() {
        let content: Vec<u8> = (0..=u8::MAX).collect();
        for size in [0, 1, 255, 256, 257, 10_000] {
            let storage = Storage::read_to_pages(&content[..], size).unwrap();
            assert_eq!(*storage, content[..], "{size}");
        }
    }
}
