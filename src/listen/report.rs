//! The reports of the server and the journal: counts, and notices for the operator.
//!
//! Anybody may send what is refused, so a reason is told at its first, tenth, hundredth … callback, and each is counted.

use super::{
    admission::{MessageOrigin, SubscriptionChange},
    refusal::CallbackRefusal,
    smn::SmnType,
};
use crate::{
    event::{Notice, Severity, Time},
    text::Safe,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::SyncSender,
    },
};

/// The most topics whose subscriptions are told apart: anybody may name topics where nothing is signed.
const TOPICS_MAX: usize = 64;

/// Something that the operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenUpdate {
    /// A notice.
    Notice(Notice),
    /// A subscription asks for a decision, or has ended.
    Subscription(SubscriptionChange),
}

/// The numbers of callbacks since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallbackCounts {
    /// On disk.
    pub kept: u64,
    /// Delivered before.
    pub doubles: u64,
    /// Refused, for any reason.
    pub refused: u64,
}

/// Counts callbacks, for any thread to read.
#[derive(Debug, Default)]
pub struct CallbackTally {
    kept: AtomicU64,
    doubles: AtomicU64,
    refused: AtomicU64,
}

impl CallbackTally {
    /// Returns the numbers so far.
    pub fn counts(&self) -> CallbackCounts {
        CallbackCounts {
            kept: self.kept.load(Ordering::Relaxed),
            doubles: self.doubles.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

/// Takes what is reported.
#[derive(Debug)]
pub(super) struct Reporter {
    updates: SyncSender<ListenUpdate>,
    tally: Arc<CallbackTally>,
    reasons: Mutex<HashMap<CallbackRefusal, u64>>,
    /// The changes of subscriptions that are not verified, by topic and type.
    unverified: Mutex<HashMap<(String, &'static str), u64>>,
}

impl Reporter {
    /// Creates a reporter that sends to `updates` and drops what the channel has no room for.
    pub(super) fn new(updates: SyncSender<ListenUpdate>) -> Self {
        Self { updates, tally: Arc::default(), reasons: Mutex::default(), unverified: Mutex::default() }
    }

    pub(super) fn tally(&self) -> Arc<CallbackTally> {
        Arc::clone(&self.tally)
    }

    pub(super) fn count_kept(&self) {
        self.tally.kept.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_double(&self) {
        self.tally.doubles.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a refused callback from `sender`, and tells the reason now and then.
    pub(super) fn refuse(&self, refusal: CallbackRefusal, sender: IpAddr) {
        self.tally.refused.fetch_add(1, Ordering::Relaxed);
        let number = {
            let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
            let number = reasons.entry(refusal).or_insert(0);
            *number += 1;
            *number
        };
        // The journal tells of its own faults, with their causes.
        if is_told(number) && refusal != CallbackRefusal::NotStored {
            let (status, reason) = (refusal.status(), refusal.reason());
            self.notice(
                Severity::Warning,
                &match number {
                    1 => format!("a callback from {sender} was refused ({status}): {reason}"),
                    _ => format!("{number} callbacks were refused ({status}), the last from {sender}: {reason}"),
                },
            );
        }
    }

    /// Reports a change of a subscription that is on disk: each that is verified, of the others some.
    pub(super) fn subscription(&self, change: SubscriptionChange) {
        let is_told = match change.origin {
            MessageOrigin::Verified => true,
            MessageOrigin::Unknown => self.count_unverified(&change).is_some_and(is_told),
        };
        if is_told {
            self.send(ListenUpdate::Subscription(change));
        }
    }

    /// Counts a change that anybody may have sent, by topic and type; `None` where there are too many topics.
    fn count_unverified(&self, change: &SubscriptionChange) -> Option<u64> {
        let mut known = self.unverified.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (change.topic_urn.clone(), change.kind.as_str());
        if known.len() >= TOPICS_MAX && !known.contains_key(&key) {
            return None;
        }
        let number = known.entry(key).or_insert(0);
        *number += 1;
        Some(*number)
    }

    pub(super) fn notice(&self, severity: Severity, text: &str) {
        let time = Time::from(jiff::Timestamp::now());
        self.send(ListenUpdate::Notice(Notice { time, severity, text: Safe::new(text) }));
    }

    fn send(&self, update: ListenUpdate) {
        // Whoever listens takes these within moments; a callback must not wait for it.
        drop(self.updates.try_send(update));
    }
}

/// Returns whether the n-th of a kind is told: the first, the tenth, the hundredth and so on.
fn is_told(number: u64) -> bool {
    number > 0 && 10u64.pow(number.ilog10()) == number
}

impl SubscriptionChange {
    /// Returns a sentence that begins with what can be done, since its end may be cut off on a screen.
    pub fn sentence(&self) -> String {
        let Self { kind, topic_urn, origin, .. } = self;
        let what = match kind {
            SmnType::SubscriptionConfirmation => {
                "confirm a subscription within 48 h: open subscribe_url in the journal or use --confirm"
            }
            SmnType::UnsubscribeConfirmation => {
                "a subscription has ended: subscribe_url in the journal begins it again within 48 h"
            }
            SmnType::HttpSubscriptionUserConfirm => "a user subscribed to the topic",
            SmnType::HttpSubscriptionUserUnsubscribe => "a user unsubscribed from the topic",
            SmnType::Notification => "a notification",
        };
        let warning = match origin {
            MessageOrigin::Verified => "",
            MessageOrigin::Unknown => " (unsigned: anybody may have sent this)",
        };
        format!("{what}; {topic_urn}{warning}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn reasons_are_told_by_powers_of_ten_and_all_are_counted() {
        let (sender, updates) = sync_channel(16);
        let reporter = Reporter::new(sender);
        for _ in 0..150 {
            reporter.refuse(CallbackRefusal::WrongSignature, [10, 0, 0, 7].into());
        }
        reporter.refuse(CallbackRefusal::NotStored, [10, 0, 0, 7].into());
        let texts: Vec<String> = updates
            .try_iter()
            .map(|update| match update {
                ListenUpdate::Notice(notice) => notice.text.to_string(),
                ListenUpdate::Subscription(change) => panic!("{change:?}"),
            })
            .collect();
        assert_eq!(
            texts,
            [
                "a callback from 10.0.0.7 was refused (403): the signature is wrong",
                "10 callbacks were refused (403), the last from 10.0.0.7: the signature is wrong",
                "100 callbacks were refused (403), the last from 10.0.0.7: the signature is wrong",
            ]
        );
        assert_eq!(reporter.tally().counts(), CallbackCounts { refused: 151, ..CallbackCounts::default() });
    }

    #[test]
    fn topics_that_anybody_names_are_bounded() {
        let (sender, updates) = sync_channel(1024);
        let reporter = Reporter::new(sender);
        let change = |topic: u32, origin| SubscriptionChange {
            kind: SmnType::SubscriptionConfirmation,
            topic_urn: format!("urn:smn:r:0:{topic}"),
            subscribe_url: None,
            origin,
        };
        for topic in (0..500).chain([0; 3]) {
            reporter.subscription(change(topic, MessageOrigin::Unknown));
        }
        assert_eq!(updates.try_iter().count(), TOPICS_MAX);
        for topic in 0..500 {
            reporter.subscription(change(topic, MessageOrigin::Verified));
        }
        assert_eq!(updates.try_iter().count(), 500, "who signs them is trusted");
    }
}
