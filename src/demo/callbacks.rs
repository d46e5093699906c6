//! The demo's events as HTTP callbacks, signed by keys that are for tests only.
//!
//! The keys stand in `assets`, and so prove nothing to anybody. Each event is a message of MFS or of SMN; a redelivery
//! has the id of the first delivery. Nothing here sends.

use super::{
    record::{Content, DemoRecord, DemoService},
    script::Script,
    server::CONFIRMATION,
};
use crate::listen::{MfsKey, SmnSigner, to_hex};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// The topic of the demo's messages of SMN.
pub const TOPIC: &str = "urn:smn:demo:0:vod-events";

const SMN_KEY: &[u8] = include_bytes!("../../assets/test-only-smn-key.pem");
const MFS_KEY: &[u8] = include_bytes!("../../assets/test-only-mfs-key.txt");

/// A callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoCallback {
    /// Time since the start; negative for what happened before it.
    pub at: SignedDuration,
    /// The headers that go with the body.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// An endless sequence of callbacks.
#[derive(Debug)]
pub struct DemoCallbacks {
    start: Timestamp,
    backlog: VecDeque<(SignedDuration, DemoRecord)>,
    script: Script,
    smn: SmnSigner,
    mfs: MfsKey,
}

impl DemoCallbacks {
    /// Makes callbacks of a script that starts at `start`.
    pub(super) fn new(mut script: Script, start: Timestamp) -> Self {
        let records = |step: super::timeline::ScriptStep| {
            step.operation.records().iter().map(|record| (step.at, record.clone())).collect::<Vec<_>>()
        };
        let backlog = script.take_backlog().into_iter().flat_map(records).collect();
        let smn = SmnSigner::read(SMN_KEY).expect("the key in assets is one");
        let mfs = MfsKey::new(MFS_KEY).expect("the key in assets is one");
        Self { start, backlog, script, smn, mfs }
    }

    /// Returns the request to confirm the subscription, at the server with this URL.
    pub fn confirmation(&self, server: &str) -> DemoCallback {
        let url = format!("{server}{CONFIRMATION}?token=demo&topic_urn={TOPIC}&region_id=demo");
        let body = self.smn.confirmation(TOPIC, &id(&url), &timestamp(self.start), &url);
        let headers = smn_headers("SubscriptionConfirmation", &id(&url));
        DemoCallback { at: SignedDuration::ZERO, headers, body }
    }

    fn callback(&self, at: SignedDuration, record: &DemoRecord) -> Option<DemoCallback> {
        let (message, service) = record.message.as_ref()?;
        let time = self.start + at;
        Some(match service {
            DemoService::Smn => {
                let id = id(&record.text);
                let body = self.smn.notification(TOPIC, &id, &timestamp(time), message);
                DemoCallback { at, headers: smn_headers("Notification", &id), body }
            }
            DemoService::Mfs => {
                let time = time.as_second().to_string();
                let sign = self.mfs.sign(&time, message);
                let headers = vec![("auth_timestamp", time), ("auth_sign", sign)];
                DemoCallback { at, headers, body: serde_json::json!({ "message": message }).to_string() }
            }
        })
    }
}

impl Iterator for DemoCallbacks {
    type Item = DemoCallback;

    fn next(&mut self) -> Option<DemoCallback> {
        loop {
            if self.backlog.is_empty() {
                let step = self.script.next()?;
                self.backlog.extend(step.operation.records().iter().map(|record| (step.at, record.clone())));
            }
            let Some((at, record)) = self.backlog.pop_front() else { continue };
            if record.content == Content::Unrelated {
                continue;
            }
            if let Some(callback) = self.callback(at, &record) {
                return Some(callback);
            }
        }
    }
}

/// Returns an id of 32 hexadecimal digits that depends on the text only.
fn id(text: &str) -> String {
    let mut hex = to_hex(digest(&SHA256, text.as_bytes()).as_ref());
    hex.truncate(32);
    hex
}

fn timestamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn smn_headers(kind: &'static str, id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("x-smn-message-type", kind.to_owned()),
        ("x-smn-message-id", id.to_owned()),
        ("x-smn-topic-urn", TOPIC.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::DemoConfig;

    #[test]
    fn the_tour_has_messages_of_both_services_and_a_redelivery() {
        let start = Timestamp::from_second(1_773_450_900).unwrap();
        let script = Script::new(DemoConfig::default(), "http://127.0.0.1:8787", start);
        let callbacks: Vec<DemoCallback> = DemoCallbacks::new(script, start).take(120).collect();
        let smn = callbacks.iter().filter(|callback| callback.headers[0].0 == "x-smn-message-type").count();
        assert!((20..100).contains(&smn), "{smn} of 120");
        let ids = |callback: &DemoCallback| callback.headers[1].1.clone();
        let doubled = callbacks.windows(2).any(|pair| ids(&pair[0]) == ids(&pair[1]));
        assert!(doubled, "the redelivery has the id of the first delivery");
        assert!(callbacks[0].at.is_negative(), "the events before the start come first");
        assert!(callbacks.iter().all(|callback| callback.body.contains("event_type")));
    }
}
