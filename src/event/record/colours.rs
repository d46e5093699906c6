//! Control sequences that colour a text.
//!
//! Loggers and `jq -C` put them before times and between the tokens of JSON, where they hide both.

use memchr::{memchr2, memmem};
use std::borrow::Cow;

/// Removes the control sequences that colour a text (ECMA-48 CSI), also as rsyslog writes them (`#033[`).
pub(in crate::event) fn without_colours(text: &[u8]) -> Cow<'_, [u8]> {
    // Nearly all texts have neither byte: one search without a searcher's set-up.
    let introducer = |text: &[u8]| {
        memchr2(0x1b, b'#', text)?;
        let escape = memmem::find(text, b"\x1b[").map(|at| (at, 2));
        escape.or_else(|| memmem::find(text, b"#033[").map(|at| (at, 5)))
    };
    let Some((mut at, mut len)) = introducer(text) else { return Cow::Borrowed(text) };
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        let sequence = rest.get(at + len..).unwrap_or_default();
        let end = sequence.iter().position(|b| !matches!(b, 0x20..=0x3f)).map_or(sequence.len(), |end| end + 1);
        rest = sequence.get(end..).unwrap_or_default();
        match introducer(rest) {
            Some(next) => (at, len) = next,
            None => break,
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_colours() {
        let check = |text: &str, expected: &str| {
            assert_eq!(String::from_utf8_lossy(&without_colours(text.as_bytes())), expected, "{text:?}");
        };
        check("\x1b[1;39m{\x1b[0m\x1b[34;1m\"a\"\x1b[0m:1\x1b[1;39m}\x1b[0m", "{\"a\":1}");
        check("#033[32mINFO#033[0m x", "INFO x");
        check("grep\x1b[m\x1b[K:x", "grep:x");
        check("cut \x1b[3", "cut ");
        check("plain [0m", "plain [0m");
    }
}
