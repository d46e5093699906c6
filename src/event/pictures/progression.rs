//! Pictures whose offsets and URL numbers rise by equal steps.

use super::template::{Filling, Template};
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
    /// The signatures of the URLs, all of one length, one after another; empty where the template has none.
    pub(in crate::event) signatures: String,
}

impl Progression {
    /// Begins with one picture.
    pub(super) fn new(kind: PictureKind, offset: i64, filling: Filling<'_>, url: Arc<Template>) -> Self {
        let Filling { number, signature } = filling;
        Self { kind, count: 1, offset, step: 0, number, number_step: 0, url, signatures: signature.to_owned() }
    }

    /// Adds the next picture, whose URL has the same template, if it continues the progression.
    pub(super) fn extend(&mut self, kind: PictureKind, offset: i64, filling: Filling<'_>) -> bool {
        let Filling { number, signature } = filling;
        let fits = signature.len() * self.count as usize == self.signatures.len();
        if self.kind != kind || self.count == u32::MAX || !fits {
            return false;
        }
        if self.count == 1 {
            let (Ok(before), Ok(now)) = (i64::try_from(self.number), i64::try_from(number)) else { return false };
            (self.step, self.number_step) = (offset - self.offset, now - before);
        }
        let next = (self.offset + i64::from(self.count) * self.step, self.number_at(self.count));
        let continues = next == (offset, number);
        if continues {
            if self.count == 1 {
                // One allocation for most lists; what is left over is given back when the list is complete.
                self.signatures.reserve(signature.len() * 15);
            }
            self.count += 1;
            if !signature.is_empty() {
                self.signatures.push_str(signature);
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

    /// Returns `true` if both are equal in all but their signatures.
    pub(super) fn is_same_unsigned(&self, other: &Self) -> bool {
        let numbers = |one: &Self| (one.kind, one.count, one.offset, one.step, one.number, one.number_step);
        numbers(self) == numbers(other) && (Arc::ptr_eq(&self.url, &other.url) || self.url == other.url)
    }

    /// Folds all fields but the signatures into the hash of the progressions before it in a list.
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
        let len = self.signatures.len() / self.count as usize;
        let signature = self.signatures.get(at as usize * len..(at as usize + 1) * len).unwrap_or_default();
        PictureUrl::new(&self.url.fill(id, Filling { number: self.number_at(at), signature }))
    }
}
