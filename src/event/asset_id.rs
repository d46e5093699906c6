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
            Self::Hex(words) => state.write_u128(number(*words)),
            Self::Other(text) => text.hash(state),
        }
    }
}

/// Lower-case hexadecimal digits to be found in many ids, which are not spelled for that.
#[derive(Clone, Copy, Debug)]
pub struct HexDigits {
    value: u128,
    /// From 1 to 32.
    count: u32,
}

impl HexDigits {
    /// Returns `None` for a text that is empty, is longer than an id, or has other characters.
    pub fn new(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let count = u32::try_from(text.len()).ok().filter(|count| (1..=32).contains(count))?;
        let value = u128::from_str_radix(text, 16).ok().filter(|_| text.bytes().all(is_digit))?;
        Some(Self { value, count })
    }

    /// Returns whether these digits stand somewhere among those of an id.
    pub fn occur_in(self, id: u128) -> bool {
        const ONES: u128 = u128::MAX / 15;
        const SEVENS: u128 = 7 * ONES;
        let (last, mask) = ((self.value & 15) * ONES, u128::MAX >> (128 - 4 * self.count));
        // A digit of the difference is zero where the last digit stands. The sum has its highest bit set for any other,
        // and no carry reaches the next.
        let difference = id ^ last;
        let others = ((difference & SEVENS) + SEVENS) | difference;
        let mut ends = !others & (ONES << 3);
        while ends != 0 {
            let shift = ends.trailing_zeros() & !3;
            if shift + 4 * self.count <= 128 && (id >> shift & mask) == self.value {
                return true;
            }
            ends &= ends - 1;
        }
        false
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

    /// Returns its 32 hexadecimal digits as a number; `None` for an id of another form.
    pub fn digits(&self) -> Option<u128> {
        match self.0 {
            IdText::Hex(words) => Some(number(words)),
            IdText::Other(_) => None,
        }
    }

    /// Returns a number that is the greater or the same of a greater id: 16 digits, or the greatest for another form.
    pub fn prefix(&self) -> u64 {
        match self.0 {
            IdText::Hex([high, _]) => high,
            IdText::Other(_) => u64::MAX,
        }
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

fn number([high, low]: [u64; 2]) -> u128 {
    u128::from(high) << 64 | u128::from(low)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_occur_where_their_text_does(id in "[0-9a-f]{32}", other in "[0-3]{32}", from in 0..32_usize, len in 1..33_usize, needle in "[0-9a-g]{0,3}") {
            for id in [id, other] {
                let number = AssetId::new(&id).unwrap().digits().unwrap();
                let part = id.get(from..(from + len).min(32)).unwrap();
                prop_assert!(HexDigits::new(part).unwrap().occur_in(number));
                let found = HexDigits::new(&needle).is_some_and(|digits| digits.occur_in(number));
                prop_assert_eq!(found, !needle.is_empty() && id.contains(&needle));
            }
        }

        #[test]
        fn ids_are_ordered_and_spelled_as_texts(one in "[0-9a-f]{32}", other in "[0-9a-f]{32}") {
            let [a, b] = [&one, &other].map(|text| AssetId::new(text).unwrap());
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
            prop_assert!(a > b || a.prefix() <= b.prefix());
            prop_assert_eq!(a.to_string(), one);
        }
    }
}
