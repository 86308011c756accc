//! Who is asked, and how each is built.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use testbed::programs;

/// The directory of the built peers, below that of all programs.
const DIRECTORY: &str = "agreement";

/// One who answers.
pub(crate) struct Peer {
    pub(crate) title: &'static str,
    /// For the head of the table.
    pub(crate) version: String,
    /// What it is, in words.
    pub(crate) is: &'static str,
    pub(crate) how: How,
}

pub(crate) enum How {
    /// By a program of this directory, as a sandbox sees it.
    Program(PathBuf),
    /// By `netns-resolve`.
    NetnsResolve,
    /// Not at all.
    NotRun,
}

/// The index of glibc.
pub(crate) const GLIBC: usize = 0;

/// The index of this project.
pub(crate) const OURS: usize = 1;

/// Build all that can be built here, and name on standard error what cannot.
pub(crate) fn build() -> Vec<Peer> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("agreement/peers");
    let target = programs::directory().join(DIRECTORY);
    let made = fs::create_dir_all(&target).map_err(|error| error.to_string());
    let c_source = sources.join("libc/ask.c");
    let c = |compiler: &str, name: &str, more: &[&str]| {
        let mut command = Command::new(compiler);
        command.args(["-O1", "-Wall", "-Wextra"]).args(more);
        command.arg("-o").arg(target.join(name)).arg(&c_source);
        run(&mut command).map(drop)
    };
    let glibc = c("cc", "ask-glibc", &[]).and_then(|()| says_version(&target.join("ask-glibc")));
    let musl = c("musl-gcc", "ask-musl", &["-static"]).and_then(|()| musl_version());
    let hickory = hickory(&sources.join("hickory"), &target);
    let go = go(&sources.join("go"), &target);
    if let Err(why) = made {
        eprintln!("cannot make {}: {why}", target.display());
    }
    vec![
        peer("glibc", "getaddrinfo(3) of a C program", "ask-glibc", glibc),
        Peer {
            title: "this project",
            version: env!("CARGO_PKG_VERSION").into(),
            is: "netns-resolve, in the namespace and from outside",
            how: How::NetnsResolve,
        },
        peer(
            "hickory-resolver",
            "its `Resolver`, with the system's configuration",
            "ask-hickory",
            hickory,
        ),
        peer(
            "Go",
            "package net's own resolver (`PreferGo`, without cgo)",
            "ask-go",
            go,
        ),
        peer(
            "musl",
            "the same C program, linked statically",
            "ask-musl",
            musl,
        ),
    ]
}

fn peer(
    title: &'static str,
    is: &'static str,
    program: &str,
    version: Result<String, String>,
) -> Peer {
    let (how, version) = match version {
        Ok(version) => {
            let path = Path::new(programs::IN_SANDBOX).join(DIRECTORY);
            (How::Program(path.join(program)), version)
        }
        Err(why) => {
            eprintln!("{title} is not asked: {why}");
            (How::NotRun, "not run".into())
        }
    };
    Peer {
        title,
        version,
        is,
        how,
    }
}

fn hickory(source: &Path, target: &Path) -> Result<String, String> {
    let build = target.join("cargo");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--manifest-path"]);
    command.arg(source.join("Cargo.toml"));
    command.arg("--target-dir").arg(&build);
    run(&mut command)?;
    let name = "ask-hickory";
    fs::copy(build.join("debug").join(name), target.join(name))
        .map_err(|error| error.to_string())?;
    let lock = fs::read_to_string(source.join("Cargo.lock")).map_err(|error| error.to_string())?;
    let mut lines = lock.lines();
    lines.find(|line| *line == "name = \"hickory-resolver\"");
    let version = lines
        .next()
        .and_then(|line| line.strip_prefix("version = \""));
    Ok(version.unwrap_or_default().trim_end_matches('"').to_owned())
}

fn go(source: &Path, target: &Path) -> Result<String, String> {
    let mut command = Command::new("go");
    command.args(["build", "-trimpath", "-o"]);
    command.arg(target.join("ask-go")).arg(".");
    command.current_dir(source);
    // Nothing is fetched, and nothing is written elsewhere.
    command.env("CGO_ENABLED", "0").env("GOTOOLCHAIN", "local");
    command.env("GOPROXY", "off").env("GOFLAGS", "");
    command.env("GOCACHE", target.join("go-cache"));
    run(&mut command)?;
    says_version(&target.join("ask-go"))
}

fn says_version(program: &Path) -> Result<String, String> {
    run(Command::new(program).arg("--version"))
}

/// musl's dynamic loader tells what a program cannot ask for.
fn musl_version() -> Result<String, String> {
    let loader = format!("/lib/ld-musl-{}.so.1", env::consts::ARCH);
    let output = Command::new(&loader).output();
    let output = output.map_err(|error| format!("{loader}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let version = text.lines().find_map(|line| line.strip_prefix("Version "));
    Ok(version
        .unwrap_or("of a version it does not tell")
        .to_owned())
}

/// What a command prints, or why it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command
        .env("LC_ALL", OsStr::new("C"))
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let last: Vec<&str> = text.lines().rev().take(5).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(format!("{name}: {}\n{}", output.status, last.join("\n")))
}
