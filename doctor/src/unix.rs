//! Who listens at unix sockets of the network namespace: `/proc/net/unix`, proc_pid_net(5).

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// `SO_ACCEPTCON` as the kernel prints it (`__SO_ACCEPTCON` of linux/net.h): somebody listens.
const LISTENS: u32 = 1 << 16;

/// The names of listening sockets that were made in a network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listeners(Vec<Vec<u8>>);

impl Listeners {
    /// Those of the namespace that the calling thread is in.
    pub(crate) fn look() -> io::Result<Listeners> {
        // Not /proc/net: that is of the first thread.
        fs::read("/proc/thread-self/net/unix").map(|table| Listeners::parse(&table))
    }

    /// `Num RefCount Protocol Flags Type St Inode Path`.
    fn parse(table: &[u8]) -> Listeners {
        let lines = table.split(|&byte| byte == b'\n').skip(1);
        let name = |line: &[u8]| {
            let mut fields = line.splitn(7, |&byte| byte == b' ');
            let flags = std::str::from_utf8(fields.nth(3)?).ok()?;
            let listens = u32::from_str_radix(flags, 16).ok()? & LISTENS != 0;
            // The number of the inode is padded to five places.
            let inode_and_path = fields.nth(2)?.trim_ascii_start();
            let end = inode_and_path.iter().position(|&byte| byte == b' ')?;
            listens.then(|| inode_and_path[end + 1..].to_vec())
        };
        Listeners(lines.filter_map(name).collect())
    }

    /// Whether somebody listens at a socket that was given this path.
    pub(crate) fn have_path(&self, path: &Path) -> bool {
        self.has(path.as_os_str().as_bytes())
    }

    /// Whether somebody listens at this abstract name. In the table it has `@` for each NUL.
    pub(crate) fn have_abstract(&self, name: &[u8]) -> bool {
        let shown = name.iter().map(|&byte| if byte == 0 { b'@' } else { byte });
        self.has(&[b'@'].into_iter().chain(shown).collect::<Vec<u8>>())
    }

    fn has(&self, name: &[u8]) -> bool {
        self.0.iter().any(|own| own == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_are_found_by_name() {
        let table = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 21354 /run/a b\n\
            0000000000000000: 00000002 00000000 00010000 0001 01   354 @/tmp/dbus-x@@\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 21356 @connected\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 21357\n";
        let listeners = Listeners::parse(table);
        assert!(listeners.have_path(Path::new("/run/a b")));
        assert!(listeners.have_abstract(b"/tmp/dbus-x\0\0"));
        assert!(!listeners.have_abstract(b"connected"));
        assert_eq!(listeners.0.len(), 2);
    }
}
