//! What glibc's buffers for responses hold behind a datagram.
//!
//! glibc compares the question of a datagram with its own up to the end of the buffer, not of the
//! datagram (`resolv/res_send.c`). So one that was cut within the question is a response if what
//! was received before has left the rest of the question there. What no datagram has written is
//! as it happens to be; here it never completes a question.

/// The buffers of a lookup, of which each begins with what was received last.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// For the response that comes first. It is the same for all queries of a lookup.
    first: Vec<u8>,
    /// For the other one. Each exchange has its own.
    second: Vec<u8>,
}

impl Buffers {
    /// The length of the first. glibc allocates another for what is longer.
    const LENGTH: usize = 2048;

    /// Begin an exchange.
    pub(super) fn begin(&mut self) {
        self.second.clear();
    }

    /// Receive a datagram, and read the buffer from its beginning, as far as it was ever written.
    pub(super) fn receive(&mut self, is_first: bool, datagram: &[u8]) -> Vec<u8> {
        let buffer = if is_first {
            &mut self.first
        } else {
            &mut self.second
        };
        let written = buffer.len().min(datagram.len());
        if datagram.len() > Buffers::LENGTH {
            buffer.clear();
            buffer.extend(datagram);
        } else {
            buffer.splice(..written, datagram.iter().copied());
        }
        buffer.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_longer_shows_behind_what_is_shorter() {
        let mut buffers = Buffers::default();
        assert_eq!(buffers.receive(true, b"longer"), b"longer");
        assert_eq!(buffers.receive(true, b"LON"), b"LONger");
        assert_eq!(buffers.receive(false, b"x"), b"x");
        assert_eq!(buffers.receive(true, b"longest of all"), b"longest of all");
        buffers.begin();
        assert_eq!(buffers.receive(false, b""), b"");
        assert_eq!(buffers.receive(true, b""), b"longest of all");
        let long = [7; Buffers::LENGTH + 1];
        assert_eq!(buffers.receive(true, &long), long);
    }
}
