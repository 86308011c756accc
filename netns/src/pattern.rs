//! Patterns as a shell has them: `*`, `?`, `[...]` and `\`.
//!
//! The rules are those of fnmatch(3) in glibc (posix/fnmatch_loop.c), without flags and in the C
//! locale, so a byte is a character. Other C libraries have others for what is in brackets.

/// Whether a text is one of those that a pattern stands for.
pub(crate) fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // What follows the last star, and the text that this was last tried on: stars before it need no
    // other try.
    let mut star = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            pattern = rest;
            star = Some((rest, text));
        } else if let Some(rest) = byte(pattern, text) {
            (pattern, text) = rest;
        } else if pattern.is_empty() && text.is_empty() {
            return true;
        } else {
            let Some((after, [_, rest @ ..])) = star else {
                return false;
            };
            (pattern, text) = (after, rest);
            star = Some((after, rest));
        }
    }
}

/// The rests of both if the pattern begins with what stands for the first byte of the text.
fn byte<'p, 't>(pattern: &'p [u8], text: &'t [u8]) -> Option<(&'p [u8], &'t [u8])> {
    let ((&first, pattern), (&byte, text)) = (pattern.split_first()?, text.split_first()?);
    let (is_it, rest) = match (first, pattern) {
        (b'?', _) => (true, pattern),
        (b'\\', _) => {
            let (&escaped, rest) = pattern.split_first()?;
            (escaped == byte, rest)
        }
        (b'[', _) => match brackets(pattern, byte) {
            Ok(rest) => (true, rest?),
            Err(NoEnd) => (byte == b'[', pattern),
        },
        _ => (first == byte, pattern),
    };
    is_it.then_some((rest, text))
}

/// A bracket without an end is a character like any other.
struct NoEnd;

/// What follows a bracket expression that stands for a byte, among others. The pattern is what
/// follows the bracket.
fn brackets(pattern: &[u8], byte: u8) -> Result<Option<&[u8]>, NoEnd> {
    let (is_complement, mut rest) = match pattern {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut is_first = true;
    while !rest.is_empty() {
        // The first one is a bracket that is meant.
        if let ([b']', rest @ ..], false) = (rest, is_first) {
            return Ok(is_complement.then_some(rest));
        }
        is_first = false;
        let Some((is_in, after)) = item(rest, byte) else {
            return Ok(None);
        };
        if is_in {
            return Ok(end(after)?.filter(|_| !is_complement));
        }
        rest = after;
    }
    Err(NoEnd)
}

/// Whether the first item of a bracket expression stands for a byte, and what follows the item.
/// None if it is malformed.
fn item(pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    if let Some((name, rest)) = pattern.strip_prefix(b"[:").and_then(class) {
        return Some((is_of_class(byte, name)?, rest));
    }
    match pattern {
        [b'[', b'=', one, b'=', b']', rest @ ..] => Some((*one == byte, rest)),
        [b'[', b'.', rest @ ..] => {
            let (first, rest) = symbol(rest)?;
            match rest {
                // No range, but not seen as a character either.
                [b'-', b']', ..] => Some((false, rest)),
                _ => range(first, rest, byte),
            }
        }
        [b'\\', first, rest @ ..] => range(*first, rest, byte),
        [b'\\'] | [] => None,
        [first, rest @ ..] => range(*first, rest, byte),
    }
}

/// As [`item`], for a byte, or a range if it is followed by one.
fn range(first: u8, rest: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let (last, rest) = match rest {
        [b'-', b']', ..] => (first, rest),
        [b'-'] if first == byte => (first, rest),
        [b'-', b'[', b'.', rest @ ..] => symbol(rest)?,
        [b'-', b'\\', last, rest @ ..] => (*last, rest),
        [b'-', b'\\'] | [b'-'] => return None,
        [b'-', last, rest @ ..] => (*last, rest),
        _ => (first, rest),
    };
    Some(((first..=last).contains(&byte), rest))
}

/// What follows a bracket expression, from one of its items on. None if it is malformed.
fn end(mut rest: &[u8]) -> Result<Option<&[u8]>, NoEnd> {
    loop {
        rest = match rest {
            [] => return Err(NoEnd),
            [b']', rest @ ..] => return Ok(Some(rest)),
            [b'\\', _, rest @ ..] | [b'[', b'=', _, b'=', b']', rest @ ..] => rest,
            [b'\\'] | [b'[', b'=', ..] => return Ok(None),
            [b'[', b'.', rest @ ..] => match text_until(rest, b'.') {
                Some((_, rest)) => rest,
                None => return Ok(None),
            },
            [b'[', b':', name @ ..] => class(name).map_or(&rest[1..], |(_, rest)| rest),
            [_, rest @ ..] => rest,
        }
    }
}

/// A name of a class, as in `[:alpha:]` from the colon on, and what follows it.
fn class(pattern: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = text_until(pattern, b':')?;
    // No class has a z in its name.
    let is_name = name.iter().all(|byte| matches!(byte, b'a'..=b'y'));
    is_name.then_some((name, rest))
}

/// None if there is no such class.
fn is_of_class(byte: u8, name: &[u8]) -> Option<bool> {
    Some(match name {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => matches!(byte, b' '..=b'~'),
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

/// A collating symbol, as in `[.a.]` from the dot on, and what follows it: in the C locale there
/// are none but single bytes.
fn symbol(pattern: &[u8]) -> Option<(u8, &[u8])> {
    match text_until(pattern, b'.')? {
        ([symbol], rest) => Some((*symbol, rest)),
        _ => None,
    }
}

/// The text before this byte and a bracket, and what follows them.
fn text_until(pattern: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let end = pattern.windows(2).position(|it| it == [byte, b']'])?;
    Some((&pattern[..end], &pattern[end + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_whole_texts() {
        for (pattern, matching, others) in [
            ("alpha", "alpha", "alpha2 alph Alpha"),
            ("vpn*", "vpn vpn1 vpn-home", "myvpn"),
            ("*n?", "vpn1 nn", "vpn n"),
            ("n[0-9][!0-5]", "n16 n09", "n15 n6 nx6"),
            ("[[:upper:]_]*", "Alpha _", "alpha"),
            ("a*b*c", "abc axbxbxc", "abcd acb"),
            ("\\*[]-]", "*] *-", "*x x]"),
            ("?", "a", "ab"),
            ("", "", "a"),
            ("[a", "[a", "a"),
        ] {
            for text in matching.split(' ') {
                assert!(
                    matches(pattern.as_bytes(), text.as_bytes()),
                    "{pattern} {text}"
                );
            }
            for text in others.split(' ') {
                assert!(
                    !matches(pattern.as_bytes(), text.as_bytes()),
                    "{pattern} {text}"
                );
            }
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "a*".repeat(100) + "b";
        assert!(!matches(pattern.as_bytes(), "a".repeat(10_000).as_bytes()));
    }
}

/// Against the C library, where that is the one whose rules these are.
#[cfg(all(test, target_env = "gnu"))]
mod differential {
    use proptest::prelude::*;

    use super::*;
    use crate::sys::fnmatch::fnmatch;

    fn agrees(pattern: &str, text: &str) -> Result<(), TestCaseError> {
        let ours = matches(pattern.as_bytes(), text.as_bytes());
        prop_assert_eq!(ours, fnmatch(pattern, text), "{} {}", pattern, text);
        Ok(())
    }

    /// Every short bracket expression of some parts, whole or not.
    #[test]
    fn bracket_expressions_agree() {
        const PARTS: [&str; 11] = [
            "[",
            "]",
            "!",
            "-",
            "\\",
            "a",
            "b",
            "[.a.]",
            "[=a=]",
            "[:alpha:]",
            "[:",
        ];
        let mut patterns = vec!["[".to_owned()];
        for _ in 0..5 {
            let longer = |text: &String| PARTS.map(|part| format!("{text}{part}"));
            patterns = patterns.iter().flat_map(longer).collect();
            for pattern in &patterns {
                for text in ["a", "b", "[", "]", "-", "\\", pattern] {
                    agrees(pattern, text).unwrap();
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50_000))]
        #[test]
        fn patterns_agree(
            pattern in r"(\[|\]|!|\^|-|\\|\*|\?|a|b|:|=|\.|\[:alpha:\]|\[:[a-z]{0,6}:|\[=a=\]|\[\.b\.\]|z|[ -~]){0,9}",
            text in r"([a\[\]\\b:.!-]|[ -~]){0,4}",
        ) {
            agrees(&pattern, &text)?;
            agrees(&pattern, &pattern)?;
        }
    }
}
