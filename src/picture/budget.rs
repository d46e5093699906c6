//! The bytes that pictures may take on their way to the terminal.

/// The most bytes that a picture may take on its way to the terminal, so that a slow link is not blocked for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For a preview, which is sent while the cursor moves.
    pub preview: u32,
    /// For a picture on which the cursor rests.
    pub full: u32,
}

impl Budget {
    /// No limit.
    pub const UNLIMITED: Self = Self { preview: u32::MAX, full: u32::MAX };

    /// Approximate bytes of one cell of a picture in blocks.
    pub(super) const BLOCK: u32 = 20;

    /// Approximate pixels of the coarsest sixel drawing in one byte.
    pub(super) const SIXEL: u32 = 40;

    /// The most bytes for a quality.
    pub fn bytes(self, quality: Quality) -> u32 {
        match quality {
            Quality::Preview => self.preview,
            Quality::Full => self.full,
        }
    }

    /// Returns `true` if a picture is first sent as a preview even when no key repeats.
    pub fn is_tight(self) -> bool {
        self != Self::UNLIMITED
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::UNLIMITED
    }
}

/// The quality in which a picture is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// Few bytes, prepared quickly; for while keys repeat.
    Preview,
    /// All that the area can show.
    Full,
}

/// Figures of the link to the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Bytes sent so far, in all frames.
    pub sent: u64,
    /// Measured bytes a second; `None` where it is not known or not limited.
    pub rate: Option<u64>,
}
