//! Daemons of a host that answer for names: real ones, and stand-ins for others.
//!
//! Some would change how the machine resolves names if they were installed; `tests/install-needs`
//! unpacks those into a directory next to the programs. Each daemon is configured to do no more
//! than a test needs, as user 0: the only user that there is without privilege.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::programs;
use crate::{Command, Files, Namespace, Running, Sandbox, Wrapper, need};

/// How long a daemon may take until it is at work.
const TIMEOUT: Duration = Duration::from_secs(15);

/// What nscd caches.
const NSCD_CONF: &str = "enable-cache hosts yes\npersistent hosts no\ncheck-files hosts yes\n\
                         positive-time-to-live hosts 600\nnegative-time-to-live hosts 600\n";

/// The name that [`avahi`] knows, and its address.
pub const AVAHI_NAME: (&str, &str) = ("printer.local", "192.0.2.77");

/// The user of a daemon that insists on one of its own.
const USERS: [&str; 2] = ["systemd-resolve", "avahi"];

/// A daemon that can be started, on the host of a sandbox or in a view.
#[derive(Clone, Debug)]
pub struct Daemon {
    args: Vec<OsString>,
    socket: &'static str,
    /// What it writes after it listens, and whether that has its process id in it.
    file: (&'static str, bool),
    /// What it prints when it is at work, if that is after it listens.
    says: Option<&'static str>,
    libraries: OsString,
}

/// nscd, caching what hosts files and DNS say.
///
/// # Panics
/// If it is not installed, the test cannot run.
#[must_use]
pub fn nscd(sandbox: &Sandbox) -> Daemon {
    need::program("nscd");
    sandbox.host_file("nscd.conf", NSCD_CONF);
    sandbox.files().mkdir("/run/nscd");
    Daemon {
        args: ["nscd", "--foreground"].map(OsString::from).into(),
        socket: "/run/nscd/socket",
        file: ("/run/nscd/nscd.pid", true),
        says: None,
        libraries: OsString::new(),
    }
}

/// systemd-resolved, which asks the DNS server at `server`. The sandbox's host gets an interface
/// that leads nowhere: with loopback only, it says that the network is down.
///
/// # Panics
/// If it is not there, the test cannot run.
#[must_use]
pub fn resolved(sandbox: &Sandbox, server: &str) -> Daemon {
    let program = find("systemd-resolved", "systemd-resolved");
    let _module = find("libnss_resolve.so.2", "libnss-resolve");
    users(sandbox);
    interface(sandbox, None);
    sandbox.files().mkdir("/run/systemd/resolve");
    sandbox.files().mkdir("/etc/systemd");
    resolved_asks(sandbox, server, "host.test");
    Daemon {
        args: vec![program.into()],
        socket: "/run/systemd/resolve/io.systemd.Resolve",
        file: ("/run/systemd/resolve/stub-resolv.conf", false),
        says: None,
        libraries: libraries(),
    }
}

/// What systemd-resolved shall ask, and the search domain it writes, from its next start on.
pub fn resolved_asks(sandbox: &Sandbox, server: &str, domain: &str) {
    let conf = format!(
        "[Resolve]\nDNS={server}\nFallbackDNS=\nDomains={domain}\nLLMNR=no\nMulticastDNS=no\n\
         DNSSEC=no\nDNSOverTLS=no\n"
    );
    sandbox.host_file("systemd/resolved.conf", conf);
}

/// avahi-daemon, which knows [`AVAHI_NAME`]. The sandbox's host gets an interface for it that leads
/// nowhere.
///
/// # Panics
/// If it is not there, the test cannot run.
#[must_use]
pub fn avahi(sandbox: &Sandbox) -> Daemon {
    let program = find("avahi-daemon", "avahi-daemon");
    let _module = find("libnss_mdns4_minimal.so.2", "libnss-mdns");
    users(sandbox);
    interface(sandbox, None);
    sandbox.files().mkdir("/etc/avahi/services");
    let (name, address) = AVAHI_NAME;
    sandbox.host_file("avahi/hosts", format!("{address} {name}\n"));
    let conf = "[server]\nhost-name=box\nuse-ipv6=no\nallow-interfaces=lan0\nenable-dbus=no\n";
    sandbox.host_file("avahi/avahi-daemon.conf", conf);
    // It tells on standard error when the name is its own.
    let script = r#"exec "$0" "$@" 2>&1"#;
    let options = ["--no-drop-root", "--no-rlimits", "--no-chroot", "--debug"];
    let args = ["sh", "-c", script].map(OsString::from).into_iter();
    Daemon {
        args: args
            .chain([program.into()])
            .chain(options.map(OsString::from))
            .collect(),
        socket: "/run/avahi-daemon/socket",
        file: ("/run/avahi-daemon/pid", true),
        says: Some("\"printer.local\" successfully established"),
        libraries: libraries(),
    }
}

impl Daemon {
    /// Start it on the host of the sandbox; it is at work when this returns.
    #[must_use]
    pub fn start(&self, sandbox: &Sandbox) -> Started {
        let started = self.start_by(sandbox.command([""; 0]));
        started.unwrap_or_else(|why| programs::broken(why))
    }

    /// Start it by a wrapper: it is at work when this returns.
    ///
    /// # Errors
    /// If it does not want to: what it wrote to standard error.
    pub fn start_in(
        &self,
        wrapper: Wrapper,
        sandbox: &Sandbox,
        namespace: &Namespace,
    ) -> Result<Started, String> {
        self.start_by(wrapper.command(sandbox, namespace, [""; 0]))
    }

    /// With the module by which the C library asks this daemon.
    #[must_use]
    pub fn client(&self, command: Command) -> Command {
        if self.libraries.is_empty() {
            return command;
        }
        command.env("LD_LIBRARY_PATH", &self.libraries)
    }

    fn start_by(&self, command: Command) -> Result<Started, String> {
        let mut process = self.client(command.args(&self.args)).spawn();
        let deadline = Instant::now() + TIMEOUT;
        if let Some(words) = self.says {
            while !process.try_line()?.contains(words) {}
        }
        while !self.is_at_work(process.pid()) {
            if process.has_ended() || Instant::now() > deadline {
                return Err(process.last_words("does not listen"));
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(Started { process })
    }

    /// Whether it is this process that listens at the socket that it sees itself, and has written
    /// the file.
    fn is_at_work(&self, pid: u32) -> bool {
        let listens = Files::try_of_process(pid)
            .and_then(|files| files.listener(self.socket))
            .is_ok_and(|listener| listener == pid);
        let (file, has_pid) = self.file;
        let written = fs::read_to_string(format!("/proc/{pid}/root{file}"));
        listens && written.is_ok_and(|text| !has_pid || text.trim() == pid.to_string())
    }
}

/// A daemon at work. Dropping it kills it.
#[derive(Debug)]
pub struct Started {
    process: Running,
}

impl Started {
    /// A command beside it, where it is in a view.
    ///
    /// # Panics
    /// If nsenter is not installed, the test cannot run.
    #[must_use]
    pub fn beside(&self, sandbox: &Sandbox) -> Command {
        need::program("nsenter");
        let pid = self.process.pid().to_string();
        sandbox.command(["nsenter", "--mount", "--net", "--target", &pid])
    }

    /// End it as a service manager does, and wait until it has gone.
    pub fn stop(self) {
        self.process.signal(Signal::SIGTERM);
        let _ = self.process.end();
    }
}

/// A program that listens at sockets, connects to sockets, or both. Dropping it kills it.
#[derive(Debug)]
pub struct Peer(Running);

impl Peer {
    /// Start one by `command` that only connects; it is where it shall be when this returns.
    #[must_use]
    pub fn client(command: Command) -> Peer {
        Peer::daemon::<&str>(command, "", [])
    }

    /// Start one by `command` that listens at these sockets, whose directories must be there, and
    /// greets all who connect.
    #[must_use]
    pub fn daemon<P: AsRef<OsStr>>(
        command: Command,
        greeting: &str,
        sockets: impl IntoIterator<Item = P>,
    ) -> Peer {
        Peer::try_daemon(command, greeting, sockets).unwrap_or_else(|why| programs::broken(why))
    }

    /// The same, where a socket may be in the way.
    ///
    /// # Errors
    /// What it wrote to standard error.
    pub fn try_daemon<P: AsRef<OsStr>>(
        command: Command,
        greeting: &str,
        sockets: impl IntoIterator<Item = P>,
    ) -> Result<Peer, String> {
        let command = command.arg(programs::under_test("testbed"));
        let mut running = command.args(["socket", greeting]).args(sockets).spawn();
        running.try_line().map(|_ready| Peer(running))
    }

    /// What it is greeted with at a socket, or why it cannot connect.
    pub fn greeting(&mut self, socket: &str) -> String {
        self.0.tell(socket);
        self.0.line()
    }
}

/// The users of all daemons: user 0 by another name.
fn users(sandbox: &Sandbox) {
    for (file, rest) in [("passwd", "0:0::/:/bin/sh"), ("group", "0:")] {
        let mut text = sandbox.files().read(Path::new("/etc").join(file));
        for user in USERS {
            text.extend(format!("{user}:x:{rest}\n").bytes());
        }
        sandbox.host_file(file, text);
    }
}

/// An interface of the host, or of a namespace, that has an address and leads nowhere.
pub fn interface(sandbox: &Sandbox, namespace: Option<&Namespace>) {
    for line in [
        "link add lan0 type veth peer name lan1",
        "addr add 192.0.2.100/24 dev lan0",
        "link set lan1 up",
        "link set lan0 up",
    ] {
        let mut command = sandbox.command(["ip"]);
        if let Some(namespace) = namespace {
            command = command.arg("-n").arg(namespace);
        }
        sandbox.set_up(command.args(line.split(' ')));
    }
}

/// A file of a package, installed or unpacked.
fn find(file: &str, package: &str) -> PathBuf {
    let places = [PathBuf::from("/"), unpacked()];
    let mut directories = places.iter().flat_map(|root| directories(root));
    directories
        .find_map(|directory| Some(directory.join(file)).filter(|path| path.exists()))
        .unwrap_or_else(|| {
            need::unmet(format!(
                "no {file} of package {package} (see tests/install-needs)"
            ))
        })
}

/// Where the unpacked libraries and modules are, for `LD_LIBRARY_PATH`; nothing if there are none.
fn libraries() -> OsString {
    let has_libraries = |directory: &PathBuf| {
        let mut entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().contains(".so."))
    };
    let directories: Vec<_> = directories(&unpacked())
        .into_iter()
        .filter(has_libraries)
        .map(PathBuf::into_os_string)
        .collect();
    directories.join(OsStr::new(":"))
}

/// The directories of libraries and daemons, as in `tests/install-needs`.
fn directories(root: &Path) -> Vec<PathBuf> {
    let mut directories = Vec::new();
    for above in ["lib", "usr/lib", "usr/sbin"].map(|name| root.join(name)) {
        let Ok(entries) = fs::read_dir(&above) else {
            continue;
        };
        let below = entries.flatten().map(|entry| entry.path());
        directories.extend(below.filter(|path| path.is_dir()));
        directories.push(above);
    }
    directories
}

/// Where `tests/install-needs` unpacks packages: in the target directory.
fn unpacked() -> PathBuf {
    let directory = programs::directory();
    let mut targets = directory.ancestors().skip(1).take(2);
    targets
        .find(|target| target.join("packages").is_dir())
        .unwrap_or(&directory)
        .join("packages")
}
