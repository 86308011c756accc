//! Our answer beside glibc's.

use std::io::{self, Write};

use netns::glibc::{AddrInfo, Family as GlibcFamily, GaiError};
use netns::printable_bytes;
use netns_resolver::Family;
use serde_json::{Value, json};

use crate::glibc::{Answer, Glibc, Question as GlibcQuestion};
use crate::question::{Failure, Found, Question, Verdict, parse_address};

/// What the comparison came to.
pub(crate) enum Comparison {
    /// Both say the same.
    Same,
    /// They differ, or glibc gave no answer at all (it crashed, or hangs).
    Different(Result<Answer, String>),
}

/// Ask glibc the same question. None where it cannot be asked it: the question is none, or we have
/// no answer to compare.
///
/// # Errors
/// The process that asks glibc is gone for good.
pub(crate) fn compare(
    glibc: &mut Glibc,
    question: &Question<'_>,
    verdict: &Verdict,
) -> Option<Comparison> {
    if matches!(verdict.result, Err(Failure::Own(_))) {
        return None;
    }
    let answer = glibc.ask(&for_glibc(question)?);
    match &answer {
        Ok(answer) if agrees(&verdict.result, answer) => Some(Comparison::Same),
        _ => Some(Comparison::Different(answer)),
    }
}

fn for_glibc(question: &Question<'_>) -> Option<GlibcQuestion> {
    match *question {
        Question::Forward(host, options) => Some(GlibcQuestion::Forward {
            name: host.to_vec(),
            family: match options.family {
                Family::Unspec => GlibcFamily::Unspec,
                Family::Inet => GlibcFamily::Inet,
                Family::Inet6 => GlibcFamily::Inet6,
            },
            addrconfig: options.addrconfig,
        }),
        Question::Reverse(text) => {
            let address = parse_address(text)?;
            Some(GlibcQuestion::Reverse {
                ip: address.ip,
                scope_id: address.scope_id(),
            })
        }
    }
}

fn agrees(ours: &Result<Found, Failure>, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let addresses = ours
                .addresses
                .iter()
                .map(|address| (address.ip, address.scope_id()));
            // With AI_CANONNAME glibc fails on some names that it finds without: nothing to
            // compare then.
            let same_name = theirs
                .canonical_name
                .as_ref()
                .is_none_or(|name| *name == ours.canonical_name);
            same_name && addresses.eq(theirs.addresses.iter().copied())
        }
        (Err(Failure::Code(code)), Err(GaiError { code: theirs, .. })) => code.value() == *theirs,
        _ => false,
    }
}

/// Write both answers side by side, if they differ.
pub(crate) fn write(
    out: &mut impl Write,
    host: &[u8],
    verdict: &Verdict,
    comparison: &Comparison,
) -> io::Result<()> {
    let Comparison::Different(theirs) = comparison else {
        return Ok(());
    };
    let ours = match &verdict.result {
        Ok(found) => {
            let addresses = found.addresses.iter().map(ToString::to_string).collect();
            column(addresses, Some(&found.canonical_name))
        }
        Err(failure) => vec![failure.to_string()],
    };
    let theirs = match theirs {
        Ok(Ok(info)) => column(shown(info), info.canonical_name.as_ref()),
        Ok(Err(error)) => vec![error_text(*error)],
        Err(what) => vec![what.clone()],
    };
    let width = ours
        .iter()
        .map(|text| text.chars().count())
        .max()
        .unwrap_or(0)
        .max(13);
    writeln!(out, "{} differs:", printable_bytes(host))?;
    writeln!(out, "  {:<width$}  glibc", "netns-resolve")?;
    for row in 0..ours.len().max(theirs.len()) {
        let cell = |column: &[String]| column.get(row).cloned().unwrap_or_default();
        writeln!(out, "  {:<width$}  {}", cell(&ours), cell(&theirs))?;
    }
    for departure in verdict.trace.departures() {
        writeln!(out, "  known departure: {departure}")?;
    }
    Ok(())
}

/// For `--json`.
pub(crate) fn json(verdict: &Verdict, comparison: &Comparison) -> Value {
    let mut value = match comparison {
        Comparison::Same => return json!({"agrees": true}),
        Comparison::Different(Ok(Ok(info))) => json!({
            "error": null,
            "canonical_name": info.canonical_name.as_ref().map(|name| printable_bytes(name).to_string()),
            "addresses": shown(info),
        }),
        Comparison::Different(Ok(Err(error))) => json!({
            "error": error_name(*error),
            "canonical_name": null,
            "addresses": [],
        }),
        Comparison::Different(Err(what)) => json!({"failure": what}),
    };
    value["agrees"] = false.into();
    let departures = verdict.trace.departures();
    value["departure"] = departures.iter().map(ToString::to_string).collect();
    value
}

fn column(mut lines: Vec<String>, name: Option<&Vec<u8>>) -> Vec<String> {
    lines.extend(name.map(|name| format!("name {}", printable_bytes(name))));
    lines
}

fn shown(info: &AddrInfo) -> Vec<String> {
    info.addresses
        .iter()
        .map(|(ip, scope_id)| match scope_id {
            0 => netns_resolver::Address::from(*ip).to_string(),
            scope_id => format!("{}%{scope_id}", netns_resolver::Address::from(*ip)),
        })
        .collect()
}

fn error_text(error: GaiError) -> String {
    match error_name(error) {
        "EAI_SYSTEM" => {
            format!("EAI_SYSTEM: {}", io::Error::from_raw_os_error(error.errno))
        }
        name => name.to_owned(),
    }
}

/// netdb.h of glibc.
fn error_name(error: GaiError) -> &'static str {
    match error.code {
        -1 => "EAI_BADFLAGS",
        -2 => "EAI_NONAME",
        -3 => "EAI_AGAIN",
        -4 => "EAI_FAIL",
        -5 => "EAI_NODATA",
        -6 => "EAI_FAMILY",
        -9 => "EAI_ADDRFAMILY",
        -10 => "EAI_MEMORY",
        -11 => "EAI_SYSTEM",
        -12 => "EAI_OVERFLOW",
        _ => "an error that netdb.h does not name",
    }
}
