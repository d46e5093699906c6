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
        template::{Filling, SignaturePlace, Template, is_plain, query_signature_len},
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
}

impl ExpectedLists {
    const MAX: usize = 16;

    /// Returns the text that follows these first two pictures, if a list before began alike.
    fn find(&mut self, pair: &Progression, spelling: &'static Spelling) -> Option<&mut Expected> {
        if let Some(known) = self.0.iter().position(|expected| expected.follows(pair, spelling)) {
            return self.0.get_mut(known);
        }
        if self.0.len() == Self::MAX {
            self.0.pop_front();
        }
        self.0.extend(Expected::new(pair, spelling));
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
        Self { lists, id, spelling, template: None, prefix }
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
            write_prefix(template, self.id, self.spelling.slashes, self.prefix);
        }
        if self.prefix.is_empty() {
            return None;
        }
        let rest = text.strip_prefix(self.prefix.as_slice())?;
        let (number, rest) = if template.has_number() { leading_number(rest)? } else { (0, rest) };
        // A tail with slashes stands in a query; it is too rare to compare its escapes.
        let [before, after] = template.tail();
        let rest = rest.strip_prefix(before.as_bytes())?;
        let (signature, rest) = match template.signature() {
            SignaturePlace::None => ("", rest),
            SignaturePlace::Head => return None,
            SignaturePlace::Tail => {
                let (signature, rest) = rest.split_at_checked(query_signature_len(rest))?;
                (std::str::from_utf8(signature).ok()?, rest.strip_prefix(after.as_bytes())?)
            }
        };
        if rest.first() != Some(&b'"') {
            return None;
        }
        list.push_filled(kind, offset, Filling { number, signature });
        Some(text.len() - rest.len())
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

/// Writes the spelling of a template up to its number; nothing where it needs other escapes than for slashes.
fn write_prefix(template: &Template, id: &str, slashes: Slashes, prefix: &mut Vec<u8>) {
    prefix.clear();
    let id = if template.has_id() { id } else { "" };
    if template.signature() != SignaturePlace::Head && template.is_plain() && is_plain(id) {
        for part in [template.head(), id, template.middle()] {
            prefix.extend_from_slice(slashes.spell(part).as_bytes());
        }
    }
}
