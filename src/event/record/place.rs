//! Places of lines in a file.

use std::num::NonZeroU32;

/// The place of a line in the file.
#[derive(Clone, Copy, Debug)]
pub(in crate::event) struct LinePlace {
    pub(in crate::event) byte: u64,
    /// The byte after its text.
    pub(in crate::event) end: u64,
    pub(in crate::event) number: Option<NonZeroU32>,
}

impl LinePlace {
    /// An empty line before the first.
    pub(in crate::event) const BEGINNING: Self = Self { byte: 0, end: 0, number: Some(NonZeroU32::MIN) };
}
