//! Programs run in a sandbox.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{self, Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::helper::enter;
use crate::programs::{IN_SANDBOX, broken, testbed};
use crate::{Sandbox, need};

/// How long a command may take; everything here takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A command to run in a sandbox: standard input empty, environment of nothing but `PATH`, `HOME`
/// and `LC_ALL=C`, working directory `/`, in a process group of its own.
#[derive(Clone, Debug)]
pub struct Command {
    holder: u32,
    args: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    directory: PathBuf,
    user: Option<u32>,
    timeout: Duration,
}

impl Command {
    pub(crate) fn new(sandbox: &Sandbox, args: Vec<OsString>) -> Command {
        let mut path = OsString::from(IN_SANDBOX);
        for directory in need::PATH {
            path.push(":");
            path.push(directory);
        }
        let environment = [("PATH", path), ("HOME", "/".into()), ("LC_ALL", "C".into())];
        Command {
            holder: sandbox.pid(),
            args,
            environment: environment.map(|(key, value)| (key.into(), value)).into(),
            input: Vec::new(),
            directory: "/".into(),
            user: None,
            timeout: TIMEOUT,
        }
    }

    /// Add an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Command {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Add arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Command {
        args.into_iter().fold(self, Command::arg)
    }

    /// Set an environment variable.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Command {
        let pair = (key.as_ref().to_owned(), value.as_ref().to_owned());
        self.environment.push(pair);
        self
    }

    /// What the command reads from standard input.
    #[must_use]
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Command {
        self.input = input.as_ref().to_owned();
        self
    }

    /// The working directory, in the sandbox.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Command {
        self.directory = directory.into();
        self
    }

    /// Run as another user, with no privilege and no supplementary groups. Needs
    /// [`need::root`].
    #[must_use]
    pub fn user(mut self, id: u32) -> Command {
        self.user = Some(id);
        self
    }

    /// How long the command may take before it is killed and the test fails.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Command {
        self.timeout = timeout;
        self
    }

    /// Run it to its end.
    ///
    /// # Panics
    /// If it cannot be started or does not end in time.
    #[must_use]
    pub fn run(&self) -> Run {
        let mut child = self.start();
        if let Some(mut stdin) = child.stdin.take() {
            let input = self.input.clone();
            // A command need not read its input.
            thread::spawn(move || stdin.write_all(&input));
        }
        let stdout = read_aside(child.stdout.take());
        let stderr = read_aside(child.stderr.take());
        let status = wait_until(&mut child, Instant::now() + self.timeout);
        let Some(status) = status else {
            let output = stderr.recv_timeout(Duration::from_millis(100));
            let text = String::from_utf8_lossy(&output.unwrap_or_default()).into_owned();
            panic!("{self} did not end within {:?}: {text}", self.timeout);
        };
        Run {
            command: self.to_string(),
            status,
            stdout: stdout.recv().unwrap_or_default(),
            stderr: stderr.recv().unwrap_or_default(),
        }
    }

    /// Start it and let it run until it ends or the handle is dropped.
    #[must_use]
    pub fn spawn(&self) -> Running {
        let mut child = self.start();
        Running {
            command: self.to_string(),
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(BufReader::new),
            stderr: child.stderr.take(),
            child,
        }
    }

    fn start(&self) -> Child {
        let mut command = process::Command::new(testbed());
        command
            .args(enter::arguments(
                self.holder,
                self.user,
                &self.directory,
                &self.args,
            ))
            .env_clear()
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
            .spawn()
            .unwrap_or_else(|error| broken(format!("cannot start {self}: {error}")))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arg) in self.args.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{}", arg.display())?;
        }
        Ok(())
    }
}

/// What became of a command.
#[derive(Clone, Debug)]
pub struct Run {
    command: String,
    /// Its exit status, or the signal that killed it.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

impl Run {
    /// The exit status; `None` if a signal killed the command.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that killed the command.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Standard output as text, without white space around it.
    #[must_use]
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }

    /// Standard error as text, without white space around it.
    #[must_use]
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim().to_owned()
    }

    /// This exit status, else panic with all that the command wrote.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Run {
        assert!(self.code() == Some(code), "not exit status {code}: {self}");
        self
    }

    /// Exit status 0 and this output, white space around it aside.
    #[track_caller]
    pub fn prints(&self, output: &str) -> &Run {
        self.exits(0);
        assert!(self.out() == output, "did not print {output:?}: {self}");
        self
    }

    /// Exactly one line on standard error, and it has all these words.
    #[track_caller]
    pub fn complains(&self, words: &[&str]) -> &Run {
        let text = self.err();
        assert!(
            text.lines().count() == 1 && self.stderr.ends_with(b"\n"),
            "not one line on standard error: {self}"
        );
        for word in words {
            assert!(text.contains(word), "no {word:?} on standard error: {self}");
        }
        self
    }

    /// Nothing on standard error.
    #[track_caller]
    pub fn quiet(&self) -> &Run {
        assert!(self.stderr.is_empty(), "not quiet: {self}");
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run {
            command, status, ..
        } = self;
        write!(f, "`{command}`: {status}\n--- out\n{}", self.out())?;
        write!(f, "\n--- err\n{}", self.err())
    }
}

/// A command that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    /// Its standard input; drop it for end of file.
    pub stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<ChildStderr>,
}

impl Running {
    /// The process id, that of the command itself.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Write a line to its standard input.
    pub fn tell(&mut self, line: &str) {
        let written = self.stdin.as_mut().map(|stdin| writeln!(stdin, "{line}"));
        if !matches!(written, Some(Ok(()))) {
            self.broken("takes no input");
        }
    }

    /// The next line of its standard output, without the line end.
    ///
    /// # Panics
    /// If there is none.
    pub fn line(&mut self) -> String {
        self.try_line().unwrap_or_else(|why| broken(why))
    }

    /// The next line; if there is none, the error is what it wrote to standard error.
    pub(crate) fn try_line(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        let read = self
            .stdout
            .as_mut()
            .map(|stdout| stdout.read_until(b'\n', &mut line));
        if !matches!(read, Some(Ok(1..))) {
            return Err(self.last_words("has no more output"));
        }
        let line = String::from_utf8_lossy(&line);
        Ok(line.trim_end_matches('\n').to_owned())
    }

    /// Wait for the line with which a helper says that it is at work.
    pub(crate) fn expect_ready(&mut self) {
        let line = self.line();
        if line != "ready" {
            broken(format!("`{}`: {line}", self.command));
        }
    }

    /// Send it a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself; it has not been waited for, so the id is still its own.
        let _ = kill(pid(&self.child), signal);
    }

    /// Close its input and wait for its end; returns what is left of its output too.
    ///
    /// # Panics
    /// If it does not end in time.
    #[must_use]
    pub fn end(mut self) -> Run {
        drop(self.stdin.take());
        let stdout = read_aside(self.stdout.take());
        let stderr = read_aside(self.stderr.take());
        let Some(status) = wait_until(&mut self.child, Instant::now() + TIMEOUT) else {
            panic!("`{}` did not end within {TIMEOUT:?}", self.command);
        };
        Run {
            command: self.command.clone(),
            status,
            stdout: stdout.recv().unwrap_or_default(),
            stderr: stderr.recv().unwrap_or_default(),
        }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// It does not do what it is there for; show what it wrote to standard error.
    fn broken(&mut self, what: &str) -> ! {
        broken(self.last_words(what))
    }

    /// End it, and say how it went.
    pub(crate) fn last_words(&mut self, what: &str) -> String {
        let _ = self.child.kill();
        let mut words = String::new();
        if let Some(stderr) = &mut self.stderr {
            let _ = stderr.read_to_string(&mut words);
        }
        format!("`{}` {what}: {}", self.command, words.trim())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = killpg(pid(&self.child), Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Wait, but not for ever: kill its process group when time is up.
fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    let mut pause = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(pause),
            _ => break,
        }
        pause = (pause * 2).min(Duration::from_millis(10));
    }
    let _ = killpg(pid(child), Signal::SIGKILL);
    let _ = child.wait();
    None
}

/// Read to the end in a thread, so that no pipe runs full.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || -> io::Result<()> {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes)?;
        }
        let _ = sender.send(bytes);
        Ok(())
    });
    receiver
}
