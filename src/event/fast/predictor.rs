//! Prediction of the next picture of a list from the pictures before it.

use super::{
    expected::Expected,
    style::{Slashes, Spelling},
};
use crate::event::{
    digits::leading_number,
    kind::PictureKind,
    offset::Offset,
    pictures::{
        builder::PictureListBuilder,
        progression::Progression,
        template::{Filling, IdPlace, Template, is_query, other_id_len},
    },
};
use std::{collections::VecDeque, sync::Arc};

/// Texts of the lists read before, the newest last.
#[derive(Debug, Default)]
pub(super) struct ExpectedLists(VecDeque<Expected>);

/// The predictor of one list.
pub(super) struct Predictor<'a> {
    lists: &'a mut ExpectedLists,
    id: &'a str,
    spelling: &'static Spelling,
    /// The template whose prefix is in `prefix`.
    template: Option<Arc<Template>>,
    /// The spelling of the template up to its number; empty where it needs other escapes than for slashes.
    prefix: &'a mut Vec<u8>,
    /// The indices in `prefix` at which a signature and the id of another asset are left out.
    holes: [usize; 2],
}

impl ExpectedLists {
    const MAX: usize = 16;

    /// Returns the text that follows these first two pictures, if a list before began alike.
    fn find(&mut self, pair: &Progression, spelling: &'static Spelling) -> Option<&mut Expected> {
        if !pair.url.has_no_texts() {
            return None;
        }
        if let Some(known) = self.0.iter().position(|expected| expected.follows(pair, spelling)) {
            return self.0.get_mut(known);
        }
        let expected = Expected::new(pair, spelling)?;
        if self.0.len() == Self::MAX {
            self.0.pop_front();
        }
        self.0.push_back(expected);
        None
    }
}

impl<'a> Predictor<'a> {
    pub(super) fn new(
        lists: &'a mut ExpectedLists,
        prefix: &'a mut Vec<u8>,
        id: &'a str,
        spelling: &'static Spelling,
    ) -> Self {
        prefix.clear();
        Self { lists, id, spelling, template: None, prefix, holes: [0; 2] }
    }

    /// Adds a picture to `list` if `text` begins with the URL that the picture before predicts, and a quote; returns
    /// the length of the URL.
    pub(super) fn push(
        &mut self,
        list: &mut PictureListBuilder<'_>,
        kind: PictureKind,
        offset: Offset,
        text: &[u8],
    ) -> Option<usize> {
        let template = list.template()?;
        if !self.template.as_ref().is_some_and(|known| Arc::ptr_eq(known, template)) {
            self.template = Some(Arc::clone(template));
            self.holes = write_prefix(template, self.id, self.spelling.slashes, self.prefix);
        }
        if self.prefix.is_empty() {
            return None;
        }
        let (filling, len) = if template.has_no_texts() {
            let rest = text.strip_prefix(self.prefix.as_slice())?;
            let (number, rest) = if template.has_number() { leading_number(rest)? } else { (0, rest) };
            // Slashes in a tail are too rare to compare their escapes.
            let rest = rest.strip_prefix(template.tail().as_bytes()).filter(|rest| rest.first() == Some(&b'"'))?;
            (Filling { number, ..Filling::default() }, text.len() - rest.len())
        } else {
            self.filling(template, text)?
        };
        list.push_filled(kind, offset, filling);
        Some(len)
    }

    /// Reads the URL of a template with holes for texts; returns what fills it, and its length.
    fn filling<'t>(&self, template: &Template, text: &'t [u8]) -> Option<(Filling<'t>, usize)> {
        let [signature_at, id_at] = self.holes;
        let prefix = self.prefix.as_slice();
        let rest = text.strip_prefix(prefix.get(..signature_at)?)?;
        let (signature, rest) = rest.split_at_checked(template.signature().matching(rest)?)?;
        let rest = rest.strip_prefix(prefix.get(signature_at..id_at)?)?;
        let (id, rest) = match template.id() {
            IdPlace::None | IdPlace::Own => rest.split_at_checked(0)?,
            IdPlace::Other => rest.split_at_checked(other_id_len(rest, self.id)?)?,
        };
        let rest = rest.strip_prefix(prefix.get(id_at..)?)?;
        let (number, rest) = if template.has_number() { leading_number(rest)? } else { (0, rest) };
        let rest = rest.strip_prefix(template.tail().as_bytes())?;
        let query = if template.has_query() { memchr::memchr(b'"', rest)? } else { 0 };
        let (query, rest) = rest.split_at_checked(query)?;
        if rest.first() != Some(&b'"') || template.has_query() && !is_query(query) {
            return None;
        }
        let [id, signature, query] = [id, signature, query].map(|text| std::str::from_utf8(text).ok());
        Some((Filling { number, id: id?, signature: signature?, query: query? }, text.len() - rest.len()))
    }

    /// Adds the pictures with which `text` continues like a list before; returns their length.
    ///
    /// To be called after each picture; it acts once two of them make a progression.
    pub(super) fn push_expected(&mut self, list: &mut PictureListBuilder<'_>, text: &[u8]) -> usize {
        let Some(pair) = list.pair() else { return 0 };
        let Some(expected) = self.lists.find(pair, self.spelling) else { return 0 };
        let (count, len) = expected.matching(text, self.id);
        list.continue_by(count);
        len
    }
}

/// Writes the spelling of a template up to its number, without signature and id of another asset; nothing where it needs
/// other escapes than for slashes, as the event's id does not. Returns the indices at which those two are left out.
fn write_prefix(template: &Template, id: &str, slashes: Slashes, prefix: &mut Vec<u8>) -> [usize; 2] {
    prefix.clear();
    let id = if template.id() == IdPlace::Own { id } else { "" };
    if !template.is_plain() {
        return [0; 2];
    }
    let [before, after] = template.head();
    let holes = [before, after].map(|part| {
        prefix.extend_from_slice(slashes.spell(part).as_bytes());
        prefix.len()
    });
    for part in [id, template.middle()] {
        prefix.extend_from_slice(slashes.spell(part).as_bytes());
    }
    holes
}
