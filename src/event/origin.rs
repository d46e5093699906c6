//! The place of a record in the logs.

use std::num::NonZeroU32;

/// A log file: its index among the arguments, and the number of files that had its name before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// Index among the arguments; files found later come after.
    pub rank: u16,
    /// 0, plus one each time the file was truncated, replaced or rotated.
    pub generation: u16,
}

/// The place of a record, and its hash.
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
    /// [`Fingerprint`](super::Fingerprint) of the record's bytes, by which a later reading is known to be the same record.
    pub hash: u64,
    /// The index of the event in its record: one message may hold several.
    pub part: u32,
}

impl Origin {
    /// Returns its place in the file: `12` by its line, or `@3456` by its byte where the line is not known.
    pub fn place(&self) -> String {
        self.line.map_or_else(|| format!("@{}", self.byte), |line| line.to_string())
    }
}
