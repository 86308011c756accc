//! The hosts that are asked for, in order: those of the command line, and lines of standard input
//! in the place of each `-`.

use std::ffi::OsString;
use std::io::{self, BufRead as _};
use std::os::unix::ffi::OsStrExt as _;
use std::thread;

use futures::channel::mpsc;
use futures::executor::block_on;
use futures::future::ready;
use futures::{SinkExt as _, Stream, StreamExt as _, stream};

/// How many lines are read ahead.
const AHEAD: usize = 64;

/// All of them. Standard input is read when its turn comes.
pub(crate) fn all(hosts: &[OsString]) -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::iter(hosts).flat_map(|host| {
        if host == "-" {
            lines_of_input().left_stream()
        } else {
            let host = host.as_bytes().to_owned();
            stream::once(ready(Ok(host))).right_stream()
        }
    })
}

/// Read by a thread of their own: whoever writes one line at a time gets each answer at once.
fn lines_of_input() -> impl Stream<Item = io::Result<Vec<u8>>> {
    let (mut sender, lines) = mpsc::channel(AHEAD);
    let mut unread = sender.clone();
    let reader = thread::Builder::new().spawn(move || {
        for line in io::stdin().lock().split(b'\n') {
            // Nobody asks any more.
            if block_on(sender.send(line)).is_err() {
                break;
            }
        }
    });
    if let Err(error) = reader {
        // There is room for it.
        let _ = unread.try_send(Err(error));
    }
    lines
}
