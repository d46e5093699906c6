//! The search for assets by a regular expression.

use super::filter::{FilterError, any_field};
use crate::{catalog::Asset, text::Safe};
use regex::{Regex, RegexBuilder};

/// A regex over the id, the title, the code and the message of assets.
#[derive(Clone, Debug)]
pub struct TextSearch(Regex);

impl TextSearch {
    /// Compiles a pattern. It ignores case unless it has upper-case letters.
    pub fn new(pattern: &str) -> Result<Self, FilterError> {
        RegexBuilder::new(pattern)
            .case_insensitive(!pattern.chars().any(char::is_uppercase))
            .size_limit(1 << 20)
            .build()
            .map(Self)
            .map_err(|_wrong| FilterError(Safe::new(&format!("\"{pattern}\" is not a valid regular expression"))))
    }

    /// Returns whether it matches an asset.
    pub fn matches(&self, asset: &Asset<'_>) -> bool {
        any_field(asset, |field| self.0.is_match(field))
    }

    /// The pattern as it was typed.
    pub fn pattern(&self) -> Safe {
        Safe::new(self.0.as_str())
    }
}
