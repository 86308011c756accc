//! The table as Markdown.

use crate::peers::{GLIBC, OURS, Peer};
use crate::rows::Group;
use crate::set_up::{DEFAULTS, INTERFACE, Row, Said};

/// Rules by which the project differs from glibc.
pub(crate) fn differences(groups: &[Group], answered: &[Vec<Said>]) -> Vec<&'static str> {
    let rows = groups.iter().flat_map(|group| &group.rows);
    rows.zip(answered)
        .filter(|(_, said)| !said[OURS].agrees(&said[GLIBC]))
        .map(|(row, _)| row.rule)
        .collect()
}

/// The document.
pub(crate) fn text(peers: &[Peer], groups: &[Group], answered: &[Vec<Said>]) -> String {
    let mut text = head(peers, answered);
    let mut number = 0;
    for group in groups {
        text += &format!("\n## {}\n\n| | rule |", group.title);
        for peer in peers {
            text += &format!(" {} |", peer.title);
        }
        text += "\n|---|---|";
        text += &"---|".repeat(peers.len());
        text += "\n";
        let mut set_ups = String::new();
        for row in &group.rows {
            let said = &answered[number];
            number += 1;
            text += &format!("| {number} | {} |", row.rule);
            for (index, of_peer) in said.iter().enumerate() {
                text += &format!(" {} |", cell(index, of_peer, &said[GLIBC]));
            }
            text += "\n";
            set_ups += &set_up(number, row);
        }
        text += &format!("\n```text\n{}```\n", set_ups.trim_start_matches('\n'));
    }
    text
}

fn head(peers: &[Peer], answered: &[Vec<Said>]) -> String {
    let mut text = "# Agreement with glibc\n\n\
        Made by `make agreement`; do not edit. Each row is a rule that glibc follows, with the\n\
        smallest set-up that shows it and one question. Every cell is what a program printed that\n\
        netns-exec ran in a namespace with those files and a scripted DNS server; nothing here is\n\
        from reading. `tests/agreement` has the rows and the programs.\n\n\
        | | version | what is asked | same as glibc |\n|---|---|---|---|\n"
        .to_owned();
    for (index, peer) in peers.iter().enumerate() {
        let asked = answered
            .iter()
            .filter(|said| !matches!(said[index], Said::NotRun | Said::CannotBeAsked));
        let (mut all, mut same) = (0, 0);
        for said in asked {
            all += 1;
            same += usize::from(said[index].agrees(&said[GLIBC]));
        }
        let count = match (index, all) {
            (GLIBC, _) => format!("{all} rows"),
            (_, 0) => "not run".into(),
            _ => format!("{same} of {all}"),
        };
        let (title, version, is) = (peer.title, &peer.version, peer.is);
        text += &format!("| {title} | {version} | {is} | {count} |\n");
    }
    text += "\nThe rows are there to tell resolvers apart: most names in practice are none of these. What a\n\
        resolver answers by chance, or after a timeout, is left out.\n\n\
        `=` is glibc's answer: the same addresses in the same order, or the same name, or the same\n\
        error. Go and hickory-resolver have no error codes; they are taken to agree where *not found*\n\
        stands for `EAI_NONAME`, `EAI_NODATA` or `EAI_ADDRFAMILY`, and *failed* for any other. They\n\
        have no `AI_ADDRCONFIG` either, and are asked without.\n\n\
        Below each table are the set-ups, where they are not\n\n```text\n";
    for (name, content) in DEFAULTS {
        text += &block(name, &lines(Some(content)));
    }
    text += &block("DNS", &["127.0.0.53, where no name exists".into()]);
    text += "```\n\nNames are asked for with `AF_UNSPEC` if nothing else is said. The namespace has only a\n\
        loopback interface; where `v0` is said to be there, it was made by `ip -n NAME` with\n\n```text\n";
    for words in INTERFACE {
        text += &format!("{words}\n");
    }
    text += "```\n";
    text
}

fn cell(index: usize, said: &Said, glibc: &Said) -> String {
    if index != GLIBC && said.agrees(glibc) {
        return "=".into();
    }
    match said {
        Said::Found(text) if text.is_empty() => "no address".into(),
        Said::Found(text) => format!("`{text}`"),
        Said::Error(code) if code.starts_with("EAI_") => format!("`{code}`"),
        Said::Error(words) => format!("*{words}*"),
        Said::Crashed(how) => format!("**{how}**"),
        Said::CannotBeAsked => "cannot be asked".into(),
        Said::NotRun => "not run".into(),
    }
}

/// What is asked of what, for people to read.
fn set_up(number: usize, row: &Row) -> String {
    let mut text = format!("\n{number}. {}\n", row.ask.describe());
    for (name, content) in &row.files {
        text += &block(name, &lines(*content));
    }
    for (address, script) in &row.servers {
        let name = match *address {
            crate::set_up::SERVER => "DNS".to_owned(),
            address => format!("DNS {address}"),
        };
        text += &block(&name, &lines(Some(script)));
    }
    for (name, value) in &row.environment {
        text += &block("environment", &[format!("{name}={value}")]);
    }
    if row.connected {
        text += &block("interface", &["v0".into()]);
    }
    text
}

/// Lines beside a label.
fn block(label: &str, lines: &[String]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        text += &format!("   {label:<14} {line}\n");
    }
    text
}

/// A file's lines with odd bytes escaped.
fn lines(content: Option<&str>) -> Vec<String> {
    let Some(content) = content else {
        return vec!["(no such file)".into()];
    };
    if content.is_empty() {
        return vec!["(empty)".into()];
    }
    let line = |line: &str| match line.strip_suffix('\n') {
        Some(line) => line.as_bytes().escape_ascii().to_string(),
        None => format!("{} (no newline)", line.as_bytes().escape_ascii()),
    };
    content.split_inclusive('\n').map(line).collect()
}
