//! What is odd about a file, and where glibc is not followed in reading it.

use std::fmt;

/// What there is to say about a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes(Vec<Note>);

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// What has no effect, or not the one its author may expect; in words.
    Text(String),
    /// Here the answer does not follow glibc, on purpose.
    Departure(Departure),
}

impl Notes {
    /// In the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Note> {
        self.0.iter()
    }

    /// Where glibc is not followed, each once.
    pub fn departures(&self) -> impl Iterator<Item = Departure> {
        self.0.iter().filter_map(|note| match note {
            Note::Departure(departure) => Some(*departure),
            Note::Text(_) => None,
        })
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.0.push(Note::Text(text.into()));
    }

    pub(crate) fn depart(&mut self, departure: Departure) {
        if !self.departures().any(|known| known == departure) {
            self.0.push(Note::Departure(departure));
        }
    }

    #[cfg(test)]
    pub(crate) fn texts(&self) -> Vec<&str> {
        let texts = self.0.iter().filter_map(|note| match note {
            Note::Text(text) => Some(text.as_str()),
            Note::Departure(_) => None,
        });
        texts.collect()
    }
}

/// What a file can have that glibc is not followed in: its memory bugs, chance, and what later
/// versions read otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Departure {
    /// A search list that glibc has no room for.
    SearchList,
    /// A `sortlist` that glibc does not get to the end of.
    Sortlist,
    /// `scopev4` of gai.conf without a prefix length.
    ScopeWithoutLength,
    /// `options rotate`.
    Rotate,
    /// `ndots` below 0.
    Ndots,
    /// `options` that later versions know.
    LaterOption,
    /// `label` or `precedence` of gai.conf without a prefix length.
    LaterGaiConf,
}

impl Departure {
    /// Whether it is about a resolv.conf that is the end of every lookup, of names that come from
    /// elsewhere too.
    pub fn stops_every_lookup(self) -> bool {
        matches!(self, Departure::SearchList | Departure::Sortlist)
    }
}

impl fmt::Display for Departure {
    /// What glibc does, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Departure::SearchList => {
                "resolv.conf: glibc aborts over a search list that does not fit its old store"
            }
            Departure::Sortlist => {
                "resolv.conf: glibc spins for ever over what no entry of a sortlist begins with"
            }
            Departure::ScopeWithoutLength => {
                "gai.conf: glibc may crash over a scopev4 line without a prefix length"
            }
            Departure::Rotate => "resolv.conf: with rotate the first server is one at random",
            Departure::Ndots => "resolv.conf: with ndots below 0 glibc never reads the file again",
            Departure::LaterOption => {
                "resolv.conf: glibc 2.41 knows strict-error, and a minus before an option"
            }
            Departure::LaterGaiConf => {
                "gai.conf: glibc 2.41 also reads lines without a prefix length"
            }
        })
    }
}
