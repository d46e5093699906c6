//! Copies of one event within one record.
//!
//! Shippers keep the text of a record in several fields, and cut it in some of them: a cut copy of an event that stands
//! whole beside it is no loss.

/// The most bytes of a text that are compared, white space left out.
const HEAD_MAX: usize = 512;

/// The bytes at the end of a cut text that may be a mark of the cut, such as `...`.
const MARK_MAX: usize = 12;

/// The fewest bytes that make one text a copy of another.
const COPY_MIN: usize = 24;

/// The beginning of an event's text.
#[derive(Debug)]
pub(super) struct TextHead(Vec<u8>);

impl TextHead {
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().filter(|b| !b.is_ascii_whitespace()).take(HEAD_MAX).collect())
    }

    /// Returns `true` if this cut text begins as the whole one does.
    pub(super) fn is_cut_from(&self, whole: &Self) -> bool {
        let cut = if self.0.len() < HEAD_MAX { self.0.len().saturating_sub(MARK_MAX) } else { HEAD_MAX };
        cut >= COPY_MIN && self.0.get(..cut).is_some_and(|head| whole.0.starts_with(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_begins_as_the_whole_does() {
        let whole = TextHead::of(r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"a"}}"#);
        let check = |cut: &str, expected| assert_eq!(TextHead::of(cut).is_cut_from(&whole), expected, "{cut}");
        check(r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset"#, true);
        check(r#"{"event_type":"thumbnailComplete","thumbnail_in..."#, true);
        check("{ \"event_type\": \"thumbnailComplete\",\n \"thumbnail_info\"", true);
        check(r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"b","status":"SUC"#, false);
        check(r#"{"event_type":"thumbnai"#, false);
    }
}
