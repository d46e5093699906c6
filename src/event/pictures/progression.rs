//! Pictures whose offsets and URL numbers rise by equal steps.

use super::template::Template;
use crate::event::{kind::PictureKind, offset::Offset, url::PictureUrl};
use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

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

    pub(super) fn url_at(&self, at: u32, id: &str) -> PictureUrl {
        PictureUrl::new(&self.url.fill(id, self.number_at(at)))
    }
}

impl Hash for Progression {
    /// Leaves the URL out: its text is long, and lists that differ in nothing else are few.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let numbers = [self.offset, self.step, self.number.cast_signed(), i64::from(self.count)];
        let sum = numbers.iter().fold(self.kind as i64, |sum, number| sum.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ number);
        sum.hash(state);
    }
}
