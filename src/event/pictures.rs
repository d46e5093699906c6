//! The picture list of one event.
//!
//! Made for logs with millions of pictures: no picture has a string of its own. A list is a few arithmetic [`Progression`]s,
//! URLs are a [`Template`] (`prefix{id}middle{number}tail`), and [`Templates`] lets equal lists share one allocation.
//! What follows no rule is spelled out as a template without a number; every URL comes out as it went in. The list
//! keeps the log's order within a kind, so a picture is known by its kind and its index there.

mod expected;

use crate::event::{AssetId, Oddities, Offset, PictureKind, PictureUrl};
use expected::Expected;
use hashbrown::HashSet;
use std::{
    borrow::{Borrow, Cow},
    collections::VecDeque,
    fmt::Write as _,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// One picture that an event names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Which list it is from.
    pub kind: PictureKind,
    /// Its place in that list, from 0.
    pub index: u32,
    /// Where in the video.
    pub offset: Offset,
    /// Where to fetch it.
    pub url: PictureUrl,
}

/// The pictures of one event, without a string for each. Copies share the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures(Option<Arc<Box<[Progression]>>>);

/// Pictures of one kind whose offsets and numbers rise by equal steps.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Progression {
    kind: PictureKind,
    count: u32,
    /// In milliseconds, as the step.
    offset: i64,
    step: i64,
    /// What stands in the URL, most often the offset in seconds.
    number: u64,
    number_step: i64,
    url: Arc<Template>,
}

/// A URL with holes: `head{id}middle{number}tail`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Template {
    head: Box<str>,
    /// Whether the asset's id follows the head.
    id: bool,
    middle: Box<str>,
    /// Whether a number follows the middle.
    number: bool,
    tail: Box<str>,
}

/// Makes [`Pictures`] and shares what they have in common. It forgets rather than grows: see [`Templates::MAX`].
#[derive(Debug, Default)]
pub struct Templates {
    urls: HashSet<Arc<Template>>,
    lists: HashSet<ListKey>,
    recent: Option<Arc<Template>>,
    /// How lists went on, the newest last.
    expected: VecDeque<Expected>,
    /// Kept for their room.
    series: Vec<Progression>,
    prefix: Vec<u8>,
}

/// A list as a key of [`Templates::lists`].
#[derive(Debug, PartialEq, Eq)]
struct ListKey(Arc<Box<[Progression]>>);

/// How a text spells its lists: what stands before a picture, its offset and its URL, and the URL's slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) comma: &'static str,
    pub(super) offset: &'static str,
    pub(super) url: &'static str,
    pub(super) slashes: Slashes,
}

/// How a text spells the slashes of its URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slashes {
    Plain,
    /// As `\/`.
    Escaped,
}

/// The pictures of one event in the making.
#[derive(Debug)]
pub(super) struct PictureListBuilder<'a> {
    templates: &'a mut Templates,
    id: &'a str,
    series: Vec<Progression>,
    last: Option<(PictureKind, Offset)>,
    oddities: Oddities,
    spelling: &'static Spelling,
    /// What stands before the number in the URLs of the template at this address.
    prefix: Vec<u8>,
    prefix_of: usize,
}

impl Spelling {
    /// Without spaces, as VOD itself writes.
    pub(super) const COMPACT: Self =
        Self { comma: ",", offset: r#"{"offset":"#, url: r#","url":""#, slashes: Slashes::Plain };
}

impl Slashes {
    fn spell(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Plain => text.into(),
            Self::Escaped => text.replace('/', "\\/").into(),
        }
    }
}

impl Pictures {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.series().iter().map(|progression| progression.count as usize).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many of one kind there are.
    pub fn count(&self, kind: PictureKind) -> usize {
        self.series()
            .iter()
            .filter(|progression| progression.kind == kind)
            .map(|progression| progression.count as usize)
            .sum()
    }

    /// The greatest offset.
    pub fn last_offset(&self) -> Option<Offset> {
        self.series()
            .iter()
            .flat_map(|progression| [progression.offset_at(0), progression.offset_at(progression.count - 1)])
            .max()
    }

    /// The pictures of `asset`, kind after kind, each in the log's order. Each URL is made anew.
    pub fn iter<'a>(&'a self, asset: &'a AssetId) -> impl Iterator<Item = Snapshot> + 'a {
        let id = asset.to_string();
        self.places().map(move |(progression, kind, index, at)| Snapshot {
            kind,
            index,
            offset: progression.offset_at(at),
            url: progression.url_at(at, &id),
        })
    }

    /// Kind, index and offset of each picture in the order of [`Self::iter`], without making URLs.
    pub fn offsets(&self) -> impl Iterator<Item = (PictureKind, u32, Offset)> + '_ {
        self.places().map(|(progression, kind, index, at)| (kind, index, progression.offset_at(at)))
    }

    /// One picture of `asset`.
    pub fn get(&self, asset: &AssetId, kind: PictureKind, index: u32) -> Option<Snapshot> {
        let mut at = index;
        for progression in self.series().iter().filter(|progression| progression.kind == kind) {
            if at < progression.count {
                let url = progression.url_at(at, &asset.to_string());
                return Some(Snapshot { kind, index, offset: progression.offset_at(at), url });
            }
            at -= progression.count;
        }
        None
    }

    fn series(&self) -> &[Progression] {
        self.0.as_deref().map_or(&[], |series| series)
    }

    /// Each picture's progression, kind, index in the kind, and index in the progression.
    fn places(&self) -> impl Iterator<Item = (&Progression, PictureKind, u32, u32)> + '_ {
        let mut before: Option<(PictureKind, u32)> = None;
        self.series().iter().flat_map(|progression| (0..progression.count).map(move |at| (progression, at))).map(
            move |(progression, at)| {
                let index = before.filter(|(kind, _)| *kind == progression.kind).map_or(0, |(_, index)| index + 1);
                before = Some((progression.kind, index));
                (progression, progression.kind, index, at)
            },
        )
    }
}

impl Templates {
    /// The most URL templates and the most lists that are remembered for sharing. Beyond it, all are forgotten:
    /// those in use live on with their pictures, new ones are made anew.
    pub const MAX: usize = 16_384;

    /// How many ways of going on are remembered.
    const EXPECTED_MAX: usize = 16;

    /// Takes the pictures of one kind after another, each in the log's order.
    pub fn pictures<'a>(
        &mut self,
        asset: &AssetId,
        list: impl IntoIterator<Item = (PictureKind, Offset, &'a str)>,
    ) -> Pictures {
        let id = asset.to_string();
        let mut pictures = self.list(&id, &Spelling::COMPACT);
        for (kind, offset, url) in list {
            pictures.push(kind, Some(offset), url);
        }
        pictures.finish().0
    }

    /// Begins a list for the asset of `id`.
    pub(super) fn list<'a>(&'a mut self, id: &'a str, spelling: &'static Spelling) -> PictureListBuilder<'a> {
        let (series, prefix) = (std::mem::take(&mut self.series), std::mem::take(&mut self.prefix));
        PictureListBuilder {
            templates: self,
            id,
            series,
            last: None,
            oddities: Oddities::default(),
            spelling,
            prefix,
            prefix_of: 0,
        }
    }

    /// How a list with these first two pictures goes on, where one did before.
    fn expected(&mut self, progression: &Progression, spelling: &'static Spelling) -> Option<&mut Expected> {
        if let Some(known) = self.expected.iter().position(|expected| expected.is_of(progression, spelling)) {
            return self.expected.get_mut(known);
        }
        if self.expected.len() == Self::EXPECTED_MAX {
            self.expected.pop_front();
        }
        self.expected.extend(Expected::new(progression, spelling));
        None
    }

    /// The shared template of a URL, and the number in it.
    fn template(&mut self, url: &str, id: &str) -> (Arc<Template>, u64) {
        let (template, number) = Template::of(url, id);
        if let Some(known) = self.urls.get(&template) {
            return (Arc::clone(known), number);
        }
        let template = Arc::new(template);
        // A template without holes is one URL: nothing to share.
        if template.id || template.number {
            if self.urls.len() == Self::MAX {
                self.urls.clear();
            }
            self.urls.insert(Arc::clone(&template));
        }
        (template, number)
    }

    fn share(&mut self, series: &mut Vec<Progression>) -> Pictures {
        if series.is_empty() {
            return Pictures::default();
        }
        if let Some(known) = self.lists.get(series.as_slice()) {
            series.clear();
            return Pictures(Some(Arc::clone(&known.0)));
        }
        let list = Arc::new(series.drain(..).collect::<Box<[Progression]>>());
        if list.len() <= 16 {
            if self.lists.len() == Self::MAX {
                self.lists.clear();
            }
            self.lists.insert(ListKey(Arc::clone(&list)));
        }
        Pictures(Some(list))
    }
}

/// A clone shares nothing: it is for another thread, and what it remembers can be found again.
impl Clone for Templates {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PictureListBuilder<'_> {
    /// Takes a picture. Without an offset it stands where the one before it stands.
    pub(super) fn push(&mut self, kind: PictureKind, offset: Option<Offset>, url: &str) {
        let offset = self.place(kind, offset);
        let known = self.series.last().map(|progression| &progression.url).or(self.templates.recent.as_ref());
        let number = known.and_then(|url_template| url_template.number(url.as_bytes(), self.id));
        let (url, number) = match (known, number) {
            (Some(known), Some(number)) => (Arc::clone(known), number),
            _ => self.templates.template(url, self.id),
        };
        let continues = |progression: &mut Progression| {
            (Arc::ptr_eq(&progression.url, &url) || progression.url == url) && progression.take(kind, offset, number)
        };
        if !self.series.last_mut().is_some_and(continues) {
            self.series.push(Progression { kind, count: 1, offset, step: 0, number, number_step: 0, url });
        }
    }

    /// Takes a picture where `text` begins with the URL that the picture before lets expect, and a quote; its length.
    pub(super) fn push_predicted(&mut self, kind: PictureKind, offset: Offset, text: &[u8]) -> Option<usize> {
        let known = self.series.last().map(|progression| &progression.url).or(self.templates.recent.as_ref())?;
        if self.prefix_of != Arc::as_ptr(known).addr() {
            self.prefix_of = Arc::as_ptr(known).addr();
            known.write_prefix(self.id, self.spelling.slashes, &mut self.prefix);
        }
        if self.prefix.is_empty() {
            return None;
        }
        let rest = text.strip_prefix(self.prefix.as_slice())?;
        let (number, rest) = if known.number { leading_number(rest)? } else { (0, rest) };
        // A tail with slashes stands in a query: too rare to care for its escapes.
        let rest = rest.strip_prefix(known.tail.as_bytes()).filter(|rest| rest.first() == Some(&b'"'))?;
        let len = text.len() - rest.len();
        let offset = self.place(kind, Some(offset));
        if !self.series.last_mut().is_some_and(|progression| progression.take(kind, offset, number)) {
            let url = self
                .series
                .last()
                .map(|progression| &progression.url)
                .or(self.templates.recent.as_ref())
                .map(Arc::clone)?;
            self.series.push(Progression { kind, count: 1, offset, step: 0, number, number_step: 0, url });
        }
        Some(len)
    }

    /// Takes the pictures that `text` goes on with as a list before did that began alike; their length.
    ///
    /// To be called after each picture: it acts once two of them make a progression.
    pub(super) fn push_expected(&mut self, text: &[u8]) -> usize {
        let Some(progression) = self.series.last_mut().filter(|progression| progression.count == 2) else { return 0 };
        let Some(expected) = self.templates.expected(progression, self.spelling) else { return 0 };
        let (count, len) = expected.count(text, self.id);
        progression.count += count;
        // They rise, so nothing is odd about them.
        self.last = Some((progression.kind, progression.offset_at(progression.count - 1)));
        len
    }

    /// Where the next picture stands, in milliseconds; notes what is odd about it.
    fn place(&mut self, kind: PictureKind, offset: Option<Offset>) -> i64 {
        let before = self.last.filter(|(k, _)| *k == kind).map(|(_, offset)| offset);
        match (offset, before) {
            (None, _) => self.oddities.missing += 1,
            (Some(offset), Some(before)) if offset < before => self.oddities.unsorted += 1,
            (Some(offset), Some(before)) if offset == before => self.oddities.duplicate += 1,
            (Some(_), _) => {}
        }
        let offset = offset.or(before).unwrap_or_default();
        self.oddities.negative += u32::from(offset.as_millis() < 0);
        self.last = Some((kind, offset));
        offset.as_millis()
    }

    /// The list, and what was odd about it.
    pub(super) fn finish(mut self) -> (Pictures, Oddities) {
        if let Some(last) = self.series.last() {
            self.templates.recent = Some(Arc::clone(&last.url));
        }
        let pictures = self.templates.share(&mut self.series);
        (self.templates.series, self.templates.prefix) = (self.series, self.prefix);
        if self.oddities.unsorted > 0 {
            // Only in an unsorted list may equal offsets stand apart.
            let mut places: Vec<_> = pictures.offsets().map(|(kind, _, offset)| (kind, offset)).collect();
            let all = places.len();
            places.sort_unstable();
            places.dedup();
            let repeated = u32::try_from(all - places.len()).unwrap_or(u32::MAX);
            self.oddities.duplicate = repeated.saturating_sub(self.oddities.missing);
        }
        (pictures, self.oddities)
    }
}

impl Progression {
    /// Takes the next picture, whose URL has the same template, where it continues the progression.
    fn take(&mut self, kind: PictureKind, offset: i64, number: u64) -> bool {
        if self.kind != kind || self.count == u32::MAX {
            return false;
        }
        if self.count == 1 {
            let (Ok(before), Ok(now)) = (i64::try_from(self.number), i64::try_from(number)) else { return false };
            (self.step, self.number_step) = (offset - self.offset, now - before);
        }
        let next = (self.offset + i64::from(self.count) * self.step, self.number_at(self.count));
        let continues = next == (offset, number);
        self.count += u32::from(continues);
        continues
    }

    fn offset_at(&self, at: u32) -> Offset {
        Offset::from_millis(self.offset + i64::from(at) * self.step)
    }

    fn number_at(&self, at: u32) -> u64 {
        self.number.wrapping_add_signed(i64::from(at).wrapping_mul(self.number_step))
    }

    fn url_at(&self, at: u32, id: &str) -> PictureUrl {
        PictureUrl::new(&self.url.fill(id, self.number_at(at)))
    }
}

impl Template {
    /// Makes holes where `url` holds `id`, and after it the last number of the path.
    fn of(url: &str, id: &str) -> (Self, u64) {
        let (head, rest) = url.split_once(id).map_or(("", url), |(head, rest)| (head, rest));
        let has_id = !(head.is_empty() && rest.len() == url.len());
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let Some((number, tail_len)) = last_number(last) else {
            return (Self { head: head.into(), id: has_id, middle: rest.into(), number: false, tail: "".into() }, 0);
        };
        let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        let end = path.len() - tail_len;
        let (middle, tail) = (rest.get(..end - digits).unwrap_or_default(), rest.get(end..).unwrap_or_default());
        (Self { head: head.into(), id: has_id, middle: middle.into(), number: true, tail: tail.into() }, number)
    }

    /// The number in `url` where it is this template for `id`.
    fn number(&self, url: &[u8], id: &str) -> Option<u64> {
        let rest = url.strip_prefix(self.head.as_bytes())?;
        let rest = if self.id { rest.strip_prefix(id.as_bytes())? } else { rest };
        let rest = rest.strip_prefix(self.middle.as_bytes())?;
        let (number, rest) = if self.number { leading_number(rest)? } else { (0, rest) };
        (rest == self.tail.as_bytes()).then_some(number)
    }

    /// Whether JSON needs no other escapes for it than for slashes.
    fn is_plain(&self) -> bool {
        let parts = [&self.head, &self.middle, &self.tail];
        parts.iter().all(|part| part.bytes().all(is_plain))
    }

    /// Makes `prefix` what stands before the number where the URL is written in JSON; empty where that would take other
    /// escapes.
    fn write_prefix(&self, id: &str, slashes: Slashes, prefix: &mut Vec<u8>) {
        prefix.clear();
        let id = if self.id { id } else { "" };
        if self.is_plain() && id.bytes().all(is_plain) {
            for part in [&self.head, id, &self.middle] {
                prefix.extend_from_slice(slashes.spell(part).as_bytes());
            }
        }
    }

    fn fill(&self, id: &str, number: u64) -> String {
        let mut url = String::with_capacity(self.head.len() + id.len() + self.middle.len() + self.tail.len() + 8);
        url.push_str(&self.head);
        if self.id {
            url.push_str(id);
        }
        url.push_str(&self.middle);
        if self.number {
            // Writing into a String cannot fail.
            let _ = write!(url, "{number}");
        }
        url.push_str(&self.tail);
        url
    }
}

/// Whether JSON needs no escape for a byte.
fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

/// The last number of `text` that prints as it was written, and how many bytes follow it.
fn last_number(text: &str) -> Option<(u64, usize)> {
    let bytes = text.as_bytes();
    let end = bytes.iter().rposition(u8::is_ascii_digit)? + 1;
    let start = bytes.get(..end)?.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
    Some((plain_number(bytes.get(start..end)?)?, bytes.len() - end))
}

/// A number without leading zeros and below 10^18.
fn plain_number(digits: &[u8]) -> Option<u64> {
    leading_number(digits).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

/// The number that `text` begins with, as [`plain_number`], and what follows.
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

impl Hash for Progression {
    /// Leaves the URL out: its text is long, and lists that differ in nothing else are few.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let numbers = [self.offset, self.step, self.number.cast_signed(), i64::from(self.count)];
        let sum = numbers.iter().fold(self.kind as i64, |sum, number| sum.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ number);
        sum.hash(state);
    }
}

impl Hash for ListKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Borrow<[Progression]> for ListKey {
    fn borrow(&self) -> &[Progression] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PictureKind::{Cover, Dot, Sample};
    use proptest::prelude::*;

    const ID: &str = "14d7b2faba0dddd6b4e8936272d6bc3f";

    fn url(middle: &str, tail: &str) -> String {
        format!("https://179.cdn/asset/{ID}/snapshot/{middle}/{tail}")
    }

    #[test]
    fn a_regular_list_is_one_run() {
        let asset = AssetId::new(ID).unwrap();
        let urls: Vec<String> = (0..240).map(|i| url("sample", &format!("{}.jpg", i * 10))).collect();
        let list = (0..).zip(&urls).map(|(i, url)| (Sample, Offset::from_millis(i * 10_000), url.as_str()));
        let mut templates = Templates::default();
        let pictures = templates.pictures(&asset, list.clone());
        assert_eq!(pictures.series().len(), 1);
        assert_eq!((pictures.len(), pictures.count(Sample), pictures.count(Dot)), (240, 240, 0));
        assert_eq!(pictures.last_offset(), Some(Offset::from_millis(2_390_000)));
        let again = templates.pictures(&asset, list);
        assert!(Arc::ptr_eq(pictures.0.as_ref().unwrap(), again.0.as_ref().unwrap()), "equal lists are one");
        assert_eq!(pictures.get(&asset, Sample, 3).unwrap().url.reveal(), urls[3]);
        assert_eq!(pictures.get(&asset, Sample, 240), None);
    }

    #[test]
    fn odd_lists_are_flagged_and_kept() {
        let check = |offsets: &[Option<i64>], expected: [u32; 4]| {
            let mut templates = Templates::default();
            let mut list = templates.list(ID, &Spelling::COMPACT);
            for offset in offsets {
                list.push(Sample, offset.map(Offset::from_millis), "u");
            }
            let (pictures, odd) = list.finish();
            assert_eq!(pictures.len(), offsets.len());
            assert_eq!([odd.missing, odd.negative, odd.unsorted, odd.duplicate], expected, "{offsets:?}");
        };
        check(&[Some(0), Some(5), Some(9)], [0, 0, 0, 0]);
        check(&[Some(0), None, Some(9)], [1, 0, 0, 0]);
        check(&[Some(-5), Some(0)], [0, 1, 0, 0]);
        check(&[Some(5), Some(5), Some(6)], [0, 0, 0, 1]);
        check(&[Some(5), Some(1), Some(5)], [0, 0, 1, 1]);
    }

    fn any_url() -> impl Strategy<Value = String> {
        prop_oneof![
            (0..500u32).prop_map(|n| url("sample", &format!("{n}.jpg"))),
            (0..500u32).prop_map(|n| url("sample", &format!("{n:06}.jpg"))),
            (0..9u32).prop_map(|n| url("sample", &format!("{n}.5.jpg?auth_key={n}-{n}"))),
            Just(format!("{ID}{ID}7")),
            Just(ID.to_owned()),
            any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn every_picture_comes_out_as_it_went_in(
            list in prop::collection::vec((0..3u8, -9_000_000..9_000_000i64, any_url()), 0..40),
            id in prop_oneof![Just(ID.to_owned()), "[a-z0-9]{1,3}"],
        ) {
            let asset = AssetId::new(&id).unwrap();
            let mut list: Vec<_> = list
                .into_iter()
                .map(|(kind, offset, url)| ([Sample, Dot, Cover][usize::from(kind)], Offset::from_millis(offset), url))
                .collect();
            list.sort_by_key(|(kind, ..)| *kind);
            let pictures =
                Templates::default().pictures(&asset, list.iter().map(|(kind, at, url)| (*kind, *at, url.as_str())));
            let out: Vec<_> = pictures.iter(&asset).collect();
            prop_assert_eq!(out.len(), list.len());
            for (snapshot, (kind, offset, url)) in out.iter().zip(&list) {
                prop_assert_eq!((snapshot.kind, snapshot.offset, snapshot.url.reveal()), (*kind, *offset, url.as_str()));
                prop_assert_eq!(pictures.get(&asset, *kind, snapshot.index), Some(snapshot.clone()));
            }
        }
    }
}
