//! The callbacks that are accepted: the answer to a body and its headers, without any IO.
//!
//! Where a certificate or a key is given, everything must be signed by what fits it. A signature covers some values
//! only, so the rest of a body must not hold an event: whoever has seen one signed message could add others to it.

use super::{
    body::{BodyFields, Repetition},
    delivery::DeliveryId,
    refusal::CallbackRefusal,
    signature::{MfsKey, SmnCertificate},
    smn::{COVERED, SmnMessage, SmnType},
};
use crate::event::{FileId, FoundEvents, RecordReader};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::num::NonZeroU32;

/// The proof that callbacks must bring.
#[derive(Debug, Default)]
pub(super) struct TrustedKeys {
    /// The certificates and topics of SMN.
    pub(super) smn: Option<TrustedTopics>,
    /// The key of MFS.
    pub(super) mfs: Option<MfsKey>,
}

/// The certificates by one of which a message of SMN must be signed, and the topics that it may belong to. Everyone's
/// topics are signed by the same certificate.
#[derive(Debug)]
pub(super) struct TrustedTopics {
    pub(super) certificates: Vec<SmnCertificate>,
    pub(super) topics: Vec<String>,
}

/// A request, as far as it matters.
#[derive(Debug, Default)]
pub(super) struct ReceivedCallback<'a> {
    pub(super) body: &'a [u8],
    /// The header `auth_timestamp` of MFS.
    pub(super) auth_timestamp: Option<&'a str>,
    /// The header `auth_sign` of MFS.
    pub(super) auth_sign: Option<&'a str>,
}

/// A callback that is to be kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Callback<'a> {
    pub(super) kind: CallbackKind,
    pub(super) body: &'a str,
    /// The identity of the delivery, where it has one.
    pub(super) delivery: Option<DeliveryId>,
    /// `auth_sign`, where it was verified.
    pub(super) sign: Option<&'a str>,
    /// The change of a subscription that it reports.
    pub(super) subscription: Option<SubscriptionChange>,
}

/// The kind of a callback, as the journal names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CallbackKind {
    /// A notification of SMN.
    Smn,
    /// A message of SMN about a subscription.
    SmnSubscription,
    /// A message of MFS, or any other body with an event.
    Mfs,
}

/// A message of SMN about a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionChange {
    /// The type of the message.
    pub kind: SmnType,
    /// The topic.
    pub topic_urn: String,
    /// The URL that confirms the subscription, or begins it again.
    pub subscribe_url: Option<String>,
    /// `true` if the message is known to come from SMN.
    pub origin: MessageOrigin,
}

/// The knowledge of a message's origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageOrigin {
    /// Its signature was verified, and its topic is a trusted one.
    Verified,
    /// Anybody may have sent it.
    Unknown,
}

impl TrustedKeys {
    /// Returns whether callbacks must be signed.
    pub(super) fn origin(&self) -> MessageOrigin {
        if self.smn.is_none() && self.mfs.is_none() { MessageOrigin::Unknown } else { MessageOrigin::Verified }
    }

    /// Decides about a callback.
    pub(super) fn admit<'a>(&self, received: &ReceivedCallback<'a>) -> Result<Callback<'a>, CallbackRefusal> {
        let body = str::from_utf8(received.body).map_err(|_binary| CallbackRefusal::NoEvent)?;
        let fields = BodyFields::read(body);
        match fields.as_ref().and_then(SmnMessage::read).zip(fields.as_ref()) {
            Some((message, fields)) => self.admit_smn(body, &message, fields),
            None => self.admit_mfs(body, fields.as_ref(), received),
        }
    }

    fn admit_smn<'a>(
        &self,
        body: &'a str,
        message: &SmnMessage,
        fields: &BodyFields<'_>,
    ) -> Result<Callback<'a>, CallbackRefusal> {
        match &self.smn {
            Some(trusted) => trusted.verify(message, fields)?,
            None if self.origin() == MessageOrigin::Verified => return Err(CallbackRefusal::NoCertificate),
            None => {}
        }
        let change = || SubscriptionChange {
            kind: message.kind,
            topic_urn: message.topic_urn.clone(),
            subscribe_url: message.subscribe_url.clone(),
            origin: self.origin(),
        };
        let (kind, subscription) = match message.kind {
            SmnType::Notification => (CallbackKind::Smn, None),
            SmnType::SubscriptionConfirmation
            | SmnType::UnsubscribeConfirmation
            | SmnType::HttpSubscriptionUserConfirm
            | SmnType::HttpSubscriptionUserUnsubscribe => (CallbackKind::SmnSubscription, Some(change())),
        };
        let delivery = Some(DeliveryId::of_smn(&message.message_id, &message.message));
        Ok(Callback { kind, body, delivery, sign: None, subscription })
    }

    fn admit_mfs<'a>(
        &self,
        body: &'a str,
        fields: Option<&BodyFields<'_>>,
        received: &ReceivedCallback<'a>,
    ) -> Result<Callback<'a>, CallbackRefusal> {
        let mut sign = None;
        if self.origin() == MessageOrigin::Verified {
            serde_json::from_str::<IgnoredAny>(body).map_err(|_no_json| CallbackRefusal::NoEvent)?;
            let key = self.mfs.as_ref().ok_or(CallbackRefusal::NoKey)?;
            sign = Some(verify_mfs(key, body, fields, received)?);
        }
        if !holds_event(body) {
            return Err(CallbackRefusal::NoEvent);
        }
        let delivery = sign.map(DeliveryId::of_mfs);
        Ok(Callback { kind: CallbackKind::Mfs, body, delivery, sign, subscription: None })
    }
}

impl TrustedTopics {
    fn verify(&self, message: &SmnMessage, fields: &BodyFields<'_>) -> Result<(), CallbackRefusal> {
        let signature = fields.text("signature").ok_or(CallbackRefusal::Unsigned)?;
        if fields.repetition() == Repetition::Repeated {
            return Err(CallbackRefusal::RepeatedField);
        }
        message.check().map_err(CallbackRefusal::AmbiguousField)?;
        if !self.topics.contains(&message.topic_urn) {
            return Err(CallbackRefusal::UnknownTopic);
        }
        let text = message.signed_text();
        if !self.certificates.iter().any(|certificate| certificate.verifies(&text, &signature)) {
            return Err(CallbackRefusal::WrongSignature);
        }
        // Fields of the other types are not covered either.
        let covered = COVERED.into_iter().filter(|name| match message.kind {
            SmnType::Notification => *name != "subscribe_url",
            SmnType::SubscriptionConfirmation
            | SmnType::UnsubscribeConfirmation
            | SmnType::HttpSubscriptionUserConfirm
            | SmnType::HttpSubscriptionUserUnsubscribe => *name != "subject",
        });
        let covered: Vec<&str> = covered.collect();
        if fields.others(&covered).any(holds_event) { Err(CallbackRefusal::UnsignedEvent) } else { Ok(()) }
    }
}

/// Verifies a message of MFS; returns its signature. Signed is the field `message`, or the body of one without it.
fn verify_mfs<'a>(
    key: &MfsKey,
    body: &str,
    fields: Option<&BodyFields<'_>>,
    received: &ReceivedCallback<'a>,
) -> Result<&'a str, CallbackRefusal> {
    let (Some(timestamp), Some(sign)) = (received.auth_timestamp, received.auth_sign) else {
        return Err(CallbackRefusal::Unsigned);
    };
    // The signed text has `_` behind the time: with one in it, the border could be moved.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'+' | b'-');
    if !(1..=40).contains(&timestamp.len()) || !timestamp.bytes().all(is_plain) {
        return Err(CallbackRefusal::AmbiguousField("auth_timestamp"));
    }
    if fields.is_some_and(|fields| fields.repetition() == Repetition::Repeated) {
        return Err(CallbackRefusal::RepeatedField);
    }
    let message = fields.and_then(|fields| fields.text("message").or_else(|| fields.raw("message").map(str::to_owned)));
    if !key.verifies(timestamp, message.as_deref().unwrap_or(body), sign) {
        return Err(CallbackRefusal::WrongSignature);
    }
    let adds_event = message.is_some() && fields.is_some_and(|fields| fields.others(&["message"]).any(holds_event));
    if adds_event { Err(CallbackRefusal::UnsignedEvent) } else { Ok(sign) }
}

/// Returns whether a text holds an event, or something that the readers of logs take for a damaged one.
fn holds_event(text: &str) -> bool {
    let mut found = FoundEvents::default();
    let mut reader = RecordReader::new(FileId::default());
    reader.read(text.as_bytes(), 0, NonZeroU32::new(1), &mut found);
    reader.finish(&mut found);
    !found.events.is_empty() || found.counts.unparsed > 0 || found.counts.other_events > 0
}

#[cfg(test)]
mod tests;
