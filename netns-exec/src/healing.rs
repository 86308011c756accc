//! Views made whole again, once or for as long as the program runs.

use std::ffi::OsStr;
use std::io::{self, Write as _};

use netns::view::{Care, FoundView, Mended, Watch, WatchEvent};
use netns::{Name, Namespace, Selector, printable, process};

use crate::{Cli, Exit, Failure, complain, failed_at};

/// `--heal` and `--watch`.
pub(crate) fn run(cli: &Cli) -> Result<Exit, Failure> {
    let failed = |error: netns::Error| (Exit::Failed, error.to_string());
    let name = match cli.name_and_command.as_slice() {
        [] => None,
        [name] => Some(find(name)?),
        [_, surplus, ..] => {
            let why = format!("takes one NAME at most, not {} too", printable(surplus));
            let option = if cli.heal { "--heal" } else { "--watch" };
            return Err((Exit::Failed, format!("{option} {why} (netns-exec --help)")));
        }
    };
    // Each view takes a descriptor.
    process::raise_file_limit();
    if cli.watch {
        let watch = Watch::new(name).map_err(failed)?;
        watch.run(&mut tell).map_err(failed)?;
        return Ok(Exit::Success);
    }
    let mut exit = Exit::Success;
    for view in FoundView::all(name.as_ref()).map_err(failed)? {
        let care = Care {
            thorough: true,
            patient: false,
        };
        let healed = view.heal(care);
        for mended in &healed.mended {
            tell(WatchEvent::Mended(&view, mended));
        }
        if let Some(error) = &healed.failure {
            tell(WatchEvent::Failed(&view, error));
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

/// The name whose views are meant. Views may outlive the name of their namespace.
fn find(text: &OsStr) -> Result<Name, Failure> {
    let failed = |error: netns::Error| failed_at(text, &error);
    let selector = Selector::new(text).map_err(|error| (Exit::Failed, error.to_string()))?;
    match &selector {
        Selector::Name(name) => {
            let is_known = Namespace::open(&selector).map(drop);
            let has_views = || FoundView::all(Some(name)).map(|views| !views.is_empty());
            match is_known {
                Err(error) if !has_views().map_err(failed)? => Err(failed(error)),
                _ => Ok(name.clone()),
            }
        }
        Selector::Path(_) => {
            let (_, name) = Namespace::find(&selector).map_err(failed)?;
            name.ok_or_else(|| {
                let why = "it has no name, so its views have no files of their own to heal";
                (Exit::Failed, format!("{}: {why}", printable(text)))
            })
        }
    }
}

/// One line for everything that was done, on standard output.
fn tell(event: WatchEvent<'_>) {
    match event {
        WatchEvent::Ready => {
            say(format_args!("watching"));
            notify_ready();
        }
        WatchEvent::Mended(view, Mended { path, what, .. }) => {
            say(format_args!("{}: {}: {what}", label(view), printable(path)))
        }
        WatchEvent::Failed(view, error) => {
            complain(format_args!("{}: {error}", label(view)));
        }
    }
}

/// `alpha (pid 12, 15 and 3 more)`.
fn label(view: &FoundView) -> String {
    const SHOWN: usize = 3;
    let name = view.record().name.as_ref();
    let name = name.map_or(OsStr::new("(no name)"), Name::as_os_str);
    if view.processes().is_empty() {
        return format!("{} (pinned)", printable(name));
    }
    let pids = view.processes().iter().map(|process| process.pid());
    let shown: Vec<_> = pids.take(SHOWN).map(|pid| pid.to_string()).collect();
    let more = match view.processes().len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} (pid {}{more})", printable(name), shown.join(", "))
}

/// If nobody listens any more, or is too slow to, the views are healed all the same.
fn say(message: impl std::fmt::Display) {
    let mut out = io::stdout().lock();
    if process::takes_output(&out) {
        let _ = writeln!(out, "{message}").and_then(|()| out.flush());
    }
}

/// Tell the service manager that all is set up, if there is one: sd_notify(3).
fn notify_ready() {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    };
    // A manager that cannot be told notices by its own timeout.
    let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to_addr(b"READY=1", &address?));
}
