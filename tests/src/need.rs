//! What a test needs of the machine, and what happens where that is missing.
//!
//! A test that lacks something is not run and is named, with the reason, at the end. Where `CI` is
//! `true` that is a failure: there, everything is supposed to be installed.

use std::panic::panic_any;
use std::path::Path;

/// Why a test cannot run here: the payload of a panic that ends the test.
#[derive(Debug)]
pub struct Unmet(pub String);

/// The directories in which programs are looked for, in a sandbox too.
pub const PATH: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// End this test: it cannot run here.
pub fn unmet(reason: impl Into<String>) -> ! {
    panic_any(Unmet(reason.into()))
}

/// This test needs an installed program; `tests/install-needs` knows which package has it.
pub fn program(name: &str) {
    if !is_installed(name) {
        unmet(format!("no program {name} (see tests/install-needs)"));
    }
}

/// Whether a program is installed.
#[must_use]
pub fn is_installed(name: &str) -> bool {
    PATH.iter()
        .any(|directory| Path::new(directory).join(name).exists())
}

/// This test needs programs to be linked statically, see `.cargo/rustc`.
pub fn static_libc() {
    if !has_static_libc() {
        unmet("no static C library (libc.a)");
    }
}

/// Whether programs can be linked statically.
#[must_use]
pub fn has_static_libc() -> bool {
    let library = std::process::Command::new("cc")
        .arg("-print-file-name=libc.a")
        .output();
    let path = library.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    path.is_ok_and(|path| Path::new(&path).exists())
}

/// This test needs several user ids, which only root has.
pub fn root() {
    if !nix::unistd::geteuid().is_root() {
        unmet("it takes several user ids, so root");
    }
}
