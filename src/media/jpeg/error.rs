//! The reasons why a JPEG is not decoded.
//!
//! Sentences for the operator. "Corrupt" is said of what no decoder may draw, "not supported" of what is sound.

use crate::picture::{FailureKind, PixelSize};

/// The largest number of scans that is decoded. Each is a few bytes that cost a pass over all pixels.
pub(super) const MAX_SCANS: u32 = 100;

/// The reason why a JPEG is not decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JpegError {
    /// It ends before its frame header, after this many bytes.
    #[error("cut off before its size after {0} bytes")]
    NoSize(usize),
    /// It has no scan in this many bytes.
    #[error("cut off before its pixels after {0} bytes")]
    NoData(usize),
    /// It has too many pixels.
    #[error("{0} pixels is more than is decoded (40 megapixels, 16384 a side)")]
    TooLarge(PixelSize),
    /// It has too many scans.
    #[error("more than {MAX_SCANS} scans")]
    TooManyScans,
    /// It is of a kind that is not decoded.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// It is invalid.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// The kind and the message of an error in a child process.
    #[error("{1}")]
    Reported(FailureKind, String),
    /// The decoder did not return; its exit reason.
    #[error("the decoder failed: {0}")]
    Decoder(String),
}

impl JpegError {
    /// Returns the kind of failure that it is. What exceeds a limit of this program is refused, not damaged.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NoSize(_) | Self::NoData(_) => FailureKind::Truncated,
            Self::TooLarge(_) | Self::TooManyScans => FailureKind::Refused,
            Self::Unsupported(_) | Self::Corrupt(_) => FailureKind::Damaged,
            Self::Reported(kind, _) => *kind,
            Self::Decoder(_) => FailureKind::Unknown,
        }
    }
}
