//! The options of topics of Kafka.

use super::environment::kafka_password;
use crate::source::kafka::{HostnameCheck, KafkaOptions, Mechanism, PasswordSource};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The help of `--kafka-password-file`.
const PASSWORD_FILE: &str = "Read the user's password from the first line of this file. Without it, it is that of the \
    variable THUMBVIEW_KAFKA_PASSWORD";

/// The login and the TLS of brokers.
#[derive(Args, Debug, Default)]
pub struct KafkaArgs {
    /// Log in to Kafka's brokers as this user.
    #[arg(long, value_name = "USER", help_heading = KAFKA)]
    pub kafka_user: Option<String>,
    /// The file of the user's password.
    #[arg(long, value_name = "FILE", help_heading = KAFKA, requires = "kafka_user", help = PASSWORD_FILE)]
    pub kafka_password_file: Option<PathBuf>,
    /// Log in by this mechanism.
    #[arg(long, value_enum, default_value_t, help_heading = KAFKA)]
    pub kafka_mechanism: KafkaMechanism,
    /// Speak TLS to the brokers, and trust the certificate authorities of this file.
    #[arg(long, value_name = "PEM", help_heading = KAFKA)]
    pub kafka_ca: Option<PathBuf>,
    /// Accept a broker's certificate for any host name, as long as an authority of --kafka-ca signed it.
    #[arg(long, help_heading = KAFKA, requires = "kafka_ca")]
    pub kafka_no_hostname: bool,
}

const KAFKA: &str = "Options for kafka://";

/// `--kafka-mechanism`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KafkaMechanism {
    /// PLAIN: the broker receives the password.
    Plain,
    /// SCRAM-SHA-512: the password stays here.
    #[default]
    #[value(name = "scram-sha-512")]
    ScramSha512,
}

impl KafkaArgs {
    /// Returns the settings of topics; a password file comes before the variable.
    pub(super) fn options(&self) -> KafkaOptions {
        let file = self.kafka_password_file.clone().map(PasswordSource::File);
        KafkaOptions {
            user: self.kafka_user.clone(),
            password: file.or_else(|| kafka_password().map(PasswordSource::Text)),
            mechanism: match self.kafka_mechanism {
                KafkaMechanism::Plain => Mechanism::Plain,
                KafkaMechanism::ScramSha512 => Mechanism::ScramSha512,
            },
            ca_file: self.kafka_ca.clone(),
            hostname: if self.kafka_no_hostname { HostnameCheck::Off } else { HostnameCheck::On },
            ..KafkaOptions::default()
        }
    }
}
