//! The parser of a terminal's answers.
//!
//! It takes whole sequences; one that answers no query of ours is `None`.

use crate::picture::PixelSize;
use std::str;

/// A terminal's answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ProbeAnswer {
    /// XTVERSION: a name, mostly with a version.
    Version(String),
    /// The answer to a command of kitty's protocol.
    Kitty { id: u32, ok: bool },
    /// DA1: the features of the terminal.
    Attributes(Vec<u16>),
    /// `CSI 6 ; height ; width t`: a cell.
    Cell(PixelSize),
    /// `CSI 4 ; height ; width t`: the text area.
    TextArea(PixelSize),
    /// XTSMGRAPHICS, item 2: the largest sixel drawing.
    SixelLimit(PixelSize),
    /// DECRQSS of SGR: the attributes in force.
    Rendition(String),
    /// OSC 11: the background is light or dark.
    Background { light: bool },
}

impl ProbeAnswer {
    /// Parses one whole sequence.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let text = text.strip_prefix('\x1b')?;
        if let Some(body) = text.strip_prefix('[') {
            return Self::control(body);
        }
        let body = text.strip_suffix("\x1b\\").or_else(|| text.strip_suffix('\x07'))?;
        if let Some(name) = body.strip_prefix("P>|") {
            return Some(Self::Version(name.to_owned()));
        }
        if let Some(colours) = body.strip_prefix("P1$r") {
            return Some(Self::Rendition(colours.to_owned()));
        }
        if let Some(answer) = body.strip_prefix("_G") {
            let (keys, message) = answer.split_once(';')?;
            let id = keys.split(',').find_map(|key| key.strip_prefix("i="))?.parse().ok()?;
            return Some(Self::Kitty { id, ok: message == "OK" });
        }
        is_light(body.strip_prefix("]11;")?).map(|light| Self::Background { light })
    }

    fn control(body: &str) -> Option<Self> {
        let (last, private) = (body.chars().next_back()?, body.starts_with('?'));
        let inner = body.trim_start_matches('?').strip_suffix(last)?;
        // A missing number is 0: kitty answers `CSI ? 62 ; c`.
        let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse() };
        let numbers: Vec<u32> = inner.split(';').map(number).collect::<Result<_, _>>().ok()?;
        let size = |height, width| PixelSize { width, height };
        match (last, private, numbers.as_slice()) {
            ('c', true, numbers) => {
                Some(Self::Attributes(numbers.iter().filter_map(|n| u16::try_from(*n).ok()).collect()))
            }
            ('t', false, [6, height, width]) => Some(Self::Cell(size(*height, *width))),
            ('t', false, [4, height, width]) => Some(Self::TextArea(size(*height, *width))),
            ('S', true, [2, 0, width, height]) => Some(Self::SixelLimit(size(*height, *width))),
            _ => None,
        }
    }
}

/// Returns true if `rgb:RRRR/GGGG/BBBB` is a light colour; each channel has one to four digits.
fn is_light(colour: &str) -> Option<bool> {
    let channels = colour.strip_prefix("rgb:").or_else(|| colour.strip_prefix("rgba:"))?;
    let share = |digits: &str| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
        Some(u32::from_str_radix(digits, 16).ok()?.saturating_mul(1000) / most)
    };
    let parts: Vec<u32> = channels.split('/').take(3).map(share).collect::<Option<_>>()?;
    let [r, g, b] = parts.as_slice() else { return None };
    Some(r * 299 + g * 587 + b * 114 > 500_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_parsed() {
        let size = |width, height| PixelSize { width, height };
        let check = |bytes: &str, expected: Option<ProbeAnswer>| {
            assert_eq!(ProbeAnswer::parse(bytes.replace('␛', "\x1b").as_bytes()), expected, "{bytes}");
        };
        check("␛P>|kitty(0.41.1)␛\\", Some(ProbeAnswer::Version("kitty(0.41.1)".to_owned())));
        check("␛_Gi=31;OK␛\\", Some(ProbeAnswer::Kitty { id: 31, ok: true }));
        check("␛_Gi=31,p=1;ENOENT:no␛\\", Some(ProbeAnswer::Kitty { id: 31, ok: false }));
        check("␛[?62;4;22c", Some(ProbeAnswer::Attributes(vec![62, 4, 22])));
        check("␛[?62;c", Some(ProbeAnswer::Attributes(vec![62, 0])));
        check("␛[>1;2c", None);
        check("␛[6;20;10t", Some(ProbeAnswer::Cell(size(10, 20))));
        check("␛[4;600;1000t", Some(ProbeAnswer::TextArea(size(1000, 600))));
        check("␛[8;24;80t", None);
        check("␛[?2;0;800;600S", Some(ProbeAnswer::SixelLimit(size(800, 600))));
        check("␛[?2;3;0S", None);
        check("␛P1$r0;48:2:1:2:3m␛\\", Some(ProbeAnswer::Rendition("0;48:2:1:2:3m".to_owned())));
        check("␛]11;rgb:ffff/ffff/ee00␛\\", Some(ProbeAnswer::Background { light: true }));
        check("␛]11;rgb:1e/1e/1e\x07", Some(ProbeAnswer::Background { light: false }));
        check("␛]11;rgb:zz/1/1\x07", None);
        check("␛]11;rgb:/1/1\x07", None);
        check("␛]11;rgb:fffffffffffff/1/1\x07", None);
        check("␛[99999999999c", None);
        check("␛[", None);
        check("q", None);
    }
}
