//! The sockets at which the C library asks daemons of the host: those that processes of the
//! namespace can connect to, so that these daemons answer for it.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use netns::{HOST_RESOLVERS, HostResolver, Process};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket, sockopt,
};

use crate::file::File;
use crate::finding::{Finding, Kind, Since, Sufferer, processes};
use crate::target::Target;
use crate::unix::Listeners;
use crate::views::{Origin, View, Views};

/// What was found: the daemons, by name, that some process reaches, and the findings.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    pub(crate) daemons: Vec<&'static str>,
    pub(crate) findings: Vec<Finding>,
}

/// Try every socket in every view. `listeners` are those of the namespace.
pub(crate) fn examine(target: &Target, views: &Views, listeners: Option<&Listeners>) -> Reached {
    let mut reached = Reached::default();
    for view in &views.views {
        // Two paths may lead to one socket.
        let mut tried = Vec::new();
        for resolver in HOST_RESOLVERS {
            for name in resolver.sockets {
                let path = Path::new(resolver.directory).join(name);
                let Some((fd, file)) = socket_at(view, &path) else {
                    continue;
                };
                if tried.contains(&file.id()) {
                    continue;
                }
                tried.push(file.id());
                if answers_for_host(&fd, &path, views, listeners) {
                    add(&mut reached, target, view, (resolver, path, file));
                }
            }
        }
    }
    for finding in &mut reached.findings {
        finding
            .processes
            .sort_unstable_by_key(|process| process.pid);
        let reach = processes(finding.processes.len(), "reaches", "reach");
        finding.what = format!("{reach} {}", finding.what);
    }
    reached
}

fn socket_at(view: &View, path: &Path) -> Option<(OwnedFd, File)> {
    let fd = view.look(path).ok()?;
    let file = File::of(&fd).ok()?;
    file.is_socket().then_some((fd, file))
}

/// Whether somebody listens there who is not of the namespace.
fn answers_for_host(
    fd: &OwnedFd,
    path: &Path,
    views: &Views,
    listeners: Option<&Listeners>,
) -> bool {
    match who_listens(fd) {
        None => false,
        Some(pid) if views.has(pid) => false,
        // The one that began to listen may have left the socket to a child. Then it is told by the
        // network namespace in which the socket was made.
        Some(pid) if pid != 0 && Process::find(pid).is_none() => {
            !listeners.is_some_and(|listeners| listeners.have_path(path))
        }
        Some(_) => true,
    }
}

/// The process that listens at a socket of the file system, 0 if it is not visible from here;
/// None if nobody does, or this process may not connect.
fn who_listens(fd: &OwnedFd) -> Option<u32> {
    // Through the descriptor it does not matter whose root the path is below, nor how long it is.
    let path = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    let address = UnixAddr::new(&path).ok()?;
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let client = socket(AddressFamily::Unix, SockType::Stream, flags, None).ok()?;
    match connect(client.as_raw_fd(), &address) {
        Ok(()) => {
            let peer = getsockopt(&client, sockopt::PeerCredentials).ok();
            Some(
                peer.and_then(|peer| peer.pid().try_into().ok())
                    .unwrap_or(0),
            )
        }
        // So busy that it has a queue; or the socket is of another type.
        Err(Errno::EAGAIN | Errno::EPROTOTYPE) => Some(0),
        Err(_) => None,
    }
}

fn add(
    reached: &mut Reached,
    target: &Target,
    view: &View,
    (resolver, path, file): (&HostResolver, PathBuf, File),
) {
    if !reached.daemons.contains(&resolver.daemon) {
        reached.daemons.push(resolver.daemon);
    }
    let mend = match &view.origin {
        Origin::NetnsExec { masks: true, .. } => target.heal(),
        Origin::NetnsExec { masks: false, .. } => format!(
            "start it again with {}, without --host-resolvers keep",
            target.start()
        ),
        _ => format!("start it again with {}", target.start()),
    };
    let finding = Finding {
        kind: Kind::ResolverReachable,
        path: Some(path),
        what: format!(
            "{} of the host, which answers with the host's names",
            resolver.daemon
        ),
        since: Some(Since::at("the socket was made", file.changed())),
        mend,
        processes: Vec::new(),
    };
    let sufferers = view.sufferers().collect::<Vec<Sufferer>>();
    let same = |known: &&mut Finding| {
        (&known.path, &known.since, &known.mend) == (&finding.path, &finding.since, &finding.mend)
    };
    match reached.findings.iter_mut().find(same) {
        Some(known) => known.processes.extend(sufferers),
        None => reached.findings.push(Finding {
            processes: sufferers,
            ..finding
        }),
    }
}
