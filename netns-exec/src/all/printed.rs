//! What a command prints, on the way from its pipes to who writes it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::mpsc::SyncSender;

use netns::Name;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Event;
use super::output::{Lines, Stream};
use super::slots::Slot;

/// What is read at a time.
const CHUNK: usize = 64 * 1024;

/// The whole lines of a command, and what there is of the next.
pub(super) struct Printed<'a> {
    events: &'a SyncSender<Event>,
    /// Of standard output and standard error.
    lines: [Lines; 2],
    /// What is read is read into it. Most commands print nothing.
    chunk: Vec<u8>,
}

impl Printed<'_> {
    pub(super) fn new<'a>(events: &'a SyncSender<Event>, name: &Name) -> Printed<'a> {
        Printed {
            events,
            lines: [Lines::of(name), Lines::of(name)],
            chunk: Vec::new(),
        }
    }

    /// A line of this program's own.
    pub(super) fn complain(&mut self, message: &str) {
        self.print(Stream::Error, format!("netns-exec: {message}\n").as_bytes());
    }

    /// Pass on what comes through the pipes of a process until it has ended; then others can have
    /// its place, and whoever it has left behind writes to nobody.
    pub(super) fn pass_on(&mut self, pipes: [File; 2], pidfd: &OwnedFd, slot: Slot) {
        let mut pipes = pipes.map(Some);
        let mut has_ended = false;
        while !has_ended {
            // In the place of a pipe that is closed there is the process once more.
            let [out, err] = pipes
                .each_ref()
                .map(|pipe| pipe.as_ref().map_or(pidfd.as_fd(), File::as_fd));
            let mut fds = [out, err, pidfd.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                // Nothing can be heard of it but its end.
                Err(_) => break,
            }
            let [out, err, end] = fds.map(|fd| fd.revents().unwrap_or(PollFlags::empty()));
            for (stream, ready) in Stream::BOTH.into_iter().zip([out, err]) {
                let pipe = &mut pipes[stream as usize];
                if ready.contains(PollFlags::POLLIN) {
                    self.read(stream, pipe);
                } else if !ready.is_empty() {
                    *pipe = None;
                }
            }
            has_ended = !end.is_empty();
        }
        drop(slot);
        for (stream, pipe) in Stream::BOTH.into_iter().zip(&mut pipes) {
            // No more than what can have been there when it ended: others may go on writing.
            let mut left = pipe.as_ref().map_or(0, capacity);
            while left > 0 && is_ready(pipe.as_ref()) {
                left = left.saturating_sub(self.read(stream, pipe));
            }
            let lines = self.lines[stream as usize].end();
            self.send(stream, lines);
        }
    }

    /// Pass on what is in a pipe now; None is one that was closed. How much it was.
    fn read(&mut self, stream: Stream, pipe: &mut Option<File>) -> usize {
        let Some(file) = pipe else { return 0 };
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.resize(CHUNK, 0);
        let length = match file.read(&mut chunk) {
            Ok(length @ 1..) => {
                self.print(stream, &chunk[..length]);
                length
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Ok(0) | Err(_) => {
                *pipe = None;
                0
            }
        };
        self.chunk = chunk;
        length
    }

    fn print(&mut self, stream: Stream, bytes: &[u8]) {
        let lines = self.lines[stream as usize].take(bytes);
        self.send(stream, lines);
    }

    fn send(&self, stream: Stream, lines: Vec<u8>) {
        if !lines.is_empty() {
            // If this fails, nobody waits for it any more.
            let _ = self.events.send(Event::Printed(stream, lines));
        }
    }
}

/// How much a pipe holds.
fn capacity(pipe: &File) -> usize {
    let capacity = fcntl(pipe, FcntlArg::F_GETPIPE_SZ);
    capacity.ok().and_then(|it| it.try_into().ok()).unwrap_or(0)
}

/// Whether there is something to read.
fn is_ready(pipe: Option<&File>) -> bool {
    pipe.is_some_and(|pipe| {
        let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO) == Ok(1)
    })
}
