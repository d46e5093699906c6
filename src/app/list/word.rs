//! A word to find in the id, the title, the code or the message of assets.
//!
//! A filter asks every asset at each key, so nothing is spelled or folded that need not be.

use crate::{
    catalog::Asset,
    event::{AssetId, HexDigits},
};
use memchr::memmem::Finder;

/// Returns whether the id of an asset, or a text among its title, code and message, passes its test.
pub(super) fn any_field(asset: &Asset<'_>, id: impl Fn(&AssetId) -> bool, text: impl Fn(&str) -> bool) -> bool {
    id(asset.id())
        || asset.title().is_some_and(|title| text(title.as_str()))
        || asset.fault().is_some_and(|fault| text(&fault.code) || text(&fault.message))
}

/// A word to find, in any case unless it has upper-case letters.
#[derive(Clone, Debug)]
pub(super) struct Word {
    text: String,
    finder: Finder<'static>,
    exact: bool,
    /// The word as digits of an id; `None` if it is in no id of hexadecimal digits.
    digits: Option<HexDigits>,
}

impl Word {
    pub(super) fn new(text: &str) -> Self {
        let exact = text.chars().any(char::is_uppercase);
        let text = if exact { text.to_owned() } else { text.to_lowercase() };
        Self { finder: Finder::new(text.as_bytes()).into_owned(), digits: HexDigits::new(&text), text, exact }
    }

    /// Returns whether `part` occurs wherever this word does. Of a word in any case and one in its own that is not known.
    pub(super) fn implies(&self, part: &Self) -> bool {
        self.exact == part.exact && self.text.contains(&part.text)
    }

    /// Returns whether it occurs in a field of an asset.
    pub(super) fn occurs_in_asset(&self, asset: &Asset<'_>) -> bool {
        any_field(asset, |id| self.occurs_in_id(id), |text| self.occurs_in(text))
    }

    fn occurs_in_id(&self, id: &AssetId) -> bool {
        match id.digits() {
            Some(digits) => self.digits.is_some_and(|own| own.occur_in(digits)),
            None => self.occurs_in(id.spell(&mut [0; 32])),
        }
    }

    fn occurs_in(&self, field: &str) -> bool {
        if self.finder.find(field.as_bytes()).is_some() {
            return true;
        }
        // A glance at the bytes first: most texts have nothing to fold.
        let may_fold = || field.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii());
        !self.exact && may_fold() && field.chars().any(char::is_uppercase) && field.to_lowercase().contains(&self.text)
    }
}
