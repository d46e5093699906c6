//! A message of SMN as it comes by HTTP, and the text that its signature covers.
//!
//! The signed text is a list of lines without quoting, so that a value with a newline could move the border between two
//! fields. [`SmnMessage::check`] therefore comes before any verification: only `message`, which comes first, may have
//! newlines, and no two messages that pass give the same text.

use super::body::BodyFields;

/// The names of the fields that [`SmnMessage::signed_text`] covers, and of the signature.
pub(super) const COVERED: [&str; 8] =
    ["message", "message_id", "signature", "subject", "subscribe_url", "timestamp", "topic_urn", "type"];

/// A message of SMN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SmnMessage {
    pub(super) kind: SmnType,
    pub(super) message: String,
    pub(super) message_id: String,
    pub(super) subject: Option<String>,
    pub(super) subscribe_url: Option<String>,
    pub(super) timestamp: String,
    pub(super) topic_urn: String,
}

/// The `type` of a message of SMN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmnType {
    /// A message that was published to the topic.
    Notification,
    /// The topic asks whether its messages are wanted.
    SubscriptionConfirmation,
    /// The subscription has ended.
    UnsubscribeConfirmation,
    /// A user of the topic confirmed.
    HttpSubscriptionUserConfirm,
    /// A user of the topic unsubscribed.
    HttpSubscriptionUserUnsubscribe,
}

impl SmnType {
    const ALL: [Self; 5] = [
        Self::Notification,
        Self::SubscriptionConfirmation,
        Self::UnsubscribeConfirmation,
        Self::HttpSubscriptionUserConfirm,
        Self::HttpSubscriptionUserUnsubscribe,
    ];

    /// Returns the type as SMN writes it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "Notification",
            Self::SubscriptionConfirmation => "SubscriptionConfirmation",
            Self::UnsubscribeConfirmation => "UnsubscribeConfirmation",
            Self::HttpSubscriptionUserConfirm => "HttpSubscriptionUserConfirm",
            Self::HttpSubscriptionUserUnsubscribe => "HttpSubscriptionUserUnsubscribe",
        }
    }
}

impl SmnMessage {
    /// Reads a message from the fields of a body; `None` for anything else.
    pub(super) fn read(fields: &BodyFields<'_>) -> Option<Self> {
        let name = fields.text("type")?;
        Some(Self {
            kind: SmnType::ALL.into_iter().find(|kind| kind.as_str() == name)?,
            message: fields.text("message")?,
            message_id: fields.text("message_id")?,
            topic_urn: fields.text("topic_urn")?,
            subject: fields.text("subject"),
            subscribe_url: fields.text("subscribe_url"),
            timestamp: fields.text("timestamp").unwrap_or_default(),
        })
    }

    /// Returns the text that the signature covers: each name and each value on a line of its own, in the order of the
    /// names, with a newline after the last (SMN user guide, "Message Signature Verification").
    pub(super) fn signed_text(&self) -> String {
        let kind = self.kind.as_str().to_owned();
        let mut pairs = vec![("message", &self.message), ("message_id", &self.message_id)];
        match self.kind {
            SmnType::Notification => {
                pairs.extend(self.subject.as_ref().filter(|subject| !subject.is_empty()).map(|text| ("subject", text)));
            }
            SmnType::SubscriptionConfirmation
            | SmnType::UnsubscribeConfirmation
            | SmnType::HttpSubscriptionUserConfirm
            | SmnType::HttpSubscriptionUserUnsubscribe => {
                pairs.extend(self.subscribe_url.as_ref().map(|url| ("subscribe_url", url)));
            }
        }
        pairs.extend([("timestamp", &self.timestamp), ("topic_urn", &self.topic_urn)]);
        pairs.push(("type", &kind));
        let mut text = String::new();
        for (name, value) in pairs {
            for line in [name, value.as_str()] {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    /// Checks that the signed text has one meaning. The error is the name of the field that is at fault.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let is_id = |text: &str| {
            (32..=36).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
        };
        let has_newline = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\n'));
        match self {
            _ if !is_id(&self.message_id) => Err("message_id"),
            _ if !is_time(&self.timestamp) => Err("timestamp"),
            _ if self.topic_urn.contains('\n') => Err("topic_urn"),
            _ if has_newline(&self.subject) => Err("subject"),
            _ if has_newline(&self.subscribe_url) => Err("subscribe_url"),
            _ => Ok(()),
        }
    }
}

/// Returns whether a text is a time as SMN writes it: RFC 3339 in UTC, such as `2026-03-14T01:15:02Z`.
fn is_time(text: &str) -> bool {
    let plain = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'-' | b'T' | b':' | b'.' | b'Z'));
    plain && text.len() >= 20 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message() -> SmnMessage {
        SmnMessage {
            kind: SmnType::Notification,
            message: "m".to_owned(),
            message_id: "d84bd6629ef04513ad2e37bffd6e17cb".to_owned(),
            subject: None,
            subscribe_url: None,
            timestamp: "2026-03-14T01:15:02Z".to_owned(),
            topic_urn: "urn:smn:r:0:t".to_owned(),
        }
    }

    #[test]
    fn the_signed_text_is_that_of_the_documents() {
        let plain = message();
        let head = "message\nm\nmessage_id\nd84bd6629ef04513ad2e37bffd6e17cb\n";
        let tail = "timestamp\n2026-03-14T01:15:02Z\ntopic_urn\nurn:smn:r:0:t\ntype\n";
        assert_eq!(plain.signed_text(), format!("{head}{tail}Notification\n"));
        let empty = SmnMessage { subject: Some(String::new()), ..plain.clone() };
        assert_eq!(empty.signed_text(), plain.signed_text());
        let subject = SmnMessage { subject: Some("VOD".to_owned()), ..plain.clone() };
        assert_eq!(subject.signed_text(), format!("{head}subject\nVOD\n{tail}Notification\n"));
        let confirmation = SmnMessage {
            kind: SmnType::SubscriptionConfirmation,
            subject: Some("not covered".to_owned()),
            subscribe_url: Some("https://h/".to_owned()),
            ..plain
        };
        let expected = format!("{head}subscribe_url\nhttps://h/\n{tail}SubscriptionConfirmation\n");
        assert_eq!(confirmation.signed_text(), expected);
    }

    #[test]
    fn values_that_could_move_a_border_are_refused() {
        let check = |change: fn(&mut SmnMessage), expected| {
            let mut message = message();
            change(&mut message);
            assert_eq!(message.check(), expected, "{message:?}");
        };
        check(|_| {}, Ok(()));
        check(|m| m.message = "a\nmessage_id\nb".to_owned(), Ok(()));
        check(|m| m.message_id = "54bb04ed-dfc8-42e9-b44c-a36393f77cd3".to_owned(), Ok(()));
        check(|m| m.message_id.push('\n'), Err("message_id"));
        check(|m| m.message_id = "x".repeat(32), Err("message_id"));
        check(|m| m.message_id.truncate(8), Err("message_id"));
        check(|m| m.timestamp = "2026-03-14T01:15:02.123Z".to_owned(), Ok(()));
        check(|m| m.timestamp.push('\n'), Err("timestamp"));
        check(|m| m.timestamp = "2026-03-14T09:15:02+08:00".to_owned(), Err("timestamp"));
        check(|m| m.timestamp = "2026-13-14T01:15:02Z".to_owned(), Err("timestamp"));
        check(|m| m.topic_urn.push_str("\nx"), Err("topic_urn"));
        check(|m| m.subject = Some("a\nb".to_owned()), Err("subject"));
        check(|m| m.subscribe_url = Some("https://h/\n".to_owned()), Err("subscribe_url"));
    }

    /// A value made of the very words and newlines that the signed text consists of.
    fn tricky() -> impl Strategy<Value = String> {
        let words = ["message", "message_id", "subject", "timestamp", "\n", "a", "d84bd6629ef04513ad2e37bffd6e17cb"];
        proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..8).prop_map(|words| words.concat())
    }

    fn messages() -> impl Strategy<Value = SmnMessage> {
        let ids = ["d84bd6629ef04513ad2e37bffd6e17cb", "54bb04eddfc842e9b44ca36393f77cd3"];
        let kinds = [SmnType::Notification, SmnType::SubscriptionConfirmation, SmnType::UnsubscribeConfirmation];
        let options = (proptest::option::of(tricky()), proptest::option::of(tricky()));
        (tricky(), proptest::sample::select(ids.to_vec()), options, proptest::sample::select(kinds.to_vec())).prop_map(
            |(message, id, (subject, subscribe_url), kind)| SmnMessage {
                kind,
                message,
                message_id: id.to_owned(),
                subject,
                subscribe_url,
                ..self::message()
            },
        )
    }

    /// The parts of a message that its signature covers.
    fn covered(mut message: SmnMessage) -> SmnMessage {
        if message.kind == SmnType::Notification {
            message.subscribe_url = None;
            message.subject = message.subject.filter(|subject| !subject.is_empty());
        } else {
            message.subject = None;
        }
        message
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn two_messages_never_give_the_same_signed_text(one in messages(), other in messages()) {
            if one.check().is_ok() && other.check().is_ok() && one.signed_text() == other.signed_text() {
                prop_assert_eq!(covered(one), covered(other));
            }
        }
    }
}
