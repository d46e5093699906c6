//! The fast way through events as VOD writes them: compact, in the documents' order, without escapes.
//!
//! Whatever looks different in any byte is left to [`unwrap`](crate::event::unwrap) and serde_json; a test keeps that
//! both read the same. A picture costs three comparisons of memory, because its URL is the one before with another
//! number.

use crate::event::{
    AssetId, EventKind, Oddities, Offset, PictureKind, Pictures, Status, Templates,
    decode::{Body, make_fault},
    pictures::List,
};

/// Reads an event at the head of `text`; its length.
pub(super) fn read(text: &[u8], templates: &mut Templates) -> Option<(Body, usize)> {
    let mut text = Cursor { text, at: 0 };
    let kind_first = text.eat(br#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":""#).is_some();
    if !kind_first {
        text.eat(br#"{"thumbnail_info":{"asset_id":""#)?;
    }
    let id = text.string()?;
    let asset = AssetId::new(id).filter(|_| id.trim() == id)?;
    text.eat(br#","status":""#)?;
    let status = Status::new(text.string()?);
    let (pictures, oddities) = if text.eat(br#","sample":["#).is_some() {
        let mut list = templates.list(id);
        text.pictures(PictureKind::Sample, &mut list)?;
        text.eat(br#","dots":["#)?;
        text.pictures(PictureKind::Dot, &mut list)?;
        list.finish()
    } else {
        (Pictures::default(), Oddities::default())
    };
    let fault = match text.eat(br#","error_code":""#) {
        Some(()) => {
            let code = text.string()?;
            text.eat(br#","error_msg":""#)?;
            make_fault(code, text.string()?)
        }
        None => None,
    };
    text.eat(if kind_first { b"}}" } else { br#"},"event_type":"thumbnailComplete"}"# })?;
    Some((Body { kind: EventKind::Thumbnail, asset, status, pictures, fault, facts: None, oddities }, text.at))
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, word: &[u8]) -> Option<()> {
        self.rest().starts_with(word).then(|| self.at += word.len())
    }

    /// A string without escapes and control characters, and its closing quote.
    fn string(&mut self) -> Option<&'a str> {
        let len = memchr::memchr(b'"', self.rest())?;
        let text = self.rest().get(..len)?;
        self.at += len + 1;
        let plain = text.iter().all(|b| *b != b'\\' && *b >= b' ');
        std::str::from_utf8(text).ok().filter(|_| plain)
    }

    fn seconds(&mut self) -> Option<Offset> {
        let digits = self.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        let plain = (1..=8).contains(&digits) && (digits == 1 || self.rest().first() != Some(&b'0'));
        let number = self.rest().get(..digits)?.iter().fold(0, |number, b| number * 10 + i64::from(b - b'0'));
        self.at += digits;
        plain.then(|| Offset::from_millis(number * 1000))
    }

    /// The pictures up to the end of their list.
    fn pictures(&mut self, kind: PictureKind, list: &mut List<'_>) -> Option<()> {
        if self.eat(b"]").is_some() {
            return Some(());
        }
        loop {
            self.eat(br#"{"offset":"#)?;
            let offset = self.seconds()?;
            self.eat(br#","url":""#)?;
            match list.push_predicted(kind, offset, self.rest()) {
                Some(len) => self.at += len + 1,
                None => list.push(kind, Some(offset), self.string()?),
            }
            self.eat(b"}")?;
            if self.eat(b",").is_none() {
                return self.eat(b"]");
            }
        }
    }
}
