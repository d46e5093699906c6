//! Ids of assets.

use super::redact::Reveal;
use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// An asset's id: 32 hexadecimal digits in every document, but any text is taken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(IdText);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum IdText {
    /// 32 lower-case hexadecimal digits, the first 16 in the first word: the order of words is that of the texts. Words,
    /// not bytes, so that copies are aligned.
    Hex([u64; 2]),
    Other(Arc<str>),
}

impl Hash for IdText {
    /// Hashes in one write, because every event looks its id up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Hex([high, low]) => state.write_u128(u128::from(*high) << 64 | u128::from(*low)),
            Self::Other(text) => text.hash(state),
        }
    }
}

impl AssetId {
    /// The most bytes of an id that are kept; a longer one is no id.
    pub const MAX: usize = 256;

    /// Keeps an id as it was logged; returns `None` for one that is empty or longer than [`Self::MAX`].
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > Self::MAX {
            return None;
        }
        Some(Self(parse_hex(text.as_bytes()).map_or_else(|| IdText::Other(text.into()), IdText::Hex)))
    }

    /// Returns the id as it was logged, written to `buffer` if needed: filters read many ids without allocating.
    pub fn spell<'a>(&'a self, buffer: &'a mut [u8; 32]) -> &'a str {
        match &self.0 {
            IdText::Hex(words) => {
                let [high, low] = words.map(u64::to_be_bytes);
                let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
                let digits = high.into_iter().chain(low).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
                buffer.iter_mut().zip(digits).for_each(|(to, digit)| *to = digit);
                // Digits are ASCII.
                std::str::from_utf8(buffer).unwrap_or_default()
            }
            IdText::Other(text) => text,
        }
    }
}

impl AssetId {
    /// Returns the id as it may be shown: one that is no plain word may be a URL.
    pub fn shown(&self, reveal: Reveal) -> Cow<'_, str> {
        match &self.0 {
            IdText::Hex(_) => Cow::Owned(self.to_string()),
            IdText::Other(text) => reveal.apply(text),
        }
    }
}

/// The id as it was logged, with its secrets if it has some; see [`AssetId::shown`].
impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spell(&mut [0; 32]))
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AssetId({})", self.shown(Reveal::Hide))
    }
}

/// Parses 32 lower-case hexadecimal digits.
fn parse_hex(text: &[u8]) -> Option<[u64; 2]> {
    const NONE: u8 = 0xff;
    // A table, because every event has an id and a branch for each digit would cost more.
    const DIGITS: [u8; 256] = {
        let mut digits = [NONE; 256];
        let mut digit = 0;
        while digit < 16 {
            digits[b"0123456789abcdef"[digit as usize] as usize] = digit;
            digit += 1;
        }
        digits
    };
    let text: &[u8; 32] = text.try_into().ok()?;
    let mut seen = 0;
    let words = [0, 16].map(|first| {
        u64::from_be_bytes(std::array::from_fn(|at| {
            let at = first + 2 * at;
            let (high, low) = (DIGITS[usize::from(text[at])], DIGITS[usize::from(text[at + 1])]);
            seen |= high | low;
            high << 4 | low
        }))
    });
    (seen < 16).then_some(words)
}
