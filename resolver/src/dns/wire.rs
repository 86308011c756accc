//! Received messages, read as glibc reads them: the header, the question, then one answer record
//! after the other and never further. What is wrong behind the part that is needed does no harm,
//! so a general parser, which refuses the whole message, would give other answers.
//!
//! Sources: RFC 1035 section 4.1; glibc `resolv/ns_rr_cursor_init.c`, `ns_rr_cursor_next.c`.

use super::name::{NoName, WireName};

/// The length of a header (`HFIXEDSZ`). Anything shorter is no message.
const HEADER: usize = 12;

/// Response codes with a meaning for the lookup, RFC 1035 section 4.1.1.
pub(super) mod code {
    pub(in crate::dns) const NOERROR: u8 = 0;
    pub(in crate::dns) const SERVFAIL: u8 = 2;
    pub(in crate::dns) const NXDOMAIN: u8 = 3;
    pub(in crate::dns) const NOTIMP: u8 = 4;
    pub(in crate::dns) const REFUSED: u8 = 5;
}

/// The class IN.
pub(super) const CLASS_IN: u16 = 1;

/// The record type CNAME.
pub(super) const TYPE_CNAME: u16 = 5;

/// The record types that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordType {
    /// An IPv4 address.
    A = 1,
    /// The name of an address.
    Ptr = 12,
    /// An IPv6 address.
    Aaaa = 28,
}

impl RecordType {
    /// The number on the wire.
    pub(super) fn number(self) -> u16 {
        self as u16
    }

    /// As a zone file has it.
    pub(super) fn text(self) -> &'static str {
        match self {
            RecordType::A => "A",
            RecordType::Ptr => "PTR",
            RecordType::Aaaa => "AAAA",
        }
    }
}

/// A message: at least a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message(Vec<u8>);

/// Something in the message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Message {
    /// None if there is not even a header.
    pub(super) fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= HEADER).then_some(Message(bytes))
    }

    fn u16_at(&self, at: usize) -> u16 {
        self.0
            .get(at..at + 2)
            .map_or(0, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn id(&self) -> u16 {
        self.u16_at(0)
    }

    pub(super) fn authoritative(&self) -> bool {
        self.0[2] & 0x04 != 0
    }

    pub(super) fn truncated(&self) -> bool {
        self.0[2] & 0x02 != 0
    }

    pub(super) fn recursion_available(&self) -> bool {
        self.0[3] & 0x80 != 0
    }

    /// The response code of the header. glibc has no use for EDNS's upper bits.
    pub(super) fn code(&self) -> u8 {
        self.0[3] & 0x0f
    }

    pub(super) fn questions(&self) -> u16 {
        self.u16_at(4)
    }

    pub(super) fn answers(&self) -> u16 {
        self.u16_at(6)
    }

    pub(super) fn additionals(&self) -> u16 {
        self.u16_at(10)
    }

    /// Whether there is a header and nothing else.
    pub(super) fn is_bare_header(&self) -> bool {
        self.0.len() == HEADER
    }

    /// NOERROR with at least one answer record, whatever it is.
    pub(super) fn has_answers(&self) -> bool {
        self.code() == code::NOERROR && self.answers() > 0
    }

    /// Whether the only question is this one, in class IN, its name in any case.
    ///
    /// One whose name is none counts as this one: glibc takes the failure to read it, -1, for a yes
    /// (`res_queriesmatch` on `res_nameinquery`). What ends within the question has another one.
    pub(super) fn asks(&self, name: &WireName, record_type: RecordType) -> bool {
        if self.questions() != 1 {
            return false;
        }
        let (asked, length) = match WireName::unpack(&self.0, HEADER) {
            Ok(read) => read,
            Err(NoName::Malformed) => return true,
            Err(NoName::Cut) => return false,
        };
        let end = HEADER + length;
        self.0.len() >= end + 4
            && self.u16_at(end) == record_type.number()
            && self.u16_at(end + 2) == CLASS_IN
            && asked.same(name)
    }

    /// Whether there ought to be one question, and no room for it if its name takes so many bytes.
    pub(super) fn lacks_room_for_question(&self, name: usize) -> bool {
        self.questions() == 1 && self.0.len() < HEADER + name + 4
    }

    /// The type of the first question, if it is of class IN.
    pub(super) fn question_type(&self) -> Option<u16> {
        let (_, length) = WireName::unpack(&self.0, HEADER).ok()?;
        let end = HEADER + length;
        (self.0.len() >= end + 4 && self.u16_at(end + 2) == CLASS_IN).then(|| self.u16_at(end))
    }

    /// The question's name and type, and the records of the answer section. The name must be the
    /// only one and not compressed.
    pub(super) fn read(&self) -> Result<Contents<'_>, Malformed> {
        let (name, length) = WireName::unpack(&self.0, HEADER).map_err(|_| Malformed)?;
        let end = HEADER + length;
        // A compressed name takes fewer bytes than it holds.
        let uncompressed = name.labels().map(|label| label.len() + 1).sum::<usize>() + 1 == length;
        if self.questions() != 1 || !uncompressed || self.0.len() < end + 4 {
            return Err(Malformed);
        }
        Ok(Contents {
            name,
            record_type: self.u16_at(end),
            records: Records {
                message: self,
                at: end + 4,
                left: self.answers(),
            },
        })
    }

    /// The message as one that has the question for AAAA and nothing else: what `no-aaaa` makes
    /// of the response to the A query sent in its place (glibc `resolv/res-noaaaa.c`).
    pub(super) fn without_records(mut self) -> Self {
        self.0[6..HEADER].fill(0);
        self
    }
}

/// What a message says.
pub(super) struct Contents<'m> {
    /// The name asked.
    pub(super) name: WireName,
    /// The type asked.
    pub(super) record_type: u16,
    /// The answer section.
    pub(super) records: Records<'m>,
}

/// The records of an answer section, in order. After one that cannot be read comes none.
pub(super) struct Records<'m> {
    message: &'m Message,
    at: usize,
    left: u16,
}

/// One record.
pub(super) struct Record<'m> {
    /// Whose record it is.
    pub(super) owner: WireName,
    pub(super) record_type: u16,
    pub(super) class: u16,
    /// The data.
    pub(super) data: &'m [u8],
    message: &'m [u8],
    data_at: usize,
}

impl Record<'_> {
    /// The name that the data begins with. What follows it in the data does not matter.
    pub(super) fn target(&self) -> Result<WireName, Malformed> {
        WireName::unpack(self.message, self.data_at)
            .map(|(name, _)| name)
            .map_err(|_| Malformed)
    }
}

impl<'m> Records<'m> {
    fn read(&mut self) -> Option<Record<'m>> {
        let message = self.message;
        let (owner, length) = WireName::unpack(&message.0, self.at).ok()?;
        let fixed = self.at + length;
        let data_at = fixed + 10;
        let data_length = usize::from(u16::from_be_bytes(
            *message.0.get(fixed + 8..)?.first_chunk()?,
        ));
        let data = message.0.get(data_at..data_at + data_length)?;
        self.at = data_at + data_length;
        Some(Record {
            owner,
            record_type: message.u16_at(fixed),
            class: message.u16_at(fixed + 2),
            data,
            message: &message.0,
            data_at,
        })
    }
}

impl<'m> Iterator for Records<'m> {
    type Item = Result<Record<'m>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let record = self.read();
        if record.is_none() {
            self.left = 0;
        }
        Some(record.ok_or(Malformed))
    }
}
