//! The faults of a topic, their sentences, and the reaction to each.
//!
//! Pure: nothing here knows the client library or a clock.

use std::time::Duration;

/// A fault of a topic or of one of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TopicFault {
    /// The settings cannot be used; the sentence says why.
    Settings(String),
    /// A broker cannot be connected to.
    Unreachable {
        /// The broker, as it was asked for or as the cluster names it.
        broker: String,
        /// The reason.
        reason: String,
        /// The origin of the broker's address.
        origin: BrokerOrigin,
    },
    /// No answer came in time.
    NoAnswer {
        /// The wait.
        waited: Duration,
    },
    /// TLS with a broker failed.
    Tls {
        /// The broker.
        broker: String,
        /// The reason.
        reason: String,
    },
    /// A broker closed the connection before it answered anything.
    Closed {
        /// The broker.
        broker: String,
        /// The expectation that the broker may have had.
        hint: &'static str,
    },
    /// A broker refused the user or the password.
    Login {
        /// The user.
        user: String,
    },
    /// A broker does not offer the mechanism.
    Mechanism {
        /// The registered name.
        name: &'static str,
    },
    /// The cluster has no such topic, or hides it from the user.
    NoTopic,
    /// The user may not read the topic.
    Forbidden,
    /// A partition has no leader.
    NoLeader,
    /// A partition moved to another broker.
    Moved,
    /// A connection was lost.
    Lost {
        /// The reason.
        reason: String,
    },
    /// The broker does not hand out records in this codec to this client.
    Codec,
    /// Records cannot be read.
    Damaged {
        /// The reason.
        reason: String,
    },
    /// The answer holds the mark of a transaction's end, which the client library cannot read.
    TransactionMark,
    /// The broker answered with another error.
    Broker {
        /// Its name, in words.
        name: String,
    },
    /// The answer is larger than what is taken.
    TooLarge,
    /// The offset is none of the partition's.
    OutOfRange,
}

/// The origin of a broker's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BrokerOrigin {
    /// The command line.
    Given,
    /// The cluster, which names the broker of each partition.
    Advertised,
}

/// The part of a topic that a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultScope {
    /// All of it.
    Topic,
    /// One partition.
    Partition,
}

/// The outlook of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outlook {
    /// It passes by itself, as a rule soon.
    Brief,
    /// It passes once somebody changes something.
    Lasting,
    /// It does not pass while the program runs.
    Final,
}

/// The reaction to a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is tried again after a wait.
    Retry(Duration),
    /// It is given up.
    GiveUp,
}

/// The circumstances of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    /// `true` if the end is waited for, `false` if the topic is followed.
    pub(super) patience: FaultPatience,
    /// The number of tries that failed before this one without a success in between.
    pub(super) failures: u32,
    /// The time since the first of them.
    pub(super) elapsed: Duration,
}

/// The time for which faults are tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultPatience {
    /// Nothing was read yet and nobody follows: the first fault is the last.
    None,
    /// Something was read, and the end is waited for: faults that pass by themselves may take this long.
    Until(Duration),
    /// The topic is followed.
    Endless,
}

/// The wait after the first fault.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait after faults that pass by themselves.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The wait after faults that pass once somebody changes something.
const LASTING_WAIT: Duration = Duration::from_mins(1);

impl TopicFault {
    /// Returns the sentence that reports the fault.
    pub(super) fn sentence(&self, topic: &str) -> String {
        match self {
            Self::Settings(why) => why.clone(),
            Self::Unreachable { broker, reason, origin: BrokerOrigin::Given } => {
                format!("no broker answers at {broker}: {reason}")
            }
            Self::Unreachable { broker, reason, origin: BrokerOrigin::Advertised } => {
                format!(
                    "the cluster names {broker} (advertised.listeners), which cannot be reached from here: {reason}"
                )
            }
            Self::NoAnswer { waited } => format!("no answer for {} s", waited.as_secs()),
            Self::Tls { broker, reason } => format!("TLS with {broker} fails: {reason}"),
            Self::Closed { broker, hint } => format!("{broker} closes the connection at once: {hint}"),
            Self::Login { user } => {
                format!(
                    "the broker refuses user {user}: wrong name, password or mechanism (--kafka-user, --kafka-password-file, --kafka-mechanism)"
                )
            }
            Self::Mechanism { name } => {
                format!("the broker does not offer {name}: choose another with --kafka-mechanism")
            }
            Self::NoTopic => {
                format!("there is no topic {topic} on this cluster, or this user is not allowed to see it")
            }
            Self::Forbidden => format!("this user may not read topic {topic}: it needs READ in an ACL"),
            Self::NoLeader => "the partition has no leader now".to_owned(),
            Self::Moved => "the partition moves to another broker".to_owned(),
            Self::Lost { reason } => format!("the connection was lost: {reason}"),
            Self::Codec => {
                "the broker hands out its zstd records to newer clients only: the topic needs another compression.type"
                    .to_owned()
            }
            Self::Damaged { reason } => format!("too many records cannot be read ({reason}): the rest is left out"),
            Self::TransactionMark => "the mark of a transaction's end cannot be read".to_owned(),
            Self::Broker { name } => format!("the broker answers: {name}"),
            Self::TooLarge => "an answer of the broker is too large".to_owned(),
            Self::OutOfRange => "the broker no longer has the records that come next".to_owned(),
        }
    }

    /// Returns the part of the topic that is concerned.
    pub(super) fn scope(&self) -> FaultScope {
        match self {
            Self::Settings(_)
            | Self::Tls { .. }
            | Self::Closed { .. }
            | Self::Login { .. }
            | Self::Mechanism { .. }
            | Self::NoTopic
            | Self::Forbidden
            | Self::Codec
            | Self::Unreachable { origin: BrokerOrigin::Given, .. } => FaultScope::Topic,
            Self::Unreachable { origin: BrokerOrigin::Advertised, .. }
            | Self::NoAnswer { .. }
            | Self::NoLeader
            | Self::Moved
            | Self::Lost { .. }
            | Self::Damaged { .. }
            | Self::TransactionMark
            | Self::Broker { .. }
            | Self::TooLarge
            | Self::OutOfRange => FaultScope::Partition,
        }
    }

    fn outlook(&self) -> Outlook {
        match self {
            Self::Settings(_) | Self::Damaged { .. } => Outlook::Final,
            Self::Tls { .. }
            | Self::Login { .. }
            | Self::Mechanism { .. }
            | Self::NoTopic
            | Self::Forbidden
            | Self::Codec => Outlook::Lasting,
            Self::Unreachable { .. }
            | Self::NoAnswer { .. }
            | Self::Closed { .. }
            | Self::NoLeader
            | Self::Moved
            | Self::Lost { .. }
            | Self::TransactionMark
            | Self::Broker { .. }
            | Self::TooLarge
            | Self::OutOfRange => Outlook::Brief,
        }
    }

    /// Returns `true` for a fault that does not pass while the program runs.
    pub(super) fn is_final(&self) -> bool {
        self.outlook() == Outlook::Final
    }

    /// Returns `true` for a fault of a connection or of a leader, which a new connection may mend at once.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Moved | Self::NoAnswer { .. } | Self::OutOfRange)
    }

    /// Returns what is done about the fault.
    pub(super) fn decide(&self, trial: Trial) -> Decision {
        let wait = FIRST_WAIT.saturating_mul(1 << trial.failures.min(5)).min(LONGEST_WAIT);
        match (self.outlook(), trial.patience) {
            (Outlook::Final, _)
            | (Outlook::Brief | Outlook::Lasting, FaultPatience::None)
            | (Outlook::Lasting, FaultPatience::Until(_)) => Decision::GiveUp,
            (Outlook::Brief, FaultPatience::Until(limit)) if trial.elapsed + wait > limit => Decision::GiveUp,
            (Outlook::Brief, FaultPatience::Until(_) | FaultPatience::Endless) => Decision::Retry(wait),
            (Outlook::Lasting, FaultPatience::Endless) => Decision::Retry(LASTING_WAIT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Vec<TopicFault> {
        let broker = || "b:9092".to_owned();
        let reason = || "connection refused".to_owned();
        vec![
            TopicFault::Settings("ca.pem: no such file or directory".to_owned()),
            TopicFault::Unreachable { broker: broker(), reason: reason(), origin: BrokerOrigin::Given },
            TopicFault::Unreachable { broker: broker(), reason: reason(), origin: BrokerOrigin::Advertised },
            TopicFault::NoAnswer { waited: Duration::from_secs(10) },
            TopicFault::Tls { broker: broker(), reason: "its certificate has expired".to_owned() },
            TopicFault::Closed { broker: broker(), hint: "it may expect TLS (--kafka-ca)" },
            TopicFault::Login { user: "ops".to_owned() },
            TopicFault::Mechanism { name: "PLAIN" },
            TopicFault::NoTopic,
            TopicFault::Forbidden,
            TopicFault::NoLeader,
            TopicFault::Moved,
            TopicFault::Lost { reason: reason() },
            TopicFault::Codec,
            TopicFault::Damaged { reason: "CRC error".to_owned() },
            TopicFault::TransactionMark,
            TopicFault::Broker { name: "kafka storage error".to_owned() },
            TopicFault::TooLarge,
            TopicFault::OutOfRange,
        ]
    }

    #[test]
    fn each_fault_has_a_sentence_of_its_own() {
        let sentences: std::collections::BTreeSet<String> =
            faults().iter().map(|fault| fault.sentence("vod")).collect();
        assert_eq!(sentences.len(), faults().len(), "{sentences:#?}");
        let first_is_small = |text: &str| text.starts_with(|c: char| c.is_lowercase() || c == 'T');
        assert!(sentences.iter().all(|text| first_is_small(text) && !text.ends_with('.')), "{sentences:#?}");
    }

    #[test]
    fn faults_are_tried_again_as_long_as_it_makes_sense() {
        let trial = |patience, failures, elapsed| Trial { patience, failures, elapsed: Duration::from_secs(elapsed) };
        let retry = |seconds| Decision::Retry(Duration::from_secs(seconds));
        let lost = TopicFault::Lost { reason: String::new() };
        let login = TopicFault::Login { user: "ops".to_owned() };
        let settings = TopicFault::Settings(String::new());
        let limited = FaultPatience::Until(Duration::from_secs(20));
        for fault in faults() {
            assert_eq!(fault.decide(trial(FaultPatience::None, 0, 0)), Decision::GiveUp, "{fault:?}");
        }
        assert_eq!(lost.decide(trial(limited, 0, 0)), retry(1));
        assert_eq!(lost.decide(trial(limited, 2, 3)), retry(4));
        assert_eq!(lost.decide(trial(limited, 4, 15)), Decision::GiveUp);
        assert_eq!(login.decide(trial(limited, 0, 0)), Decision::GiveUp);
        let follow = [(0, 1), (1, 2), (4, 16), (5, 30), (99, 30)];
        for (failures, seconds) in follow {
            assert_eq!(lost.decide(trial(FaultPatience::Endless, failures, 9999)), retry(seconds));
        }
        assert_eq!(login.decide(trial(FaultPatience::Endless, 0, 0)), retry(60));
        assert_eq!(settings.decide(trial(FaultPatience::Endless, 0, 0)), Decision::GiveUp);
    }
}
