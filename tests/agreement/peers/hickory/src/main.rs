//! The answer of hickory-resolver with the system's configuration; `../libc/ask.c` says how it is
//! asked and how it answers.
//!
//! "not found" is NXDOMAIN, no data, or a name that it does not take for one; any other error is
//! "failed".
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [kind, name] = &args[..] else {
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return ExitCode::FAILURE;
    };
    match runtime.block_on(ask(kind, name)) {
        Ok(Some(answer)) => println!("{answer}"),
        Ok(None) => println!("?"),
        Err(NetError::Dns(DnsError::NoRecordsFound(why)))
            if matches!(
                why.response_code,
                ResponseCode::NoError | ResponseCode::NXDomain
            ) =>
        {
            println!("!not found");
        }
        Err(_) if kind != "reverse" && Name::from_utf8(name).is_err() => println!("!not found"),
        Err(error) => {
            eprintln!("{error}");
            println!("!failed");
        }
    }
    ExitCode::SUCCESS
}

/// `None` for what cannot be asked.
async fn ask(kind: &str, name: &str) -> Result<Option<String>, NetError> {
    let mut builder = TokioResolver::builder_tokio()?;
    // There is nothing like AI_ADDRCONFIG.
    match kind.trim_end_matches("+addrconfig") {
        "unspec" => {}
        "inet" => builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4Only,
        "inet6" => builder.options_mut().ip_strategy = LookupIpStrategy::Ipv6Only,
        "reverse" => return reverse(&builder.build()?, name).await,
        _ => return Ok(None),
    }
    let found = builder.build()?.lookup_ip(name).await?;
    let addresses: Vec<String> = found.iter().map(|address| address.to_string()).collect();
    Ok(Some(addresses.join(" ")))
}

/// The first name, without the dot that marks it as fully qualified.
async fn reverse(resolver: &TokioResolver, address: &str) -> Result<Option<String>, NetError> {
    let Ok(address) = address.parse::<std::net::IpAddr>() else {
        return Ok(None);
    };
    let found = resolver.reverse_lookup(address).await?;
    let first = found
        .answers()
        .iter()
        .find_map(|record| match &record.data {
            RData::PTR(name) => Some(name.to_string()),
            _ => None,
        });
    let name = first.unwrap_or_default();
    Ok(Some(name.trim_end_matches('.').to_owned()))
}
