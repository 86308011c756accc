//! `make agreement`: docs/AGREEMENT.md, a table of the rules of glibc and of how it, this project
//! and other resolvers answer. Every cell is the output of a command that netns-exec runs in a
//! sandbox's namespace.
#![forbid(unsafe_code)]
#![allow(clippy::print_stderr)]

mod peers;
mod rows;
mod set_up;
mod table;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know whether it starts.
    if !env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let peers = peers::build();
    let groups = rows::groups();
    let mut answered = Vec::new();
    for group in &groups {
        for row in &group.rows {
            eprintln!("{}: {}", group.title, row.rule);
            answered.push(set_up::run(row, &peers));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/AGREEMENT.md");
    if let Err(error) = fs::write(&path, table::text(&peers, &groups, &answered)) {
        eprintln!("cannot write {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    let differences = table::differences(&groups, &answered);
    for rule in &differences {
        eprintln!("This project differs from glibc: {rule}");
    }
    ExitCode::from(u8::from(!differences.is_empty()))
}
