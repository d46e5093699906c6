//! The order of printed assets, and the name of a place in a log.

use crate::{
    catalog::{AssetKey, Catalog},
    event::Origin,
    text::Safe,
};

/// Returns the assets by their newest event, the newest first.
pub fn newest_first(catalog: &Catalog) -> Vec<AssetKey> {
    let mut ranked: Vec<_> = catalog.assets().map(|asset| (asset.rank(), asset.key())).collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    ranked.into_iter().map(|(_, key)| key).collect()
}

/// Returns a place in the file named `file` as `FILE line N`.
pub fn location(file: &str, origin: Origin) -> String {
    let line = origin.line.map_or_else(String::new, |line| format!(" line {line}"));
    format!("{}{line}", Safe::new(file))
}
