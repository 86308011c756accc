//! From a name as asked to fully qualified names, and from their outcomes to one:
//! `__res_context_search` of glibc.
//!
//! Source: glibc `resolv/res_query.c`; resolv.conf(5) under `search` and `ndots`.

use super::Transport;
use super::name::WireName;
use super::query::{Failure, Responses};
use super::session::{Errno, Session};
use super::wire::RecordType;
use crate::nss::HostError;
use crate::trace::{SearchStep, Step, Trace};

/// The longest text that is made into a query, with room for a NUL (`MAXDNAME`).
const MAX_TEXT: usize = 1025;

/// What the candidates so far amount to.
#[derive(Default)]
struct Tally {
    /// The error of the name as it is, where that was tried first. It is the last word.
    as_is: Option<HostError>,
    nodata: bool,
    servfail: bool,
    /// The name as it is was on the search list, as the root.
    root_on_list: bool,
    /// The error of the last candidate.
    last: Option<HostError>,
}

impl Tally {
    /// What the search ends with when nothing was found.
    fn verdict(&self) -> HostError {
        match self {
            Tally {
                as_is: Some(error), ..
            } => *error,
            Tally { nodata: true, .. } => HostError::NoData,
            Tally { servfail: true, .. } => HostError::TryAgain,
            // Without any query the name just does not exist.
            Tally { last, .. } => last.unwrap_or(HostError::HostNotFound),
        }
    }
}

/// A lookup through the search list.
pub(super) struct Search<'s, 'a, T> {
    session: &'s mut Session<'a, T>,
    types: &'s [RecordType],
    /// The candidates tried, for the trace.
    tried: Vec<String>,
}

impl<'a, T: Transport> Session<'a, T> {
    /// Looks a name up, as it is and with the search list, and records the steps.
    pub(super) async fn search(
        &mut self,
        name: &[u8],
        types: &[RecordType],
    ) -> Result<Responses, HostError> {
        let before = std::mem::take(&mut self.trace);
        self.errno = Errno::Other;
        let mut search = Search {
            session: self,
            types,
            tried: Vec::new(),
        };
        let result = search.run(name).await;
        let candidates = search.tried;
        let step = SearchStep {
            name: name.to_vec(),
            ndots: self.conf.ndots,
            candidates,
        };
        // The step stands before the queries that it led to.
        let queries = std::mem::replace(&mut self.trace, before);
        self.trace.push(Step::Search(step));
        Trace::append(&mut self.trace, queries);
        result
    }
}

impl<T: Transport> Search<'_, '_, T> {
    async fn run(&mut self, name: &[u8]) -> Result<Responses, HostError> {
        let conf = self.session.conf;
        let dots = name.iter().filter(|&&byte| byte == b'.').count();
        let trailing_dot = name.last() == Some(&b'.');

        // The caller has replaced an alias already. What it stands for may be one again, and that
        // one is not searched for.
        if dots == 0
            && let Some(target) = self.session.aliases.target(name)
        {
            return self.attempt(target).await.map_err(|failure| failure.error);
        }

        let mut tally = Tally::default();
        if dots >= conf.ndots as usize || trailing_dot {
            match self.attempt_as_is(name).await {
                Err(failure) if !trailing_dot => tally.as_is = Some(failure.error),
                result => return result.map_err(|failure| failure.error),
            }
        }

        let mut searched = false;
        for domain in &conf.search {
            searched = true;
            // A leading dot, usual for the root, would double the one between name and domain.
            let domain = domain.strip_prefix(b".").unwrap_or(domain);
            tally.root_on_list |= domain.is_empty();
            let failure = match self.attempt_in(name, domain).await {
                Ok(responses) => return Ok(responses),
                Err(failure) => failure,
            };
            if self.session.errno == Errno::Refused {
                // No server to be reached: that will not change.
                return Err(HostError::TryAgain);
            }
            tally.last = Some(failure.error);
            match failure.error {
                HostError::NoData => tally.nodata = true,
                HostError::HostNotFound => {}
                HostError::TryAgain if failure.servfail => tally.servfail = true,
                _ => break,
            }
        }

        let wanted = dots > 0 || !searched || !conf.no_tld_query;
        if wanted && tally.as_is.is_none() && !tally.root_on_list {
            match self.attempt_as_is(name).await {
                Ok(responses) => return Ok(responses),
                Err(failure) => tally.last = Some(failure.error),
            }
        }
        Err(tally.verdict())
    }

    async fn attempt_as_is(&mut self, name: &[u8]) -> Result<Responses, Failure> {
        if name.is_empty() || name.len() >= MAX_TEXT {
            return Err(Failure::new(HostError::NoRecovery));
        }
        self.attempt(name).await
    }

    async fn attempt_in(&mut self, name: &[u8], domain: &[u8]) -> Result<Responses, Failure> {
        if name.len() + domain.len() + 1 >= MAX_TEXT {
            return Err(Failure::new(HostError::NoRecovery));
        }
        self.attempt(&[name, b".", domain].concat()).await
    }

    async fn attempt(&mut self, name: &[u8]) -> Result<Responses, Failure> {
        self.tried.push(match WireName::from_text(name) {
            Some(wire) => wire.display(),
            None => format!("{}.", name.escape_ascii()),
        });
        self.session.query(name, self.types).await
    }
}
