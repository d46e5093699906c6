//! The records of the demo's log: the service's messages, in the formats in which programs log them.
//!
//! The messages have the keys of the documents in their order; the formats are those of logs in the field. Nothing
//! here reads.

use super::{
    asset::{DemoSnapshot, Random, SnapshotList},
    video::Video,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

/// The format of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFormat {
    /// The message alone, without a time.
    Plain,
    /// Between an application's prefix and suffix.
    Prefixed,
    /// A record of docker's `json-file` driver.
    Docker,
    /// A record of a container runtime (CRI).
    Cri,
    /// An SMN notification with the message as a string, after a prefix.
    Smn,
    /// After a prefix, indented over many lines as in the documents.
    Pretty,
}

/// The event that a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DemoEvent {
    /// `thumbnailComplete` of a success.
    Succeeded,
    /// `thumbnailComplete` of a failure, with error code and message.
    Failed(&'static str, &'static str),
    /// `thumbnailComplete` with an undocumented status.
    Unfinished,
    /// `thumbnailComplete` of a success, cut off in the middle.
    Truncated,
    /// `createComplete`, which has the title.
    Created,
    /// `parseComplete`, which has duration and frame size.
    Parsed,
}

/// The content of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// An event.
    Event(DemoEvent),
    /// A copy of an earlier record.
    Redelivery,
    /// No event.
    Unrelated,
}

/// One record, and its content for tests and for `--write`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DemoRecord {
    /// One or more lines, each with its newline.
    pub(super) text: String,
    pub(super) content: Content,
    /// The snapshots that it names.
    pub(super) snapshots: Vec<DemoSnapshot>,
    /// The message alone, as the service sends it, and how; `None` where there is none or it is damaged.
    pub(super) message: Option<(String, DemoService)>,
}

/// The service that brings a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DemoService {
    Smn,
    Mfs,
}

/// The documented messages.
#[derive(Serialize)]
#[serde(tag = "event_type")]
enum DemoMessage<'a> {
    #[serde(rename = "thumbnailComplete")]
    Thumbnail { thumbnail_info: ThumbnailInfo },
    #[serde(rename = "createComplete")]
    Create { create_info: CreateInfo<'a> },
    #[serde(rename = "parseComplete")]
    Parse { parse_info: ParseInfo },
}

#[derive(Default, Serialize)]
struct ThumbnailInfo {
    asset_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<Vec<PictureEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dots: Option<Vec<PictureEntry>>,
}

#[derive(Serialize)]
struct PictureEntry {
    offset: u32,
    url: String,
}

#[derive(Serialize)]
struct CreateInfo<'a> {
    status: &'static str,
    title: &'a str,
    url: String,
    asset_id: String,
}

#[derive(Serialize)]
struct ParseInfo {
    status: &'static str,
    asset_id: String,
    meta_data: MetaData,
    original_url: String,
}

#[derive(Serialize)]
struct MetaData {
    pack_type: &'static str,
    codec: &'static str,
    duration: u32,
    video_size: u64,
    width: u32,
    /// Spelled so in the documents.
    hight: u32,
    bit_rate: u32,
    frame_rate: u32,
}

#[derive(Serialize)]
struct DockerRecord<'a> {
    log: &'a str,
    stream: &'static str,
    time: String,
}

#[derive(Serialize)]
struct SmnNotification<'a> {
    signature: &'static str,
    subject: &'static str,
    topic_urn: &'static str,
    message_id: String,
    signature_version: &'static str,
    r#type: &'static str,
    message: &'a str,
    timestamp: String,
}

/// Writes records that name pictures on one server.
#[derive(Clone, Debug)]
pub(super) struct RecordWriter {
    random: Random,
    /// The server, such as `http://127.0.0.1:8787`.
    base: String,
}

impl RecordWriter {
    pub(super) fn new(seed: u64, base: &str) -> Self {
        Self { random: Random::new(!seed), base: base.to_owned() }
    }

    /// Returns a record about `video` as it is logged at `time`.
    pub(super) fn event(&mut self, time: Timestamp, format: LogFormat, event: DemoEvent, video: &Video) -> DemoRecord {
        let message = self.message(event, video);
        let mut text = format.wrap(&message, time, &mut self.random);
        let mut snapshots = Vec::new();
        let mut sent = Some((json(&message), format.service()));
        match event {
            DemoEvent::Succeeded => snapshots.clone_from(&video.snapshots),
            DemoEvent::Truncated => {
                text.truncate(text.len() / 2);
                text.push('\n');
                sent = None;
            }
            DemoEvent::Failed(..) | DemoEvent::Unfinished | DemoEvent::Created | DemoEvent::Parsed => {}
        }
        DemoRecord { text, content: Content::Event(event), snapshots, message: sent }
    }

    /// Returns a line without an event.
    pub(super) fn unrelated(&mut self, time: Timestamp, text: &str) -> DemoRecord {
        let text = format!("{} {text}\n", prefix(time, &mut self.random));
        DemoRecord { text, content: Content::Unrelated, snapshots: Vec::new(), message: None }
    }

    fn message<'a>(&self, event: DemoEvent, video: &'a Video) -> DemoMessage<'a> {
        let asset_id = video.asset.to_string();
        let original = format!("{}/asset/{asset_id}/{asset_id}.mp4", self.base);
        let list = |list: SnapshotList| {
            let entries = video.snapshots.iter().filter(|snapshot| snapshot.list == list);
            entries.map(|s| PictureEntry { offset: s.offset, url: format!("{}{}", self.base, s.path()) }).collect()
        };
        let thumbnail_info = match event {
            DemoEvent::Created => {
                let create_info = CreateInfo { status: "SUCCEED", title: &video.title, url: original, asset_id };
                return DemoMessage::Create { create_info };
            }
            DemoEvent::Parsed => {
                let (width, hight) = video.asset.size().pixels();
                let meta_data = MetaData {
                    pack_type: "MP4",
                    codec: "H.264",
                    duration: video.duration,
                    video_size: u64::from(video.duration) * 250_000,
                    width,
                    hight,
                    bit_rate: 1939,
                    frame_rate: 25,
                };
                let parse_info = ParseInfo { status: "SUCCEED", asset_id, meta_data, original_url: original };
                return DemoMessage::Parse { parse_info };
            }
            DemoEvent::Failed(code, words) => ThumbnailInfo {
                asset_id,
                status: "FAILED",
                error_code: Some(code),
                error_msg: Some(words),
                ..ThumbnailInfo::default()
            },
            DemoEvent::Unfinished => ThumbnailInfo {
                asset_id,
                status: "PROCESSING",
                progress: Some(40),
                sample: Some(Vec::new()),
                dots: Some(Vec::new()),
                ..ThumbnailInfo::default()
            },
            DemoEvent::Succeeded | DemoEvent::Truncated => ThumbnailInfo {
                asset_id,
                status: "SUCCEED",
                sample: Some(list(SnapshotList::Sample)),
                dots: Some(list(SnapshotList::Dot)),
                ..ThumbnailInfo::default()
            },
        };
        DemoMessage::Thumbnail { thumbnail_info }
    }
}

impl LogFormat {
    /// Returns the service that brings the messages of this format; both bring about as many.
    fn service(self) -> DemoService {
        match self {
            Self::Smn | Self::Docker | Self::Cri => DemoService::Smn,
            Self::Plain | Self::Prefixed | Self::Pretty => DemoService::Mfs,
        }
    }

    /// Returns the message as it is logged at `time`, with its final newline.
    fn wrap(self, message: &DemoMessage<'_>, time: Timestamp, random: &mut Random) -> String {
        let nanos = time.strftime("%Y-%m-%dT%H:%M:%S%.9fZ").to_string();
        match self {
            Self::Plain => format!("{}\n", json(message)),
            Self::Prefixed => {
                format!("{} received {} in {} ms\n", prefix(time, random), json(message), 1 + random.below(40))
            }
            Self::Pretty => format!("{} received {}\n", prefix(time, random), pretty_json(message)),
            Self::Docker => {
                let log = format!("recv {}\n", json(message));
                format!("{}\n", json(&DockerRecord { log: &log, stream: "stdout", time: nanos }))
            }
            Self::Cri => format!("{nanos} stdout F {}\n", json(message)),
            Self::Smn => {
                let prefix = prefix(time, random);
                let notification = SmnNotification {
                    signature: "ZGVtbw==",
                    subject: "VOD",
                    topic_urn: "urn:smn:demo:0:vod-events",
                    message_id: format!("{:016x}{:016x}", random.next(), random.next()),
                    signature_version: "v1",
                    r#type: "Notification",
                    message: &json(message),
                    timestamp: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                };
                format!("{prefix} POST /vod {}\n", json(&notification))
            }
        }
    }
}

/// Returns the prefix of a Java service's log line.
fn prefix(time: Timestamp, random: &mut Random) -> String {
    let thread = 1 + random.below(8);
    format!("{} INFO  [nio-8080-exec-{thread}] c.e.vod.Callback :", time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists of them are serialized to memory")
}

fn pretty_json(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"\t"));
    value.serialize(&mut serializer).expect("strings, numbers and lists of them are serialized to memory");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}
