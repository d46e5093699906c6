//! DEC sixel graphics: six rows of pixels at a time, one pass for each colour in them.
//!
//! The drawing is one DCS string (DEC STD 070, chapter 9), background left alone (P2 = 1), its size in the raster
//! attributes. It ends without a graphics new line: that would scroll a full screen, and foot paints a band for it.

use super::{
    indexed::{self, ByteTarget, Indexed, Quantization, RepeatCost},
    put,
    scale::{pane, scale},
};
use crate::picture::{Fit, Multiplexer, Picture, PixelSize, Quality};
use std::iter;

/// Rows of pixels in a band.
const BAND: u32 = 6;

/// What tmux takes in one sequence, less room for the rest.
const TMUX_MOST: usize = 1_000_000;

/// What can be saved, the best first. Pixels that are drawn larger cost little: what repeats is counted, not repeated.
const LEVELS: [QualityLevel; 10] = [
    QualityLevel { care: care(256, 60, 4), grain: 1, density: 820 },
    QualityLevel { care: care(128, 150, 0), grain: 1, density: 320 },
    QualityLevel { care: care(64, 250, 0), grain: 1, density: 210 },
    QualityLevel { care: care(32, 300, 0), grain: 1, density: 155 },
    QualityLevel { care: care(64, 400, 0), grain: 3, density: 95 },
    QualityLevel { care: care(32, 800, 0), grain: 4, density: 65 },
    QualityLevel { care: care(32, 800, 0), grain: 6, density: 38 },
    QualityLevel { care: care(16, 1500, 0), grain: 6, density: 28 },
    QualityLevel { care: care(16, 1500, 0), grain: 12, density: 22 },
    QualityLevel { care: care(16, 1500, 0), grain: 18, density: 0 },
];

/// The level with which a preview starts.
const PREVIEW: usize = 2;

const fn care(colours: usize, tolerance: u32, grain: u8) -> Quantization {
    Quantization { colours, tolerance, grain, thrift: RepeatCost::Neighbours }
}

/// Bytes of a thousand pixels that a drawing should take at most: 460 KB in a pane of 80 columns, 140 for a preview.
const DEAR: usize = 1240;
const DEAR_PREVIEW: usize = 380;

/// The errors that make 34 decibels, and 30 for a preview.
const ERROR: f64 = 76.0;
const ERROR_PREVIEW: f64 = 180.0;

/// How much is saved.
#[derive(Clone, Copy)]
struct QualityLevel {
    care: Quantization,
    /// The side of the squares of which the drawing is made, in pixels.
    grain: u32,
    /// The usual bytes of a thousand pixels, so that few levels have to be tried.
    density: usize,
}

/// Encodes a picture at the size of its box, because a terminal cannot scale sixels.
///
/// `None` where tmux would not take it: it throws away sequences of more than a mebibyte.
pub(super) fn encode(picture: &Picture, fit: Fit) -> Option<(Vec<u8>, PixelSize)> {
    let size = size(fit);
    let pixels = size.width as usize * size.height as usize / 1000;
    let (best, aim) = match fit.quality {
        Quality::Preview => (PREVIEW, ByteTarget { bytes: pixels * DEAR_PREVIEW, error: ERROR_PREVIEW }),
        Quality::Full => (0, ByteTarget { bytes: pixels * DEAR, error: ERROR }),
    };
    let limit = match fit.multiplexer {
        Multiplexer::Tmux => TMUX_MOST,
        Multiplexer::None | Multiplexer::Screen => usize::MAX,
    };
    let most = limit.min(fit.most as usize);
    let levels = LEVELS.iter().skip(best).skip_while(|level| level.density * pixels > most);
    let mut drawing = Vec::new();
    for level in levels {
        drawing = render(picture, size, *level, aim);
        if drawing.len() <= most {
            break;
        }
    }
    (drawing.len() <= limit).then_some((drawing, size))
}

fn render(picture: &Picture, size: PixelSize, level: QualityLevel, aim: ByteTarget) -> Vec<u8> {
    let grain = level.grain as usize;
    let squares = PixelSize { width: size.width.div_ceil(level.grain), height: size.height.div_ceil(level.grain) };
    let (width, height) = (size.width as usize, size.height as usize);
    let draw = |coarse: &Indexed| {
        if grain == 1 {
            return draw(coarse);
        }
        let wide =
            |row: &[u8]| row.iter().flat_map(|square| iter::repeat_n(*square, grain)).take(width).collect::<Vec<_>>();
        let rows = coarse.pixels.chunks(coarse.width).flat_map(|row| iter::repeat_n(wide(row), grain));
        let pixels = rows.take(height).flatten().collect();
        self::draw(&Indexed { colours: coarse.colours.clone(), width, pixels })
    };
    indexed::encode(&scale(picture, squares), level.care, aim, draw)
}

/// The pixels of the box, whole bands of them: what is left below is less than a third of a cell.
fn size(fit: Fit) -> PixelSize {
    let PixelSize { width, height } = pane(fit);
    PixelSize { width, height: (height / BAND * BAND).max(BAND) }
}

fn draw(indexed: &Indexed) -> Vec<u8> {
    let (width, height) = (indexed.width, indexed.pixels.len() / indexed.width);
    let mut out = Vec::with_capacity(indexed.pixels.len());
    put(&mut out, format_args!("\x1bP0;1;0q\"1;1;{width};{height}"));
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
