//! The spellings of time zones in logs.

use super::scan::{digits, one_of};
use jiff::{civil, tz};

/// A zone as it is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZoneWord {
    /// Seconds east of UTC.
    Offset(i32),
    /// `CST`, of China or of Central America.
    Cst,
}

/// The abbreviations that are used for one zone, and their minutes east of UTC.
const WORDS: [(&str, i32); 24] = [
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("BST", 60),
    ("CET", 60),
    ("WEST", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("IST", 330),
    ("HKT", 480),
    ("SGT", 480),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("EST", -300),
    ("EDT", -240),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

/// Reads a zone at the start of `text`, perhaps after a space: `Z`, `+08:00`, `+0800`, `+08`, `UTC`, `GMT+8`, `CST`.
/// Returns the zone and the text after it.
pub(super) fn parse(text: &[u8]) -> Option<(ZoneWord, &[u8])> {
    let text = one_of(text, b" ").unwrap_or(text);
    let word = text.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let (word, rest) = text.split_at(word);
    match word {
        b"" => offset(text),
        b"Z" | b"z" => Some((ZoneWord::Offset(0), rest)),
        b"CST" => Some((ZoneWord::Cst, rest)),
        _ => {
            let (_, minutes) = WORDS.iter().find(|(known, _)| known.as_bytes() == word)?;
            let given = matches!(word, b"UTC" | b"GMT").then(|| offset(rest)).flatten();
            Some(given.unwrap_or((ZoneWord::Offset(minutes * 60), rest)))
        }
    }
}

/// `+08:00`, `+0800`, `+08`, `+8`
fn offset(text: &[u8]) -> Option<(ZoneWord, &[u8])> {
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let text = text.get(1..)?;
    let (hours, text) = digits(text, 2).or_else(|| digits(text, 1))?;
    let (minutes, text) = digits(one_of(text, b":").unwrap_or(text), 2).unwrap_or((0, text));
    (hours < 24 && minutes < 60).then_some((ZoneWord::Offset(sign * (hours * 3600 + minutes * 60)), text))
}

impl ZoneWord {
    /// Returns the time zone; `CST` is that of the half of the world in which `local` is at `moment`.
    pub(super) fn resolve(self, local: &tz::TimeZone, moment: civil::DateTime) -> Option<tz::TimeZone> {
        let seconds = match self {
            Self::Offset(seconds) => seconds,
            Self::Cst => {
                let is_west = moment.to_zoned(local.clone()).is_ok_and(|zoned| zoned.offset().is_negative());
                if is_west { -6 * 3600 } else { 8 * 3600 }
            }
        };
        Some(tz::TimeZone::fixed(tz::Offset::from_seconds(seconds).ok()?))
    }
}
