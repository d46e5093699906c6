//! Pictures whose offsets and URL numbers rise by equal steps.

use super::template::{Filling, Template};
use crate::event::{kind::PictureKind, offset::Offset, url::PictureUrl};
use std::sync::Arc;

/// Pictures of one kind whose offsets and numbers rise by equal steps, and whose [texts](Filling) are of one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::event) struct Progression {
    pub(in crate::event) kind: PictureKind,
    /// `true` if all pictures have the same texts, which are kept once.
    pub(super) is_uniform: bool,
    /// The length of each picture's texts in bytes; 0 where the template has no holes for them.
    texts_len: u16,
    pub(in crate::event) count: u32,
    /// In milliseconds, as the step.
    pub(in crate::event) offset: i64,
    pub(in crate::event) step: i64,
    /// The number in the URL, most often the offset in seconds.
    pub(in crate::event) number: u64,
    pub(in crate::event) number_step: i64,
    pub(in crate::event) url: Arc<Template>,
}

/// The progressions of a list that is complete, and the texts of their pictures.
#[derive(Debug, PartialEq)]
pub(super) struct Progressions {
    list: OneOrMany,
    /// One after another, in the order of the pictures; empty where no template has one.
    pub(super) texts: Box<str>,
}

/// Most lists are one progression, which needs no allocation of its own.
#[derive(Debug, PartialEq)]
enum OneOrMany {
    One(Progression),
    Many(Box<[Progression]>),
}

impl Progressions {
    /// Takes the progressions and texts of a list, and leaves both empty.
    pub(super) fn take(progressions: &mut Vec<Progression>, texts: &mut String) -> Self {
        let list = match progressions.pop() {
            Some(only) if progressions.is_empty() => OneOrMany::One(only),
            last => OneOrMany::Many(progressions.drain(..).chain(last).collect()),
        };
        let all = Box::from(texts.as_str());
        texts.clear();
        Self { list, texts: all }
    }

    pub(super) fn as_slice(&self) -> &[Progression] {
        match &self.list {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

impl Progression {
    /// Begins with one picture.
    pub(super) fn new(kind: PictureKind, offset: i64, filling: Filling<'_>, url: Arc<Template>) -> Self {
        let texts_len = filling.texts_len();
        let number = filling.number;
        Self { kind, is_uniform: false, texts_len, count: 1, offset, step: 0, number, number_step: 0, url }
    }

    /// Adds the next picture, whose URL has the same template, if it continues the progression. `texts` are those of the
    /// progression so far.
    pub(super) fn extend(
        &mut self,
        kind: PictureKind,
        offset: i64,
        filling: Filling<'_>,
        texts: &mut String,
        from: usize,
    ) -> bool {
        let number = filling.number;
        if self.kind != kind || self.count == u32::MAX || self.texts_len != filling.texts_len() {
            return false;
        }
        // Most templates have no texts, and are not worth the calls that compare three empty ones.
        let has_texts = |texts: &str| self.texts_len == 0 || filling.has_texts(texts);
        let is_same = (self.is_uniform || self.count == 1) && texts.get(from..).is_some_and(has_texts);
        if self.is_uniform && !is_same {
            return false;
        }
        if self.count == 1 {
            let (Ok(before), Ok(now)) = (i64::try_from(self.number), i64::try_from(number)) else { return false };
            (self.step, self.number_step) = (offset - self.offset, now - before);
        }
        let next = (self.offset + i64::from(self.count) * self.step, self.number_at(self.count));
        let continues = next == (offset, number);
        if continues {
            self.is_uniform = is_same;
            self.count += 1;
            if !is_same {
                filling.push_texts(texts);
            }
        }
        continues
    }

    pub(in crate::event) fn offset_at(&self, at: u32) -> Offset {
        Offset::from_millis(self.offset + i64::from(at) * self.step)
    }

    pub(in crate::event) fn number_at(&self, at: u32) -> u64 {
        self.number.wrapping_add_signed(i64::from(at).wrapping_mul(self.number_step))
    }

    /// Returns the number of bytes of the texts that are kept of it.
    pub(super) fn kept_texts_len(&self) -> usize {
        usize::from(self.texts_len) * if self.is_uniform { 1 } else { self.count as usize }
    }

    /// Folds all fields but those of texts into the hash of the progressions before it in a list.
    pub(super) fn fold_hash(&self, before: u64) -> u64 {
        let fields = [
            self.kind as u64,
            u64::from(self.count),
            self.offset.cast_unsigned(),
            self.step.cast_unsigned(),
            self.number,
            self.number_step.cast_unsigned(),
            self.url.hash(),
        ];
        // The multiplier of Knuth's MMIX generator; the rotation brings the upper bits, which are good, to the lower.
        fields.iter().fold(before, |hash, field| (hash ^ field).wrapping_mul(0x5851_f42d_4c95_7f2d).rotate_left(29))
    }

    /// Returns the URL of a picture; `texts` are those of the list from its first picture on.
    pub(super) fn url_at(&self, at: u32, id: &str, texts: &str) -> PictureUrl {
        let len = usize::from(self.texts_len);
        let from = if self.is_uniform { 0 } else { at as usize * len };
        let texts = texts.get(from..from + len).unwrap_or_default();
        PictureUrl::new(&self.url.fill(id, Filling::new(self.number_at(at), texts, &self.url)))
    }
}
