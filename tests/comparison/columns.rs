//! The columns of the table, and how each is filled.

use testbed::Sandbox;

use crate::rows::Row;
use crate::tools::{Form, Tool};
use crate::trial::Trial;

/// The index of netns-exec.
pub(crate) const OURS: usize = 0;

/// Since when systemd does what is said of it here.
const SYSTEMD: &str = "254 and later";

/// A column of the table.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) version: String,
    /// How a command is run.
    pub(crate) usage: &'static str,
    by: By,
}

enum By {
    /// All forms of netns-exec.
    NetnsExec,
    Tool(Tool),
    /// Not run: it has to be process 1.
    Systemd,
    /// Not installed.
    Nobody,
}

impl Column {
    pub(crate) fn all() -> Vec<Column> {
        let sandbox = Sandbox::new();
        let of = |tool: Tool, usage, by| {
            let (by, version) = if tool.is_installed() {
                (by, tool.version(&sandbox))
            } else {
                eprintln!("{} is not installed", tool.title());
                (By::Nobody, "not run".into())
            };
            Column {
                title: tool.title(),
                version,
                usage,
                by,
            }
        };
        let peer = |tool, usage| of(tool, usage, By::Tool(tool));
        vec![
            of(
                Tool::NetnsExec(Form::Bind),
                "`netns-exec alpha COMMAND`; bind: the default; sealed: with `--etc sealed`; watch: \
                 while `netns-exec --watch` runs",
                By::NetnsExec,
            ),
            peer(Tool::IpNetnsExec, "`ip netns exec alpha COMMAND`"),
            peer(
                Tool::Firejail,
                "`firejail --quiet --noprofile --netns=alpha COMMAND`",
            ),
            peer(Tool::Nsenter, "`nsenter --net=/run/netns/alpha COMMAND`"),
            Column {
                title: "systemd",
                version: SYSTEMD.into(),
                usage: "`systemd-run -p NetworkNamespacePath=/run/netns/alpha COMMAND`; \
                        *by its documentation*",
                by: By::Systemd,
            },
        ]
    }

    /// The cell of a row.
    pub(crate) fn fill(&self, row: &Row) -> String {
        match &self.by {
            By::NetnsExec => {
                let forms = row.forms().iter();
                let cell = |&form| (form, (row.case)(&Trial::new(Tool::NetnsExec(form))));
                by_form(&forms.map(cell).collect::<Vec<_>>())
            }
            By::Tool(tool) => (row.case)(&Trial::new(*tool)),
            By::Systemd if row.systemd.is_empty() => "–".into(),
            By::Systemd => format!("*{}*", row.systemd),
            By::Nobody => "not run".into(),
        }
    }
}

/// One cell of the cells of several forms: those that are alike are told once.
pub(crate) fn by_form(cells: &[(Form, String)]) -> String {
    let mut told: Vec<(Vec<&str>, &str)> = Vec::new();
    for (form, cell) in cells {
        match told.iter_mut().find(|(_, other)| other == cell) {
            Some((labels, _)) => labels.push(form.label()),
            None => told.push((vec![form.label()], cell)),
        }
    }
    if let [(_, cell)] = &told[..] {
        return (*cell).to_owned();
    }
    let lines = told
        .iter()
        .map(|(labels, cell)| format!("{}: {cell}", labels.join(", ")));
    lines.collect::<Vec<_>>().join("<br>")
}
