//! Building picture lists, and sharing what they have in common.

use super::{
    list::Pictures,
    oddities::Oddities,
    progression::{Progression, Progressions},
    template::{self, Filling, Parts, Template},
};
use crate::event::{asset_id::AssetId, kind::PictureKind, offset::Offset};
use hashbrown::HashTable;
use std::sync::Arc;

/// Makes [`Pictures`], and shares URL templates and whole lists among them. Bounded by [`Templates::MAX`].
#[derive(Debug, Default)]
pub struct Templates {
    /// By [`Template::hash`].
    urls: HashTable<Arc<Template>>,
    /// By [`hash`].
    lists: HashTable<Arc<Progressions>>,
    /// The template of the last picture of the last list.
    recent: Option<Arc<Template>>,
    /// An empty vector and an empty text, kept for their allocations.
    spare: (Vec<Progression>, String),
}

/// The pictures of one event while they are read.
#[derive(Debug)]
pub(in crate::event) struct PictureListBuilder<'a> {
    templates: &'a mut Templates,
    id: &'a str,
    progressions: Vec<Progression>,
    /// The [texts](Filling) that are kept of all pictures, one after another.
    texts: String,
    /// The index in `texts` at which those of the last progression begin.
    texts_from: usize,
    last: Option<(PictureKind, Offset)>,
    oddities: Oddities,
}

impl Templates {
    /// The most URL templates and the most lists that are kept for sharing. At this number all are dropped from the
    /// cache; those in use live on with their pictures.
    pub const MAX: usize = 16_384;

    /// The most progressions of a list that is kept for sharing.
    const LONGEST_SHARED: usize = 16;

    /// The most bytes of texts of a list that is kept for sharing.
    const LONGEST_TEXTS: usize = 64;

    /// Makes a list from the pictures of one kind after another, each in the log's order.
    pub fn pictures<'a>(
        &mut self,
        asset: &AssetId,
        list: impl IntoIterator<Item = (PictureKind, Offset, &'a str)>,
    ) -> Pictures {
        let id = asset.to_string();
        let mut pictures = self.list(&id);
        for (kind, offset, url) in list {
            pictures.push(kind, Some(offset), url);
        }
        pictures.finish().0
    }

    /// Begins the list of the asset with this id.
    pub(in crate::event) fn list<'a>(&'a mut self, id: &'a str) -> PictureListBuilder<'a> {
        let (progressions, texts) = std::mem::take(&mut self.spare);
        let oddities = Oddities::default();
        PictureListBuilder { templates: self, id, progressions, texts, texts_from: 0, last: None, oddities }
    }

    /// Returns the shared template of these parts.
    fn template(&mut self, parts: &Parts<'_>) -> Arc<Template> {
        let hash = parts.hash();
        if let Some(known) = self.urls.find(hash, |known| known.is_made_of(parts)) {
            return Arc::clone(known);
        }
        let template = Arc::new(parts.to_template(hash));
        // A template without holes is one URL: nothing to share.
        if parts.is_shareable() {
            if self.urls.len() == Self::MAX {
                self.urls.clear();
            }
            self.urls.insert_unique(hash, Arc::clone(&template), |known| known.hash());
        }
        template
    }

    /// Returns the list of these progressions and texts, and leaves both empty.
    fn share(&mut self, progressions: &mut Vec<Progression>, texts: &mut String) -> Pictures {
        if progressions.is_empty() {
            return Pictures::default();
        }
        // Long texts are signatures, which are an event's own.
        if progressions.len() > Self::LONGEST_SHARED || texts.len() > Self::LONGEST_TEXTS {
            return Pictures(Some(Arc::new(Progressions::take(progressions, texts))));
        }
        let hash = hash(progressions, texts);
        let is_same = |known: &Progressions| known.as_slice() == progressions.as_slice() && *known.texts == **texts;
        if let Some(known) = self.lists.find(hash, |known| is_same(known)) {
            progressions.clear();
            texts.clear();
            return Pictures(Some(Arc::clone(known)));
        }
        let list = Arc::new(Progressions::take(progressions, texts));
        if self.lists.len() == Self::MAX {
            self.lists.clear();
        }
        self.lists.insert_unique(hash, Arc::clone(&list), |known| self::hash(known.as_slice(), &known.texts));
        Pictures(Some(list))
    }
}

/// A clone is empty: it is for another thread, and its cache can be filled again.
impl Clone for Templates {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PictureListBuilder<'_> {
    /// Adds a picture. One without an offset takes the seconds that its URL ends in (`…/15.jpg`), else 0.
    pub(in crate::event) fn push(&mut self, kind: PictureKind, offset: Option<Offset>, url: &str) {
        self.oddities.missing += u32::from(offset.is_none());
        let offset = offset.or_else(|| seconds_in(url)).map_or(0, |offset| self.check(kind, offset));
        let known = self.template().map(Arc::clone);
        let filled = known.and_then(|template| Some((template.filling(url, self.id)?, template)));
        let (filling, template) = filled.unwrap_or_else(|| {
            let (parts, filling) = Parts::of(url, self.id);
            (filling, self.templates.template(&parts))
        });
        let is_same = |before: &Progression| Arc::ptr_eq(&before.url, &template) || before.url == template;
        if !self.progressions.last().is_some_and(is_same) || !self.extend(kind, offset, filling) {
            self.begin(kind, offset, filling, template);
        }
    }

    /// Adds a picture of the same template as the one before if it continues the last progression.
    fn extend(&mut self, kind: PictureKind, offset: i64, filling: Filling<'_>) -> bool {
        let Self { progressions, texts, texts_from, .. } = self;
        let is_added =
            progressions.last_mut().is_some_and(|last| last.extend(kind, offset, filling, texts, *texts_from));
        self.oddities.foreign += u32::from(is_added && self.is_foreign(filling));
        is_added
    }

    /// Begins a progression with a picture.
    fn begin(&mut self, kind: PictureKind, offset: i64, filling: Filling<'_>, template: Arc<Template>) {
        self.texts_from = self.texts.len();
        filling.push_texts(&mut self.texts);
        self.oddities.foreign += u32::from(self.is_foreign(filling));
        self.progressions.push(Progression::new(kind, offset, filling, template));
    }

    /// Returns `true` if the hole for the id of another asset is filled with one.
    fn is_foreign(&self, filling: Filling<'_>) -> bool {
        !filling.id.is_empty() && !filling.id.eq_ignore_ascii_case(self.id)
    }

    /// Returns the template of the last picture, in this list or the one before.
    pub(in crate::event) fn template(&self) -> Option<&Arc<Template>> {
        self.progressions.last().map(|progression| &progression.url).or(self.templates.recent.as_ref())
    }

    /// Adds a picture whose URL is [`Self::template`] filled with these; nothing where there is no template.
    pub(in crate::event) fn push_filled(&mut self, kind: PictureKind, offset: Offset, filling: Filling<'_>) {
        let offset = self.check(kind, offset);
        if !self.extend(kind, offset, filling)
            && let Some(template) = self.template().map(Arc::clone)
        {
            self.begin(kind, offset, filling, template);
        }
    }

    /// Returns the last progression if it has two pictures, which is when its steps are known.
    pub(in crate::event) fn pair(&self) -> Option<&Progression> {
        self.progressions.last().filter(|progression| progression.count == 2)
    }

    /// Adds `count` pictures that continue the last progression, whose offsets rise.
    pub(in crate::event) fn continue_by(&mut self, count: u32) {
        if let Some(progression) = self.progressions.last_mut() {
            progression.count += count;
            self.last = Some((progression.kind, progression.offset_at(progression.count - 1)));
        }
    }

    /// Returns the offset of the next picture in milliseconds, and counts its defects.
    fn check(&mut self, kind: PictureKind, offset: Offset) -> i64 {
        let before = self.last.filter(|(k, _)| *k == kind).map(|(_, offset)| offset);
        self.oddities.unsorted += u32::from(before.is_some_and(|before| offset < before));
        self.oddities.duplicate += u32::from(before == Some(offset));
        self.oddities.negative += u32::from(offset.as_millis() < 0);
        self.last = Some((kind, offset));
        offset.as_millis()
    }

    /// Returns the list, and the defects of its offsets.
    pub(in crate::event) fn finish(mut self) -> (Pictures, Oddities) {
        if let Some(last) = self.progressions.last() {
            self.templates.recent = Some(Arc::clone(&last.url));
        }
        let foreign = self.progressions.iter().filter(|progression| progression.url.is_foreign(self.id));
        self.oddities.foreign += foreign.map(|progression| progression.count).sum::<u32>();
        let pictures = self.templates.share(&mut self.progressions, &mut self.texts);
        self.templates.spare = (self.progressions, self.texts);
        if self.oddities.unsorted > 0 {
            // Only in an unsorted list may equal offsets stand apart.
            let mut offsets: Vec<_> = pictures.offsets().map(|(kind, _, offset)| (kind, offset)).collect();
            let all = offsets.len();
            offsets.sort_unstable();
            offsets.dedup();
            let repeated = u32::try_from(all - offsets.len()).unwrap_or(u32::MAX);
            self.oddities.duplicate = repeated;
        }
        (pictures, self.oddities)
    }
}

/// Returns the seconds in the file name of a URL that consists of a number, as VOD names snapshots.
fn seconds_in(url: &str) -> Option<Offset> {
    let path = url.split(['?', '#']).next()?;
    let (seconds, _) = path.rsplit('/').next()?.rsplit_once('.')?;
    Offset::from_seconds(seconds.parse::<u32>().ok()?.into())
}

/// Returns the hash of a list.
fn hash(progressions: &[Progression], texts: &str) -> u64 {
    let texts = if texts.is_empty() { 0 } else { template::hash(texts) };
    progressions.iter().fold(texts, |hash, progression| progression.fold_hash(hash))
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
    fn a_regular_list_is_one_progression() {
        let asset = AssetId::new(ID).unwrap();
        let urls: Vec<String> = (0..240).map(|i| url("sample", &format!("{}.jpg", i * 10))).collect();
        let list = (0..).zip(&urls).map(|(i, url)| (Sample, Offset::from_millis(i * 10_000), url.as_str()));
        let mut templates = Templates::default();
        let pictures = templates.pictures(&asset, list.clone());
        assert_eq!(pictures.progressions().len(), 1);
        assert_eq!((pictures.len(), pictures.count(Sample), pictures.count(Dot)), (240, 240, 0));
        assert_eq!(pictures.last_offset(), Some(Offset::from_millis(2_390_000)));
        let again = templates.pictures(&asset, list);
        assert!(Arc::ptr_eq(pictures.0.as_ref().unwrap(), again.0.as_ref().unwrap()), "equal lists are one");
        assert_eq!(pictures.get(&asset, Sample, 3).unwrap().url.reveal(), urls[3]);
        assert_eq!(pictures.get(&asset, Sample, 240), None);
    }

    #[test]
    fn lists_that_differ_only_in_their_urls_have_different_hashes() {
        let asset = AssetId::new(ID).unwrap();
        let mut templates = Templates::default();
        let forms: [fn(u32) -> String; 3] = [
            |n| url("sample", &format!("0.jpg?sign={n:032x}")),
            |n| format!("https://h/asset/{n:032x}/0.jpg"),
            |n| url("sample", &format!("0.jpg?v={n}")),
        ];
        for form in forms {
            let hashes = (0..500).map(|n| {
                let pictures = templates.pictures(&asset, [(Sample, Offset::default(), form(n).as_str())]);
                hash(pictures.progressions(), &pictures.0.as_ref().unwrap().texts)
            });
            assert_eq!(hashes.collect::<std::collections::HashSet<_>>().len(), 500, "{}", form(0));
        }
    }

    #[test]
    fn a_list_of_signed_urls_is_one_progression_of_a_shared_template() {
        let asset = AssetId::new(ID).unwrap();
        let mut templates = Templates::default();
        let forms: [fn(u32) -> String; 3] = [
            |n| url("sample", &format!("{n}.jpg?auth_key=1790000000-{n:03}-0-{n:032x}&w=1")),
            |n| format!("https://h/202603140915/{n:032x}/asset/{ID}/{n}.jpg"),
            |n| format!("https://h/{n:032x}/6ab13c00/asset/{ID}/{n}.jpg"),
        ];
        for form in forms {
            let mut list = |first: u32| {
                let urls: Vec<String> = (first..first + 24).map(form).collect();
                let named = (0..).zip(&urls).map(|(at, url)| (Sample, Offset::from_millis(at * 1000), url.as_str()));
                let pictures = templates.pictures(&asset, named);
                assert!(pictures.iter(&asset).map(|picture| picture.url.reveal().to_owned()).eq(urls));
                pictures
            };
            let (one, other) = (list(0), list(100));
            let [one, other] = [one.progressions(), other.progressions()];
            assert_eq!((one.len(), other.len()), (1, 1), "{}", form(0));
            assert!(Arc::ptr_eq(&one[0].url, &other[0].url));
        }
    }

    #[test]
    fn odd_lists_are_flagged_and_kept() {
        let check = |offsets: &[Option<i64>], expected: [u32; 4]| {
            let mut templates = Templates::default();
            let mut list = templates.list(ID);
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
            (0..9u32).prop_map(|n| url("sample", &format!("{n}.jpg?auth_key=9-0-0-{n:032x}"))),
            (0..9u32).prop_map(|n| format!("https://h/{n:032x}/6ab13c00/asset/{ID}/{n}.jpg")),
            (0..9u32).prop_map(|n| format!("https://h/2026031409{n:02}/{n:032x}/asset/{ID}/{n}.jpg?auth_key=1-{n}")),
            (0..9u32).prop_map(|n| url("sample", &format!("{n}.jpg?auth_key={}&auth_key=7", "a".repeat(n as usize)))),
            (0..9u32).prop_map(|n| format!("https://h/asset/{n:032x}/{n}.jpg")),
            (0..9u32).prop_map(|n| format!("https://h/asset/{n:032X}/cover.jpg?auth_key=1-{n}#{n}")),
            (0..9u32).prop_map(|n| url("sample", &format!("{}.jpg?v={n}", n / 3))),
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
