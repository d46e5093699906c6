//! The asset that a name means: its id, its title, or the beginning of either.

use super::{Asset, AssetKey, Catalog};
use crate::event::AssetId;

/// The assets that a name may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetLookup {
    /// None.
    None,
    /// One.
    One(AssetKey),
    /// As many as this; more of the name is needed.
    Several(usize),
}

/// The ways in which a name may mean an asset, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameMeaning {
    Title,
    IdBeginning,
    TitleBeginning,
    TitlePart,
}

impl NameMeaning {
    const COUNT: usize = 4;

    /// Returns the surest way in which a name in lower case means an asset.
    fn of(name: &str, asset: &Asset<'_>) -> Option<Self> {
        let title = asset.title_text().map(str::to_lowercase);
        let begins = |id: &str| id.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        match title {
            Some(title) if title == name => Some(Self::Title),
            _ if begins(asset.id().spell(&mut [0; 32])) => Some(Self::IdBeginning),
            Some(title) if title.starts_with(name) => Some(Self::TitleBeginning),
            Some(title) if title.contains(name) => Some(Self::TitlePart),
            Some(_) | None => None,
        }
    }
}

impl Catalog {
    /// Finds the asset with this id or title, else the one whose id or title begins with it, else the one whose title
    /// contains it. Case is ignored unless the whole id is given.
    pub fn find_named(&self, name: &str) -> AssetLookup {
        if let Some(asset) = AssetId::new(name).and_then(|id| self.find(&id)) {
            return AssetLookup::One(asset.key());
        }
        let name = name.trim().to_lowercase();
        let mut found = [AssetLookup::None; NameMeaning::COUNT];
        for asset in self.assets().filter(|_| !name.is_empty()) {
            if let Some(meaning) = NameMeaning::of(&name, &asset) {
                let found = &mut found[meaning as usize];
                *found = match *found {
                    AssetLookup::None => AssetLookup::One(asset.key()),
                    AssetLookup::One(_) => AssetLookup::Several(2),
                    AssetLookup::Several(count) => AssetLookup::Several(count + 1),
                };
            }
        }
        found.into_iter().find(|found| *found != AssetLookup::None).unwrap_or(AssetLookup::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FileId, FoundEvents, RecordReader};
    use std::num::NonZeroU32;

    fn catalog(assets: &[(&str, &str)]) -> Catalog {
        let (mut found, mut catalog) = (FoundEvents::default(), Catalog::default());
        let mut reader = RecordReader::new(FileId::default());
        for (line, (id, title)) in (1..).zip(assets) {
            let created = format!(
                r#"{{"event_type":"createComplete","create_info":{{"status":"SUCCEED","title":"{title}","asset_id":"{id}"}}}}"#
            );
            let snapped = format!(
                r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"FAILED"}}}}"#
            );
            for text in [created, snapped] {
                reader.read(text.as_bytes(), 0, NonZeroU32::new(line), &mut found);
            }
        }
        reader.finish(&mut found);
        for event in found.events {
            catalog.apply(event);
        }
        catalog
    }

    #[test]
    fn ids_and_titles_are_found_by_their_beginnings() {
        let catalog = catalog(&[
            ("c0ffee01", "Night train, platform #1"),
            ("c0ffee02", "Night train, platform #12"),
            ("deadbeef", "新品发布会 终版"),
            ("beef0000", "Deadline"),
        ]);
        let check = |name: &str, expected: &str| {
            let found = match catalog.find_named(name) {
                AssetLookup::None => "none".to_owned(),
                AssetLookup::One(key) => catalog.asset(key).unwrap().id().to_string(),
                AssetLookup::Several(count) => count.to_string(),
            };
            assert_eq!(found, expected, "{name:?}");
        };
        check("c0ffee01", "c0ffee01");
        check("C0FFEE02", "c0ffee02");
        check("c0", "2");
        check("night train, platform #1", "c0ffee01");
        check("NIGHT", "2");
        check("新品", "deadbeef");
        check("platform #12", "c0ffee02");
        // The beginning of an id goes before that of a title.
        check("dead", "deadbeef");
        check("deadl", "beef0000");
        check("", "none");
        check("nothing like it", "none");
    }
}
