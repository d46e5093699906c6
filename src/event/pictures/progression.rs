//! Pictures whose offsets and URL numbers rise by equal steps.

use super::template::Template;
use crate::event::{kind::PictureKind, offset::Offset, url::PictureUrl};
use std::sync::Arc;

/// Pictures of one kind whose offsets and numbers rise by equal steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::event) struct Progression {
    pub(in crate::event) kind: PictureKind,
    pub(in crate::event) count: u32,
    /// In milliseconds, as the step.
    pub(in crate::event) offset: i64,
    pub(in crate::event) step: i64,
    /// The number in the URL, most often the offset in seconds.
    pub(in crate::event) number: u64,
    pub(in crate::event) number_step: i64,
    pub(in crate::event) url: Arc<Template>,
}

impl Progression {
    /// Begins with one picture.
    pub(super) fn new(kind: PictureKind, offset: i64, number: u64, url: Arc<Template>) -> Self {
        Self { kind, count: 1, offset, step: 0, number, number_step: 0, url }
    }

    /// Adds the next picture, whose URL has the same template, if it continues the progression.
    pub(super) fn extend(&mut self, kind: PictureKind, offset: i64, number: u64) -> bool {
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

    pub(in crate::event) fn offset_at(&self, at: u32) -> Offset {
        Offset::from_millis(self.offset + i64::from(at) * self.step)
    }

    pub(in crate::event) fn number_at(&self, at: u32) -> u64 {
        self.number.wrapping_add_signed(i64::from(at).wrapping_mul(self.number_step))
    }

    /// Folds all fields into the hash of the progressions before it in a list.
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

    pub(super) fn url_at(&self, at: u32, id: &str) -> PictureUrl {
        PictureUrl::new(&self.url.fill(id, self.number_at(at)))
    }
}
