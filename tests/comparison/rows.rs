//! The cases, grouped by what they are about.

mod broken;
mod daemons;
mod files;
mod mounts;
mod process;
mod running;
mod users;

use crate::columns::by_form;
use crate::tools::Form;
use crate::trial::Trial;

/// Rows under a title.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    /// Sets a case up, and says in a few words what came of it.
    pub(crate) case: fn(&Trial) -> String,
    /// What netns-exec shall do.
    ours: Ours,
    /// What the documentation of systemd says; nothing if it says nothing.
    pub(crate) systemd: &'static str,
    /// What is done and why it matters, where the title does not tell.
    pub(crate) note: &'static str,
}

enum Ours {
    /// However it is run; only the default is.
    Always(&'static str),
    /// One for each of [`Form::ALL`].
    ByForm([&'static str; 4]),
}

impl Row {
    pub(crate) fn new(title: &'static str, case: fn(&Trial) -> String, ours: &'static str) -> Row {
        Row {
            title,
            case,
            ours: Ours::Always(ours),
            systemd: "",
            note: "",
        }
    }

    /// A row in which it matters how netns-exec is run.
    pub(crate) fn by_form(
        title: &'static str,
        case: fn(&Trial) -> String,
        ours: [&'static str; 4],
    ) -> Row {
        Row {
            ours: Ours::ByForm(ours),
            ..Row::new(title, case, "")
        }
    }

    pub(crate) fn systemd(mut self, says: &'static str) -> Row {
        self.systemd = says;
        self
    }

    pub(crate) fn note(mut self, note: &'static str) -> Row {
        self.note = note;
        self
    }

    /// The forms of netns-exec that are run.
    pub(crate) fn forms(&self) -> &'static [Form] {
        match self.ours {
            Ours::Always(_) => &[Form::Bind],
            Ours::ByForm(_) => &Form::ALL,
        }
    }

    /// The cell that netns-exec shall have.
    pub(crate) fn expected(&self) -> String {
        match self.ours {
            Ours::Always(cell) => cell.to_owned(),
            Ours::ByForm(cells) => {
                let cells = Form::ALL.into_iter().zip(cells.map(str::to_owned));
                by_form(&cells.collect::<Vec<_>>())
            }
        }
    }
}

/// All of them, in the order of the document.
pub(crate) fn groups() -> Vec<Group> {
    let group = |title, rows| Group { title, rows };
    vec![
        group("Which files a command sees", files::rows()),
        group("While it runs", running::rows()),
        group("A file that cannot be put in place", broken::rows()),
        group("Daemons of the host that answer for names", daemons::rows()),
        group("Mounts", mounts::rows()),
        group("The command as a process", process::rows()),
        group("Users and names", users::rows()),
    ]
}
