//! Whether the loopback interface is up. A new namespace has it down, and then nothing that
//! resolves to 127.0.0.1 or 127.0.1.1 answers.

use std::io;

use netns::interfaces;

use crate::finding::{Finding, Kind, Since};
use crate::target::Target;

/// `ARPHRD_LOOPBACK` of linux/if_arp.h.
const LOOPBACK: u16 = 772;
/// `IFF_UP` of netdevice(7).
const UP: u32 = 1;

/// The loopback interface of the namespace that the calling thread is in, if it is down. It may
/// have another name than `lo`.
pub(crate) fn look() -> io::Result<Option<String>> {
    let links = interfaces::links()?;
    let down = links
        .iter()
        .find(|link| link.kind == LOOPBACK && link.flags & UP == 0);
    Ok(down.and_then(|link| interfaces::name_of(link.index)))
}

pub(crate) fn examine(target: &Target, down: Option<&str>) -> Option<Finding> {
    let name = down?;
    Some(Finding {
        kind: Kind::LoopbackDown,
        path: None,
        what: format!("{name} is down: no loopback address works, 127.0.0.1 and ::1 among them"),
        since: Some(Since::always("a new namespace has it so")),
        mend: target.ip(&format!("link set {name} up")),
        processes: Vec::new(),
    })
}
