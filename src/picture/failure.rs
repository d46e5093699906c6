//! The reason that there is no picture, or only a damaged one: in words for the operator, and as a kind that programs
//! act on.

use crate::text::Safe;
use std::fmt;

/// The reason for which there is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFailure {
    /// The kind of the failure.
    pub kind: FailureKind,
    /// The failure, such as `HTTP 403`, `no answer for 10 s`, `not a JPEG: text/html`.
    pub what: Safe,
    /// Likely causes and remedies, one a line.
    pub advice: Vec<Safe>,
    /// The `HOST:PORT` that the key `a` would allow, where the fetch policy refused it and may be overridden.
    pub allow: Option<Safe>,
}

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The server does not have it (404, 410).
    Missing,
    /// The server denies access (401, 403 and other errors that it lays to the request).
    Forbidden,
    /// The server denies access, and the signature of the URL has expired.
    Expired,
    /// The server asks for fewer requests (429), or denies access to an address that asked too fast.
    Throttled,
    /// No usable response came: name look-up, connection, TLS, time-out, 5xx.
    Unreachable,
    /// The fetch policy or a limit forbids it.
    Refused,
    /// The body is no JPEG.
    NotJpeg,
    /// The body ends too early to be drawn.
    Truncated,
    /// The body is a JPEG that cannot be drawn.
    Damaged,
    /// Nothing is known about the picture: it was not requested, or this program failed.
    Unknown,
}

/// The damage of a picture that could still be drawn, with a sentence such as `truncated: 12 of 38 KB`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureDamage {
    /// Its end is missing.
    Truncated(Safe),
    /// Its data is invalid.
    Invalid(Safe),
}

impl PictureDamage {
    /// Returns the sentence.
    pub fn text(&self) -> &Safe {
        match self {
            Self::Truncated(text) | Self::Invalid(text) => text,
        }
    }
}

impl fmt::Display for PictureDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}
