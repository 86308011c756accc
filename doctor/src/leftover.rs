//! A plain file in `/run/netns` that is no namespace: `ip netns add` makes the file first and
//! mounts the namespace on it then; when the mount is gone, the file stays.

use std::path::Path;

use netns::{Error, NAMED_NAMESPACES, Selector};
use nix::sys::statfs::{NSFS_MAGIC, statfs};

use crate::file::File;
use crate::finding::{Finding, Kind, Since};
use crate::target::word;

/// The finding behind the error that there is no such namespace, if it is of this kind.
pub(crate) fn examine(selector: &Selector, error: &Error) -> Option<Finding> {
    let path = selector.path();
    let Error::NotANamespace { .. } = error else {
        return None;
    };
    let file = File::entry(&path).ok()?;
    if path.parent() != Some(Path::new(NAMED_NAMESPACES)) || !file.is_regular() {
        return None;
    }
    // The file of a namespace of another kind is a regular one too.
    if statfs(&path).ok()?.filesystem_type() == NSFS_MAGIC {
        return None;
    }
    let name = path.file_name()?;
    Some(Finding {
        kind: Kind::Leftover,
        path: Some(path.clone()),
        what: "is a plain file and no namespace: nothing is mounted on it any more".into(),
        since: Some(Since::at("it was left over or made", file.changed())),
        mend: format!("ip netns delete {}", word(name)),
        processes: Vec::new(),
    })
}
