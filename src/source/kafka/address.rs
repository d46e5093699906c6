//! The name of a topic on the command line: `kafka://BROKER[,BROKER…]/TOPIC`.
//!
//! Pure. A broker is a host, a host with a port, or an IPv6 address in brackets; the port is 9092 where none is given.

use crate::text::Safe;
use std::{ffi::OsStr, fmt, sync::Arc};

/// The beginning of every name of a topic.
const SCHEME: &[u8] = b"kafka://";

/// The port of a broker that is named without one.
const PORT: u16 = 9092;

/// The most bytes of a topic's name, as Kafka allows them.
const TOPIC_MAX: usize = 249;

/// The brokers that are asked first, and a topic. Prints as `kafka://BROKER[,BROKER…]/TOPIC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicAddress {
    brokers: Vec<String>,
    topic: String,
}

/// A mistake in the name of a topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not have the form of a name.
    #[error("{0} is no topic: kafka://BROKER[,BROKER…]/TOPIC")]
    Form(Safe),
    /// It holds a user or a password, which the name would show.
    #[error("a kafka:// name takes no user and no password: --kafka-user, --kafka-password-file")]
    UserInfo,
    /// Kafka allows no such name.
    #[error("{0} is no name of a topic: letters, digits, '.', '_' and '-', 249 at most")]
    Topic(Safe),
}

impl TopicAddress {
    /// Parses a file argument; `None` if it names no topic.
    pub fn parse(argument: &OsStr) -> Option<Result<Self, AddressError>> {
        let rest = argument.as_encoded_bytes().strip_prefix(SCHEME)?;
        let form = || AddressError::Form(Safe::from_bytes(argument.as_encoded_bytes()));
        if rest.contains(&b'@') {
            return Some(Err(AddressError::UserInfo));
        }
        let Ok(rest) = str::from_utf8(rest) else { return Some(Err(form())) };
        Some(Self::parse_rest(rest, form))
    }

    fn parse_rest(rest: &str, form: impl Fn() -> AddressError) -> Result<Self, AddressError> {
        let (brokers, topic) = rest.split_once('/').ok_or_else(&form)?;
        let brokers: Option<Vec<String>> = brokers.split(',').map(parse_broker).collect();
        let brokers = brokers.ok_or_else(&form)?;
        let is_name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        if topic.is_empty() {
            return Err(form());
        }
        if !topic.bytes().all(is_name) || topic.len() > TOPIC_MAX || topic == "." || topic == ".." {
            return Err(AddressError::Topic(Safe::new(topic)));
        }
        Ok(Self { brokers, topic: topic.to_owned() })
    }

    /// Returns the brokers, each with a port.
    pub fn brokers(&self) -> &[String] {
        &self.brokers
    }

    /// Returns the topic's name.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns the name of one partition, as it stands in `source.file`.
    pub fn partition_name(&self, partition: i32) -> Arc<str> {
        format!("{self}/{partition}").into()
    }
}

impl fmt::Display for TopicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kafka://{}/{}", self.brokers.join(","), self.topic)
    }
}

/// Returns a broker with a port.
fn parse_broker(text: &str) -> Option<String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (format!("[{host}]"), if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (text.to_owned(), None),
        },
    };
    let is_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'[' | b']' | b':');
    if host.is_empty() || host.starts_with('-') || !host.bytes().all(is_host) {
        return None;
    }
    let port: u16 = port.map_or(Some(PORT), |port| port.parse().ok()).filter(|port| *port != 0)?;
    Some(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Result<String, String>> {
        let parsed = TopicAddress::parse(OsStr::new(text))?;
        Some(parsed.map(|address| address.to_string()).map_err(|error| error.to_string()))
    }

    #[test]
    fn names_have_brokers_and_a_topic() {
        let check = |text: &str, expected: &str| assert_eq!(parse(text), Some(Ok(expected.to_owned())), "{text}");
        check("kafka://b/vod", "kafka://b:9092/vod");
        check("kafka://b:9093,c.example:1/vod.snap_1-x", "kafka://b:9093,c.example:1/vod.snap_1-x");
        check("kafka://10.0.0.5/vod", "kafka://10.0.0.5:9092/vod");
        check("kafka://[::1]:9093,[fe80::2]/vod", "kafka://[::1]:9093,[fe80::2]:9092/vod");
        let address = TopicAddress::parse(OsStr::new("kafka://b,c/vod")).unwrap().unwrap();
        assert_eq!((address.brokers(), address.topic()), (&["b:9092".to_owned(), "c:9092".to_owned()][..], "vod"));
        assert_eq!(&*address.partition_name(3), "kafka://b:9092,c:9092/vod/3");
    }

    #[test]
    fn mistakes_are_named() {
        for text in ["a.log", "./kafka://b/vod", "kafka", "KAFKA://b/vod"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let form = ["kafka://", "kafka://b", "kafka://b/", "kafka:///vod", "kafka://b:x/vod", "kafka://b:0/vod"];
        let more =
            ["kafka://b:99999/vod", "kafka://b,,c/vod", "kafka://[::g]/vod", "kafka://-b/vod", "kafka://b c/vod"];
        for text in form.into_iter().chain(more) {
            let expected = format!("{text} is no topic: kafka://BROKER[,BROKER…]/TOPIC");
            assert_eq!(parse(text), Some(Err(expected)), "{text}");
        }
        for topic in ["a/b", "a b", ".", "..", "a?b", &"x".repeat(250)] {
            let error = parse(&format!("kafka://b/{topic}")).unwrap().unwrap_err();
            assert!(error.starts_with(topic) && error.contains("no name of a topic"), "{error}");
        }
        let error = parse("kafka://ops:s3cret@b/vod").unwrap().unwrap_err();
        assert!(error.contains("--kafka-password-file") && !error.contains("s3cret"), "{error}");
    }
}
