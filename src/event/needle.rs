//! The words without which no text holds an event.

use super::notation::{Notation, encoding::BASE64_KEYS};
use regex::bytes::{Match, Regex};
use std::sync::LazyLock;

/// The words without which no text holds an event: keys of events and API answers, SMN's types of confirmations, the
/// label of an id in template texts (plain and with the usual escapes), journald messages that are no strings.
pub(super) fn needle(text: &[u8], from: usize) -> Option<Match<'_>> {
    // Literals alone: these are found by vector instructions, without an automaton.
    static NEEDLES: LazyLock<Regex> = LazyLock::new(|| {
        let words = [
            "event_type|eventType|EventType|EVENT_TYPE|Event_Type",
            "thumbnail_info|thumbnailInfo|thumbnail_result|thumbnailResult|thumbnail_status|thumbnailStatus",
            "base_info|baseInfo",
            "SubscriptionConfirmation|UnsubscribeConfirmation|HttpSubscriptionUser",
            r"视频ID|\\u89c6\\u9891ID|\\u89C6\\u9891ID|\\xE8\\xA7\\x86\\xE9\\xA2\\x91ID",
            r#""MESSAGE":null|"MESSAGE": null|"MESSAGE" : null"#,
            r#""MESSAGE":\[|"MESSAGE": \[|"MESSAGE" : \["#,
            &BASE64_KEYS.join("|"),
        ];
        Regex::new(&words.join("|")).expect("the words are a valid pattern")
    });
    NEEDLES.find_at(text, from)
}

/// Returns `true` if a text has a key that makes it look like an event of VOD.
pub fn looks_like_event(text: &str) -> bool {
    let mut at = 0;
    while let Some(found) = needle(text.as_bytes(), at) {
        if Notation::of_thumbnail(text.as_bytes(), found.range()).is_some() {
            return true;
        }
        at = found.end();
    }
    false
}
