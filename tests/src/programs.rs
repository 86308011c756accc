//! Where the programs are: those under test and those of the test bed.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs, process};

use crate::case::Broken;
use crate::need::unmet;

/// Where a sandbox has the directory of the programs.
pub const IN_SANDBOX: &str = "/run/testbed/bin";

/// The program under test that there may be two of.
const NETNS_EXEC: &str = "netns-exec";

/// The environment variable with the path of the netns-exec to test, in place of the one that cargo
/// builds with all other programs: that of `make install` is linked with another C library, if the
/// toolchain has it.
const GIVEN: &str = "NETNS_EXEC";

/// The directory that cargo puts programs into: that of this program, or the one above `deps`.
///
/// # Panics
/// If the running program cannot be found.
#[must_use]
pub fn directory() -> PathBuf {
    let mut path = env::current_exe()
        .unwrap_or_else(|error| broken(format!("cannot find the running program: {error}")));
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path
}

/// The program of this test bed.
pub(crate) fn testbed() -> PathBuf {
    built("testbed")
}

/// A program of this workspace, as a sandbox sees it.
///
/// # Panics
/// If it has not been built.
#[must_use]
pub fn under_test(name: &str) -> PathBuf {
    built(name);
    Path::new(IN_SANDBOX).join(name)
}

/// A copy of a program such as `make install` makes, as a sandbox sees it, to be timed. What a
/// linker writes lies in the page cache in smaller pieces than what is copied or read from a disk,
/// and takes more page faults to start.
///
/// # Panics
/// If it has not been built, or cannot be copied.
#[must_use]
pub fn installed(name: &str) -> PathBuf {
    install(&built(name), name)
}

/// As [`installed`], the netns-exec that cargo builds, if it is another that is tested.
///
/// # Panics
/// As [`installed`].
#[must_use]
pub fn installed_with_glibc() -> Option<PathBuf> {
    given()?;
    let file = directory().join(NETNS_EXEC);
    Some(install(&file, "netns-exec-with-glibc"))
}

fn install(file: &Path, name: &str) -> PathBuf {
    const DIRECTORY: &str = "installed";
    let directory = directory().join(DIRECTORY);
    let copy = directory.join(name);
    let made = fs::create_dir_all(&directory).and_then(|()| fs::copy(file, &copy));
    made.unwrap_or_else(|error| broken(format!("cannot make {}: {error}", copy.display())));
    Path::new(IN_SANDBOX).join(DIRECTORY).join(name)
}

/// The program to test that is not from [`directory`], and its name.
pub(crate) fn given() -> Option<(PathBuf, &'static str)> {
    env::var_os(GIVEN).map(|path| (path.into(), NETNS_EXEC))
}

fn built(name: &str) -> PathBuf {
    let path = match given() {
        Some((path, given)) if given == name => path,
        _ => directory().join(name),
    };
    if !path.exists() {
        broken(format!(
            "{} is not built; first run: make build",
            path.display()
        ));
    }
    path
}

/// A statically linked program that reads `/etc/hosts` itself, as a sandbox sees it.
///
/// `read-hosts-static` prints the file; with a name, the addresses of the lines that have it, and
/// exits with 2 if there are none.
///
/// # Panics
/// If it cannot be built here, the test cannot run.
#[must_use]
pub fn read_hosts_static() -> PathBuf {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut compiler = process::Command::new(rustc);
    compiler.args(["--edition=2024", "-O", "-Ctarget-feature=+crt-static"]);
    linked_statically("read_hosts.rs", "read-hosts-static", &mut compiler);
    under_test("read-hosts-static")
}

/// A statically linked program that makes the least of a view, [`installed`]: `least-view NAME
/// PROGRAM [ARGUMENT...]`, or with `--all` for NAME of each namespace.
///
/// # Panics
/// If it cannot be built here, the test cannot run.
#[must_use]
pub fn least_view() -> PathBuf {
    let cc = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut compiler = process::Command::new(cc);
    compiler.args(["-O2", "-static"]);
    linked_statically("least_view.c", "least-view", &mut compiler);
    installed("least-view")
}

/// Make a program of one source, unless it is there and newer.
fn linked_statically(source: &str, name: &str, compiler: &mut process::Command) {
    static BUILD: Mutex<()> = Mutex::new(());
    let _one_at_a_time = BUILD.lock().unwrap_or_else(PoisonError::into_inner);

    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("static")
        .join(source);
    let target = directory().join(name);
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let is_fresh = changed(&target).is_some_and(|built| changed(&source) < Some(built));
    if !is_fresh {
        // A name of its own, then a rename: another process may run or build the program.
        let fresh = directory().join(format!("{name}.{}", process::id()));
        let output = compiler.arg("-o").args([&fresh, &source]).output();
        match output {
            Ok(output) if output.status.success() => {}
            Ok(output) => unmet(format!(
                "cannot link a static program: {}",
                String::from_utf8_lossy(&output.stderr)
            )),
            Err(error) => unmet(format!(
                "cannot run {}: {error}",
                compiler.get_program().display()
            )),
        }
        fs::rename(&fresh, &target).unwrap_or_else(|error| {
            broken(format!("cannot put {} in place: {error}", target.display()))
        });
    }
}

pub(crate) fn broken(why: impl Into<String>) -> ! {
    std::panic::panic_any(Broken(why.into()))
}
