//! Daemons of the host that listen at sockets of the file system, which a network namespace does
//! not isolate.

use testbed::daemons::{self, AVAHI_NAME, Daemon, Started};
use testbed::dns;

use super::Row;
use crate::cell::{ALPHA, HOST};
use crate::trial::{Inside, Trial};

pub(super) fn rows() -> Vec<Row> {
    const REACHABLE: &str = "sockets in the file system stay accessible";
    vec![
        Row::new("nscd", nscd, ALPHA).systemd(REACHABLE).note(
            "Whose names are found: the host's nscd has the host's hosts file. glibc asks it before \
             it looks at any file.",
        ),
        Row::new("nscd, started again while the command runs", nscd_again, ALPHA)
            .systemd(REACHABLE),
        Row::by_form(
            "nscd, first started while the command runs",
            nscd_late,
            [HOST, ALPHA, HOST, ALPHA],
        )
        .systemd(REACHABLE)
        .note("There was not even the directory of its socket when the command was started."),
        Row::new("systemd-resolved", resolved, ALPHA)
            .systemd(REACHABLE)
            .note(
                "With `hosts: files resolve [!UNAVAIL=return] dns`, of a name that alpha's DNS \
                 server and the host's give different addresses.",
            ),
        Row::new(
            "systemd-resolved, started again while the command runs",
            resolved_again,
            ALPHA,
        )
        .systemd(REACHABLE),
        Row::new("avahi-daemon", avahi, ALPHA)
            .systemd(REACHABLE)
            .note(
                "With `hosts: files mdns4_minimal [NOTFOUND=return] dns`, of a name below `.local` \
                 that alpha's DNS server has too.",
            ),
    ]
}

const ALPHA_ADDRESS: &str = "198.51.100.1";

/// Whose answer an address is.
fn whose(address: &str, host: &str) -> String {
    match address {
        ALPHA_ADDRESS => ALPHA.into(),
        address if address == host => HOST.into(),
        "" => "no answer".into(),
        other => other.into(),
    }
}

/// A line of shell: the address of a name.
fn address(name: &str) -> String {
    format!("getent hosts {name} | cut -d' ' -f1")
}

// nscd

fn nscd(trial: &Trial) -> String {
    let _nscd = daemons::nscd(&trial.sandbox).start(&trial.sandbox);
    names(&mut trial.inside())
}

fn nscd_again(trial: &Trial) -> String {
    let nscd = daemons::nscd(&trial.sandbox);
    let started = nscd.start(&trial.sandbox);
    let mut inside = trial.inside();
    let _nscd = again(trial, &nscd, started);
    names(&mut inside)
}

fn nscd_late(trial: &Trial) -> String {
    let mut inside = trial.inside();
    let _nscd = daemons::nscd(&trial.sandbox).start(&trial.sandbox);
    names(&mut inside)
}

/// Whose names there are: alpha and the host's `hostonly` are each in one hosts file.
fn names(inside: &mut Inside) -> String {
    let line = "for name in alpha hostonly; do getent hosts $name >/dev/null && echo $name; done";
    match inside.comes_to(line, "alpha").as_str() {
        "alpha" => ALPHA.into(),
        "hostonly" => HOST.into(),
        other => other.into(),
    }
}

fn again(trial: &Trial, daemon: &Daemon, started: Started) -> Started {
    started.stop();
    daemon.start(&trial.sandbox)
}

// systemd-resolved

const RESOLVED_ADDRESS: &str = "192.0.2.1";

/// A host whose systemd-resolved asks a server that does not say of `www.test` what alpha's does.
fn with_resolved(trial: &Trial) -> (Daemon, [dns::Server; 2]) {
    let sandbox = &trial.sandbox;
    let resolved = daemons::resolved(sandbox, "127.0.0.9");
    let nsswitch = "passwd: files\ngroup: files\nhosts: files resolve [!UNAVAIL=return] dns\n";
    sandbox.host_file("nsswitch.conf", nsswitch);
    sandbox.host_file("resolv.conf", "nameserver 127.0.0.53\n");
    trial.alpha.file("resolv.conf", "nameserver 127.0.0.2\n");
    let of = |address| format!("www.test A {address}\n");
    let servers = [
        sandbox.host_dns("127.0.0.9", &of(RESOLVED_ADDRESS)),
        sandbox.dns(&trial.alpha, "127.0.0.2", &of(ALPHA_ADDRESS)),
    ];
    (resolved, servers)
}

fn resolved(trial: &Trial) -> String {
    let (resolved, _servers) = with_resolved(trial);
    let _resolved = resolved.start(&trial.sandbox);
    let mut inside = trial.inside_by(resolved.client(trial.command([""; 0])));
    whose(&inside.run(&address("www.test")), RESOLVED_ADDRESS)
}

fn resolved_again(trial: &Trial) -> String {
    let (resolved, _servers) = with_resolved(trial);
    let started = resolved.start(&trial.sandbox);
    let mut inside = trial.inside_by(resolved.client(trial.command([""; 0])));
    let _resolved = again(trial, &resolved, started);
    whose(&inside.run(&address("www.test")), RESOLVED_ADDRESS)
}

// avahi-daemon

fn avahi(trial: &Trial) -> String {
    let sandbox = &trial.sandbox;
    let avahi = daemons::avahi(sandbox);
    let nsswitch =
        "passwd: files\ngroup: files\nhosts: files mdns4_minimal [NOTFOUND=return] dns\n";
    sandbox.host_file("nsswitch.conf", nsswitch);
    sandbox.host_file("resolv.conf", "");
    trial.alpha.file("resolv.conf", "nameserver 127.0.0.2\n");
    let (name, host) = AVAHI_NAME;
    let script = format!("{name} A {ALPHA_ADDRESS}\n");
    let _server = sandbox.dns(&trial.alpha, "127.0.0.2", &script);
    let _avahi = avahi.start(sandbox);
    let mut inside = trial.inside_by(avahi.client(trial.command([""; 0])));
    whose(&inside.run(&address(name)), host)
}
