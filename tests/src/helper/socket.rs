//! A stand-in for a daemon and for its clients.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use super::{Failure, context, say};

/// `testbed socket GREETING [PATH]...`: greet whoever connects to one of these sockets. It says
/// `ready` when all are there, then for each path that it reads from standard input a line: what it
/// is greeted with there itself, or what the error is.
///
/// # Errors
/// If a socket cannot be made; its directory must exist.
pub(super) fn main(args: &[OsString]) -> Result<(), Failure> {
    let [greeting, paths @ ..] = args else {
        return Err(Failure("usage: testbed socket GREETING [PATH]...".into()));
    };
    for path in paths {
        let listener = context(UnixListener::bind(path), path.display())?;
        let greeting = greeting.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                // The client may be gone.
                let _ = stream.write_all(greeting.as_bytes());
            }
        });
    }
    say("ready")?;
    for path in io::stdin().lock().lines() {
        say(greeting_at(context(path, "standard input")?.as_ref()))?;
    }
    Ok(())
}

fn greeting_at(path: &Path) -> String {
    let mut greeting = String::new();
    let read =
        UnixStream::connect(path).and_then(|mut stream| stream.read_to_string(&mut greeting));
    match read {
        Ok(_) => greeting,
        Err(error) => error.to_string(),
    }
}
