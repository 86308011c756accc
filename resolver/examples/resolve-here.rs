//! Resolve host names in the namespace that this program runs in, several at once on tokio, and
//! say how each answer came about.
//!
//! ```text
//! netns-exec alpha cargo run --example resolve-here -- alpha beta
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::env;

use netns_resolver::{Options, Resolver};
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let resolver = Resolver::current()?;
    match resolver.namespace_name() {
        Some(name) => println!("in namespace {name}"),
        None => println!("in a namespace without a name"),
    }
    let mut lookups = JoinSet::new();
    for host in env::args().skip(1) {
        let resolver = resolver.clone();
        lookups.spawn(async move {
            let outcome = resolver.lookup_async(&host, Options::new()).await;
            (host, outcome)
        });
    }
    while let Some(done) = lookups.join_next().await {
        let (host, outcome) = done?;
        match outcome.result {
            Ok(answer) => println!("{host}: {:?}", answer.addresses),
            Err(error) => println!("{host}: {error}"),
        }
        for step in outcome.trace.steps() {
            println!("    {step:?}");
        }
    }
    Ok(())
}
