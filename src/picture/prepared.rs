//! Pictures ready to be drawn in one area by one protocol.

use super::{CellSize, ColourDepth, Excerpt, Multiplexer, PictureKey, PixelSize, Protocol, Quality, Symbols};
use ratatui::layout::{Rect, Size};
use std::{fmt, sync::Arc};

/// The area, protocol and quality for which a picture is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fit {
    /// The pixels that are prepared; the picture that is passed to `graphics` holds no others.
    pub excerpt: Excerpt,
    /// The cells that the picture will take; see [`fit`](super::fit).
    pub cells: Size,
    /// The size of a cell in pixels.
    pub cell: CellSize,
    /// The protocol that draws it.
    pub protocol: Protocol,
    /// The characters, for blocks.
    pub symbols: Symbols,
    /// The colours that a cell can have, for blocks.
    pub colours: ColourDepth,
    /// The quality.
    pub quality: Quality,
    /// The target bytes; exceeded where the protocol needs more at its coarsest.
    pub target_bytes: u32,
    /// The multiplexer in between, whose escapes kitty and sixel need.
    pub multiplexer: Multiplexer,
}

/// A picture made ready for one area and one protocol.
#[derive(Clone, PartialEq, Eq)]
pub enum Prepared {
    /// Cells that ratatui draws.
    Blocks(BlockGrid),
    /// Bytes that the painter sends.
    Bytes {
        /// For kitty the base64 of a PNG, which the painter sends once in commands of its own; for the others the
        /// drawing itself.
        bytes: Arc<[u8]>,
        /// The size of the drawing in pixels.
        size: PixelSize,
    },
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocks(grid) => write!(f, "Blocks({}x{})", grid.size.width, grid.size.height),
            Self::Bytes { bytes, size } => write!(f, "Bytes({} for {size})", bytes.len()),
        }
    }
}

impl Prepared {
    /// The bytes of memory that it takes.
    pub fn cost(&self) -> usize {
        match self {
            Self::Blocks(grid) => grid.cells.len() * size_of::<BlockCell>(),
            Self::Bytes { bytes, .. } => bytes.len(),
        }
    }
}

/// A picture as block characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockGrid {
    /// Its size in columns and rows.
    pub size: Size,
    /// The cells, row by row.
    pub cells: Vec<BlockCell>,
}

/// One cell of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockCell {
    /// A half or quadrant block, or a space.
    pub glyph: char,
    /// Red, green and blue of the glyph.
    pub foreground: [u8; 3],
    /// Red, green and blue behind the glyph.
    pub background: [u8; 3],
}

/// A prepared picture at its place on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The picture.
    pub key: PictureKey,
    /// The cells that it covers.
    pub area: Rect,
    /// The parameters that it was prepared with.
    pub fit: Fit,
    /// Its bytes or cells.
    pub prepared: Arc<Prepared>,
    /// On a slow link, its preview, which is sent first if the terminal has neither.
    pub preview: Option<(Fit, Arc<Prepared>)>,
}
