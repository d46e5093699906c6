//! Kinds of events and of pictures.

use std::sync::Arc;

/// The kind of an event: its `event_type` without regard to case.
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

/// The list of an event that names a picture.
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
