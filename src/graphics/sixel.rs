//! DEC sixel graphics: six rows of pixels at a time, one pass for each colour in them.
//!
//! The drawing is one DCS string (DEC STD 070, chapter 9), background left alone (P2 = 1), its size in the raster
//! attributes. It ends without a graphics new line: that would scroll a full screen, and foot paints a band for it.

use super::{
    palette::{Care, Indexed, quantise},
    put,
    scale::{pane, scale},
};
use crate::picture::{Fit, Multiplexer, Picture, PixelSize, Quality};

/// Rows of pixels in a band.
const BAND: u32 = 6;

/// What tmux takes in one sequence, less room for the rest.
const TMUX_MOST: usize = 1_000_000;

/// The best first; a preview starts with the second.
const CARE: [Care; 3] = [
    Care { colours: 256, tolerance: 60, grain: 4 },
    Care { colours: 32, tolerance: 300, grain: 0 },
    Care { colours: 16, tolerance: 2000, grain: 0 },
];

/// Encodes a picture at the size of its box, because a terminal cannot scale sixels.
///
/// `None` where tmux would not take it: it throws away sequences of more than a mebibyte.
pub(super) fn encode(picture: &Picture, fit: Fit) -> Option<(Vec<u8>, PixelSize)> {
    let raster = scale(picture, size(fit));
    let levels = match fit.quality {
        Quality::Preview => &CARE[1..],
        Quality::Full => &CARE,
    };
    let most = match fit.multiplexer {
        Multiplexer::Tmux => TMUX_MOST,
        Multiplexer::None | Multiplexer::Screen => usize::MAX,
    };
    let drawings = levels.iter().map(|care| draw(&quantise(&raster, *care), raster.size));
    drawings.filter(|bytes| bytes.len() <= most).map(|bytes| (bytes, raster.size)).next()
}

/// The pixels of the box, whole bands of them: what is left below is less than a third of a cell.
fn size(fit: Fit) -> PixelSize {
    let PixelSize { width, height } = pane(fit);
    PixelSize { width, height: (height / BAND * BAND).max(BAND) }
}

fn draw(indexed: &Indexed, size: PixelSize) -> Vec<u8> {
    let width = size.width as usize;
    let mut out = Vec::with_capacity(indexed.pixels.len());
    put(&mut out, format_args!("\x1bP0;1;0q\"1;1;{};{}", size.width, size.height));
    for (number, colour) in indexed.colours.iter().enumerate() {
        let [r, g, b] = colour.map(|part| (u32::from(part) * 100 + 127) / 255);
        put(&mut out, format_args!("#{number};2;{r};{g};{b}"));
    }
    let mut columns = vec![0_u8; width * indexed.colours.len()];
    for (at, band) in indexed.pixels.chunks(width * BAND as usize).enumerate() {
        if at > 0 {
            out.push(b'-');
        }
        draw_band(band, width, &mut columns, &mut out);
    }
    out.extend(b"\x1b\\");
    out
}

/// Draws one band; `columns` has a row of sixels for each colour, all zero before and after.
fn draw_band(band: &[u8], width: usize, columns: &mut [u8], out: &mut Vec<u8>) {
    let mut used = [false; 256];
    for (y, row) in band.chunks(width).enumerate() {
        for (x, number) in row.iter().enumerate() {
            used[usize::from(*number)] = true;
            columns[usize::from(*number) * width + x] |= 1 << y;
        }
    }
    let mut first = true;
    for number in (0..used.len()).filter(|number| used[*number]) {
        if !first {
            out.push(b'$');
        }
        first = false;
        put(out, format_args!("#{number}"));
        let row = &mut columns[number * width..][..width];
        draw_row(row, out);
        row.fill(0);
    }
}

/// One colour of one band: runs of equal sixels, counted where that is shorter, up to the last that has ink.
fn draw_row(mut row: &[u8], out: &mut Vec<u8>) {
    while let [first, ..] = row {
        let run = row.iter().take_while(|sixel| *sixel == first).count();
        row = &row[run..];
        if row.is_empty() && *first == 0 {
            return;
        }
        if run > 3 {
            put(out, format_args!("!{run}"));
            out.push(first + b'?');
        } else {
            out.extend(std::iter::repeat_n(first + b'?', run));
        }
    }
}
