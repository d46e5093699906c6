//! The properties of the terminal that decide how pictures are drawn.
//!
//! A [`Canvas`] is what the probe found and the user chose. It is data: asking the terminal is done elsewhere.

use super::{Budget, CellSize, ColourDepth, PixelSize};
use crate::text::Safe;
use ratatui::layout::Size;

/// The way in which pictures are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// The graphics protocol of kitty: sent once, placed by id.
    Kitty,
    /// The inline images of iTerm2: the JPEG itself.
    Iterm2,
    /// DEC sixel graphics.
    Sixel,
    /// Block characters in the terminal's cells; see [`Symbols`]. Works everywhere.
    #[default]
    Blocks,
    /// No pictures, only their facts as text.
    None,
}

impl Protocol {
    /// All protocols, in the order in which the key `P` cycles.
    pub const ALL: [Self; 5] = [Self::Kitty, Self::Iterm2, Self::Sixel, Self::Blocks, Self::None];

    /// The name on the command line and the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kitty => "kitty",
            Self::Iterm2 => "iterm2",
            Self::Sixel => "sixel",
            Self::Blocks => "blocks",
            Self::None => "none",
        }
    }
}

/// The block characters of which a picture in blocks is made. Each set contains the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Symbols {
    /// Halves of a cell, which every font has.
    Half,
    /// Two by two parts.
    #[default]
    Quadrant,
    /// Two by three parts (Unicode 13).
    Sextant,
    /// Two by four parts (Unicode 16).
    Octant,
}

impl Symbols {
    /// All sets, the smallest first.
    pub const ALL: [Self; 4] = [Self::Half, Self::Quadrant, Self::Sextant, Self::Octant];

    /// The name on the command line and the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Half => "half",
            Self::Quadrant => "quadrant",
            Self::Sextant => "sextant",
            Self::Octant => "octant",
        }
    }

    /// Some characters of the set that the smaller ones lack, to see if a terminal draws them.
    pub fn sample(self) -> &'static str {
        match self {
            Self::Half => "▀▄▌▐",
            Self::Quadrant => "▘▞▙▟",
            Self::Sextant => "\u{1fb0f}\u{1fb17}\u{1fb26}\u{1fb39}",
            Self::Octant => "\u{1cd09}\u{1cd2c}\u{1cd79}\u{1cdb0}",
        }
    }
}

/// The way of drawing that the user asks for; `None` takes the best that the terminal is known to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrawingChoice {
    /// The protocol.
    pub protocol: Option<Protocol>,
    /// The characters of pictures in blocks.
    pub symbols: Option<Symbols>,
}

/// A terminal multiplexer between the program and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Multiplexer {
    /// No multiplexer.
    #[default]
    None,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tmux => "tmux",
            Self::Screen => "GNU screen",
        }
    }
}

/// The properties of the terminal that decide how pictures are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canvas {
    /// The protocol in use.
    pub protocol: Protocol,
    /// The characters of pictures in blocks.
    pub symbols: Symbols,
    /// The protocols that the terminal answered for, best first; always includes blocks and none.
    pub offered: Vec<Protocol>,
    /// The colours that a cell can have.
    pub colours: ColourDepth,
    /// The size of a cell in pixels.
    pub cell: CellSize,
    /// The multiplexer in between.
    pub multiplexer: Multiplexer,
    /// `true` for a light background, `None` where the terminal did not say.
    pub light: Option<bool>,
    /// `true` where the terminal is known to have hyperlinks (OSC 8).
    pub has_hyperlinks: bool,
    /// The largest sixel drawing that the terminal shows, where it has a limit; see [`Canvas::bounds`].
    pub max_sixel: Option<PixelSize>,
    /// The most bytes that one picture may take.
    pub budget: Budget,
    /// Advice for the operator where a better protocol could be had.
    pub hint: Option<Safe>,
}

impl Canvas {
    /// Returns the part of an area, in cells, that a picture may fill.
    ///
    /// Some terminals show no sixel drawing beyond a size of their own. On a slow link blocks take fewer bytes only by
    /// fewer cells, and a sixel drawing takes a least number of bytes for each pixel.
    pub fn bounds(&self, bounds: Size) -> Size {
        let (cell, most) = match self.protocol {
            Protocol::Sixel => (self.cell, self.budget.full.saturating_mul(Budget::SIXEL)),
            Protocol::Blocks => (CellSize::new(1, 1), self.budget.full / Budget::BLOCK),
            Protocol::Kitty | Protocol::Iterm2 | Protocol::None => return bounds,
        };
        let size = cell.pixels(bounds).shrink_to(most);
        let limit = self.max_sixel.filter(|_| self.protocol == Protocol::Sixel);
        let limit = limit.unwrap_or(PixelSize { width: u32::MAX, height: u32::MAX });
        let size = PixelSize { width: size.width.min(limit.width), height: size.height.min(limit.height) };
        if size == cell.pixels(bounds) { bounds } else { cell.cells(size) }
    }
}
