//! The configuration files that are read as a whole.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use netns::Winner;
use nix::errno::Errno;

use super::{Etc, Signature, Unread, content, looked_for, open, opened};
use crate::trace::Trace;

/// What they held when they were last read.
#[derive(Debug, Default)]
pub(crate) struct SmallFiles(Mutex<Vec<Known>>);

type Content = Result<Arc<[u8]>, Unread>;

#[derive(Debug)]
struct Known {
    name: &'static str,
    winner: Winner,
    /// None of one that is missing.
    signature: Option<Signature>,
    content: Content,
}

impl Known {
    /// Whether reading it again would give the same.
    fn is_still(&self, etc: &Etc) -> bool {
        etc.is_won_by(&self.winner)
            && match (Signature::at(self.winner.path()), &self.signature) {
                (Ok(now), Some(then)) => now == *then,
                (Err(error), None) => error.kind() == io::ErrorKind::NotFound,
                _ => false,
            }
    }
}

impl SmallFiles {
    /// The bytes of the file that a program in the view opens as `/etc/NAME`, or why it cannot.
    ///
    /// # Errors
    /// The outer one if the namespace's own cannot be put in place of the host's.
    pub(crate) fn read(
        &self,
        etc: &Etc,
        name: &'static str,
        trace: &mut Trace,
    ) -> Result<Content, netns::Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|known| known.name == name);
        if let Some(known) = at.map(|at| &all[at])
            && known.is_still(etc)
        {
            trace.push(looked_for(
                name,
                &known.winner,
                known.content.as_ref().err(),
            ));
            return Ok(known.content.clone());
        }
        if let Some(at) = at {
            all.swap_remove(at);
        }
        let winner = etc.winner(name)?;
        let (content, signature) = read(&winner, trace);
        trace.push(looked_for(name, &winner, content.as_ref().err()));
        if let Some(signature) = signature {
            all.push(Known {
                name,
                winner,
                signature,
                content: content.clone(),
            });
        }
        Ok(content)
    }
}

/// The content, and the signature to know it again by, if it may be kept.
fn read(winner: &Winner, trace: &mut Trace) -> (Content, Option<Option<Signature>>) {
    let mut file = match open(winner.path()) {
        Ok(file) => file,
        Err(unread) => {
            let missing = unread == Unread::Closed(Errno::ENOENT);
            return (Err(unread), missing.then_some(None));
        }
    };
    let before = match file.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return (Err(opened(error)), None),
    };
    let content = content(&mut file, before.file_type(), trace).map_err(opened);
    let signature = match (&content, file.metadata()) {
        (Ok(_), Ok(after)) if before.is_file() => {
            let signature = Signature::of(&before);
            (signature == Signature::of(&after) && signature.is_settled())
                .then_some(Some(signature))
        }
        _ => None,
    };
    (content.map(Arc::from), signature)
}

#[cfg(test)]
mod tests;
