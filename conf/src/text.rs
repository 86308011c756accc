//! What the parsers share: the C library's ways of reading lines, words and numbers.

/// isspace(3) in the C locale.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The bytes up to a NUL: what a function on C strings sees.
pub(crate) fn c_string(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// The lines that getline(3) reads, as C strings. A newline at the end of a line stays.
pub(crate) fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|&byte| byte == b'\n').map(c_string)
}

/// The lines that fgets(3) reads into a buffer of `size` bytes, as C strings: what is left of a
/// line too long for the buffer counts as a line of its own.
pub(crate) fn short_lines(file: &[u8], size: usize) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|&byte| byte == b'\n')
        .flat_map(move |line| line.chunks(size - 1))
        .map(c_string)
}

/// `text` from the first byte on that is not `skipped`.
pub(crate) fn skip(text: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    split_where(text, |byte| !skipped(byte)).1
}

/// What stands before the first byte for which `end` holds, and the rest from that byte on.
pub(crate) fn split_where(text: &[u8], end: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let at = text
        .iter()
        .position(|&byte| end(byte))
        .unwrap_or(text.len());
    text.split_at(at)
}

/// atoi(3): white space, a sign, digits, then anything. Text without digits is 0. glibc converts
/// to a `long`, saturating, and keeps the low half.
pub(crate) fn atoi(text: &[u8]) -> i32 {
    let (negative, digits) = sign(skip(text, is_space));
    let mut value: i64 = 0;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        value = value.saturating_mul(10);
        value = if negative {
            value.saturating_sub(digit)
        } else {
            value.saturating_add(digit)
        };
    }
    value as i32
}

/// A whole word as strtoul(3) to base 10 reads it: a sign is allowed, and `-1` is `ULONG_MAX`.
/// The empty word is 0. None if the word goes on after the number, or the number is too large.
///
/// `unsigned long` has 64 bits here, as on every 64-bit Linux.
pub(crate) fn strtoul_exact(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return Some(0);
    }
    let (negative, digits) = sign(skip(word, is_space));
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().try_fold(0u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })?;
    Some(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

/// Whether a number is negative, and what follows its sign.
fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoi_takes_what_looks_like_a_number_and_no_more() {
        for (text, value) in [
            ("3", 3),
            ("3x", 3),
            (" \t\n+3", 3),
            ("-1", -1),
            ("", 0),
            ("x", 0),
            ("- 1", 0),
            ("2147483648", i32::MIN),
            ("4294967297", 1),
            ("99999999999999999999", -1),
            ("-99999999999999999999", 0),
        ] {
            assert_eq!(atoi(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn strtoul_reads_whole_words() {
        for (text, value) in [
            ("", Some(0)),
            ("007", Some(7)),
            ("+7", Some(7)),
            ("-1", Some(u64::MAX)),
            ("-18446744073709551615", Some(1)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("7x", None),
            ("x", None),
            ("-", None),
        ] {
            assert_eq!(strtoul_exact(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn short_lines_are_cut_as_fgets_cuts_them() {
        let lines: Vec<_> = short_lines(b"abc\nabcdefg\n\nx\0y\nz", 5).collect();
        assert_eq!(lines, [&b"abc\n"[..], b"abcd", b"efg\n", b"\n", b"x", b"z"]);
    }
}
