//! The reader of events in the documents' order, in one of three styles.

use super::{
    predictor::{ExpectedLists, Predictor},
    style::{COMPACT, SLASHED, SPACED, Slashes, Style},
};
use crate::event::{
    asset_id::AssetId,
    decode::{EventBody, make_fault},
    digits::leading_number,
    kind::{EventKind, PictureKind},
    offset::Offset,
    pictures::{
        builder::{PictureListBuilder, Templates},
        list::Pictures,
        oddities::Oddities,
    },
    status::Status,
};
use std::borrow::Cow;

/// The styles by index, as constants, so that comparing their texts needs no call.
const STYLES: [Style; 3] = [COMPACT, SLASHED, SPACED];

/// Reads events, and remembers how their lists continue.
#[derive(Debug, Default)]
pub(in crate::event) struct FastReader {
    lists: ExpectedLists,
    /// A vector kept for its allocation.
    prefix: Vec<u8>,
}

/// A clone remembers nothing: it is for another thread.
impl Clone for FastReader {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl FastReader {
    /// Reads the event with which `text` begins; returns it and its length, or `None` for any other spelling.
    pub(in crate::event) fn read(&mut self, text: &[u8], templates: &mut Templates) -> Option<(EventBody, usize)> {
        if text.get(14) == Some(&b' ') || text.get(18) == Some(&b' ') {
            return self.read_styled::<2>(text, templates);
        }
        self.read_styled::<0>(text, templates).or_else(|| self.read_styled::<1>(text, templates))
    }

    fn read_styled<const STYLE: usize>(
        &mut self,
        text: &[u8],
        templates: &mut Templates,
    ) -> Option<(EventBody, usize)> {
        let style = const { &STYLES[STYLE] };
        let mut text = Scanner::<STYLE> { text, at: 0 };
        let kind_first = text.eat(style.kind_first).is_some();
        if !kind_first {
            text.eat(style.info_first)?;
        }
        let id = text.string()?;
        let asset = AssetId::new(id).filter(|_| id.trim() == id)?;
        text.eat(style.status)?;
        let status = Status::new(text.string()?);
        let (pictures, oddities) = if text.eat(style.sample).is_some() {
            let mut list = templates.list(id);
            let mut predictor = Predictor::new(&mut self.lists, &mut self.prefix, id, &style.list);
            text.pictures(PictureKind::Sample, &mut list, &mut predictor)?;
            text.eat(style.dots)?;
            text.pictures(PictureKind::Dot, &mut list, &mut predictor)?;
            list.finish()
        } else {
            (Pictures::default(), Oddities::default())
        };
        let fault = match text.eat(style.error_code) {
            Some(()) => {
                let code = text.string()?;
                text.eat(style.error_msg)?;
                make_fault(code, text.string()?)
            }
            None => None,
        };
        text.eat(if kind_first { "}}" } else { style.kind_last })?;
        Some((EventBody { kind: EventKind::Thumbnail, asset, status, pictures, fault, facts: None, oddities }, text.at))
    }
}

struct Scanner<'a, const STYLE: usize> {
    text: &'a [u8],
    at: usize,
}

impl<'a, const STYLE: usize> Scanner<'a, STYLE> {
    const WORDS: &'static Style = &STYLES[STYLE];

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn eat(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// A string without escapes and control characters, and its closing quote.
    fn string(&mut self) -> Option<&'a str> {
        self.raw_string().filter(|text| !text.contains('\\'))
    }

    fn raw_string(&mut self) -> Option<&'a str> {
        let len = memchr::memchr(b'"', self.rest())?;
        let text = self.rest().get(..len)?;
        self.at += len + 1;
        let plain = text.iter().all(|b| *b >= b' ');
        std::str::from_utf8(text).ok().filter(|_| plain)
    }

    /// A URL in the style's spelling of slashes, and its closing quote.
    fn url(&mut self) -> Option<Cow<'a, str>> {
        match Self::WORDS.list.slashes {
            Slashes::Plain => self.string().map(Cow::Borrowed),
            Slashes::Escaped => {
                Some(self.raw_string()?.replace("\\/", "/")).filter(|url| !url.contains('\\')).map(Cow::Owned)
            }
        }
    }

    fn seconds(&mut self) -> Option<Offset> {
        let (number, rest) = leading_number(self.rest())?;
        self.at = self.text.len() - rest.len();
        i64::try_from(number)
            .ok()
            .filter(|number| *number < 100_000_000)
            .map(|number| Offset::from_millis(number * 1000))
    }

    /// The pictures up to the end of their list.
    fn pictures(
        &mut self,
        kind: PictureKind,
        list: &mut PictureListBuilder<'_>,
        predictor: &mut Predictor<'_>,
    ) -> Option<()> {
        if self.eat("]").is_some() {
            return Some(());
        }
        loop {
            self.eat(Self::WORDS.list.offset)?;
            let offset = self.seconds()?;
            self.eat(Self::WORDS.list.url)?;
            match predictor.push(list, kind, offset, self.rest()) {
                Some(len) => self.at += len + 1,
                None => list.push(kind, Some(offset), &self.url()?),
            }
            self.eat("}")?;
            self.at += predictor.push_expected(list, self.rest());
            if self.eat(Self::WORDS.list.comma).is_none() {
                return self.eat("]");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{decode, fields::Fields};
    use proptest::prelude::*;

    const ID: &str = "14d7b2faba0dddd6b4e8936272d6bc3f";

    fn written(style: &Style, kind_first: bool, samples: &[(u32, &str)], failed: bool) -> String {
        let list = |pictures: &[(u32, &str)]| {
            let all = pictures
                .iter()
                .map(|(offset, url)| format!("{}{offset}{}{url}\"}}", style.list.offset, style.list.url));
            all.collect::<Vec<_>>().join(style.list.comma)
        };
        let head = if kind_first { style.kind_first } else { style.info_first };
        let tail = if kind_first { "}}" } else { style.kind_last };
        let status = if failed { "FAILED" } else { "SUCCEED" };
        let lists = format!("{}{}]{}]", style.sample, list(samples), style.dots);
        let fault = format!("{}VOD.10104\"{}截图\"", style.error_code, style.error_msg);
        let rest = if failed { fault } else { lists };
        format!("{head}{ID}\"{}{status}\"{rest}{tail}", style.status)
    }

    fn general(text: &str) -> EventBody {
        match decode::read(&Fields::read(text).unwrap(), &mut Templates::default()) {
            decode::ObjectClass::Event(body) => *body,
            other @ (decode::ObjectClass::Other | decode::ObjectClass::Refused(_) | decode::ObjectClass::Wrapping) => {
                panic!("{other:?} from {text}")
            }
        }
    }

    /// The URLs of pictures at a second: without a signature, with each kind of one, and with the id of another asset.
    const SHAPES: [fn(u32) -> String; 6] = [
        |at| format!("https://h/asset/{ID}/{at}.jpg"),
        |at| format!("https://h/asset/{ID}/{at}.jpg?auth_key=17-0-0-{at:032x}"),
        |at| format!("https://h/202603140915/{at:032x}/asset/{ID}/{at}.jpg?v=1"),
        |at| format!("https://h/{at:032x}/6ab13c00/asset/{ID}/{at}.jpg"),
        |at| format!("https://h/asset/24d7b2faba0dddd6b4e8936272d6bc3f/{at}.jpg"),
        |_| format!("https://h/asset/{ID}/cover.jpg?v=2"),
    ];

    /// An event with pictures every `step` seconds.
    fn regular(style: &Style, id: &str, count: u32, step: u32) -> String {
        shaped(style, SHAPES[0], id, count, step)
    }

    fn shaped(style: &Style, shape: fn(u32) -> String, id: &str, count: u32, step: u32) -> String {
        let slash = if style.list.slashes == Slashes::Escaped { "\\/" } else { "/" };
        let urls: Vec<String> = (0..count).map(|i| shape(i * step).replace('/', slash)).collect();
        let samples: Vec<_> = (0..).map(|i| i * step).zip(urls.iter().map(String::as_str)).collect();
        written(style, count.is_multiple_of(2), &samples, false).replace(ID, id)
    }

    #[test]
    fn every_style_is_read() {
        for style in [&COMPACT, &SLASHED, &SPACED] {
            let (mut reader, mut templates) = (FastReader::default(), Templates::default());
            // The same step again and again: from the second list on the pictures are expected.
            for (id, count) in [(ID, 9), ("zz", 9), (ID, 30), ("yyy", 3), ("x", 1200), (ID, 2), (ID, 0), ("q", 40)] {
                let text = regular(style, id, count, 5);
                let (body, len) = reader.read(text.as_bytes(), &mut templates).unwrap();
                assert_eq!((len, body), (text.len(), general(&text)), "{count} pictures");
            }
            let failed = written(style, true, &[], true);
            assert_eq!(reader.read(failed.as_bytes(), &mut templates).unwrap().0, general(&failed));
        }
    }

    #[test]
    fn every_shape_of_url_is_read() {
        for (style, shape) in
            [&COMPACT, &SLASHED, &SPACED].into_iter().flat_map(|style| SHAPES.map(|shape| (style, shape)))
        {
            let (mut reader, mut templates) = (FastReader::default(), Templates::default());
            for (id, count) in [(ID, 9), ("24d7b2faba0dddd6b4e8936272d6bc3f", 9), (ID, 3), ("x", 5), (ID, 1)] {
                let text = shaped(style, shape, id, count, 5);
                let (body, len) = reader.read(text.as_bytes(), &mut templates).unwrap();
                assert_eq!((len, body), (text.len(), general(&text)), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn an_edited_list_is_read_as_by_the_general_reader(
            shape in 0..SHAPES.len(), style in 0..3usize, count in 3..20u32, longer in 0..9u32, step in 1..4u32,
            at in any::<prop::sample::Index>(), edit in r#"[0-9a-z/:,{}"]{0,2}"#, removed in 0..3usize,
        ) {
            let style = [&COMPACT, &SLASHED, &SPACED][style];
            let (mut reader, mut templates) = (FastReader::default(), Templates::default());
            for _ in 0..2 {
                reader.read(shaped(style, SHAPES[shape], ID, count, step).as_bytes(), &mut templates).unwrap();
            }
            let mut text = shaped(style, SHAPES[shape], ID, count + longer, step);
            let at = at.index(text.len());
            text.replace_range(at..(at + removed).min(text.len()), &edit);
            if let Some((body, len)) = reader.read(text.as_bytes(), &mut templates) {
                // A URL that holds both the event's id and a longer one is kept by either of two templates.
                let urls = |body: &EventBody| -> Vec<_> {
                    let pictures = body.pictures.iter(&body.asset);
                    pictures.map(|picture| (picture.kind, picture.offset, picture.url.reveal().to_owned())).collect()
                };
                let expected = general(text.get(..len).unwrap());
                prop_assert_eq!(urls(&body), urls(&expected));
                prop_assert_eq!(EventBody { pictures: expected.pictures.clone(), ..body }, expected);
            }
        }

        #[test]
        fn both_readers_agree(
            samples in prop::collection::vec((0..100u32, r"(https:(\\?/){2}h(\\?/)14d7b2faba0dddd6b4e8936272d6bc3f(\\?/)[0-9]{1,3}\.jpg)|[ -~é\t]{0,6}"), 0..6),
            style in 0..3usize, kind_first: bool, failed: bool,
            at in any::<prop::sample::Index>(), edit in r"[ -~]{0,3}", edited: bool,
        ) {
            let samples: Vec<_> = samples.iter().map(|(offset, url)| (*offset, url.as_str())).collect();
            let mut text = written([&COMPACT, &SLASHED, &SPACED][style], kind_first, &samples, failed);
            let at = text.floor_char_boundary(at.index(text.len()));
            if edited {
                text.insert_str(at, &edit);
            }
            let (mut reader, mut templates) = (FastReader::default(), Templates::default());
            for _ in 0..2 {
                if let Some((body, len)) = reader.read(text.as_bytes(), &mut templates) {
                    prop_assert_eq!(body, general(text.get(..len).unwrap()));
                }
            }
        }
    }
}
