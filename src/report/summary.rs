//! The counts of a summary: of the assets that pass the filter, and of all where those differ.

use super::asset::code;
use crate::{
    catalog::{AssetKey, Catalog, Tally},
    event::redact,
    text::Safe,
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use std::{borrow::Cow, collections::HashMap};

/// The counts of the assets that pass a filter.
pub(super) struct Summary {
    tally: Tally,
    /// The assets of each error code, the most frequent code first.
    codes: Vec<(String, u64)>,
    /// The counts of all assets, where the filter leaves some out.
    unfiltered: Option<Tally>,
}

/// A count: its name, and the number that it is.
type Count = (&'static str, fn(&Tally) -> u64);

/// The counts that follow from which assets pass. Scripts rely on the order.
const FILTERED: [Count; 5] = [
    ("assets", |tally| tally.assets),
    ("succeed", |tally| tally.succeed),
    ("failed", |tally| tally.failed),
    ("other", |tally| tally.other),
    ("events", |tally| tally.events),
];

/// The counts of the logs, which no filter changes. Scripts rely on the order.
const OF_LOGS: [Count; 5] = [
    ("other_events", |tally| tally.other_events),
    ("duplicates", |tally| tally.duplicates),
    ("replayed", |tally| tally.counts.replayed),
    ("lines", |tally| tally.counts.lines),
    ("unparsed", |tally| tally.counts.unparsed),
];

impl Summary {
    /// Counts the assets of `keys`.
    pub(super) fn new(catalog: &Catalog, keys: &[AssetKey]) -> Self {
        let all = catalog.tally();
        let tally = if keys.len() as u64 == all.assets { all } else { catalog.tally_of(keys) };
        let mut raw: HashMap<&str, u64> = HashMap::new();
        for code in keys.iter().filter_map(|key| catalog.asset(*key)).filter_map(|asset| asset.fault().and_then(code)) {
            *raw.entry(code).or_default() += 1;
        }
        // There are few codes, and many assets with each. Without their secrets some may be the same.
        let mut counts: HashMap<Cow<'_, str>, u64> = HashMap::new();
        for (code, count) in raw {
            *counts.entry(redact(code)).or_default() += count;
        }
        let mut codes: Vec<(String, u64)> =
            counts.into_iter().map(|(code, count)| (code.into_owned(), count)).collect();
        codes.sort_by(|(code, count), (other, others)| others.cmp(count).then_with(|| code.cmp(other)));
        Self { tally, codes, unfiltered: Some(all).filter(|all| all.assets != tally.assets) }
    }

    /// Returns names and numbers as words without spaces, in the order of the JSON.
    pub(super) fn words(&self) -> Vec<(String, u64)> {
        let counts = FILTERED.iter().chain(&OF_LOGS).map(|(name, count)| ((*name).to_owned(), count(&self.tally)));
        let codes = self.codes.iter().map(|(code, count)| (format!("code.{}", word(code)), *count));
        let unfiltered = self
            .unfiltered
            .iter()
            .flat_map(|all| FILTERED.iter().map(move |(name, count)| (format!("unfiltered.{name}"), count(all))));
        counts.chain(codes).chain(unfiltered).collect()
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, count) in FILTERED.iter().chain(&OF_LOGS) {
            map.serialize_entry(name, &count(&self.tally))?;
        }
        if !self.codes.is_empty() {
            map.serialize_entry("codes", &Object(self.codes.iter().map(|(code, count)| (code.as_str(), *count))))?;
        }
        if let Some(all) = &self.unfiltered {
            map.serialize_entry("unfiltered", &Object(FILTERED.iter().map(|(name, count)| (*name, count(all)))))?;
        }
        map.end()
    }
}

/// Names and numbers as a JSON object.
struct Object<I>(I);

impl<'a, I: Iterator<Item = (&'a str, u64)> + Clone> Serialize for Object<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

/// Returns a code as one word.
fn word(code: &str) -> String {
    Safe::new(code).as_str().split_whitespace().collect::<Vec<_>>().join("_")
}
