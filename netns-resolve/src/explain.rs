//! The steps of a lookup in words, for a terminal of 80 columns.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::time::Duration;

use netns::{Name, printable, printable_bytes};
use netns_resolver::{
    Action, Family, FileLookup, FileOrigin, Ordered, Query, QueryOutcome, SearchStep,
    ServiceOutcome, Step, Transport,
};

use crate::question::{Question, Verdict};

const WIDTH: usize = 80;
/// Where the text of a step starts: two of indentation, a label, a space.
const MARGIN: usize = 11;

/// Whether labels are coloured.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    /// Colours on a terminal, unless `NO_COLOR` is set.
    pub(crate) fn for_terminal(is_terminal: bool) -> Style {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Style {
            colour: is_terminal && !unwanted,
        }
    }
}

/// The kind of a step, which its colour tells too.
#[derive(Clone, Copy)]
enum Tone {
    Neutral,
    Good,
    Bad,
}

/// Whose files are read.
pub(crate) struct Owners<'a> {
    /// The namespace, as the user calls it.
    pub(crate) namespace: &'a OsStr,
    /// Whether it has a name, and so may have files of its own.
    pub(crate) named: bool,
    /// The other namespace that this program runs in: what it sees in `/etc` may be that one's and
    /// not the host's.
    pub(crate) around: Option<&'a Name>,
}

/// Write the explanation of one verdict.
pub(crate) fn write(
    out: &mut impl Write,
    style: Style,
    owners: &Owners<'_>,
    question: &Question<'_>,
    verdict: &Verdict,
) -> io::Result<()> {
    let namespace = printable(owners.namespace);
    match question {
        Question::Forward(host, options) => {
            let family = match options.family {
                Family::Unspec => "IPv4 and IPv6",
                Family::Inet => "IPv4",
                Family::Inet6 => "IPv6",
            };
            writeln!(
                out,
                "{} in namespace {namespace}, {family}:",
                printable_bytes(host)
            )?;
        }
        Question::Reverse(address) => {
            writeln!(
                out,
                "{} in namespace {namespace}:",
                printable_bytes(address)
            )?;
        }
    }
    for step in verdict.trace.steps() {
        for (label, tone, text) in lines(step, owners) {
            write_line(out, style, label, tone, &text)?;
        }
    }
    match &verdict.result {
        Ok(found) => {
            let name = printable_bytes(&found.canonical_name).to_string();
            write_line(out, style, "name", Tone::Good, &name)
        }
        Err(failure) => write_line(out, style, "error", Tone::Bad, &failure.to_string()),
    }
}

/// The action's name in nsswitch.conf(5).
pub(crate) fn action(action: Action) -> &'static str {
    match action {
        Action::Return => "return",
        Action::Continue => "continue",
        Action::Merge => "merge",
    }
}

fn lines(step: &Step, owners: &Owners<'_>) -> Vec<(&'static str, Tone, String)> {
    let line = |label, tone, text| vec![(label, tone, text)];
    match step {
        Step::Numeric => line(
            "numeric",
            Tone::Good,
            "an address: nothing is looked up".into(),
        ),
        Step::File(file) => line("file", Tone::Neutral, describe_file(file, owners)),
        Step::HostsLine(found) => {
            let names: Vec<_> = found
                .names
                .iter()
                .map(|name| printable_bytes(name).to_string())
                .collect();
            let at = format!("{}:{}", printable(&found.path), found.number);
            line(
                "match",
                Tone::Good,
                format!("{at}: {} {}", found.address, names.join(" ")),
            )
        }
        Step::Service(done) => vec![describe_service(done)],
        Step::Search(search) => line("search", Tone::Neutral, describe_search(search)),
        Step::Query(query) => vec![describe_query(query)],
        Step::Order(order) => order.iter().map(describe_place).collect(),
        Step::Departure(departure) => line("departs", Tone::Bad, departure.to_string()),
        Step::Note(note) => line("note", Tone::Neutral, note.clone()),
        other => line("step", Tone::Neutral, format!("{other:?}")),
    }
}

fn describe_file(file: &FileLookup, owners: &Owners<'_>) -> String {
    let path = printable(&file.path);
    let namespace = printable(owners.namespace);
    let whose = match (file.origin, owners.around) {
        (FileOrigin::Namespace, _) => format!("{namespace}'s own"),
        (FileOrigin::Host, None) => "the host's".to_owned(),
        (FileOrigin::Host, Some(around)) => {
            format!("as seen from {}", printable(around.as_os_str()))
        }
    };
    let whose = if file.origin == FileOrigin::Host && owners.named {
        format!("{whose}: {namespace} has no {}", file.name)
    } else {
        whose
    };
    match &file.error {
        None => format!("{path} ({whose})"),
        Some(error) => format!("{path} ({whose}): {error}"),
    }
}

fn describe_service(done: &ServiceOutcome) -> (&'static str, Tone, String) {
    let next = match done.action {
        Action::Return => "the lookup ends here",
        Action::Continue => "on to the next service",
        Action::Merge => "merge with the next service",
    };
    let tone = if done.status == netns_resolver::Status::Success {
        Tone::Good
    } else {
        Tone::Neutral
    };
    let service = printable(&done.service);
    let note = done
        .note
        .as_ref()
        .map_or(String::new(), |note| format!(" ({note})"));
    (
        "service",
        tone,
        format!("{service}: {}{note}, {next}", done.status),
    )
}

fn describe_search(search: &SearchStep) -> String {
    let candidates: Vec<_> = search
        .candidates
        .iter()
        .map(|name| printable(name).to_string())
        .collect();
    format!("ndots {}: {}", search.ndots, candidates.join(" "))
}

fn describe_query(query: &Query) -> (&'static str, Tone, String) {
    let transport = match query.transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
    };
    let (tone, outcome) = match &query.outcome {
        QueryOutcome::Response {
            code,
            answers,
            truncated,
        } => {
            let tone = if *answers > 0 {
                Tone::Good
            } else {
                Tone::Neutral
            };
            let records = if *answers == 1 { "record" } else { "records" };
            let cut = if *truncated { ", cut short" } else { "" };
            (tone, format!("{code}, {answers} {records}{cut}"))
        }
        QueryOutcome::Timeout => (Tone::Bad, "no answer".into()),
        QueryOutcome::Failed(why) => (Tone::Bad, why.clone()),
    };
    let text = format!(
        "{} {} at {} over {transport}: {outcome}, {}",
        query.record_type,
        printable(&query.name),
        query.server,
        time(query.elapsed)
    );
    ("query", tone, text)
}

fn describe_place(place: &Ordered) -> (&'static str, Tone, String) {
    let source = match place.source {
        Some(source) => format!("from {source}"),
        None => "not reachable".into(),
    };
    let rule = place
        .rule
        .map_or(String::new(), |rule| format!(", before the next by {rule}"));
    (
        "order",
        Tone::Neutral,
        format!("{} {source}{rule}", printable(&place.address.to_string())),
    )
}

fn time(elapsed: Duration) -> String {
    let milliseconds = elapsed.as_secs_f64() * 1e3;
    if milliseconds < 10.0 {
        format!("{milliseconds:.2} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

/// A label and its text, wrapped between words, continued below the text's start.
fn write_line(
    out: &mut impl Write,
    style: Style,
    label: &str,
    tone: Tone,
    text: &str,
) -> io::Result<()> {
    let (on, off) = match (style.colour, tone) {
        (false, _) => ("", ""),
        (true, Tone::Neutral) => ("\x1b[2m", "\x1b[0m"),
        (true, Tone::Good) => ("\x1b[32m", "\x1b[0m"),
        (true, Tone::Bad) => ("\x1b[31m", "\x1b[0m"),
    };
    let mut start = format!("  {on}{label:<width$}{off} ", width = MARGIN - 3);
    for line in wrap(text, WIDTH - MARGIN) {
        writeln!(out, "{start}{line}")?;
        start = " ".repeat(MARGIN);
    }
    Ok(())
}

/// Lines of at most `width` characters, where the words allow it. A domain name too long for a
/// line goes on in the next one after a dot.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').flat_map(|word| pieces(word, width)) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
    }
    lines
}

/// A word, or what a domain name that is longer than a line falls into.
fn pieces(mut word: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while word.len() > width
        && word.ends_with('.')
        && let Some(dot) = word.get(..width).and_then(|start| start.rfind('.'))
    {
        let (start, rest) = word.split_at(dot + 1);
        pieces.push(start);
        word = rest;
    }
    pieces.push(word);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("a-long-word b", 4), ["a-long-word", "b"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(
            wrap("PTR 1.2.3.4.5.6. at", 6),
            ["PTR", "1.2.3.", "4.5.6.", "at"]
        );
    }
}
