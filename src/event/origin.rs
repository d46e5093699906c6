//! The place of a record in the logs.

use std::num::NonZeroU32;

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
