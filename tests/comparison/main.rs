//! `make comparison`: docs/COMPARE.md, a table of what netns-exec and other programs that run a
//! command in a network namespace do, case by case. Every cell but those of systemd is what came of
//! a command that was run in a sandbox.
#![forbid(unsafe_code)]
#![allow(clippy::print_stderr)]

mod cell;
mod columns;
mod rows;
mod table;
mod tools;
mod trial;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use crate::columns::Column;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know whether it starts.
    if !env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("the comparison takes several user ids: run it as root");
        return ExitCode::FAILURE;
    }
    let columns = Column::all();
    let groups = rows::groups();
    let mut cells = Vec::new();
    let mut is_as_expected = true;
    for row in groups.iter().flat_map(|group| &group.rows) {
        eprintln!("{}", row.title);
        let filled: Vec<String> = columns.iter().map(|column| column.fill(row)).collect();
        let ours = &filled[columns::OURS];
        if *ours != row.expected() {
            eprintln!("  netns-exec: {ours}\n  expected:   {}", row.expected());
            is_as_expected = false;
        }
        cells.push(filled);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/COMPARE.md");
    if let Err(error) = fs::write(&path, table::text(&columns, &groups, &cells)) {
        eprintln!("cannot write {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::from(!is_as_expected))
}
