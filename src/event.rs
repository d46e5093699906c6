//! The vocabulary of the log, and the readers that fill it.
//!
//! [`RecordReader`] finds the [`LogEvent`]s of a file: `record` splits lines from what stores them, `envelope` finds the
//! texts of events, `decode` says what one means, and `fast` reads the usual spellings with the same result. Text of a
//! log is not trusted: it becomes [`Safe`](crate::text::Safe) where it is shown. Sources report in [`LogUpdate`]s, and
//! nothing that was read is dropped without being counted in one of them.

mod asset_id;
mod base64_text;
mod copies;
mod decode;
mod digits;
mod envelope;
mod fast;
mod fields;
mod fingerprint;
mod found;
mod kind;
mod log_event;
mod needle;
mod notation;
mod offset;
mod origin;
mod pictures;
mod read_mode;
mod reader;
mod record;
mod redact;
mod status;
mod time;
mod update;
mod url;

pub use asset_id::{AssetId, HexDigits};
pub use fingerprint::Fingerprint;
pub use found::FoundEvents;
pub use kind::{EventKind, PictureKind};
pub use log_event::{Facts, Fault, LogEvent};
pub use needle::looks_like_event;
pub use offset::Offset;
pub use origin::{FileId, Origin};
pub use pictures::{
    builder::Templates,
    list::{Pictures, Snapshot},
    oddities::Oddities,
};
pub use read_mode::ReadMode;
pub use reader::{PendingRecords, ReaderCache, RecordReader};
pub use redact::{Reveal, redact};
pub use status::Status;
pub use time::Time;
pub use update::{Counts, Health, LogUpdate, Notice, Rejected, Severity};
pub use url::PictureUrl;
