//! The formats of a written list of assets.

/// The format in which assets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFormat {
    /// Aligned columns.
    Table,
    /// One JSON object.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// CSV by RFC 4180.
    Csv,
}
