//! The daemons of the host that answer for names, and the sockets at which the C library and its
//! modules ask them. A network namespace does not isolate these: they are files.
//!
//! Sources: glibc nscd/nscd-client.h (`_PATH_NSCDSOCKET`), systemd src/shared (`nss-resolve`,
//! `nss-mymachines`), nss-mdns `avahi.c`, sssd `sss_cli.h`, samba nsswitch `winbind_struct_protocol.h`,
//! nss-pam-ldapd `configure.ac`.

/// A daemon, and where it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostResolver {
    /// Its name.
    pub daemon: &'static str,
    /// The directory of its sockets.
    pub directory: &'static str,
    /// The names of its sockets there. What else is in the directory is none of them: a
    /// resolv.conf, the sockets of other services.
    pub sockets: &'static [&'static str],
    /// The file there that says that it runs. A daemon of the same kind that is started in a view
    /// must neither believe nor overwrite it.
    pub pid_file: Option<&'static str>,
}

/// All that are known. `/var/run` is a symlink to `/run` nearly everywhere; where it is not, the
/// programs ask there.
pub const HOST_RESOLVERS: &[HostResolver] = &[
    // Also nsncd and unscd, which take its place.
    HostResolver {
        daemon: "nscd",
        directory: "/run/nscd",
        sockets: &["socket"],
        pid_file: Some("nscd.pid"),
    },
    HostResolver {
        daemon: "nscd",
        directory: "/var/run/nscd",
        sockets: &["socket"],
        pid_file: Some("nscd.pid"),
    },
    HostResolver {
        daemon: "systemd-resolved",
        directory: "/run/systemd/resolve",
        sockets: &["io.systemd.Resolve", "io.systemd.Resolve.Monitor"],
        pid_file: None,
    },
    HostResolver {
        daemon: "systemd-machined",
        directory: "/run/systemd/machine",
        sockets: &["io.systemd.Machine"],
        pid_file: None,
    },
    HostResolver {
        daemon: "avahi-daemon",
        directory: "/run/avahi-daemon",
        sockets: &["socket"],
        pid_file: Some("pid"),
    },
    HostResolver {
        daemon: "avahi-daemon",
        directory: "/var/run/avahi-daemon",
        sockets: &["socket"],
        pid_file: Some("pid"),
    },
    HostResolver {
        daemon: "sssd",
        directory: "/var/lib/sss/pipes",
        sockets: &["nss"],
        pid_file: None,
    },
    HostResolver {
        daemon: "winbindd",
        directory: "/run/samba/winbindd",
        sockets: &["pipe"],
        pid_file: None,
    },
    HostResolver {
        daemon: "winbindd",
        directory: "/var/run/samba/winbindd",
        sockets: &["pipe"],
        pid_file: None,
    },
    HostResolver {
        daemon: "nslcd",
        directory: "/run/nslcd",
        sockets: &["socket"],
        pid_file: Some("nslcd.pid"),
    },
    HostResolver {
        daemon: "nslcd",
        directory: "/var/run/nslcd",
        sockets: &["socket"],
        pid_file: Some("nslcd.pid"),
    },
];
