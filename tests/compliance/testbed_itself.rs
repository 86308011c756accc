//! The sandbox: nothing of the machine is touched, and nothing is left.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use testbed::case::Case;
use testbed::{Sandbox, alone};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        alone!(machine_is_not_touched),
        alone!(files_do_not_follow_links_out),
        alone!(processes_end_with_their_handles),
    ]
}

fn machine_is_not_touched() {
    let mounts = || fs::read_to_string("/proc/self/mountinfo").expect("/proc");
    let before = mounts();
    let sandbox = Sandbox::new();
    let name = format!("testbed-{}", sandbox.pid());
    let namespace = sandbox.namespace(&name);
    namespace.file("hosts", "");
    assert!(!Path::new("/run/netns").join(&name).exists());
    assert!(!Path::new("/etc/netns").join(&name).exists());
    assert_eq!(mounts(), before);
}

fn files_do_not_follow_links_out() {
    let sandbox = Sandbox::new();
    let name = format!("testbed-{}", sandbox.pid());
    sandbox.files().symlink("/run", "/etc/away");
    sandbox.files().write(format!("/etc/away/{name}"), "inside");
    assert!(!Path::new("/run").join(&name).exists());
    assert_eq!(sandbox.files().read(format!("/run/{name}")), b"inside");
}

fn processes_end_with_their_handles() {
    let sandbox = Sandbox::new();
    let running = sandbox.command(["sleep", "60"]).spawn();
    let pids = [running.pid(), sandbox.pid()];
    let exist = |pid: &u32| Path::new(&format!("/proc/{pid}")).exists();
    assert!(pids.iter().all(exist));
    drop((running, sandbox));
    let deadline = Instant::now() + Duration::from_secs(5);
    while pids.iter().any(exist) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(!pids.iter().any(exist));
}
