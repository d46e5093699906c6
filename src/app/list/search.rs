//! The search for assets by a regular expression.

use super::{
    counts::PassingAssets,
    filter::FilterError,
    word::{Word, any_field},
};
use crate::{
    catalog::{Asset, AssetKey, Catalog, Tally},
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
        any_field(asset, |id| matches(id.spell(&mut [0; 32])), matches)
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

/// The hits of a search that is being typed. They are looked for in chunks, so that a key never waits for them.
#[derive(Clone, Debug)]
pub struct HitCount {
    search: TextSearch,
    /// The assets that were not asked yet.
    left: Vec<AssetKey>,
    found: PassingAssets,
    /// The assets that were listed when the count began: `true` at the index of each key.
    listed: Vec<bool>,
    hits: usize,
    /// The counts of the catalog when the count began, which any new event changes.
    tally: Tally,
}

impl HitCount {
    /// Begins to look among all assets, and to count those of which `listed` is `true` at the index of their key.
    pub(super) fn new(search: TextSearch, all: &[AssetKey], listed: &[bool], catalog: &Catalog) -> Self {
        let (mut left, listed) = (all.to_vec(), listed.to_vec());
        // In the order in which they lie in memory.
        left.sort_unstable();
        Self { search, left, found: PassingAssets::default(), listed, hits: 0, tally: catalog.tally() }
    }

    /// Asks the next assets.
    pub fn advance(&mut self, catalog: &Catalog) {
        let from = self.left.len().saturating_sub(CHUNK);
        for asset in self.left.drain(from..).filter_map(|key| catalog.asset(key)) {
            if self.search.matches(&asset) {
                self.found.add(&asset);
                self.hits += usize::from(self.listed.get(asset.key().0 as usize) == Some(&true));
            }
        }
    }

    /// Asks the rest; returns the search, and the assets that it matches.
    pub(super) fn finish(mut self, catalog: &Catalog) -> (TextSearch, PassingAssets) {
        while !self.is_complete() {
            self.advance(catalog);
        }
        (self.search, self.found)
    }

    /// Returns whether it looks for this pattern, and nothing was read since it began.
    pub(super) fn is_of(&self, pattern: &str, catalog: &Catalog) -> bool {
        self.search.regex.as_str() == pattern && self.tally == catalog.tally()
    }

    /// Returns whether all assets were asked.
    pub fn is_complete(&self) -> bool {
        self.left.is_empty()
    }

    /// The number of listed hits so far.
    pub fn hits(&self) -> usize {
        self.hits
    }
}
