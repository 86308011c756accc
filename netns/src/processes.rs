//! Processes, the namespaces they are in and the files they see: proc(5).

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{SysconfVar, sysconf};

use crate::error::errno_of;
use crate::file_id::FileId;
use crate::namespace::NamespaceId;
use crate::view::{look_below, open_directory};
use crate::{Error, Namespace};

/// A process of this machine, as far as this pid namespace shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pid: u32,
    /// Of the process, or of a thread that lives on where the first one has ended.
    directory: PathBuf,
}

impl Process {
    /// All processes, by number.
    ///
    /// # Errors
    /// [`Error::System`] where `/proc` is not mounted.
    pub fn all() -> Result<Vec<Process>, Error> {
        Process::all_but(&HashSet::new())
    }

    /// All whose number is not among those `known`. One that begets another and ends while `/proc`
    /// is read may be missed together with it: whoever must not miss any asks again for those that
    /// are new.
    pub(crate) fn all_but(known: &HashSet<u32>) -> Result<Vec<Process>, Error> {
        let mut pids = numbers_in(Path::new("/proc"))
            .map_err(|error| Error::system("read /proc", errno_of(&error)))?;
        pids.retain(|pid| !known.contains(pid));
        pids.sort_unstable();
        Ok(pids.into_iter().filter_map(Process::find).collect())
    }

    /// The process of this number. None if there is none, or it is a zombie.
    pub fn find(pid: u32) -> Option<Process> {
        let directory = PathBuf::from(format!("/proc/{pid}"));
        let lives = |directory: &Path| fs::read_link(directory.join("ns/mnt"));
        match lives(&directory) {
            // A process whose first thread has ended has namespaces in its others only.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let tasks = directory.join("task");
                let thread = numbers_in(&tasks)
                    .ok()?
                    .into_iter()
                    .map(|thread| tasks.join(thread.to_string()))
                    .find(|thread| lives(thread).is_ok())?;
                Some(Process {
                    pid,
                    directory: thread,
                })
            }
            // Another user's process is one all the same.
            _ => Some(Process { pid, directory }),
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The name of its program, `comm` of proc(5). Empty if it is gone.
    pub fn command(&self) -> OsString {
        let mut name = fs::read(self.directory.join("comm")).unwrap_or_default();
        name.pop_if(|byte| *byte == b'\n');
        OsString::from_vec(name)
    }

    /// What identifies its mount namespace.
    ///
    /// # Errors
    /// EACCES for other users' processes, ENOENT when it is gone.
    pub fn mount_namespace(&self) -> nix::Result<NamespaceId> {
        self.namespace("mnt")
    }

    /// What identifies its network namespace.
    ///
    /// # Errors
    /// As [`Process::mount_namespace`].
    pub fn network_namespace(&self) -> nix::Result<NamespaceId> {
        self.namespace("net")
    }

    /// Whether it is in this network namespace.
    ///
    /// # Errors
    /// As [`Process::mount_namespace`].
    pub fn is_in(&self, namespace: &Namespace) -> nix::Result<bool> {
        Ok(self.network_namespace()? == namespace.id())
    }

    fn namespace(&self, kind: &str) -> nix::Result<NamespaceId> {
        FileId::of_path(&self.directory.join("ns").join(kind)).map(NamespaceId::of)
    }

    /// A handle of its mount namespace.
    pub(crate) fn open_mount_namespace(&self) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        open(&self.directory.join("ns/mnt"), flags, Mode::empty())
    }

    /// The file (`O_PATH`) that it gets by opening the absolute `path`: in its mount namespace,
    /// below its root directory.
    ///
    /// # Errors
    /// Those of the lookup; EACCES for other users' processes.
    pub fn look(&self, path: &Path) -> nix::Result<OwnedFd> {
        look_below(self.root()?, path)
    }

    /// Its root directory (`O_PATH`).
    pub(crate) fn root(&self) -> nix::Result<OwnedFd> {
        open_directory(&self.directory.join("root"))
    }

    /// What is mounted where it is, as proc_pid_mountinfo(5) tells it.
    ///
    /// # Errors
    /// EACCES for other users' processes, ENOENT or EINVAL when it is gone.
    pub fn mountinfo(&self) -> io::Result<Vec<u8>> {
        fs::read(self.directory.join("mountinfo"))
    }

    /// When it was started: not before this, and about 20 ms after it at most.
    ///
    /// # Errors
    /// ENOENT when it is gone.
    pub fn started(&self) -> io::Result<SystemTime> {
        let malformed = || io::Error::from(io::ErrorKind::InvalidData);
        let ticks_per_second = sysconf(SysconfVar::CLK_TCK)?
            .and_then(|ticks| u64::try_from(ticks).ok())
            .filter(|ticks| *ticks > 0)
            .ok_or_else(malformed)?;
        let ticks = start_time(&fs::read(self.directory.join("stat"))?).ok_or_else(malformed)?;
        let now = SystemTime::now();
        let uptime = fs::read_to_string("/proc/uptime")?;
        let uptime = uptime.split(' ').next().and_then(|text| text.parse().ok());
        let uptime =
            Duration::try_from_secs_f64(uptime.ok_or_else(malformed)?).map_err(|_| malformed())?;
        // Both are cut to hundredths of a second, as a rule.
        let started = Duration::from_millis(ticks.saturating_mul(1000) / ticks_per_second);
        let age = (uptime + Duration::from_millis(10)).saturating_sub(started);
        now.checked_sub(age).ok_or_else(malformed)
    }

    /// The value of a variable in the environment that its program was started with.
    ///
    /// # Errors
    /// EACCES for other users' processes, ENOENT when it is gone.
    pub fn variable(&self, name: &str) -> io::Result<Option<OsString>> {
        let environment = fs::read(self.directory.join("environ"))?;
        let value = environment.split(|byte| *byte == 0).find_map(|entry| {
            entry
                .strip_prefix(name.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"="))
        });
        Ok(value.map(|value| OsString::from_vec(value.to_vec())))
    }
}

/// `starttime` of proc_pid_stat(5), in clock ticks since the machine was started: field 22, the
/// 20th after the program's name, which stands in parentheses and may have any bytes.
fn start_time(stat: &[u8]) -> Option<u64> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let mut fields = stat.get(name_end + 2..)?.split(|byte| *byte == b' ');
    std::str::from_utf8(fields.nth(19)?).ok()?.parse().ok()
}

/// The entries of a directory that are numbers.
fn numbers_in(directory: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        numbers.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<u32>().ok()),
        );
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_this_process_is_in_the_past_but_not_long_ago() {
        let process = Process::find(std::process::id()).expect("this process");
        let age = process.started().expect("a time").elapsed();
        // The clocks are read one after the other, and a tick is 10 ms.
        let age = age.unwrap_or_default();
        assert!(age < Duration::from_secs(3600), "{age:?}");
    }

    #[test]
    fn a_program_may_call_itself_anything() {
        let stat = b"7 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n";
        assert_eq!(start_time(stat), Some(4711));
        assert_eq!(start_time(b"7 (cut) S 1 2"), None);
    }
}
