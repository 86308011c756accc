//! Domain names in wire form, and which of them glibc takes for host names.
//!
//! Sources: RFC 1035 sections 3.1, 4.1.4 and 5.1; glibc `resolv/ns_name_pton.c`, `ns_name_ntop.c`,
//! `ns_name_unpack.c`, `ns_samebinaryname.c` and `res-name-checking.c`.

/// The longest name in wire form, root label included (`NS_MAXCDNAME`).
const MAX_WIRE: usize = 255;

/// The longest label.
const MAX_LABEL: usize = 63;

/// An uncompressed domain name in wire form: labels of 1 to 63 bytes with their lengths, then the
/// root label, 255 bytes at most. The case is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WireName(Vec<u8>);

/// Why a name of a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoName {
    /// It leads out of the message.
    Cut,
    /// It is none, whatever follows.
    Malformed,
}

impl WireName {
    /// Reads a name as `ns_name_pton` does: labels between dots, a dot at the end allowed,
    /// `\DDD` a byte and `\X` the character X in what follows a backslash. None if a label is
    /// empty or too long, the whole is too long, or an escape is incomplete.
    ///
    /// The empty text and `.` are the root.
    pub(super) fn from_text(text: &[u8]) -> Option<Self> {
        let mut wire = Vec::with_capacity(text.len().min(MAX_WIRE) + 2);
        let mut label = Vec::with_capacity(MAX_LABEL);
        let mut bytes = text.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            if byte == b'.' {
                // Only the root may be a dot with nothing before it.
                if label.is_empty() && (!wire.is_empty() || bytes.peek().is_some()) {
                    return None;
                }
                push_label(&mut wire, &mut label)?;
                continue;
            }
            label.push(match byte {
                b'\\' => escaped(&mut bytes)?,
                plain => plain,
            });
        }
        push_label(&mut wire, &mut label)?;
        wire.push(0);
        (wire.len() <= MAX_WIRE).then_some(WireName(wire))
    }

    /// Reads the possibly compressed name at `at` of a message, and says how many bytes it takes
    /// there. As `ns_name_unpack`: a pointer may also point forward.
    ///
    /// # Errors
    /// If it runs out of the message, has a label of an unknown kind, is too long, or its pointers
    /// go round in circles.
    pub(super) fn unpack(message: &[u8], at: usize) -> Result<(Self, usize), NoName> {
        let mut wire = Vec::new();
        let mut position = at;
        let mut consumed = None;
        // Bytes looked at. A name that took more than there are in the message is a loop.
        let mut checked = 0;
        loop {
            let length = usize::from(*message.get(position).ok_or(NoName::Cut)?);
            position += 1;
            match length {
                0 => break,
                1..=MAX_LABEL => {
                    // One byte stays free for the root label.
                    if wire.len() + 1 + length >= MAX_WIRE {
                        return Err(NoName::Malformed);
                    }
                    let label = message.get(position..position + length);
                    let label = label.ok_or(NoName::Cut)?;
                    wire.push(length as u8);
                    wire.extend_from_slice(label);
                    position += length;
                    checked += length + 1;
                }
                0xc0.. => {
                    let low = usize::from(*message.get(position).ok_or(NoName::Cut)?);
                    // Only the first pointer stands at the name's own place.
                    consumed.get_or_insert_with(|| position + 1 - at);
                    position = (length & 0x3f) << 8 | low;
                    checked += 2;
                    if position >= message.len() {
                        return Err(NoName::Cut);
                    }
                    if checked >= message.len() {
                        return Err(NoName::Malformed);
                    }
                }
                _ => return Err(NoName::Malformed),
            }
        }
        wire.push(0);
        Ok((WireName(wire), consumed.unwrap_or_else(|| position - at)))
    }

    /// The labels, without the root.
    pub(super) fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (&length, tail) = rest.split_first()?;
            if length == 0 {
                return None;
            }
            let (label, tail) = tail.split_at_checked(usize::from(length))?;
            rest = tail;
            Some(label)
        })
    }

    /// The text as `ns_name_ntop` writes it: no dot at the end but for the root, and a backslash
    /// before what is special in a zone file.
    pub(super) fn to_text(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.0.len());
        for label in self.labels() {
            if !text.is_empty() {
                text.push(b'.');
            }
            for &byte in label {
                match byte {
                    b'"' | b'.' | b';' | b'\\' | b'(' | b')' | b'@' | b'$' => {
                        text.extend([b'\\', byte]);
                    }
                    b'!'..=b'~' => text.push(byte),
                    _ => text.extend(format!("\\{byte:03}").into_bytes()),
                }
            }
        }
        if text.is_empty() {
            text.push(b'.');
        }
        text
    }

    /// The name as a reader of the trace sees it: with a dot at the end.
    pub(super) fn display(&self) -> String {
        let mut text = self.to_text();
        if text != b"." {
            text.push(b'.');
        }
        // The text is ASCII: anything else is escaped.
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Whether the two are one name: ASCII letters compare without case, all other bytes exactly.
    pub(super) fn same(&self, other: &WireName) -> bool {
        // A length byte is at most 63, below the letters, so it only ever equals itself.
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Whether glibc takes it for a host name (`__res_binary_hnok`): letters, digits, `-` and `_`,
    /// the first character not `-`. The root passes.
    pub(super) fn is_host_name(&self) -> bool {
        let leading_dash = self.labels().next().is_some_and(|label| label[0] == b'-');
        !leading_dash
            && self
                .labels()
                .flatten()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    }
}

/// Whether nss_dns sends queries for this name at all (`res_hnok`): visible ASCII that encodes to
/// a host name. Escapes are seen through: `\097` is `a`.
pub(super) fn is_host_name(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
        && WireName::from_text(text).is_some_and(|name| name.is_host_name())
}

/// What follows a backslash: three digits are a byte, anything else stands for itself.
fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let first = bytes.next()?;
    let Some(hundreds) = digit(first) else {
        return Some(first);
    };
    let tens = digit(bytes.next()?)?;
    let units = digit(bytes.next()?)?;
    u8::try_from(hundreds * 100 + tens * 10 + units).ok()
}

/// Moves a finished label behind the others. The empty one at the end adds nothing.
fn push_label(wire: &mut Vec<u8>, label: &mut Vec<u8>) -> Option<()> {
    if label.is_empty() {
        return Some(());
    }
    if label.len() > MAX_LABEL {
        return None;
    }
    wire.push(label.len() as u8);
    wire.append(label);
    (wire.len() < MAX_WIRE).then_some(())
}
