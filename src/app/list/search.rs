//! The search for assets by a regular expression.

use super::filter::{FilterError, any_field};
use crate::{
    catalog::{Asset, AssetKey, Catalog},
    text::Safe,
};
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

/// The number of assets that are asked in one go, in some milliseconds.
const CHUNK: usize = 20_000;

/// The count of the hits of a search that is being typed. It goes on in chunks, so that a key never waits for it.
#[derive(Clone, Debug)]
pub struct HitCount {
    search: TextSearch,
    /// The assets that were not asked yet.
    left: Vec<AssetKey>,
    hits: usize,
}

impl HitCount {
    /// Begins to count among assets.
    pub fn new(search: TextSearch, mut assets: Vec<AssetKey>) -> Self {
        // In the order in which they lie in memory.
        assets.sort_unstable();
        Self { search, left: assets, hits: 0 }
    }

    /// Asks the next assets.
    pub fn advance(&mut self, catalog: &Catalog) {
        let from = self.left.len().saturating_sub(CHUNK);
        let asked = self.left.drain(from..).filter_map(|key| catalog.asset(key));
        self.hits += asked.filter(|asset| self.search.matches(asset)).count();
    }

    /// Returns whether all assets were asked.
    pub fn is_complete(&self) -> bool {
        self.left.is_empty()
    }

    /// The number of hits so far.
    pub fn hits(&self) -> usize {
        self.hits
    }
}
