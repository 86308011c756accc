//! The hosts file, which may be large.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use hostsfile::{Answer, Excerpt, Hosts, Line};
use netns::Winner;

use super::{Etc, Signature, Unread, content, looked_for, open, opened};
use crate::trace::Trace;

/// A hosts file, ready for one question.
pub(crate) enum HostsFile {
    /// Its content, and whether so much is asked of it that an index is worth while.
    Kept(Arc<Hosts>, Asked),
    /// The open file, to be read no further than the answer takes.
    Passing(File),
}

impl HostsFile {
    /// What `then` makes of the answer to a lookup by name, and of whether glibc would have read
    /// bytes twice on the way to it.
    pub(crate) fn lookup<T>(
        &self,
        name: &[u8],
        family: hostsfile::Family,
        multi: bool,
        then: impl FnOnce(Option<Answer<'_>>, bool) -> T,
    ) -> Result<T, Unread> {
        match self {
            HostsFile::Kept(hosts, asked) => {
                if *asked == Asked::Often {
                    hosts.index_names();
                }
                let answer = hosts.lookup(name, family, multi);
                let last = answer.as_ref().and_then(|answer| answer.lines().next());
                let overrun = overrun(hosts, last.filter(|_| !multi));
                Ok(then(answer, overrun))
            }
            HostsFile::Passing(file) => {
                let excerpt = Excerpt::lookup(file, name, family, multi).map_err(opened)?;
                Ok(then(excerpt.answer(), excerpt.overrun().is_some()))
            }
        }
    }

    /// The same for the name of an address.
    pub(crate) fn reverse<T>(
        &self,
        address: IpAddr,
        then: impl FnOnce(Option<Line<'_>>, bool) -> T,
    ) -> Result<T, Unread> {
        match self {
            HostsFile::Kept(hosts, asked) => {
                if *asked == Asked::Often {
                    hosts.index_addresses();
                }
                let line = hosts.reverse(address);
                Ok(then(line, overrun(hosts, line.as_ref())))
            }
            HostsFile::Passing(file) => {
                let excerpt = Excerpt::reverse(file, address).map_err(opened)?;
                Ok(then(excerpt.lines().next(), excerpt.overrun().is_some()))
            }
        }
    }
}

/// Whether glibc would have read bytes of a line twice by the time it is done with `last`, or with
/// the file.
fn overrun(hosts: &Hosts, last: Option<&Line<'_>>) -> bool {
    hosts
        .overrun()
        .is_some_and(|number| last.is_none_or(|last| number <= last.number()))
}

/// How often a file has been asked while it stayed as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    AFewTimes,
    Often,
}

impl Asked {
    fn of(questions: usize) -> Asked {
        if questions > HostsCache::FEW {
            Asked::Often
        } else {
            Asked::AFewTimes
        }
    }
}

/// The hosts file last asked, with what tells whether it is still the same.
///
/// A large file is read as a stream for each of the first few questions, which is the quickest way
/// to a single answer. Then it is kept, with an index: that costs as much as those few together.
#[derive(Debug, Default)]
pub(crate) struct HostsCache(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    winner: Winner,
    signature: Signature,
    questions: usize,
    hosts: Option<Arc<Hosts>>,
}

impl HostsCache {
    /// How many questions are a few.
    const FEW: usize = 2;

    /// In bytes, from what size on a file is not kept for a few questions.
    const LARGE: u64 = 256 << 10;

    /// The namespace's hosts file and its path, as [`SmallFiles`](super::SmallFiles) gives other files.
    pub(crate) fn read(
        &self,
        etc: &Etc,
        trace: &mut Trace,
    ) -> Result<Result<(HostsFile, PathBuf), Unread>, netns::Error> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_mut()
            && let Some(hosts) = &known.hosts
            && etc.is_won_by(&known.winner)
            && Signature::at(known.winner.path()).is_ok_and(|now| now == known.signature)
        {
            known.questions += 1;
            let file = HostsFile::Kept(hosts.clone(), Asked::of(known.questions));
            trace.push(looked_for("hosts", &known.winner, None));
            return Ok(Ok((file, known.winner.path().to_owned())));
        }
        let winner = etc.winner("hosts")?;
        let hosts = open(winner.path())
            .and_then(|file| ready(&mut last, &winner, file, trace).map_err(opened));
        trace.push(looked_for("hosts", &winner, hosts.as_ref().err()));
        Ok(hosts.map(|hosts| (hosts, winner.path().to_owned())))
    }
}

/// The file ready for a question, and what is known of it after that.
fn ready(
    last: &mut Option<Known>,
    winner: &Winner,
    mut file: File,
    trace: &mut Trace,
) -> io::Result<HostsFile> {
    let metadata = file.metadata()?;
    let signature = Signature::of(&metadata);
    let mut known = match last.take() {
        Some(known) if known.signature == signature => known,
        _ => Known {
            winner: winner.clone(),
            signature,
            questions: 0,
            hosts: None,
        },
    };
    if known.signature.is_settled() {
        known.questions += 1;
    }
    let asked = Asked::of(known.questions);
    let large = metadata.is_file() && metadata.len() > HostsCache::LARGE;
    let hosts = match &known.hosts {
        Some(hosts) => HostsFile::Kept(hosts.clone(), asked),
        None if large && asked == Asked::AFewTimes => HostsFile::Passing(file),
        None => {
            let hosts = Arc::new(if large {
                Hosts::from_file(&file)?
            } else {
                Hosts::from_bytes(content(&mut file, metadata.file_type(), trace)?)
            });
            // A file that was written while it was read is read again next time.
            let is_still = Signature::of(&file.metadata()?) == known.signature;
            if is_still && known.signature.is_settled() {
                known.hosts = Some(hosts.clone());
            } else {
                known.questions = 0;
            }
            HostsFile::Kept(hosts, asked)
        }
    };
    *last = Some(known);
    Ok(hosts)
}

#[cfg(test)]
mod tests;
