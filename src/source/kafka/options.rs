//! The settings of topics, which are the same for all topics of a run.

use jiff::Timestamp;
use std::{fmt, path::PathBuf, time::Duration};

/// The settings of topics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KafkaOptions {
    /// The user that logs in. Without one nobody does.
    pub user: Option<String>,
    /// The source of the user's password.
    pub password: Option<PasswordSource>,
    /// The way in which the password is proven.
    pub mechanism: Mechanism,
    /// The certificate authorities of the brokers, in PEM. With them, or with an unchecked host name, TLS is spoken.
    pub ca_file: Option<PathBuf>,
    /// The check of the brokers' host names.
    pub hostname: HostnameCheck,
    /// The time from which records are read, by the brokers' times. Comes before [`Self::history`].
    pub since: Option<Timestamp>,
    /// The part of the topic before its end that is read.
    pub history: TopicHistory,
    /// The times to wait for brokers.
    pub timing: KafkaTiming,
}

/// The times to wait for brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KafkaTiming {
    /// The longest time without an answer.
    pub answer: Duration,
    /// The longest time that records may take to arrive.
    pub fetch: Duration,
    /// The time that a broker waits for new records before it answers that there are none.
    pub wait: Duration,
    /// The time between two looks for new partitions.
    pub refresh: Duration,
    /// The time for which faults that pass by themselves are put up with where the end is waited for.
    pub patience: Duration,
}

impl Default for KafkaTiming {
    fn default() -> Self {
        let answer = Duration::from_secs(10);
        let half_minute = Duration::from_secs(30);
        let (wait, patience) = (Duration::from_secs(1), Duration::from_secs(20));
        Self { answer, fetch: half_minute, wait, refresh: half_minute, patience }
    }
}

/// The part of a topic that is read besides what comes later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TopicHistory {
    /// As much as of files.
    #[default]
    LikeFiles,
    /// Nothing.
    None,
}

/// The source of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordSource {
    /// The first line of a file.
    File(PathBuf),
    /// The password itself.
    Text(Password),
}

/// A password. Its debug text does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// The mechanism of a login (SASL).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mechanism {
    /// PLAIN (RFC 4616): the broker receives the password.
    Plain,
    /// SCRAM-SHA-512: the password does not leave this machine.
    #[default]
    ScramSha512,
}

/// The check that a broker's certificate is for its host name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostnameCheck {
    /// The certificate must be for the host.
    #[default]
    On,
    /// Any certificate of the authorities is accepted.
    Off,
}

impl KafkaOptions {
    /// Returns whether the brokers are spoken to by TLS.
    pub fn is_tls(&self) -> bool {
        self.ca_file.is_some() || self.hostname == HostnameCheck::Off
    }
}

impl Password {
    /// Keeps a password.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the password, for the login alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Mechanism {
    /// Returns the registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let options = KafkaOptions {
            password: Some(PasswordSource::Text(Password::new("s3cret".to_owned()))),
            ..KafkaOptions::default()
        };
        assert!(!format!("{options:?}").contains("s3cret"));
    }
}
