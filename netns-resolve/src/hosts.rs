//! The hosts that are asked for, in order: those of the command line, and lines of standard input
//! in the place of each `-`.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::thread;

use futures::channel::mpsc;
use futures::executor::block_on;
use futures::future::ready;
use futures::{SinkExt as _, Stream, StreamExt as _, stream};

/// How many times lines are read ahead.
const AHEAD: usize = 1;

/// All of them. Standard input is read when its turn comes.
pub(crate) fn all(hosts: &[OsString]) -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::iter(hosts).flat_map(|host| {
        if host == "-" {
            lines_of_input().map(stream::iter).flatten().left_stream()
        } else {
            let host = host.as_bytes().to_owned();
            stream::once(ready(Ok(host))).right_stream()
        }
    })
}

/// Read by a thread of their own, as many lines at a time as there are: whoever writes one at a time
/// gets each answer at once.
fn lines_of_input() -> impl Stream<Item = Vec<io::Result<Vec<u8>>>> {
    let (mut sender, lines) = mpsc::channel(AHEAD);
    let mut unread = sender.clone();
    let reader = thread::Builder::new().spawn(move || {
        let mut input = BufReader::new(io::stdin().lock());
        // Nobody asks any more, or there are none.
        while let Some(lines) = next_lines(&mut input)
            && block_on(sender.send(lines)).is_ok()
        {}
    });
    if let Err(error) = reader {
        // There is room for it.
        let _ = unread.try_send(vec![Err(error)]);
    }
    lines
}

/// The next line, and those that have been read along with it. None at the end.
fn next_lines(input: &mut BufReader<impl Read>) -> Option<Vec<io::Result<Vec<u8>>>> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {
                line.pop_if(|last| *last == b'\n');
                lines.push(Ok(line));
            }
            Err(error) => {
                lines.push(Err(error));
                break;
            }
        }
        if !input.buffer().contains(&b'\n') {
            break;
        }
    }
    (!lines.is_empty()).then_some(lines)
}
