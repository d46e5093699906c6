//! The text with which a regular list continues after its first two pictures.
//!
//! The lists of a log differ in little but their ids: few steps, one way to make a URL. A list is compared with a text
//! that was made for a list before, and no number is parsed.

use super::style::Spelling;
use crate::event::pictures::{progression::Progression, template::IdPlace};
use std::{fmt::Write as _, sync::Arc};

/// The spelling of a list from its third picture on, without the asset's id.
#[derive(Debug)]
pub(super) struct Expected {
    /// The first two pictures.
    pair: Progression,
    spelling: &'static Spelling,
    text: String,
    /// For each picture the index in `text` at which the id is left out, and at which the picture ends.
    pictures: Vec<(usize, usize)>,
}

impl Expected {
    /// The most pictures that are spelled: more than two hours sampled every ten seconds.
    const MAX: u32 = 1024;

    /// Returns `None` if the pictures do not rise by whole seconds, or the URL lacks a hole, has others or needs other
    /// escapes.
    pub(super) fn new(pair: &Progression, spelling: &'static Spelling) -> Option<Self> {
        let whole = pair.offset >= 0 && pair.step > 0 && pair.offset % 1000 == 0 && pair.step % 1000 == 0;
        // Far below the limits of the general reader, so that nothing is accepted here that is not accepted there.
        let small = [pair.offset / 1000, pair.step / 1000, i64::try_from(pair.number).ok()?, pair.number_step]
            .iter()
            .all(|number| (0..50_000).contains(number));
        let url = &pair.url;
        let holes = url.id() == IdPlace::Own && url.has_number() && url.has_no_texts() && url.is_plain();
        (whole && small && holes).then(|| Self {
            pair: pair.clone(),
            spelling,
            text: String::new(),
            pictures: Vec::new(),
        })
    }

    /// Returns `true` if this is the text that follows the first two pictures `pair`.
    pub(super) fn follows(&self, pair: &Progression, spelling: &Spelling) -> bool {
        let numbers = |pair: &Progression| (pair.offset, pair.step, pair.number, pair.number_step);
        numbers(&self.pair) == numbers(pair) && Arc::ptr_eq(&self.pair.url, &pair.url) && self.spelling == spelling
    }

    /// Returns the number of these pictures with which `text` begins, and their length.
    pub(super) fn matching(&mut self, text: &[u8], id: &str) -> (u32, usize) {
        let (mut count, mut len) = (0, 0);
        self.spell(1);
        let Some(mut rest) = text.strip_prefix(&self.text.as_bytes()[..self.pictures[0].0]) else { return (0, 0) };
        while count < Self::MAX
            && let Some(after) = rest.strip_prefix(id.as_bytes())
        {
            // What follows the id of a picture is compared together with what precedes that of the next.
            self.spell(count as usize + 2);
            let (hole, end) = self.pictures[count as usize];
            let (next_hole, _) = self.pictures[count as usize + 1];
            let expected = self.text.as_bytes();
            let next = after.strip_prefix(&expected[hole..next_hole]);
            if next.is_none() && !after.starts_with(&expected[hole..end]) {
                break;
            }
            count += 1;
            len = text.len() - after.len() + (end - hole);
            match next {
                Some(next) => rest = next,
                None => break,
            }
        }
        (count, len)
    }

    /// Spells pictures until there are so many.
    fn spell(&mut self, count: usize) {
        while self.pictures.len() < count {
            self.spell_next();
        }
    }

    fn spell_next(&mut self) {
        let Self { pair, spelling, text, pictures } = self;
        let at = u32::try_from(pictures.len()).unwrap_or(Self::MAX) + 2;
        let (seconds, number) = (pair.offset_at(at).as_millis() / 1000, pair.number_at(at));
        let Spelling { comma, offset, url, slashes } = spelling;
        let [head, _] = pair.url.head();
        let head = slashes.spell(head);
        // Writing into a String cannot fail.
        let _ = write!(text, "{comma}{offset}{seconds}{url}{head}");
        let hole = text.len();
        let middle = slashes.spell(pair.url.middle());
        let _ = write!(text, "{middle}{number}{}\"}}", pair.url.tail());
        pictures.push((hole, text.len()));
    }
}
