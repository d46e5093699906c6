//! Digits and separators at the start of a text.

/// Reads a number of exactly `count` digits.
pub(super) fn digits(text: &[u8], count: usize) -> Option<(i32, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let number = head.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i32::from(b - b'0')))?;
    Some((number, rest))
}

/// Skips one of `bytes`.
pub(super) fn one_of<'a>(text: &'a [u8], bytes: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = text.split_first()?;
    bytes.contains(first).then_some(rest)
}
