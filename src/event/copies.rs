//! Copies of one event within one record.
//!
//! Shippers keep the text of a record in several fields, and cut it in some of them: a cut copy of an event that stands
//! whole beside it is no loss.

/// The most bytes of a text that are compared.
const HEAD_MAX: usize = 1024;

/// The bytes at the end of a cut text that may be a mark of the cut, such as `...`.
const MARK_MAX: usize = 12;

/// The fewest bytes that make one text a copy of another.
const COPY_MIN: usize = 24;

/// The beginning of an event's text, copied as it is: it is compared only where a text is refused.
#[derive(Debug)]
pub(super) struct TextHead(Box<[u8]>);

impl TextHead {
    pub(super) fn of(text: &str) -> Self {
        Self(text.as_bytes().get(..HEAD_MAX.min(text.len())).unwrap_or_default().into())
    }

    /// Returns `true` if this cut text begins as the whole one does.
    pub(super) fn is_cut_from(&self, whole: &Self) -> bool {
        let mark = if self.is_whole_text() { MARK_MAX } else { 0 };
        let mut cut = dense(self.0.get(..self.0.len().saturating_sub(mark)).unwrap_or_default());
        let beginning = dense(&whole.0);
        if !whole.is_whole_text() {
            cut.truncate(beginning.len());
        }
        cut.len() >= COPY_MIN && beginning.starts_with(&cut)
    }

    /// Returns `true` if the text is no longer than its beginning.
    fn is_whole_text(&self) -> bool {
        self.0.len() < HEAD_MAX
    }
}

/// Returns a text without white space, which printers of JSON set differently.
fn dense(text: &[u8]) -> Vec<u8> {
    text.iter().filter(|b| !b.is_ascii_whitespace()).copied().collect()
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
