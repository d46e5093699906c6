//! Pictures as the program knows them between the network and the glass.
//!
//! A [`PictureRequest`] goes out to `media`, a [`Picture`] comes back; with a [`Fit`] it goes to `graphics`, which
//! makes it [`Prepared`] for one box and one protocol; `ui` says where it stands ([`Placement`]). All are plain data,
//! and every answer carries the key of its question, so that a late one is merely kept.

mod name;

pub use name::file_names;

use crate::{
    event::{AssetId, Offset, PictureKind, PictureUrl, Snapshot},
    text::Safe,
};
use ratatui::layout::{Rect, Size};
use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

/// One event in the catalog: pictures of an earlier run are other pictures than those of a re-run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(pub u32);

/// One picture: its event, its list, its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PictureKey {
    /// The event that names it.
    pub event: EventKey,
    /// Which list.
    pub kind: PictureKind,
    /// Place in that list, from 0.
    pub index: u32,
}

/// A picture that is wanted, the most urgent first in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRequest {
    /// Which.
    pub key: PictureKey,
    /// Whose, for the cache.
    pub asset: AssetId,
    /// Where in the video, for the cache.
    pub offset: Offset,
    /// Where to fetch it.
    pub url: PictureUrl,
}

impl PictureRequest {
    /// Makes the request for one snapshot of an event of `asset`.
    pub fn new(event: EventKey, asset: &AssetId, snapshot: Snapshot) -> Self {
        let key = PictureKey { event, kind: snapshot.kind, index: snapshot.index };
        Self { key, asset: asset.clone(), offset: snapshot.offset, url: snapshot.url }
    }

    /// The sort key by which pictures are shown, listed and exported: by offset, a sample before a dot before a cover,
    /// equal ones as the log has them.
    pub fn order(&self) -> (Offset, PictureKind, u32) {
        (self.offset, self.key.kind, self.key.index)
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PixelSize {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl PixelSize {
    /// The largest size of the same shape that lies within `bounds`, at least 1x1; never larger than `self`.
    #[must_use]
    pub fn shrink_into(self, bounds: Self) -> Self {
        let (w, h) = (u64::from(self.width.max(1)), u64::from(self.height.max(1)));
        let (bw, bh) = (u64::from(bounds.width.max(1)), u64::from(bounds.height.max(1)));
        if w <= bw && h <= bh {
            return Self { width: self.width.max(1), height: self.height.max(1) };
        }
        let (width, height) = if w * bh >= h * bw { (bw, h * bw / w) } else { (w * bh / h, bh) };
        let side = |v: u64| u32::try_from(v.max(1)).unwrap_or(u32::MAX);
        Self { width: side(width), height: side(height) }
    }

    /// The size of the same shape that has at most about so many pixels; never larger than `self`.
    #[must_use]
    pub fn shrink_to(self, pixels: u32) -> Self {
        let area = u64::from(self.width) * u64::from(self.height);
        if area <= u64::from(pixels) {
            return self;
        }
        let bound =
            |side: u32| u32::try_from((u64::from(side).pow(2) * u64::from(pixels) / area).isqrt()).unwrap_or(side);
        self.shrink_into(Self { width: bound(self.width), height: bound(self.height) })
    }
}

impl fmt::Display for PixelSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}x{}", self.width, self.height))
    }
}

/// A terminal cell in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellSize {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

impl Default for CellSize {
    /// What is assumed where the terminal does not say.
    fn default() -> Self {
        Self { width: 10, height: 20 }
    }
}

/// The cells that a picture of `size` takes when it fills as much of `bounds` as its shape allows.
///
/// A picture may be scaled up to fill the box; pixels are sent at most once each, so that costs no bytes.
pub fn fit(size: PixelSize, bounds: Size, cell: CellSize) -> Size {
    let (w, h) = (u64::from(size.width.max(1)), u64::from(size.height.max(1)));
    let (cw, ch) = (u64::from(cell.width.max(1)), u64::from(cell.height.max(1)));
    let (bw, bh) = (u64::from(bounds.width), u64::from(bounds.height));
    if bw == 0 || bh == 0 {
        return Size::ZERO;
    }
    let (pixels_w, pixels_h) = (bw * cw, bh * ch);
    // Rounded to the nearest cell, so that a picture is at most half a cell off its shape.
    let (cols, rows) = if w * pixels_h >= h * pixels_w {
        (bw, (h * pixels_w / w + ch / 2) / ch)
    } else {
        ((w * pixels_h / h + cw / 2) / cw, bh)
    };
    let clamped = |v: u64, max: u64| u16::try_from(v.clamp(1, max)).unwrap_or(u16::MAX);
    Size { width: clamped(cols, bw), height: clamped(rows, bh) }
}

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// kitty's graphics protocol: sent once, placed by id.
    Kitty,
    /// iTerm2's inline images: the JPEG itself.
    Iterm2,
    /// DEC sixel graphics.
    Sixel,
    /// Half and quadrant blocks in the terminal's cells. Works everywhere.
    #[default]
    Blocks,
    /// No pictures, only what is known of them.
    None,
}

impl Protocol {
    /// All, in the order in which the key `P` cycles.
    pub const ALL: [Self; 5] = [Self::Kitty, Self::Iterm2, Self::Sixel, Self::Blocks, Self::None];

    /// The word on the command line and the screen.
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

/// How many colours a cell can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColourDepth {
    /// 24 bits.
    #[default]
    True,
    /// The 256 of xterm.
    Indexed,
}

/// The levels of xterm's colour cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of xterm's 256 colours, never one of the first sixteen: those are the user's own.
pub fn xterm_index(rgb: [u8; 3]) -> u8 {
    let level = |part: u8| (0..6_u8).min_by_key(|level| CUBE[usize::from(*level)].abs_diff(part)).unwrap_or(0);
    let [r, g, b] = rgb.map(level);
    let cube = 16 + 36 * r + 6 * g + b;
    let mean = (u16::from(rgb[0]) + u16::from(rgb[1]) + u16::from(rgb[2])) / 3;
    let grey = u8::try_from((mean.saturating_sub(3) / 10).min(23)).map_or(255, |step| 232 + step);
    let distance = |index| {
        let parts = xterm_colour(index).into_iter().zip(rgb);
        parts.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
    };
    if distance(grey) < distance(cube) { grey } else { cube }
}

/// Red, green and blue of one of xterm's colours from 16 on; below, black.
pub fn xterm_colour(index: u8) -> [u8; 3] {
    match index {
        0..16 => [0; 3],
        16..232 => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(|level| CUBE[usize::from(level)]),
        232..=255 => [8 + (index - 232) * 10; 3],
    }
}

/// What stands between the program and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Multiplexer {
    /// Nothing.
    #[default]
    None,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

/// What the terminal was found to be able to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canvas {
    /// The protocol in use.
    pub protocol: Protocol,
    /// The protocols that the terminal answered for, best first; blocks and none always belong to it.
    pub offered: Vec<Protocol>,
    /// Colours of a cell.
    pub colours: ColourDepth,
    /// A cell in pixels.
    pub cell: CellSize,
    /// tmux, screen or nothing.
    pub multiplexer: Multiplexer,
    /// Whether the terminal's background is light, where it said so.
    pub light: Option<bool>,
    /// The largest sixel drawing that the terminal shows, where it has a limit; see [`Canvas::bounds`].
    pub most: Option<PixelSize>,
    /// What a picture may cost on its way to the terminal.
    pub budget: Budget,
    /// One line for the operator where something better could be had.
    pub hint: Option<Safe>,
}

impl Canvas {
    /// The part of a box that a picture may fill. sixel has a largest drawing, beyond which some terminals show nothing.
    /// On a slow link blocks are made cheaper by nothing but fewer cells, and sixel has its least bytes by the pixel.
    pub fn bounds(&self, bounds: Size) -> Size {
        let pixels = |cells: u16, cell: u16| u32::from(cells) * u32::from(cell.max(1));
        let cells = |pixels: u32, cell: u16| u16::try_from(pixels / u32::from(cell.max(1))).unwrap_or(u16::MAX);
        let (cell, most) = match self.protocol {
            Protocol::Sixel => (self.cell, self.budget.full.saturating_mul(Budget::SIXEL)),
            Protocol::Blocks => (CellSize { width: 1, height: 1 }, self.budget.full / Budget::BLOCK),
            Protocol::Kitty | Protocol::Iterm2 | Protocol::None => return bounds,
        };
        let size = PixelSize { width: pixels(bounds.width, cell.width), height: pixels(bounds.height, cell.height) };
        let size = size.shrink_to(most);
        let limit = self.most.filter(|_| self.protocol == Protocol::Sixel);
        let limit = limit.unwrap_or(PixelSize { width: u32::MAX, height: u32::MAX });
        Size {
            width: cells(size.width.min(limit.width), cell.width),
            height: cells(size.height.min(limit.height), cell.height),
        }
    }
}

/// The most bytes that a picture may take on its way to the terminal, so that nobody waits long on a slow link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Of a preview, which is sent while the cursor moves.
    pub preview: u32,
    /// Of a picture that is looked at.
    pub full: u32,
}

impl Budget {
    /// As many as it takes.
    pub const UNLIMITED: Self = Self { preview: u32::MAX, full: u32::MAX };

    /// About the bytes of one cell of a picture in blocks.
    const BLOCK: u32 = 20;

    /// About the pixels of a sixel drawing in one byte, at its coarsest.
    const SIXEL: u32 = 40;

    /// The bytes for such care.
    pub fn most(self, quality: Quality) -> u32 {
        match quality {
            Quality::Preview => self.preview,
            Quality::Full => self.full,
        }
    }

    /// Whether the link is so slow that a picture is first sent as a preview, even when no key repeats.
    pub fn is_tight(self) -> bool {
        self != Self::UNLIMITED
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::UNLIMITED
    }
}

/// What has gone to the terminal so far, and how fast it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// All bytes of all frames.
    pub sent: u64,
    /// Bytes a second, about; `None` where nothing is known of it or nothing limits it.
    pub rate: Option<u64>,
}

/// How much care a preparation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// While keys repeat: few bytes, at once.
    Preview,
    /// What the box can show.
    Full,
}

/// The box, the protocol and the care for which a picture is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fit {
    /// The cells that the picture will take; see [`fit()`].
    pub cells: Size,
    /// A cell in pixels.
    pub cell: CellSize,
    /// How it is drawn.
    pub protocol: Protocol,
    /// Colours of a cell, for blocks.
    pub colours: ColourDepth,
    /// Preview or full.
    pub quality: Quality,
    /// The most bytes that it may take, as far as the protocol can be had for so few.
    pub most: u32,
    /// What stands in between; changes the bytes of kitty and sixel.
    pub multiplexer: Multiplexer,
}

/// A decoded picture and what is known of how it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width and height after EXIF orientation.
    pub size: PixelSize,
    /// Three bytes a pixel, row by row.
    pub rgb: Arc<[u8]>,
    /// The body as it was fetched.
    pub jpeg: Arc<[u8]>,
    /// How it came.
    pub fetched: FetchInfo,
    /// `truncated: 12 of 38 KB` and the like: shown with the picture, which is then never taken for healthy.
    pub damage: Option<Safe>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.size, self.jpeg.len())
    }
}

impl Picture {
    /// Bytes that keeping it costs.
    pub fn cost(&self) -> usize {
        self.rgb.len() + self.jpeg.len()
    }

    /// A hash of the size and of some thousand pixels: equal pictures have equal ones, whatever their JPEGs say besides.
    pub fn sketch(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.size.hash(&mut hasher);
        self.some_pixels().for_each(|pixel| hasher.write(pixel));
        hasher.finish()
    }

    /// Mean luma (BT.601) of some thousand pixels, 0 to 255.
    pub fn mean_luma(&self) -> u8 {
        let luma = |p: &[u8]| u64::from(p[0]) * 299 + u64::from(p[1]) * 587 + u64::from(p[2]) * 114;
        let (sum, count) = self.some_pixels().fold((0, 0), |(sum, count), pixel| (sum + luma(pixel), count + 1000));
        u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX)
    }

    /// Pixels from all over the picture, 4096 to 8191 of a larger one: both figures are made on the loop.
    fn some_pixels(&self) -> impl Iterator<Item = &[u8]> {
        let every = (self.rgb.len() / 3 / 4096).max(1);
        self.rgb.chunks_exact(3).step_by(every)
    }
}

/// How a picture came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchInfo {
    /// HTTP status; `None` from the cache.
    pub status: Option<u16>,
    /// `Content-Type` as the server said it.
    pub content_type: Option<Safe>,
    /// From the first byte sent to the last byte read.
    pub took: Duration,
    /// Whether the disk had it.
    pub from_cache: bool,
    /// `HTTP/2` and the like.
    pub version: Option<&'static str>,
}

/// Why there is no picture, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFailure {
    /// What happened: `HTTP 403`, `no answer for 10 s`, `not a JPEG: text/html`.
    pub what: Safe,
    /// Likely causes and what can be done, one a line.
    pub advice: Vec<Safe>,
    /// `HOST:PORT` that the key `a` would allow, where the policy refused it and may allow it.
    pub allow: Option<Safe>,
}

/// What `media` and `graphics` tell of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureUpdate {
    /// Its fetch has begun.
    Started(PictureKey),
    /// Nobody wanted it any longer before it came.
    Dropped(PictureKey),
    /// It is here.
    Loaded(PictureKey, Arc<Picture>),
    /// It will not come.
    Failed(PictureKey, PictureFailure),
    /// It is ready for one box.
    Prepared(PictureKey, Fit, Arc<Prepared>),
}

/// A picture made ready for one box and one protocol.
#[derive(Clone, PartialEq, Eq)]
pub enum Prepared {
    /// Cells that ratatui draws.
    Blocks(BlockGrid),
    /// Bytes that the painter sends; what they mean is the protocol's affair.
    Bytes {
        /// What to send. For kitty the base64 of a PNG, which the painter sends once in commands of its own; for the
        /// others the drawing itself.
        bytes: Arc<[u8]>,
        /// Pixels that were sent.
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
    /// Bytes that keeping it costs.
    pub fn cost(&self) -> usize {
        match self {
            Self::Blocks(grid) => grid.cells.len() * size_of::<BlockCell>(),
            Self::Bytes { bytes, .. } => bytes.len(),
        }
    }
}

/// A picture in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockGrid {
    /// Columns and rows.
    pub size: Size,
    /// Row by row.
    pub cells: Vec<BlockCell>,
}

/// One cell of a picture: a glyph whose ink has one colour and whose ground has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockCell {
    /// A half or quadrant block, or a space.
    pub glyph: char,
    /// Red, green and blue of the glyph.
    pub ink: [u8; 3],
    /// Red, green and blue behind it.
    pub ground: [u8; 3],
}

/// Where a prepared picture stands on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Which.
    pub key: PictureKey,
    /// The cells that it takes.
    pub area: Rect,
    /// Its box and protocol.
    pub fit: Fit,
    /// What is sent.
    pub prepared: Arc<Prepared>,
    /// A cheaper form of it where the link is slow: what is sent first, if the terminal has neither.
    pub sooner: Option<(Fit, Arc<Prepared>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_into_cells_and_keeps_its_shape() {
        let check = |(width, height), (cols, rows), expected| {
            let size = fit(PixelSize { width, height }, Size::new(cols, rows), CellSize::default());
            assert_eq!((size.width, size.height), expected, "{width}x{height} in {cols}x{rows}");
        };
        check((480, 270), (80, 40), (80, 23));
        check((480, 270), (200, 10), (36, 10));
        check((270, 480), (80, 24), (27, 24));
        check((1, 65500), (80, 24), (1, 24));
        check((65500, 1), (80, 24), (80, 1));
        check((480, 270), (0, 10), (0, 0));
        check((0, 0), (10, 10), (10, 5));
    }

    #[test]
    fn shrinks_and_never_grows() {
        let check = |(w, h), (bw, bh), expected| {
            let size = PixelSize { width: w, height: h }.shrink_into(PixelSize { width: bw, height: bh });
            assert_eq!((size.width, size.height), expected);
        };
        check((1280, 720), (800, 460), (800, 450));
        check((480, 270), (800, 460), (480, 270));
        check((1, 65500), (100, 100), (1, 100));
    }

    #[test]
    fn shrinks_to_an_area() {
        let check = |(w, h), pixels, expected| {
            let size = PixelSize { width: w, height: h }.shrink_to(pixels);
            assert_eq!((size.width, size.height), expected);
        };
        check((480, 270), u32::MAX, (480, 270));
        check((480, 270), 480 * 270 / 4, (240, 135));
        check((80, 20), 400, (40, 10));
        check((1, 65500), 100, (1, 2559));
        check((80, 20), 0, (1, 1));
    }
}
