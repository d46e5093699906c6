//! Copies of one event within one record.
//!
//! Shippers keep the text of a record in several fields, and cut it in some of them: a cut copy of an event that stands
//! whole beside it is no loss.

/// The most bytes of a text that are kept.
const HEAD_MAX: usize = 2048;

/// The most bytes of it that are compared, white space not counted: printers of JSON set it differently.
const COMPARED_MAX: usize = 512;

/// The bytes at the end of a cut text that may be a mark of the cut, such as `...`.
const MARK_MAX: usize = 12;

/// The fewest bytes that make one text a copy of another.
const COPY_MIN: usize = 24;

/// The beginning of an event's text, copied as it is: it is compared only where a text is refused.
#[derive(Debug)]
pub(super) struct TextHead(Box<[u8]>);

/// The beginnings of the whole events of a record, sorted. A record may have a hundred thousand, so none is compared
/// with each.
#[derive(Debug)]
pub(super) struct WholeTexts(Vec<Vec<u8>>);

impl TextHead {
    pub(super) fn of(text: &str) -> Self {
        Self(text.as_bytes().get(..HEAD_MAX.min(text.len())).unwrap_or_default().into())
    }

    fn compared(&self) -> Vec<u8> {
        self.0.iter().filter(|b| !b.is_ascii_whitespace()).take(COMPARED_MAX).copied().collect()
    }
}

impl WholeTexts {
    pub(super) fn new<'h>(heads: impl Iterator<Item = &'h TextHead>) -> Self {
        let mut texts: Vec<_> = heads.map(TextHead::compared).collect();
        texts.sort_unstable();
        Self(texts)
    }

    /// Returns `true` if one of the texts begins as this cut one does.
    pub(super) fn hold(&self, cut: &TextHead) -> bool {
        let mut cut = cut.compared();
        if cut.len() < COMPARED_MAX {
            cut.truncate(cut.len().saturating_sub(MARK_MAX));
        }
        // The texts with this beginning stand together, and nothing between them and those that are less.
        let first = self.0.partition_point(|text| *text < cut);
        cut.len() >= COPY_MIN && self.0.get(first).is_some_and(|text| text.starts_with(&cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_begins_as_the_whole_does() {
        let whole = |id| format!(r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}"}}}}"#);
        let heads = ["b", "a", "c"].map(|id| TextHead::of(&whole(id)));
        let wholes = WholeTexts::new(heads.iter());
        let check = |cut: &str, expected| assert_eq!(wholes.hold(&TextHead::of(cut)), expected, "{cut}");
        check(r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset"#, true);
        check(r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"b"} and so on"#, true);
        check(r#"{"event_type":"thumbnailComplete","thumbnail_in..."#, true);
        check("{ \"event_type\": \"thumbnailComplete\",\n \"thumbnail_info\"", true);
        check(r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"d","status":"SUC"#, false);
        check(r#"{"event_type":"thumbnai"#, false);
    }

    #[test]
    fn long_texts_are_compared_by_their_beginnings() {
        let long = |end: &str| format!(r#"{{"event_type":"thumbnailComplete","x":"{}{end}"#, "y".repeat(3000));
        let wholes = WholeTexts::new([TextHead::of(&long("\"}"))].iter());
        assert!(wholes.hold(&TextHead::of(&long("..."))));
        assert!(!wholes.hold(&TextHead::of(&long("...").replace("yy", "yz"))));
    }
}
