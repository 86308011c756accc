//! Reports as text for people and as JSON for programs.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;

use netns::{printable, printable_bytes};
use serde_json::{Value, json};

use crate::{Finding, Report};

/// How many processes a line of text names. All are in the JSON.
const NAMED: usize = 10;

/// Write a report for people: a paragraph for each finding, or that there is none.
///
/// # Errors
/// Of the writer.
pub fn text(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let namespace = printable(&report.namespace);
    for finding in &report.findings {
        write!(out, "{namespace}: ")?;
        if let Some(path) = &finding.path {
            write!(out, "{}: ", printable(path))?;
        }
        writeln!(out, "{}{}", finding.what, sufferers(finding))?;
        if let Some(since) = &finding.since {
            writeln!(out, "  since: {since}")?;
        }
        writeln!(out, "  mend: {}", finding.mend)?;
    }
    if report.is_healthy() {
        let (files, processes) = (report.overrides, report.processes);
        let files = counted(files, "file of its own", "files of its own");
        let processes = counted(processes, "process", "processes");
        writeln!(out, "{namespace}: nothing wrong ({files}, {processes})")?;
    }
    Ok(())
}

/// Write each finding as one object on a line of its own; nothing for a healthy namespace.
///
/// `{"namespace", "kind", "path": string | null, "what", "since": string | null, "mend",
/// "pids": [number, ...]}`
///
/// # Errors
/// Of the writer.
pub fn json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for finding in &report.findings {
        serde_json::to_writer(&mut *out, &object(&report.namespace, finding))?;
        writeln!(out)?;
    }
    Ok(())
}

fn object(namespace: &OsStr, finding: &Finding) -> Value {
    let pids: Vec<u32> = finding.processes.iter().map(|it| it.pid).collect();
    json!({
        "namespace": string(namespace),
        "kind": finding.kind.name(),
        "path": finding.path.as_ref().map(|path| string(path.as_os_str())),
        "what": finding.what,
        "since": finding.since.as_ref().map(ToString::to_string),
        "mend": finding.mend,
        "pids": pids,
    })
}

/// Text as it is where it is UTF-8, else with the other bytes escaped.
fn string(text: &OsStr) -> String {
    match text.to_str() {
        Some(text) => text.to_owned(),
        None => printable_bytes(text.as_bytes()).to_string(),
    }
}

/// `: ping (12), sh (15)`.
fn sufferers(finding: &Finding) -> String {
    let mut shown = String::new();
    for (index, process) in finding.processes.iter().take(NAMED).enumerate() {
        let before = if index == 0 { ": " } else { ", " };
        let command = printable(&process.command);
        shown += &format!("{before}{command} ({})", process.pid);
    }
    match finding.processes.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::{Kind, Since, Sufferer};

    fn report(findings: Vec<Finding>) -> Report {
        Report {
            namespace: "alpha".into(),
            findings,
            obstacles: Vec::new(),
            overrides: 1,
            processes: 2,
        }
    }

    fn finding(pids: impl IntoIterator<Item = u32>) -> Finding {
        let sufferer = |pid| Sufferer {
            pid,
            command: "a\nb".into(),
        };
        Finding {
            kind: Kind::OverrideLost,
            path: Some("/etc/hosts".into()),
            what: "some processes read the host's file".into(),
            since: Some(Since {
                what: "the host replaced /etc/hosts".into(),
                at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_475_464)),
            }),
            mend: "netns-exec --heal alpha".into(),
            processes: pids.into_iter().map(sufferer).collect(),
        }
    }

    fn rendered(report: &Report) -> [String; 2] {
        let (mut as_text, mut as_json) = (Vec::new(), Vec::new());
        text(report, &mut as_text).expect("written");
        json(report, &mut as_json).expect("written");
        [as_text, as_json].map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    #[test]
    fn a_finding_says_what_since_what_and_how_to_mend_it() {
        let [text, json] = rendered(&report(vec![finding([7, 9])]));
        assert_eq!(
            text,
            "alpha: /etc/hosts: some processes read the host's file: a\\nb (7), a\\nb (9)\n  \
             since: the host replaced /etc/hosts at 2026-11-23 23:11:04 UTC\n  \
             mend: netns-exec --heal alpha\n"
        );
        let expected = json!({
            "namespace": "alpha",
            "kind": "override-lost",
            "path": "/etc/hosts",
            "what": "some processes read the host's file",
            "since": "the host replaced /etc/hosts at 2026-11-23 23:11:04 UTC",
            "mend": "netns-exec --heal alpha",
            "pids": [7, 9],
        });
        assert_eq!(json.lines().count(), 1);
        assert_eq!(serde_json::from_str::<Value>(&json).ok(), Some(expected));
    }

    #[test]
    fn a_thousand_processes_fit_on_a_line_of_text_and_are_all_in_json() {
        let [text, json] = rendered(&report(vec![finding(1..=1000)]));
        assert!(text.contains("a\\nb (10) and 990 more\n"), "{text}");
        assert!(json.contains(",1000]"), "{json}");
    }

    #[test]
    fn a_healthy_namespace_is_a_line_of_text_and_no_json() {
        let [text, json] = rendered(&report(vec![]));
        assert_eq!(
            text,
            "alpha: nothing wrong (1 file of its own, 2 processes)\n"
        );
        assert_eq!(json, "");
    }
}
