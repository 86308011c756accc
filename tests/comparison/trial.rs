//! A tool put to a case: a sandbox of its own, and ways to ask what a command sees.

use std::ffi::{OsStr, OsString};
use std::thread;
use std::time::{Duration, Instant};

use testbed::{Command, Namespace, Running, Sandbox};

use crate::cell::{ALPHA, HOST, said};
use crate::tools::Tool;

/// How long `netns-exec --watch` may take on a busy machine. It takes milliseconds.
const WATCH: Duration = Duration::from_secs(5);

/// How long others may take, who do nothing about what happens after the start.
const NO_WATCH: Duration = Duration::from_millis(100);

/// `look PATH` says what is there: a file's content, or what else it is.
const LOOK: &str = r#"look() {
    if [ -p "$1" ]; then echo "a fifo"
    elif [ -S "$1" ]; then echo "a socket"
    elif [ -c "$1" ]; then echo "a device"
    elif [ -d "$1" ]; then echo "a directory"
    elif [ ! -e "$1" ]; then echo "no file"
    else cat "$1" 2>/dev/null || echo "a file that cannot be read"; fi; }"#;

/// A tool with a sandbox in which there are the namespaces alpha and beta.
pub(crate) struct Trial {
    pub(crate) tool: Tool,
    pub(crate) sandbox: Sandbox,
    pub(crate) alpha: Namespace,
    pub(crate) beta: Namespace,
    _watch: Option<Running>,
}

impl Trial {
    pub(crate) fn new(tool: Tool) -> Trial {
        let (sandbox, alpha, beta) = Sandbox::alpha_and_beta();
        tool.settle_in(&sandbox);
        let watch = tool.is_watched().then(|| {
            let mut watch = sandbox.netns_exec(["--watch"]).spawn();
            // It is at work.
            watch.line();
            watch
        });
        Trial {
            tool,
            sandbox,
            alpha,
            beta,
            _watch: watch,
        }
    }

    /// Have the hosts files of the host and of alpha say whose they are.
    pub(crate) fn label_hosts(&self) {
        self.sandbox.host_file("hosts", HOST);
        self.alpha.file("hosts", ALPHA);
    }

    /// A command that the tool runs in alpha.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.sandbox.command(self.tool.words("alpha")).args(args)
    }

    /// A shell script that the tool runs in alpha; it has the function `look`.
    pub(crate) fn script(&self, script: &str) -> Command {
        self.command(shell(script))
    }

    /// What a command in alpha sees at a path.
    pub(crate) fn look(&self, path: &str) -> String {
        said(&self.script(&format!("look {path}")).run())
    }

    /// A script that the tool runs in alpha, for root of a user namespace that alice has made. The
    /// namespace is made there too: only so may she enter it.
    pub(crate) fn script_of_alice_alone(&self, script: &str) -> Command {
        let mut words = self.tool.words("alpha");
        words.extend(shell(script));
        let script = "mount -t tmpfs netns /run/netns && ip netns add alpha && exec \"$@\"";
        let unshare = ["unshare", "--user", "--map-root-user", "--mount", "--net"];
        self.sandbox
            .command(unshare)
            .args(["sh", "-c", script, "sh"])
            .args(words)
            .user(ALICE)
    }

    /// A shell that goes on running in alpha.
    pub(crate) fn inside(&self) -> Inside {
        self.inside_by(self.command([""; 0]))
    }

    /// The same, by a command that has been prepared.
    pub(crate) fn inside_by(&self, command: Command) -> Inside {
        let script = "echo started; while read -r line; do echo $(eval \"$line\"); done";
        let mut shell = command.args(shell(script)).spawn();
        // It is in place.
        shell.line();
        let patience = if self.tool.is_watched() {
            WATCH
        } else {
            NO_WATCH
        };
        Inside { shell, patience }
    }
}

/// The user id of alice.
pub(crate) const ALICE: u32 = 1001;

/// A shell with the function `look`, and what it runs.
pub(crate) fn shell(script: &str) -> [OsString; 3] {
    ["sh".into(), "-c".into(), format!("{LOOK}\n{script}").into()]
}

/// A shell that runs in alpha while things happen on the host.
pub(crate) struct Inside {
    shell: Running,
    patience: Duration,
}

impl Inside {
    /// What a line of shell prints there, in one line.
    pub(crate) fn run(&mut self, line: &str) -> String {
        self.shell.tell(line);
        self.shell.line()
    }

    /// The same, again and again until it prints what is wanted or will not any more.
    pub(crate) fn comes_to(&mut self, line: &str, wanted: &str) -> String {
        let end = Instant::now() + self.patience;
        let mut said = self.run(line);
        while said != wanted && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
            said = self.run(line);
        }
        said
    }
}
