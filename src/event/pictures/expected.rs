//! What the rest of a regular list will read like.
//!
//! The lists of a log differ in little but their ids: few steps, one way to make a URL. Once two pictures of a list are
//! known, the others are compared with a text that was made for a list before, and no number is read. This is a way to
//! be fast and nothing else: what differs in any byte is read as the first two pictures were.

use super::{Progression, Spelling};
use std::{fmt::Write as _, sync::Arc};

/// The pictures of a run as they are spelled, from the third on, without the asset's id.
#[derive(Debug)]
pub(super) struct Expected {
    /// The first two pictures.
    progression: Progression,
    spelling: &'static Spelling,
    text: String,
    /// Where in `text` the id is left out of each picture, and where the picture ends.
    pictures: Vec<(usize, usize)>,
}

impl Expected {
    /// How many pictures are made: more than a video sampled every ten seconds has in two hours.
    const MAX: u32 = 1024;

    /// `None` where the pictures rise by no whole seconds, or the URL lacks a hole or needs other escapes.
    pub(super) fn new(progression: &Progression, spelling: &'static Spelling) -> Option<Self> {
        let whole = progression.offset >= 0
            && progression.step > 0
            && progression.offset % 1000 == 0
            && progression.step % 1000 == 0;
        // Far below what the general way takes, so that nothing is taken here that is not taken there.
        let small = [
            progression.offset / 1000,
            progression.step / 1000,
            i64::try_from(progression.number).ok()?,
            progression.number_step,
        ]
        .iter()
        .all(|number| (0..50_000).contains(number));
        let holes = progression.url.id && progression.url.number && progression.url.is_plain();
        (whole && small && holes).then(|| Self {
            progression: progression.clone(),
            spelling,
            text: String::new(),
            pictures: Vec::new(),
        })
    }

    /// Whether this is the text that follows the first two pictures of `run`.
    pub(super) fn is_of(&self, progression: &Progression, spelling: &Spelling) -> bool {
        let numbers = |progression: &Progression| {
            (progression.offset, progression.step, progression.number, progression.number_step)
        };
        numbers(&self.progression) == numbers(progression)
            && Arc::ptr_eq(&self.progression.url, &progression.url)
            && self.spelling == spelling
    }

    /// How many of the pictures `text` begins with, and their length.
    pub(super) fn count(&mut self, text: &[u8], id: &str) -> (u32, usize) {
        let (mut count, mut begin, mut rest) = (0, 0, text);
        while count < Self::MAX {
            if self.pictures.len() == count as usize {
                self.make();
            }
            let (hole, end) = self.pictures[count as usize];
            let expected = self.text.as_bytes();
            let after = rest
                .strip_prefix(&expected[begin..hole])
                .and_then(|rest| rest.strip_prefix(id.as_bytes()))
                .and_then(|rest| rest.strip_prefix(&expected[hole..end]));
            let Some(after) = after else { break };
            (count, begin, rest) = (count + 1, end, after);
        }
        (count, text.len() - rest.len())
    }

    /// Makes the next picture's text.
    fn make(&mut self) {
        let Self { progression, spelling, text, pictures } = self;
        let at = u32::try_from(pictures.len()).unwrap_or(Self::MAX) + 2;
        let (seconds, number) = (progression.offset_at(at).as_millis() / 1000, progression.number_at(at));
        let Spelling { comma, offset, url, slashes } = spelling;
        let head = slashes.spell(&progression.url.head);
        // Writing into a String cannot fail.
        let _ = write!(text, "{comma}{offset}{seconds}{url}{head}");
        let hole = text.len();
        let middle = slashes.spell(&progression.url.middle);
        let _ = write!(text, "{middle}{number}{}\"}}", progression.url.tail);
        pictures.push((hole, text.len()));
    }
}
