//! What came of a command, in the few words of a cell.

use testbed::Run;

/// What alpha's files say, so that a command that shows one fills a cell.
pub(crate) const ALPHA: &str = "alpha's";

/// What the host's files say where a command in alpha should not see them.
pub(crate) const HOST: &str = "the host's";

/// What a command said, in one line, and whether the tool said something beside it. A command that
/// is run says something.
pub(crate) fn said(run: &Run) -> String {
    let words = one_line(&run.out());
    if words.is_empty() {
        return format!("not run, {}", ended(run));
    }
    if run.stderr.is_empty() {
        words
    } else {
        format!("{words}, with a warning")
    }
}

/// How a command ended.
pub(crate) fn ended(run: &Run) -> String {
    match (run.code(), run.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => run.status.to_string(),
    }
}

/// The reason that a shell gives for a redirection that failed.
pub(crate) fn refused(run: &Run) -> String {
    let words = run.err();
    format!("refused: {}", words.rsplit(": ").next().unwrap_or_default())
}

/// Words with single spaces between them.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
