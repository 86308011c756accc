//! One command that runs: its process, and what it prints.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use netns::{Name, process};
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::stat::Mode;
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, getpid, pipe2, setpgid};

use super::output::{Lines, Stream};

/// What is read at a time: as much as a pipe holds.
pub(super) const CHUNK: usize = 64 * 1024;

/// The signals that the loop waits for. One that is ignored is to stay so.
pub(super) fn signals() -> SigSet {
    let ends = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM];
    let heard = ends.into_iter().filter(|&signal| !process::ignores(signal));
    SigSet::from_iter(heard.chain([Signal::SIGCHLD]))
}

/// A command that runs in a namespace.
pub(super) struct Job {
    name: Name,
    /// The leader of a process group of its own, so that a signal reaches what it has started.
    pid: Pid,
    /// Standard output and standard error.
    printed: [Printed; 2],
}

/// What comes through one of its pipes; None when it is closed.
struct Printed {
    pipe: Option<File>,
    lines: Lines,
}

impl Job {
    /// Start a process that prints to us, and in it run `child`, which gives the status that it
    /// ends with if it does not become another program.
    pub(super) fn start(name: &Name, child: impl FnOnce() -> u8) -> nix::Result<Job> {
        let (out, out_writer) = pipe2(OFlag::O_CLOEXEC)?;
        let (err, err_writer) = pipe2(OFlag::O_CLOEXEC)?;
        let pid = process::fork(|| match prepare(&out_writer, &err_writer) {
            Ok(()) => child(),
            Err(_) => u8::MAX,
        })?;
        // Also there, for who is first.
        let _ = setpgid(pid, pid);
        let printed = |pipe: OwnedFd| Printed {
            pipe: Some(pipe.into()),
            lines: Lines::of(name),
        };
        Ok(Job {
            name: name.clone(),
            pid,
            printed: [printed(out), printed(err)],
        })
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Send it, and all that it has started, a signal.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = killpg(self.pid, signal);
    }

    /// The pipes that are open.
    pub(super) fn pipes(&self) -> impl Iterator<Item = (Stream, BorrowedFd<'_>)> {
        let pipe = |stream| Some((stream, self.printed[stream as usize].pipe.as_ref()?.as_fd()));
        Stream::BOTH.into_iter().filter_map(pipe)
    }

    /// The whole lines that are there now, or will be, read with the help of a buffer.
    pub(super) fn read(&mut self, stream: Stream, chunk: &mut [u8]) -> Vec<u8> {
        let printed = &mut self.printed[stream as usize];
        let Some(pipe) = &mut printed.pipe else {
            return Vec::new();
        };
        match pipe.read(chunk) {
            Ok(length @ 1..) => printed.lines.take(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Vec::new(),
            Ok(0) | Err(_) => {
                printed.pipe = None;
                printed.lines.end()
            }
        }
    }

    /// All that is there now, without waiting for more.
    pub(super) fn read_to_end(&mut self, stream: Stream, chunk: &mut [u8]) -> Vec<u8> {
        let mut lines = Vec::new();
        while let Some(pipe) = &self.printed[stream as usize].pipe
            && is_ready(pipe)
        {
            lines.extend(self.read(stream, chunk));
        }
        lines.extend(self.printed[stream as usize].lines.end());
        lines
    }
}

/// In the new process: a group of its own, nothing to read, and somewhere to print to.
fn prepare(out: &OwnedFd, err: &OwnedFd) -> nix::Result<()> {
    setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    let nothing = open(
        "/dev/null",
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    dup2_stdin(nothing)?;
    dup2_stdout(out)?;
    dup2_stderr(err)
}

/// Whether there is something to read, if only the end.
fn is_ready(pipe: impl AsFd) -> bool {
    let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO) == Ok(1)
}

/// How a command failed; None if it did not.
pub(super) fn description(status: WaitStatus) -> Option<String> {
    match status {
        WaitStatus::Exited(_, 0) => None,
        WaitStatus::Exited(_, code) => Some(format!("exit status {code}")),
        WaitStatus::Signaled(_, signal, _) => Some(format!("killed by {signal}")),
        other => Some(format!("{other:?}")),
    }
}

/// The processes that became no command for want of a view. They tell their ids through one pipe.
pub(super) struct Viewless {
    reader: File,
    writer: File,
    /// Those that have told, but were not asked for yet.
    pids: Vec<i32>,
}

impl Viewless {
    pub(super) fn new() -> nix::Result<Viewless> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        Ok(Viewless {
            reader: reader.into(),
            writer: writer.into(),
            pids: Vec::new(),
        })
    }

    /// In a process that has no view. Without this it would count as a command that failed.
    pub(super) fn tell(&self) {
        let pid = getpid().as_raw();
        let _ = (&self.writer).write_all(&pid.to_ne_bytes());
    }

    /// Whether this process, which has ended, is one.
    pub(super) fn has_told(&mut self, pid: Pid) -> bool {
        while is_ready(&self.reader) {
            let mut told = [0; size_of::<i32>()];
            if self.reader.read_exact(&mut told).is_err() {
                break;
            }
            self.pids.push(i32::from_ne_bytes(told));
        }
        let known = self.pids.iter().position(|it| *it == pid.as_raw());
        known.map(|index| self.pids.swap_remove(index)).is_some()
    }
}
