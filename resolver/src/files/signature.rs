//! Whether a file is still what it was when it was read.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What changes when a file is written or replaced: glibc's `struct file_change_detection`
/// (`include/file_change_detection.h`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Signature {
    pub(super) fn of(metadata: &Metadata) -> Signature {
        Signature {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Of what the path leads to.
    pub(super) fn at(path: &Path) -> io::Result<Signature> {
        fs::metadata(path).map(|metadata| Signature::of(&metadata))
    }

    /// Whether the next change will show. One within the same tick of the file system's clock may
    /// not, so a file that is younger is not kept.
    pub(super) fn is_settled(&self) -> bool {
        const TICK: Duration = Duration::from_millis(20);
        let (seconds, nanoseconds) = self.modified.max(self.changed);
        let since_epoch = Duration::from_secs(seconds.unsigned_abs())
            + Duration::from_nanos(nanoseconds.unsigned_abs());
        UNIX_EPOCH + since_epoch + TICK < SystemTime::now()
    }
}
