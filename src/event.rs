//! The words of the log.
//!
//! What one record said, whatever it was wrapped in: [`LogEvent`]. The wire format is known to `decode` alone, what
//! it is wrapped in to [`envelope`] and `unwrap`. Nothing here is trusted text: it becomes [`Safe`] where it is shown.
//! A source hands on [`LogUpdate`]s; nothing that was read is dropped without being counted in one of them.

mod canonical;
mod container;
mod decode;
pub mod envelope;
mod fields;
mod fingerprint;
mod open;
mod outline;
mod pictures;
mod read_mode;
mod redact;
mod times;
mod unwrap;

pub use fingerprint::Fingerprint;
pub use pictures::{Pictures, Snapshot, Templates};
pub use read_mode::ReadMode;
pub use redact::{Reveal, redact_urls};

use crate::text::Safe;
use std::{
    fmt,
    hash::{Hash, Hasher},
    num::NonZeroU32,
    sync::Arc,
};

/// An asset's id: 32 hexadecimal digits in every document, but any text is taken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(IdText);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum IdText {
    /// 32 lower-case hexadecimal digits, in half the room.
    Hex([u8; 16]),
    Other(Arc<str>),
}

impl Hash for IdText {
    /// In one write: a log of a gigabyte looks half a million ids up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Hex(bytes) => state.write(bytes),
            Self::Other(text) => text.hash(state),
        }
    }
}

impl AssetId {
    /// The most bytes of an id that are kept; a longer one is no id.
    pub const MAX: usize = 256;

    /// Takes an id as it came; `None` where it is empty or longer than [`Self::MAX`].
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > Self::MAX {
            return None;
        }
        Some(Self(parse_hex(text.as_bytes()).map_or_else(|| IdText::Other(text.into()), IdText::Hex)))
    }

    /// The id as it came, in `room` where that is needed: a filter looks at half a million ids between two keys.
    pub fn spell<'a>(&'a self, room: &'a mut [u8; 32]) -> &'a str {
        match &self.0 {
            IdText::Hex(bytes) => {
                let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
                *room = std::array::from_fn(|at| digit(bytes[at / 2] >> (4 * (1 - at % 2)) & 15));
                // Digits are ASCII.
                std::str::from_utf8(room).unwrap_or_default()
            }
            IdText::Other(text) => text,
        }
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spell(&mut [0; 32]))
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AssetId({self})")
    }
}

/// The 16 bytes that 32 lower-case hexadecimal digits spell.
fn parse_hex(text: &[u8]) -> Option<[u8; 16]> {
    const NONE: u8 = 0xff;
    // Without a branch for each digit: every event has an id.
    const DIGITS: [u8; 256] = {
        let mut digits = [NONE; 256];
        let mut digit = 0;
        while digit < 16 {
            digits[b"0123456789abcdef"[digit as usize] as usize] = digit;
            digit += 1;
        }
        digits
    };
    let text: &[u8; 32] = text.try_into().ok()?;
    let mut seen = 0;
    let bytes = std::array::from_fn(|at| {
        let (high, low) = (DIGITS[usize::from(text[2 * at])], DIGITS[usize::from(text[2 * at + 1])]);
        seen |= high | low;
        high << 4 | low
    });
    (seen < 16).then_some(bytes)
}

/// What became of a job: the document's two words, or whatever else the log said, upper-cased.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `SUCCEED`: the pictures are there.
    Succeed,
    /// `FAILED`: an error code and a message are there.
    Failed,
    /// Any other word; `UNKNOWN` where there was none.
    Other(Arc<str>),
}

impl Status {
    /// Reads a status without regard to case. `THUMBNAIL_SUCCEED` and `THUMBNAIL_FAILED` are the API's spelling.
    pub fn new(text: &str) -> Self {
        let word = text.trim();
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        if is("SUCCEED") || is("THUMBNAIL_SUCCEED") {
            Self::Succeed
        } else if is("FAILED") || is("THUMBNAIL_FAILED") {
            Self::Failed
        } else if word.is_empty() {
            Self::unknown()
        } else {
            Self::Other(word.to_uppercase().chars().take(64).collect::<String>().into())
        }
    }

    /// The status of an event that names none.
    pub fn unknown() -> Self {
        Self::Other("UNKNOWN".into())
    }

    /// The word that is printed.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Succeed => "SUCCEED",
            Self::Failed => "FAILED",
            Self::Other(word) => word,
        }
    }
}

/// A place in a video, in milliseconds. The documents give whole seconds; fractions are kept to the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(i64);

impl Offset {
    /// From seconds; `None` for what is no number or beyond 30 years.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        (seconds.abs() < 1e9).then(|| Self((seconds * 1000.0).round() as i64))
    }

    /// From milliseconds.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// In milliseconds.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// In seconds.
    #[expect(clippy::cast_precision_loss, reason = "offsets lie far below 2^52 ms")]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// Prints as people write it: `0:25`, `1:02:03`, `0:12.5`.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millis = self.0.unsigned_abs();
        let (hours, minutes, seconds, rest) =
            (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000);
        let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
        let fraction = fraction.trim_end_matches('0');
        f.pad(&if hours > 0 {
            format!("{sign}{hours}:{minutes:02}:{seconds:02}{fraction}")
        } else {
            format!("{sign}{minutes}:{seconds:02}{fraction}")
        })
    }
}

/// A moment, in microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// From microseconds since 1970 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In microseconds since 1970 UTC.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// As a timestamp; times beyond jiff's range are clamped to 1970.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or_default()
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

/// Prints RFC 3339 in UTC: `2026-03-14T01:15:02Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

/// Which list of an event a picture is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PictureKind {
    /// `sample`: taken at an interval.
    Sample,
    /// `dots`: taken at a time that was asked for.
    Dot,
    /// A cover picture of another event.
    Cover,
}

impl PictureKind {
    /// The word in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Dot => "dot",
            Self::Cover => "cover",
        }
    }
}

/// The address of a picture as the log gave it. Printing it hides its secrets; [`PictureUrl::reveal`] does not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PictureUrl(Arc<str>);

impl PictureUrl {
    /// Takes an address as it came, valid or not.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The true text, with its secrets: for the request itself, and for deliberate acts such as copying.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The text with every secret as `***`: signatures and tokens in the query, user info, and the signature segments
    /// that hotlink keys of type B and C put before `/asset/`.
    pub fn redacted(&self) -> String {
        redact::url(&self.0)
    }

    /// The text with its secrets told or hidden.
    pub fn shown(&self, reveal: Reveal) -> String {
        match reveal {
            Reveal::Hide => self.redacted(),
            Reveal::Show => self.0.to_string(),
        }
    }
}

impl fmt::Display for PictureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl fmt::Debug for PictureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PictureUrl({self})")
    }
}

/// One incarnation of a log file: its place among the arguments, and how often that name began anew since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// Place among the arguments; files found later come after.
    pub rank: u16,
    /// 0, and one more each time the file was truncated, replaced or rotated.
    pub generation: u16,
}

/// Where a record begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// Byte in the file, after decompression.
    pub byte: u64,
    /// Length of the record in bytes.
    pub len: u32,
    /// Line in the file, from 1; `None` while the lines before it are not counted.
    pub line: Option<NonZeroU32>,
    /// [`Fingerprint`] of the record's bytes, by which a later reading is known to be the same record.
    pub hash: u64,
    /// Which event of its record, from 0: glued objects, or several in one message.
    pub part: u32,
}

/// What an event is about: its `event_type` without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// `thumbnailComplete`, the event that thumbview is for.
    Thumbnail,
    /// `createComplete`.
    Create,
    /// `parseComplete`: brings title, duration and size.
    Parse,
    /// `transcodeComplete`.
    Transcode,
    /// `coverComplete`: brings cover pictures.
    Cover,
    /// `reviewComplete`: brings a verdict.
    Review,
    /// `audioExtractComplete`.
    AudioExtract,
    /// An API answer (`ShowAssetDetail`, `ListThumbnailDetails`): a state, not an event.
    Details,
    /// One of the two Chinese template texts, which carry a title and perhaps an error, but no pictures.
    Template,
    /// Any other `event_type`.
    Other(Arc<str>),
}

impl EventKind {
    /// The `event_type` as the documents spell it, or as it came; a word of our own for what is no event.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Thumbnail => "thumbnailComplete",
            Self::Create => "createComplete",
            Self::Parse => "parseComplete",
            Self::Transcode => "transcodeComplete",
            Self::Cover => "coverComplete",
            Self::Review => "reviewComplete",
            Self::AudioExtract => "audioExtractComplete",
            Self::Details => "details",
            Self::Template => "template",
            Self::Other(name) => name,
        }
    }
}

/// `error_code` and `error_msg` as they came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Such as `VOD.10104`; may be empty.
    pub code: Box<str>,
    /// In words, often Chinese; may be empty.
    pub message: Box<str>,
}

impl Fault {
    /// The message as a screen may show it.
    pub fn shown(&self, reveal: Reveal) -> Safe {
        match reveal {
            Reveal::Hide => Safe::new(&redact_urls(&self.message)),
            Reveal::Show => Safe::new(&self.message),
        }
    }
}

/// What other events tell of an asset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The video's title.
    pub title: Option<Box<str>>,
    /// The video's length.
    pub duration: Option<Offset>,
    /// The video's size in bytes.
    pub bytes: Option<u64>,
    /// Width and height of the video in pixels.
    pub frame: Option<(u32, u32)>,
    /// `suggestion` of a review: `PASS`, `BLOCK`, `REVIEW`.
    pub verdict: Option<Box<str>>,
}

/// What was odd about an event's picture lists; the pictures are shown all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Pictures without a usable offset; they take that of the picture before.
    pub missing: u32,
    /// Pictures with a negative offset.
    pub negative: u32,
    /// Pictures whose offset lies before that of the picture before.
    pub unsorted: u32,
    /// Pictures whose kind and offset were there before.
    pub duplicate: u32,
}

/// One event of one asset.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEvent {
    /// What it is about.
    pub kind: EventKind,
    /// Whose it is.
    pub asset: AssetId,
    /// How it ended.
    pub status: Status,
    /// When, by the innermost envelope that says so.
    pub time: Option<Time>,
    /// For ordering only: `time`, or without it the time of the nearest earlier timed record that the reader saw.
    pub clock: Option<Time>,
    /// Where it stands.
    pub origin: Origin,
    /// Hash of the SMN `message_id`: a redelivery bears the same.
    pub delivery: Option<u64>,
    /// Samples and dots of a thumbnail event, covers of a cover event.
    pub pictures: Pictures,
    /// Code and message of a failure.
    pub fault: Option<Box<Fault>>,
    /// Title, duration and the like.
    pub facts: Option<Box<Facts>>,
    /// What was odd about the pictures.
    pub oddities: Oddities,
}

/// Text that looked like an event and could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Where it begins.
    pub origin: Origin,
    /// Column of the error in its line, from 1, in bytes.
    pub column: u32,
    /// Why.
    pub reason: Safe,
    /// Its head, at most 4 KiB.
    pub raw: Safe,
}

/// What was read besides the events themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines ended by a newline, and a last unfinished one.
    pub lines: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Subscription confirmations and the like, which belong to no asset.
    pub other_events: u64,
    /// Records of a restarted file whose whole text had been taken before.
    pub replayed: u64,
    /// Texts that looked like an event and were not taken, kept or not.
    pub unparsed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.lines += more.lines;
        self.bytes += more.bytes;
        self.other_events += more.other_events;
        self.replayed += more.replayed;
        self.unparsed += more.unparsed;
    }
}

/// How a source fares. Shown in the header at all times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The first reading goes on: bytes read, and bytes in all where known.
    Loading {
        /// Bytes read so far.
        read: u64,
        /// Bytes in all, where that is known.
        total: Option<u64>,
    },
    /// Read to its end, and followed from there.
    Live,
    /// As before, with a word on what befell it lately or how it is followed: `rotated`, `truncated`, `polling only`.
    Marked(Safe),
    /// Read to its end once.
    Loaded,
    /// A stream came to its end.
    Ended,
    /// Not there, or not readable: why. Looked at again by itself.
    Waiting(Safe),
    /// Given up: why.
    Failed(Safe),
}

/// Something that happened to a source and that an operator would want to know of later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub time: Time,
    /// In one sentence.
    pub text: Safe,
}

/// What a source says.
#[derive(Clone, Debug, PartialEq)]
pub enum LogUpdate {
    /// A file is open, or begins anew under another [`FileId::generation`].
    Opened {
        /// Which.
        file: FileId,
        /// Its name as the user gave it.
        name: Arc<str>,
        /// Its size in bytes, where it has one.
        size: Option<u64>,
    },
    /// Events, at most 512, and what was counted on the way.
    Batch {
        /// Events in the order of the file.
        events: Vec<LogEvent>,
        /// What looked like an event and was not taken.
        rejected: Vec<Rejected>,
        /// What was counted since the batch before.
        counts: Counts,
    },
    /// A source's state has changed.
    Health {
        /// Place among the arguments.
        rank: u16,
        /// The new state.
        health: Health,
    },
    /// A last line has lacked its newline for 5 s: its head, at most 4 KiB. `None` once it is whole or gone.
    Incomplete {
        /// Place among the arguments.
        rank: u16,
        /// What there is of the line.
        head: Option<Safe>,
    },
    /// Numbers of lines that could not be counted yet when their events were sent: the end of a file comes first.
    Lines {
        /// Which file.
        file: FileId,
        /// The byte of an [`Origin`] and its line, in the order of the file.
        lines: Vec<(u64, NonZeroU32)>,
    },
    /// Something to remember.
    Notice(Notice),
    /// Every source was read to the end that it had at the start; following may go on.
    Loaded,
    /// Nothing more will come.
    Finished,
}
