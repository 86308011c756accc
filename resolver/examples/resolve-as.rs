//! Resolve host names as a program in a namespace would, from outside it.
//!
//! ```text
//! cargo run --example resolve-as -- alpha alpha www.example.com
//! ```
//!
//! Names that only the namespace's DNS knows take root, for the query has to be sent from inside.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::env;
use std::process::ExitCode;

use netns_resolver::{Options, Resolver};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let namespace = arguments.next().unwrap_or_else(|| "alpha".into());
    let resolver = match Resolver::named(&namespace) {
        Ok(resolver) => resolver,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    for host in arguments {
        match resolver.lookup(&host, Options::new()).result {
            Ok(answer) => {
                for address in answer.addresses {
                    println!("{host}\t{address}");
                }
            }
            Err(error) if error.is_not_found() => println!("{host}\tno such host"),
            Err(error) => println!("{host}\t{error}"),
        }
    }
    ExitCode::SUCCESS
}
