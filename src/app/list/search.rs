//! The search for assets by a regular expression.

use super::{counts::PassingAssets, filter::FilterError, word::Word};
use crate::{
    catalog::{Asset, AssetKey, Catalog},
    text::Safe,
};
use regex::{Regex, RegexBuilder};

/// A regex over the id, the title, the code and the message of assets.
#[derive(Clone, Debug)]
pub struct TextSearch {
    regex: Regex,
    /// The same as a word, which is found faster; `None` if the pattern is more than that.
    word: Option<Box<Word>>,
}

impl TextSearch {
    /// Compiles a pattern. It ignores case unless it has upper-case letters.
    pub fn new(pattern: &str) -> Result<Self, FilterError> {
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(!pattern.chars().any(char::is_uppercase))
            .size_limit(1 << 20)
            .build()
            .map_err(|_wrong| FilterError(Safe::new(&format!("\"{pattern}\" is not a valid regular expression"))))?;
        let is_word = regex::escape(pattern) == pattern;
        Ok(Self { regex, word: is_word.then(|| Box::new(Word::new(pattern))) })
    }

    /// Returns whether it matches an asset.
    pub fn matches(&self, asset: &Asset<'_>) -> bool {
        if let Some(word) = &self.word {
            return word.occurs_in_asset(asset);
        }
        let matches = |field: &str| self.regex.is_match(field);
        matches(asset.id().spell(&mut [0; 32]))
            || asset.title().is_some_and(|title| matches(title.as_str()))
            || asset.fault().is_some_and(|fault| matches(&fault.code) || matches(&fault.message))
    }

    /// The pattern as it was typed.
    pub fn pattern(&self) -> Safe {
        Safe::new(self.regex.as_str())
    }
}

/// A search that was entered.
#[derive(Clone, Debug)]
pub struct Search {
    /// The pattern.
    pub pattern: TextSearch,
    /// The assets that it matches, listed or not.
    pub(super) found: PassingAssets,
    /// The number of listed assets that it matched when it was entered.
    pub hits: usize,
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
