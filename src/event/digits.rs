//! Decimal numbers in bytes.

/// Splits off the number that `text` begins with: no leading zeros, below 10^18.
pub(super) fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    let mut len = 0;
    while let Some(digit @ b'0'..=b'9') = text.get(len) {
        number = number * 10 + u64::from(digit - b'0');
        len += 1;
        if len > 18 {
            return None;
        }
    }
    let plain = len == 1 || len > 1 && text.first() != Some(&b'0');
    plain.then(|| (number, text.get(len..).unwrap_or_default()))
}
