//! The answers as JSON, one object a line.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;

use netns::printable_bytes;
use netns_resolver::{FileOrigin, QueryOutcome, Status, Step, Trace, Transport};
use serde::Serialize;
use serde_json::{Value, json};

use crate::explain;
use crate::question::{Failure, Verdict};

/// One line of output.
#[derive(Serialize)]
struct Line {
    name: String,
    namespace: String,
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    canonical_name: Option<String>,
    addresses: Vec<String>,
    order_guessed: bool,
    source: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    glibc: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<Value>>,
}

/// Write the line for one host; with `explain`, its steps too; with `glibc`, what glibc says.
pub(crate) fn write(
    out: &mut impl Write,
    namespace: &OsStr,
    host: &[u8],
    verdict: &Verdict,
    explain: bool,
    glibc: Option<Value>,
) -> io::Result<()> {
    let mut line = Line {
        name: text(host),
        namespace: text(namespace.as_bytes()),
        error: None,
        message: None,
        canonical_name: None,
        addresses: Vec::new(),
        order_guessed: false,
        source: None,
        glibc,
        trace: explain.then(|| verdict.trace.steps().iter().map(step).collect()),
    };
    match &verdict.result {
        Ok(found) => {
            line.canonical_name = Some(text(&found.canonical_name));
            line.addresses = found.addresses.iter().map(ToString::to_string).collect();
            line.order_guessed = found.order_guessed;
            line.source = source(&verdict.trace);
        }
        Err(failure) => {
            line.message = Some(failure.to_string());
            line.error = Some(match failure {
                Failure::Code(code) => code.name(),
                // None of glibc's: it was not a lookup that failed.
                Failure::Own(_) => "NETNS_FAILED",
            });
        }
    }
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

/// Text as it is where it is UTF-8, else with the other bytes escaped.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => printable_bytes(bytes).to_string(),
    }
}

/// Where the answer came from: the service, and its file and line or its server.
fn source(trace: &Trace) -> Option<Value> {
    let mut lines = Vec::new();
    let mut server = None;
    let mut found = None;
    for step in trace.steps() {
        match step {
            Step::Numeric => found = Some(json!({"service": "numeric"})),
            Step::HostsLine(line) => lines.push(line),
            Step::Query(query) => server = Some(query.server),
            Step::Service(done) if done.status == Status::Success => {
                let mut value = json!({"service": done.service});
                if let Some(first) = lines.first() {
                    value["file"] = text(first.path.as_os_str().as_bytes()).into();
                    value["lines"] = lines.iter().map(|line| line.number).collect();
                } else if let Some(server) = server {
                    value["server"] = server.to_string().into();
                }
                found = Some(value);
            }
            // What a service before this one said does not count.
            Step::Service(_) => (lines, server) = (Vec::new(), None),
            _ => {}
        }
    }
    found
}

/// One step; the key `step` says which kind it is.
fn step(step: &Step) -> Value {
    match step {
        Step::Numeric => json!({"step": "numeric"}),
        Step::File(file) => json!({
            "step": "file",
            "name": file.name,
            "path": text(file.path.as_os_str().as_bytes()),
            "origin": match file.origin {
                FileOrigin::Namespace => "namespace",
                FileOrigin::Host => "host",
            },
            "error": file.error,
        }),
        Step::HostsLine(line) => json!({
            "step": "hosts_line",
            "path": text(line.path.as_os_str().as_bytes()),
            "line": line.number,
            "address": line.address.to_string(),
            "names": line.names.iter().map(|name| text(name)).collect::<Vec<_>>(),
        }),
        Step::Service(done) => json!({
            "step": "service",
            "service": done.service,
            "status": done.status.to_string(),
            "action": explain::action(done.action),
            "note": done.note,
        }),
        Step::Search(search) => json!({
            "step": "search",
            "name": text(&search.name),
            "ndots": search.ndots,
            "candidates": search.candidates,
        }),
        Step::Query(query) => {
            let mut value = json!({
                "step": "query",
                "server": query.server.to_string(),
                "transport": match query.transport {
                    Transport::Udp => "udp",
                    Transport::Tcp => "tcp",
                },
                "name": query.name,
                "type": query.record_type,
                "milliseconds": query.elapsed.as_secs_f64() * 1e3,
            });
            match &query.outcome {
                QueryOutcome::Response {
                    code,
                    answers,
                    truncated,
                } => {
                    value["code"] = code.as_str().into();
                    value["answers"] = (*answers).into();
                    value["truncated"] = (*truncated).into();
                }
                QueryOutcome::Timeout => value["error"] = "timeout".into(),
                QueryOutcome::Failed(why) => value["error"] = why.as_str().into(),
            }
            value
        }
        Step::Order(order) => json!({
            "step": "order",
            "addresses": order.iter().map(|entry| json!({
                "address": entry.address.to_string(),
                "source": entry.source.map(|source| source.to_string()),
                "rule": entry.rule,
            })).collect::<Vec<_>>(),
        }),
        Step::Departure(departure) => json!({"step": "departure", "text": departure.to_string()}),
        Step::Note(note) => json!({"step": "note", "text": note}),
        // Steps that a later version of the library adds.
        other => json!({"step": "other", "text": format!("{other:?}")}),
    }
}
