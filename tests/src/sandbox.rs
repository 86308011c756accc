//! The sandbox and its namespaces.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::sync::Arc;

use crate::programs::{self, broken};
use crate::{Command, Files, Wrapper, dns, need};

/// An nsswitch.conf with which names come from hosts files only.
pub const NSSWITCH_FILES: &str = "passwd: files\ngroup: files\nhosts: files\n";

/// An nsswitch.conf with which names come from hosts files, then from DNS.
pub const NSSWITCH_DNS: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// A world of its own for one test: mounts, network, `/etc`, `/run` and `/sys`.
///
/// A process holds it; it ends with this value, and with the test program whatever ends that.
/// Processes started in it see the machine's programs and libraries, but of `/etc` only what
/// [`helper::hold`](crate::helper::hold) puts there.
#[derive(Debug)]
pub struct Sandbox {
    holder: Child,
    files: Arc<Files>,
}

impl Sandbox {
    /// Make a sandbox. As root it has all of root's privilege; else it has a user namespace in
    /// which this user is root and nobody else exists.
    ///
    /// # Panics
    /// If the kernel or the machine's policy does not allow it, the test cannot run.
    #[must_use]
    pub fn new() -> Sandbox {
        let mut holder = process::Command::new(programs::testbed())
            .arg("hold")
            .arg(programs::directory())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| broken(format!("cannot start the sandbox: {error}")));
        let mut answer = String::new();
        if let Some(stdout) = holder.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut answer);
        }
        if answer.trim() == "ready" {
            let files = Arc::new(Files::of_process(holder.id()));
            return Sandbox { holder, files };
        }
        let _ = holder.wait();
        match answer.trim().strip_prefix("unmet: ") {
            Some(reason) => need::unmet(format!("no sandbox: {reason}")),
            None => broken(format!("no sandbox: {}", answer.trim())),
        }
    }

    /// A sandbox with the namespaces alpha and beta, each with a hosts file that names only itself
    /// at 127.0.1.1. On the host, and so in both, names come from hosts files only.
    #[must_use]
    pub fn alpha_and_beta() -> (Sandbox, Namespace, Namespace) {
        let sandbox = Sandbox::new();
        sandbox.host_file("nsswitch.conf", NSSWITCH_FILES);
        let [alpha, beta] = ["alpha", "beta"].map(|name| {
            let namespace = sandbox.namespace(name);
            namespace.file("hosts", format!("127.0.1.1 {name}\n"));
            namespace
        });
        (sandbox, alpha, beta)
    }

    /// A sandbox with the namespace alpha, as [`Sandbox::alpha_and_beta`] makes it.
    #[must_use]
    pub fn alpha() -> (Sandbox, Namespace) {
        let sandbox = Sandbox::new();
        sandbox.host_file("nsswitch.conf", NSSWITCH_FILES);
        let alpha = sandbox.namespace("alpha");
        alpha.file("hosts", "127.0.1.1 alpha\n");
        (sandbox, alpha)
    }

    /// The process that holds it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.holder.id()
    }

    /// Its files.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn shared_files(&self) -> Arc<Files> {
        Arc::clone(&self.files)
    }

    /// Write a file of the sandbox's host: `host_file("resolv.conf", …)` is `/etc/resolv.conf`.
    pub fn host_file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        self.files.write(Path::new("/etc").join(name), content);
    }

    /// `ip netns add NAME`, with its loopback interface up and an empty `/etc/netns/NAME`.
    #[must_use]
    pub fn namespace(&self, name: impl AsRef<OsStr>) -> Namespace {
        let name = name.as_ref();
        self.set_up(self.command(["ip", "netns", "add"]).arg(name));
        self.set_up(
            self.command(["ip", "-n"])
                .arg(name)
                .args(["link", "set", "lo", "up"]),
        );
        let namespace = Namespace {
            name: name.to_owned(),
            files: Arc::clone(&self.files),
        };
        self.files.mkdir(namespace.directory());
        namespace
    }

    /// Run a command that prepares the sandbox; if it fails, the test bed is broken.
    pub fn set_up(&self, command: Command) {
        let run = command.run();
        if run.code() != Some(0) {
            broken(run.to_string());
        }
    }

    /// A command on the sandbox's host.
    #[must_use]
    pub fn command<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        Command::new(self, args.into_iter().map(Into::into).collect())
    }

    /// A command in a namespace, by `ip netns exec`: the reference.
    #[must_use]
    pub fn ip_netns_exec<A: Into<OsString>>(
        &self,
        namespace: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        Wrapper::IpNetnsExec.command(self, namespace, args)
    }

    /// `netns-exec` with these arguments.
    #[must_use]
    pub fn netns_exec<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let program = programs::under_test("netns-exec").into_os_string();
        self.command([program])
            .args(args.into_iter().map(Into::into))
    }

    /// `netns-resolve` with these arguments, run on the sandbox's host.
    #[must_use]
    pub fn netns_resolve<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let program = programs::under_test("netns-resolve").into_os_string();
        self.command([program])
            .args(args.into_iter().map(Into::into))
    }

    /// Start a DNS server in a namespace, on port 53 of `address`; see [`dns`] for the script. It
    /// answers when this returns.
    #[must_use]
    pub fn dns(&self, namespace: &Namespace, address: &str, script: &str) -> dns::Server {
        dns::Server::start(self, Some(namespace), address, script)
    }

    /// Start a DNS server on the host of the sandbox, as [`Sandbox::dns`] does in a namespace.
    #[must_use]
    pub fn host_dns(&self, address: &str, script: &str) -> dns::Server {
        dns::Server::start(self, None, address, script)
    }
}

impl Default for Sandbox {
    fn default() -> Sandbox {
        Sandbox::new()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A network namespace of a sandbox.
#[derive(Clone, Debug)]
pub struct Namespace {
    name: OsString,
    files: Arc<Files>,
}

impl Namespace {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// `/etc/netns/NAME`.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        Path::new("/etc/netns").join(&self.name)
    }

    /// `/etc/netns/NAME/FILE`.
    #[must_use]
    pub fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.directory().join(file)
    }

    /// Write `/etc/netns/NAME/FILE` in place, or create it.
    pub fn file(&self, file: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        self.files.write(self.path(file), content);
    }
}

impl AsRef<OsStr> for Namespace {
    fn as_ref(&self) -> &OsStr {
        &self.name
    }
}
