//! `testbed hold PROGRAMS`: be a sandbox until standard input ends.
//!
//! The tree, private to this process and those that enter:
//!
//! - `/etc`: a tmpfs with the few files that programs need, an empty `/etc/netns`, a hosts file
//!   with localhost and the name `hostonly`, no resolv.conf;
//! - `/run`: a tmpfs; `/run/testbed/bin` is the directory PROGRAMS, with the netns-exec that the
//!   environment variable NETNS_EXEC names, if it does;
//! - `/sys`: a sysfs of the sandbox's network namespace, nosuid, nodev and noexec as on a real
//!   host, with a cgroup2 and a tmpfs mounted below.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{chdir, getegid, geteuid};

use super::{Failure, context, say, wait_for_end_of_input};
use crate::programs;

/// Files of `/etc` other than those made from the machine's.
const ETC: &[(&str, &str)] = &[
    (
        "passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
         alice:x:1001:1001:Alice:/:/bin/sh\n\
         nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    ),
    (
        "group",
        "root:x:0:\ndaemon:x:1:\nalice:x:1001:\nstaff:x:2001:alice\nwheel:x:2002:alice\n\
         nogroup:x:65534:\n",
    ),
    (
        "nsswitch.conf",
        "passwd: files\ngroup: files\nhosts: files dns\n",
    ),
    ("host.conf", "multi on\n"),
    (
        "hosts",
        "127.0.0.1 localhost\n::1 localhost\n10.99.0.1 hostonly\n",
    ),
    ("hostname", "sandbox\n"),
];

/// Files of the machine's `/etc` that programs need as they are there.
const COPIED: &[&str] = &[
    "ld.so.cache",
    "ld.so.conf",
    "localtime",
    "protocols",
    "services",
];

/// See the module.
pub(super) fn main(args: &[OsString]) -> Result<(), Failure> {
    match make(args) {
        Ok(()) => say("ready")?,
        Err(NotMade::Unmet(reason)) => return say(format_args!("unmet: {reason}")),
        Err(NotMade::Broken(Failure(why))) => return say(why),
    }
    wait_for_end_of_input();
    Ok(())
}

enum NotMade {
    /// The kernel, or the policy of the machine, does not allow it.
    Unmet(String),
    Broken(Failure),
}

impl From<Failure> for NotMade {
    fn from(failure: Failure) -> NotMade {
        NotMade::Broken(failure)
    }
}

fn make(args: &[OsString]) -> Result<(), NotMade> {
    let [programs] = args else {
        return Err(Failure("usage: testbed hold PROGRAMS".into()).into());
    };
    isolate()?;
    etc()?;
    run(programs)?;
    sys()?;
    let up = Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .status();
    match up {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure(format!("ip link set lo up: {status}")).into()),
        Err(error) => Err(NotMade::Unmet(format!("ip (iproute2): {error}"))),
    }
}

/// Leave the machine's namespaces.
fn isolate() -> Result<(), NotMade> {
    let unmet = |what: &str, errno: Errno| NotMade::Unmet(format!("{what}: {}", errno.desc()));
    let namespaces =
        CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWCGROUP;
    let (user, group) = (geteuid(), getegid());
    match unshare(namespaces) {
        Ok(()) => {}
        Err(Errno::EPERM) => {
            unshare(namespaces | CloneFlags::CLONE_NEWUSER)
                .map_err(|errno| unmet("a user namespace", errno))?;
            for (file, text) in [
                ("setgroups", "deny".into()),
                ("uid_map", format!("0 {user} 1")),
                ("gid_map", format!("0 {group} 1")),
            ] {
                let path = format!("/proc/self/{file}");
                fs::write(&path, text)
                    .map_err(|error| NotMade::Unmet(format!("{path}: {error}")))?;
            }
        }
        Err(errno) => return Err(unmet("new namespaces", errno)),
    }
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NOTHING, "/", NOTHING, private, NOTHING)
        .map_err(|errno| unmet("private mounts", errno))?;
    Ok(context(chdir("/"), "/")?)
}

const NOTHING: Option<&str> = None;

fn etc() -> Result<(), Failure> {
    let etc = Path::new("/etc");
    let copied: Vec<_> = COPIED
        .iter()
        .filter_map(|name| Some((name, fs::read(etc.join(name)).ok()?)))
        .collect();
    tmpfs(etc)?;
    for (name, content) in ETC {
        write(&etc.join(name), content.as_bytes())?;
    }
    for (name, content) in copied {
        write(&etc.join(name), &content)?;
    }
    mkdir(&etc.join("netns"))?;
    context(symlink("../proc/self/mounts", "/etc/mtab"), "/etc/mtab")
}

fn run(programs: &OsStr) -> Result<(), Failure> {
    // They may lie below what is about to be covered.
    let programs = Uncovered::open(programs.as_ref())?;
    let given = match programs::given() {
        Some((path, name)) => Some((Uncovered::open(&path)?, name)),
        None => None,
    };
    let run = Path::new("/run");
    tmpfs(run)?;
    mkdir(&run.join("netns"))?;
    let target = Path::new(programs::IN_SANDBOX);
    mkdir(target)?;
    programs.bind(target)?;
    match given {
        Some((program, name)) => program.bind(&target.join(name)),
        None => Ok(()),
    }
}

/// A file that can be reached whatever is mounted over its path.
struct Uncovered(fs::File);

impl Uncovered {
    fn open(path: &Path) -> Result<Uncovered, Failure> {
        context(fs::File::open(path), path.display()).map(Uncovered)
    }

    fn bind(&self, target: &Path) -> Result<(), Failure> {
        let source = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        let source = Some(source.as_str());
        let mounted = mount(source, target, NOTHING, MsFlags::MS_BIND, NOTHING);
        context(mounted, target.display())
    }
}

fn sys() -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    // Where sysfs may not be mounted (in a container), the machine's own stays, as for our
    // program; the tests that need more say so.
    if mount(Some("sysfs"), "/sys", Some("sysfs"), flags, NOTHING).is_err() {
        return Ok(());
    }
    let _ = mount(
        Some("cgroup2"),
        "/sys/fs/cgroup",
        Some("cgroup2"),
        flags,
        NOTHING,
    );
    let stand_in = "/sys/fs/fuse/connections";
    let _ = mount(Some("standin"), stand_in, Some("tmpfs"), flags, NOTHING);
    Ok(())
}

fn tmpfs(path: &Path) -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let mounted = mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some("mode=0755"));
    context(mounted, format_args!("tmpfs on {}", path.display()))
}

fn mkdir(path: &Path) -> Result<(), Failure> {
    context(fs::create_dir_all(path), path.display())
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    context(fs::write(path, content), path.display())
}
