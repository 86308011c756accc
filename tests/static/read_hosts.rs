//! Reads `/etc/hosts` without the C library's help, to be linked statically: such programs see a
//! namespace's file only if it is mounted over the host's.

use std::process::ExitCode;

fn main() -> ExitCode {
    let text = match std::fs::read("/etc/hosts") {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => {
            eprintln!("/etc/hosts: {error}");
            return ExitCode::FAILURE;
        }
    };
    let Some(name) = std::env::args().nth(1) else {
        print!("{text}");
        return ExitCode::SUCCESS;
    };
    let mut found = false;
    for line in text.lines() {
        let mut fields = line.split('#').next().unwrap_or("").split_whitespace();
        let Some(address) = fields.next() else {
            continue;
        };
        if fields.any(|field| field == name) {
            println!("{address}");
            found = true;
        }
    }
    if found {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}
