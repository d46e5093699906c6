//! The colour that each pixel should get, and the error that a substitute may have.

/// The colour wanted for a pixel.
#[derive(Clone, Copy)]
pub(super) struct PixelTarget {
    /// Red, green and blue, after dithering.
    pub(super) colour: [u8; 3],
    /// The palette's index for it.
    pub(super) index: u8,
    /// The squared error of that index against `colour`, at most `u16::MAX`: there is one target for each pixel.
    pub(super) error: u16,
    /// The squared error of that index against the pixel before dithering, at most `u16::MAX`.
    pub(super) source_error: u16,
    /// The texture around the pixel.
    pub(super) texture: Texture,
}

/// The texture of a region.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Texture {
    /// So even that the edge between two palette colours would show as a band.
    Flat,
    /// Anything else.
    Busy,
}

impl PixelTarget {
    /// Returns a target whose colour is in the palette.
    #[cfg(test)]
    pub(super) fn exact(colour: [u8; 3], index: u8) -> Self {
        Self { colour, index, error: 0, source_error: 0, texture: Texture::Busy }
    }

    /// Returns the greatest squared error that a substitute may have. Half of the tolerance counts in flat regions, where
    /// a substitute undoes dithering.
    pub(super) fn max_error(&self, tolerance: u32) -> u32 {
        match self.texture {
            Texture::Flat => u32::from(self.error) + tolerance / 2,
            Texture::Busy => u32::from(self.error) + tolerance,
        }
    }
}

/// The palette as a table with an entry for every byte, so that no index is checked.
pub(super) struct ColourTable([[u8; 3]; 256]);

impl ColourTable {
    /// Fills the table with at most 256 colours; the rest is black.
    pub(super) fn new(colours: &[[u8; 3]]) -> Self {
        let mut table = [[0; 3]; 256];
        table.iter_mut().zip(colours).for_each(|(entry, colour)| *entry = *colour);
        Self(table)
    }

    /// Returns the squared distance of a palette entry from a colour.
    pub(super) fn distance(&self, index: u8, colour: [u8; 3]) -> u32 {
        distance(self.0[usize::from(index)], colour)
    }
}

/// Returns the squared distance of two colours, summed over the three channels.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    [0, 1, 2].map(|part| u32::from(a[part].abs_diff(b[part])).pow(2)).into_iter().sum()
}
