//! Questions to the brokers through rskafka, each bounded in time, and its errors as [`TopicFault`]s.
//!
//! The library tries failed requests again, a wrong password for ever; its deadline is set so short that it tries once.
//! The errors of the first connection come as text, since their types are not public; [`connection_fault`] tells them
//! apart.

use super::{
    fault::{BrokerOrigin, TopicFault},
    options::{KafkaOptions, KafkaTiming},
    security::Security,
};
use crate::{event::Time, text::identifier::spelled_out};
use rskafka::{
    BackoffConfig, BackoffError, ConnectionError, SaslError,
    chrono::{DateTime, Utc},
    client::{
        Client, ClientBuilder,
        error::{Error, ProtocolError, RequestError},
        partition::{OffsetAt, PartitionClient, UnknownTopicHandling},
    },
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// The largest answer of a broker. It holds a batch of records at least, however large that is.
pub(super) const ANSWER_MAX: usize = 64 << 20;

/// The bytes of records that are asked for at once.
const FETCH: i32 = 1 << 20;

/// The name under which the brokers know this program.
const CLIENT_ID: &str = "thumbview";

/// A record of a partition, without key and headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TopicRecord {
    pub(super) offset: i64,
    /// The time that the producer or the broker set.
    pub(super) time: Option<Time>,
    /// The text; none is a tombstone.
    pub(super) value: Option<Vec<u8>>,
}

/// The number of records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FetchSize {
    /// As many as fit into 1 MiB.
    Full,
    /// Those of one batch, since nothing of an answer can be read that holds another unreadable one.
    OneBatch,
}

/// A connected cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    client: Client,
    context: FaultContext,
    timing: KafkaTiming,
}

/// The leader of a partition.
#[derive(Debug)]
pub(super) struct Partition {
    client: PartitionClient,
    context: FaultContext,
    timing: KafkaTiming,
}

/// The words of faults that the library's errors do not hold.
#[derive(Clone, Debug)]
pub(super) struct FaultContext {
    user: Arc<str>,
    mechanism: &'static str,
    /// The expectation that a broker may have that closes the connection at once.
    hint: &'static str,
}

impl FaultContext {
    pub(super) fn new(options: &KafkaOptions) -> Self {
        let hint = match (options.is_tls(), options.user.is_some()) {
            (false, false) => "it may expect TLS (--kafka-ca) or a login (--kafka-user)",
            (false, true) => "it may expect TLS (--kafka-ca), or no login",
            (true, false) => "it may expect a login (--kafka-user), or no TLS",
            (true, true) => "it may expect no TLS, or no login",
        };
        let user = options.user.as_deref().unwrap_or_default().into();
        Self { user, mechanism: options.mechanism.name(), hint }
    }
}

impl Cluster {
    /// Connects to the first broker that answers; else returns the fault of the first.
    pub(super) async fn connect(
        brokers: &[String],
        options: &KafkaOptions,
        security: &Security,
    ) -> Result<Self, TopicFault> {
        let context = FaultContext::new(options);
        let mut first = None;
        for broker in brokers {
            // One at a time, so that each has its own time.
            let mut builder = ClientBuilder::new(vec![broker.clone()])
                .client_id(CLIENT_ID)
                .max_message_size(ANSWER_MAX)
                .backoff_config(one_try());
            if let Some(tls) = &security.tls {
                builder = builder.tls_config(Arc::clone(tls));
            }
            if let Some(login) = &security.login {
                builder = builder.sasl_config(login.clone());
            }
            let fault = match timeout(options.timing.answer, builder.build()).await {
                Ok(Ok(client)) => return Ok(Self { client, context, timing: options.timing }),
                Ok(Err(error)) => connection_fault(&error_text(&error), broker, BrokerOrigin::Given, &context),
                Err(_elapsed) => TopicFault::Unreachable {
                    broker: broker.clone(),
                    reason: no_answer(options.timing.answer),
                    origin: BrokerOrigin::Given,
                },
            };
            first.get_or_insert(fault);
        }
        Err(first.unwrap_or(TopicFault::NoTopic))
    }

    /// Returns the numbers of a topic's partitions. Asks for all topics: asking for one would create it.
    pub(super) async fn partitions(&self, topic: &str) -> Result<Vec<i32>, TopicFault> {
        let topics = within(self.timing.answer, &self.context, self.client.list_topics()).await?;
        let topic = topics.into_iter().find(|each| each.name == topic).ok_or(TopicFault::NoTopic)?;
        Ok(topic.partitions.into_iter().collect())
    }

    /// Connects to the leader of a partition. The topic must exist, or it may be created.
    pub(super) async fn partition(&self, topic: &str, partition: i32) -> Result<Partition, TopicFault> {
        // The list of topics is asked for once more, since the library would keep an old one with the old leader.
        if !self.partitions(topic).await?.contains(&partition) {
            return Err(TopicFault::Moved);
        }
        let client = self.client.partition_client(topic, partition, UnknownTopicHandling::Error);
        let client = within(self.timing.answer, &self.context, client).await?;
        Ok(Partition { client, context: self.context.clone(), timing: self.timing })
    }
}

impl Partition {
    /// Returns the records from an offset on, and the offset behind the last record. Waits a while where there is none.
    pub(super) async fn fetch(&self, offset: i64, size: FetchSize) -> Result<(Vec<TopicRecord>, i64), TopicFault> {
        let wait = i32::try_from(self.timing.wait.as_millis()).unwrap_or(i32::MAX);
        let most = match size {
            FetchSize::Full => FETCH,
            // A broker sends the first batch however large it is.
            FetchSize::OneBatch => 1,
        };
        let fetch = self.client.fetch_records(offset, 1..most + 1, wait);
        let (records, end) = within(self.timing.fetch + self.timing.wait, &self.context, fetch).await?;
        let records = records.into_iter().map(|each| {
            let micros = each.record.timestamp.timestamp_micros();
            let time = (micros > 0).then(|| Time::from_micros(micros));
            TopicRecord { offset: each.offset, time, value: each.record.value }
        });
        Ok((records.collect(), end))
    }

    /// Returns the offset of the oldest record that is kept.
    pub(super) async fn earliest(&self) -> Result<i64, TopicFault> {
        self.offset(OffsetAt::Earliest).await
    }

    /// Returns the offset behind the last record that may be read.
    pub(super) async fn latest(&self) -> Result<i64, TopicFault> {
        self.offset(OffsetAt::Latest).await
    }

    /// Returns the offset of the first record of this time or later.
    pub(super) async fn at(&self, time: Time) -> Result<i64, TopicFault> {
        let time = DateTime::<Utc>::from_timestamp_micros(time.as_micros()).unwrap_or_default();
        match self.offset(OffsetAt::Timestamp(time)).await? {
            // There is none so far.
            ..0 => self.latest().await,
            offset => Ok(offset),
        }
    }

    async fn offset(&self, at: OffsetAt) -> Result<i64, TopicFault> {
        within(self.timing.answer, &self.context, self.client.get_offset(at)).await
    }
}

/// Has the library try each request once.
fn one_try() -> BackoffConfig {
    BackoffConfig { deadline: Some(Duration::ZERO), ..BackoffConfig::default() }
}

async fn within<T>(
    limit: Duration,
    context: &FaultContext,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, TopicFault> {
    match timeout(limit, answer).await {
        Ok(answer) => answer.map_err(|error| fault_of(&error, context)),
        Err(_elapsed) => Err(TopicFault::NoAnswer { waited: limit }),
    }
}

fn no_answer(waited: Duration) -> String {
    format!("no answer for {} s", waited.as_secs())
}

/// Returns the text of an error without what the library's retries put around it.
fn error_text(error: &(dyn std::error::Error + 'static)) -> String {
    let text = error.to_string();
    let inner = text.rsplit_once("Retry exceeded deadline. Source: ").map(|(_, inner)| inner.to_owned());
    inner.unwrap_or(text)
}

/// Returns the fault behind an error of the library.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add errors at any time")]
fn fault_of(error: &Error, context: &FaultContext) -> TopicFault {
    match error {
        Error::RetryFailed(BackoffError::DeadlineExceded { source, .. }) => {
            if let Some(error) = source.downcast_ref::<Error>() {
                fault_of(error, context)
            } else if let Some(error) = source.downcast_ref::<RequestError>() {
                request_fault(error)
            } else {
                TopicFault::Lost { reason: io_words(&source.to_string()) }
            }
        }
        Error::Connection(ConnectionError::Transport { broker, .. }) => {
            connection_fault(&error_text(error), broker, BrokerOrigin::Advertised, context)
        }
        Error::Connection(ConnectionError::SaslFailed(SaslError::ApiError(error))) => protocol_fault(*error, context),
        Error::Connection(ConnectionError::Metadata(error)) | Error::Request(error) => request_fault(error),
        Error::Connection(_) => connection_fault(&error_text(error), "a broker", BrokerOrigin::Advertised, context),
        Error::ServerError { protocol_error, .. } => protocol_fault(*protocol_error, context),
        Error::InvalidResponse(text) => TopicFault::Broker { name: text.clone() },
        _ => TopicFault::Lost { reason: error.to_string() },
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add errors at any time")]
fn request_fault(error: &RequestError) -> TopicFault {
    match error {
        RequestError::Poisoned(inner) => request_fault(inner),
        RequestError::ReadVersionedError(_) | RequestError::ReadError(_) | RequestError::TooMuchData { .. } => {
            decoding_fault(&error.to_string())
        }
        RequestError::ReadFramedMessageError(_) if error.to_string().contains("Message too large") => {
            TopicFault::TooLarge
        }
        RequestError::NoVersionMatch { api_key } => TopicFault::Broker {
            name: format!("no version of {api_key:?} that is known here; Kafka 0.11 or later is needed"),
        },
        _ => TopicFault::Lost { reason: io_words(&error.to_string()) },
    }
}

/// Returns the fault of an answer that cannot be read, from the text of its error.
fn decoding_fault(text: &str) -> TopicFault {
    // Marks are read by the library as no broker writes them.
    if text.contains("control batch") || text.contains("control record") {
        return TopicFault::TransactionMark;
    }
    let known = ["Invalid compression type", "Unimplemented compression", "CRC error", "Invalid magic number"];
    let known = known.iter().find_map(|known| text.get(text.find(known)?..));
    TopicFault::Damaged { reason: known.map_or_else(|| last_part(text), lower) }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the protocol has a hundred errors")]
fn protocol_fault(error: ProtocolError, context: &FaultContext) -> TopicFault {
    match error {
        ProtocolError::SaslAuthenticationFailed => TopicFault::Login { user: context.user.to_string() },
        ProtocolError::UnsupportedSaslMechanism => TopicFault::Mechanism { name: context.mechanism },
        ProtocolError::TopicAuthorizationFailed | ProtocolError::ClusterAuthorizationFailed => TopicFault::Forbidden,
        ProtocolError::LeaderNotAvailable
        | ProtocolError::ReplicaNotAvailable
        | ProtocolError::BrokerNotAvailable
        | ProtocolError::OffsetNotAvailable => TopicFault::NoLeader,
        ProtocolError::NotLeaderOrFollower
        | ProtocolError::FencedLeaderEpoch
        | ProtocolError::UnknownLeaderEpoch
        | ProtocolError::UnknownTopicOrPartition => TopicFault::Moved,
        ProtocolError::OffsetOutOfRange => TopicFault::OutOfRange,
        ProtocolError::UnsupportedCompressionType => TopicFault::Codec,
        other => TopicFault::Broker { name: spelled_out(&format!("{other:?}")) },
    }
}

/// Returns the fault of a connection that could not be made, from the text of its error.
fn connection_fault(text: &str, broker: &str, origin: BrokerOrigin, context: &FaultContext) -> TopicFault {
    let has = |part: &str| text.contains(part);
    let tls = |reason: String| TopicFault::Tls { broker: broker.to_owned(), reason };
    // Of a session that ends early, the broker's proof was wrong: it does not know the password either.
    if has("SaslAuthenticationFailed") || has("Sasl session error") {
        return TopicFault::Login { user: context.user.to_string() };
    }
    if has("UnsupportedSaslMechanism") || has("unsupported sasl mechanism") {
        return TopicFault::Mechanism { name: context.mechanism };
    }
    // Another authority of the same name leaves a wrong signature.
    if has("UnknownIssuer") || has("BadSignature") {
        return tls("its certificate is signed by no authority of --kafka-ca".to_owned());
    }
    if has("not valid for") || has("NotValidForName") {
        return tls("its certificate is for another host (--kafka-no-hostname accepts it)".to_owned());
    }
    if has("certificate expired") || has("Expired") {
        return tls("its certificate has expired".to_owned());
    }
    if has("corrupt message") || has("tls handshake eof") {
        return tls("it does not speak TLS on this port".to_owned());
    }
    if has("invalid peer certificate") || has("received fatal alert") || has("peer is incompatible") {
        return tls(last_part(text));
    }
    if has("eof") || has("reset by peer") || has("Broken pipe") || has("broken pipe") || has("Message too large") {
        return TopicFault::Closed { broker: broker.to_owned(), hint: context.hint };
    }
    TopicFault::Unreachable { broker: broker.to_owned(), reason: io_words(text), origin }
}

/// Returns the words of a system error at the end of a text.
fn io_words(text: &str) -> String {
    let text = text.split_once(" (os error").map_or(text, |(text, _)| text);
    if text.contains("failed to lookup address") {
        return "no such host".to_owned();
    }
    if text.ends_with("eof") || text.contains("end of file") {
        return "the broker closed it".to_owned();
    }
    last_part(text)
}

/// Returns what follows the last colon of a text, with a small letter at its head.
fn last_part(text: &str) -> String {
    lower(text.rsplit(": ").next().unwrap_or(text))
}

/// Returns a text with a small letter at its head, unless that is of an abbreviation.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    if chars.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.to_lowercase().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_cannot_be_made_are_told_apart() {
        let options = KafkaOptions { user: Some("ops".to_owned()), ..KafkaOptions::default() };
        let context = FaultContext::new(&options);
        let check = |text: &str, expected: &str| {
            let fault = connection_fault(text, "b:9092", BrokerOrigin::Given, &context);
            assert_eq!(fault.sentence("vod"), expected, "{text}");
        };
        let transport = |inner: &str| format!("error connecting to broker \"b:9092\": IO Error: {inner}");
        check(&transport("Connection refused (os error 111)"), "no broker answers at b:9092: connection refused");
        check(
            &transport("failed to lookup address information: Name or service not known"),
            "no broker answers at b:9092: no such host",
        );
        check(
            &transport("invalid peer certificate: UnknownIssuer"),
            "TLS with b:9092 fails: its certificate is signed by no authority of --kafka-ca",
        );
        check(
            &transport(
                "invalid peer certificate: certificate not valid for name \"b\"; certificate is only valid for c",
            ),
            "TLS with b:9092 fails: its certificate is for another host (--kafka-no-hostname accepts it)",
        );
        check(
            &transport("received corrupt message of type InvalidContentType"),
            "TLS with b:9092 fails: it does not speak TLS on this port",
        );
        check(&transport("invalid peer certificate: Revoked"), "TLS with b:9092 fails: revoked");
        let login = "the broker refuses user ops: wrong name, password or mechanism (--kafka-user, \
                     --kafka-password-file, --kafka-mechanism)";
        check("Sasl handshake failed: API error: SaslAuthenticationFailed", login);
        check(
            "Sasl handshake failed: unsupported sasl mechanism",
            "the broker does not offer SCRAM-SHA-512: choose another with --kafka-mechanism",
        );
        check(
            "cannot sync versions: Request error: Connection is poisoned: Cannot read framed message: Cannot read data: early eof",
            "b:9092 closes the connection at once: it may expect TLS (--kafka-ca), or no login",
        );
    }

    #[test]
    fn answers_that_cannot_be_read_have_a_reason() {
        let check = |text: &str, expected: TopicFault| assert_eq!(decoding_fault(text), expected);
        let damaged = |reason: &str| TopicFault::Damaged { reason: reason.to_owned() };
        check(
            "Cannot read versioned data: Read error: Malformed data: Unknown control batch record version: 8192",
            TopicFault::TransactionMark,
        );
        check(
            "Cannot read versioned data: Read error: Malformed data: Invalid compression type: 5",
            damaged("invalid compression type: 5"),
        );
        check("Malformed data: CRC error, got 0x1, expected 0x2", damaged("CRC error, got 0x1, expected 0x2"));
    }

    #[test]
    fn errors_of_brokers_are_told_apart() {
        let context = FaultContext::new(&KafkaOptions::default());
        let check = |error, expected: TopicFault| assert_eq!(protocol_fault(error, &context), expected);
        check(ProtocolError::OffsetOutOfRange, TopicFault::OutOfRange);
        check(ProtocolError::NotLeaderOrFollower, TopicFault::Moved);
        check(ProtocolError::LeaderNotAvailable, TopicFault::NoLeader);
        check(ProtocolError::TopicAuthorizationFailed, TopicFault::Forbidden);
        check(ProtocolError::UnsupportedCompressionType, TopicFault::Codec);
        check(ProtocolError::KafkaStorageError, TopicFault::Broker { name: "kafka storage error".to_owned() });
    }
}
