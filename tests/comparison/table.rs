//! The table as Markdown.

use std::fmt::Display;
use std::fs;

use crate::cell::HOST;
use crate::columns::Column;
use crate::rows::Group;

/// How long a line of text may be.
const WIDTH: usize = 100;

/// The document.
pub(crate) fn text(columns: &[Column], groups: &[Group], cells: &[Vec<String>]) -> String {
    let mut text = head(columns);
    let titles = columns.iter().map(|column| column.title);
    let rule = "---|".repeat(columns.len());
    text += &format!("\n| | |{}\n|---|---|{rule}\n", line(titles));
    let mut notes = String::new();
    let mut number = 0;
    for group in groups {
        let empty = columns.iter().map(|_| "");
        text += &format!("| | **{}** |{}\n", group.title, line(empty));
        for row in &group.rows {
            let emphasised = |cell: &String| cell.replace(HOST, &format!("**{HOST}**"));
            let cells = line(cells[number].iter().map(emphasised));
            number += 1;
            text += &format!("| {number} | {} |{cells}\n", row.title);
            if !row.note.is_empty() {
                notes += &wrapped(&format!("* **{number}** {}", row.note));
            }
        }
    }
    format!("{text}\n## Notes\n\n{notes}\n{SYSTEMD}")
}

/// All cells of a line but the first ones.
fn line(cells: impl Iterator<Item = impl Display>) -> String {
    cells.map(|cell| format!(" {cell} |")).collect()
}

/// A paragraph in lines, the later ones below the text of the first.
fn wrapped(paragraph: &str) -> String {
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    lines.join("\n") + "\n"
}

fn head(columns: &[Column]) -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let mut text = format!(
        "# Comparison\n\n\
         Made by `make comparison`; do not edit. Each row is a case, with what programs that run a\n\
         command in a network namespace do in it. Every cell is what came of a command that was run\n\
         in a sandbox (`tests/comparison` has the cases), but for those in *italics*, which are what\n\
         documentation says. On Linux {kernel}, as root if the row does not say otherwise.\n\n\
         | | version | how a command is run in the namespace alpha |\n|---|---|---|\n"
    );
    for column in columns {
        let (title, version, usage) = (column.title, &column.version, column.usage);
        text += &format!("| {title} | {version} | {usage} |\n");
    }
    text += "\nThe namespace has files in `/etc/netns/alpha`. Where a cell tells whose file or answer the\n\
        command gets, **the host's** is what leaks. With a warning: the tool complains on standard\n\
        error, and runs the command. firejail and nsenter are made for other ends, isolation and\n\
        debugging. firejail has `--quiet` because it would write to the command's output, and its\n\
        warnings go with that; without `--noprofile` it would take more from the command.\n";
    text
}

/// Where the cells of systemd are from.
const SYSTEMD: &str = "\
## systemd

It can only be tried as process 1 of a host. Its cells are what its documentation says, and a dash
is where that says nothing: systemd.exec(5) (`NetworkNamespacePath=`, `PrivateMounts=`, `BindPaths=`,
`User=`, `PrivateUsers=`, \"Process Exit Codes\"; that sockets in the file system stay accessible is
said of `PrivateNetwork=`) and systemd-run(1). That `/etc/netns` is not looked at, and files have to
be named by `BindPaths=`, is the answer to [issue 28694][1]; what a link to systemd-resolved's file
comes to, [issue 32366][2].

[1]: https://github.com/systemd/systemd/issues/28694
[2]: https://github.com/systemd/systemd/issues/32366
";
