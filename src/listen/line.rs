//! A line of the journal: a callback as it came, with its time and its sender.
//!
//! The body is a JSON string, so that it comes back byte for byte and a line is a record as any logger might write it:
//! the readers of logs find the events in it. [`JournalLine::read`] is how a file is known to be a journal.

use super::{admission::CallbackKind, body::BodyFields, delivery::DeliveryId, smn::SmnMessage};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The first bytes of every line.
const PREFIX: &[u8] = b"{\"time\":\"";

/// The text that follows the time.
const AFTER_TIME: &[u8] = b"\",\"from\":\"";

/// The most bytes of a time.
const TIME_MAX: usize = 40;

/// The most bytes of a line: a body of the greatest size whose every byte takes six, and what stands around it.
pub(super) const LINE_MAX: usize = 4 << 20;

/// A callback as the journal holds it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JournalLine<'a> {
    /// The time at which it came, in RFC 3339.
    #[serde(borrow)]
    pub(super) time: Cow<'a, str>,
    /// The address that it came from.
    #[serde(borrow)]
    pub(super) from: Cow<'a, str>,
    pub(super) kind: CallbackKind,
    /// `auth_sign` of a message of MFS that was verified.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) sign: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) body: Cow<'a, str>,
}

impl<'a> JournalLine<'a> {
    /// Returns the line with its newline.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("strings are serialized to memory");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a line without its newline; `None` for what no journal holds.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let read: Self = line.starts_with(PREFIX).then(|| serde_json::from_slice(line).ok())??;
        read.time.parse::<jiff::Timestamp>().is_ok().then_some(read)
    }

    /// Returns the identity of the delivery, where it has one.
    pub(super) fn delivery(&self) -> Option<DeliveryId> {
        match self.kind {
            CallbackKind::Mfs => self.sign.as_deref().map(DeliveryId::of_mfs),
            CallbackKind::Smn | CallbackKind::SmnSubscription => {
                let message = SmnMessage::read(&BodyFields::read(&self.body)?)?;
                Some(DeliveryId::of_smn(&message.message_id, &message.message))
            }
        }
    }
}

/// Returns whether `bytes`, which end early, are the beginning of a line of a journal.
pub(super) fn is_beginning(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(PREFIX) else { return PREFIX.starts_with(bytes) };
    let is_time = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b':' | b'.' | b'T' | b'Z');
    let time = rest.iter().take_while(|byte| is_time(byte)).count();
    let after = rest.get(time..).unwrap_or_default();
    time <= TIME_MAX && (AFTER_TIME.starts_with(after) || after.starts_with(AFTER_TIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(body: &str) -> JournalLine<'_> {
        JournalLine {
            time: "2026-03-14T01:15:02.123Z".into(),
            from: "10.0.0.7".into(),
            kind: CallbackKind::Mfs,
            sign: None,
            body: body.into(),
        }
    }

    #[test]
    fn a_line_holds_the_body_as_it_came() {
        let body = "{\n\t\"a\": \"新品 \\u00e9 \\\\ \\\"\",\r\n\"\u{7f}\u{2028}\": 1}\n";
        let bytes = line(body).to_bytes();
        assert_eq!(memchr::memchr_iter(b'\n', &bytes).count(), 1, "one line");
        assert_eq!(JournalLine::read(bytes.trim_ascii_end()), Some(line(body)));
        let plain = String::from_utf8(line("{}").to_bytes()).unwrap();
        assert_eq!(
            plain,
            "{\"time\":\"2026-03-14T01:15:02.123Z\",\"from\":\"10.0.0.7\",\"kind\":\"mfs\",\"body\":\"{}\"}\n"
        );
    }

    #[test]
    fn other_lines_are_none_of_a_journal() {
        for text in [
            "",
            "{}",
            "2026-03-14 INFO started",
            r#"{"time":"2026-03-14T01:15:02Z","level":"info"}"#,
            r#"{"time":"soon","from":"h","kind":"mfs","body":"{}"}"#,
            r#"{"time":"2026-03-14T01:15:02Z","from":"h","kind":"other","body":"{}"}"#,
            r#"{"time":"2026-03-14T01:15:02Z","from":"h","kind":"mfs","body":{}}"#,
            r#"{"from":"h","time":"2026-03-14T01:15:02Z","kind":"mfs","body":"{}"}"#,
        ] {
            assert_eq!(JournalLine::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn each_beginning_of_a_line_is_known() {
        let bytes = line("{\"a\":1}").to_bytes();
        for end in 0..bytes.len() {
            assert!(is_beginning(&bytes[..end]), "{}", String::from_utf8_lossy(&bytes[..end]));
        }
        for text in ["x", "{\"a", "{\"time\":\"soon", "{\"time\":\"2026-03-14T01:15:02Z\",\"level", "{\"time\":12"] {
            assert!(!is_beginning(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_largest_body_fits_a_line() {
        let body = "\u{1}".repeat(crate::listen::request_body::BODY_MAX);
        assert!(line(&body).to_bytes().len() <= LINE_MAX);
    }
}
