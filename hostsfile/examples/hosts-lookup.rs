//! Looks a name or an address up in a hosts file and says which lines the answer stands on.
//!
//!     hosts-lookup FILE NAME [any|4|6] [multi]
//!     hosts-lookup FILE ADDRESS reverse

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use hostsfile::{Family, Hosts};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            let _ = writeln!(io::stderr(), "hosts-lookup: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the answer; `false` if there is none.
fn run(args: &[OsString]) -> Result<bool, Box<dyn Error>> {
    let [file, name, options @ ..] = args else {
        return Err("usage: hosts-lookup FILE NAME [any|4|6] [multi]".into());
    };
    let hosts = Hosts::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let option = |text: &str| options.iter().any(|option| option == text);
    let mut out = io::stdout().lock();

    if option("reverse") {
        let address = name.to_str().ok_or("not an address")?.parse()?;
        let Some(line) = hosts.reverse(address) else {
            return Ok(false);
        };
        writeln!(
            out,
            "{} (line {})",
            line.canonical_name().escape_ascii(),
            line.number()
        )?;
        return Ok(true);
    }

    let family = if option("4") {
        Family::V4
    } else if option("6") {
        Family::V6
    } else {
        Family::Any
    };
    let Some(answer) = hosts.lookup(name.as_bytes(), family, option("multi")) else {
        return Ok(false);
    };
    for (address, line) in answer.addresses().zip(answer.lines()) {
        writeln!(out, "{address} (line {})", line.number())?;
    }
    writeln!(
        out,
        "canonical name {}",
        answer.canonical_name().escape_ascii()
    )?;
    for alias in answer.aliases() {
        writeln!(out, "alias {}", alias.escape_ascii())?;
    }
    Ok(true)
}
