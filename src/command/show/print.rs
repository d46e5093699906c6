//! Pictures printed into the scrollback: one picture, or a contact sheet.
//!
//! viuer prints wherever its own test of the terminal agrees with our probe. Elsewhere our encoders print: forced
//! protocols, tmux, sixel (which viuer draws for cells of 6x12 pixels only), kitty over SSH (to which viuer sends ten
//! times the bytes), and blocks other than halves (which viuer does not have). viuer never queries a terminal that has not just answered the same query, so that it never waits.

use crate::{
    graphics::{image_id_base, is_over_ssh, prepare, scrollback, shrunk, strip},
    picture::{Canvas, ColourDepth, Excerpt, Fit, Multiplexer, Picture, Protocol, Quality, Symbols, fit},
    text::Safe,
};
use image::{DynamicImage, RgbImage};
use ratatui::layout::Size;
use std::{
    io::{self, Write},
    process,
};

/// The reason for which a picture could not be printed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrintError {
    /// The output could not be written.
    #[error("cannot write the picture")]
    Write(#[from] io::Error),
    /// viuer failed.
    #[error("cannot print the picture")]
    Print(#[source] viuer::ViuError),
}

impl From<viuer::ViuError> for PrintError {
    /// Keeps the IO error visible, so that a closed pipe is recognised: a [`viuer::ViuError`] has no source.
    fn from(error: viuer::ViuError) -> Self {
        if let viuer::ViuError::Io(error) = error { Self::Write(error) } else { Self::Print(error) }
    }
}

/// The code that prints a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PicturePrinter {
    Viuer,
    Encoder,
    None,
}

/// Prints a picture, at most `columns` cells wide and less than a screen high, and ends the line.
///
/// viuer prints to stdout itself; `out` is flushed before that.
pub(super) fn picture(
    picture: &Picture,
    canvas: &Canvas,
    columns: u16,
    out: &mut impl Write,
) -> Result<(), PrintError> {
    let (_, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    let bounds = canvas.bounds(Size { width: columns, height: rows.saturating_sub(1).max(1) });
    print(picture, fit(picture.size, bounds, canvas.cell), canvas, out)
}

/// Prints captioned pictures in rows of `pictures_per_row`. Each row is one image, with its captions as text below it.
pub(super) fn sheet(
    pictures: &[(Safe, Picture)],
    pictures_per_row: u16,
    canvas: &Canvas,
    columns: u16,
    out: &mut impl Write,
) -> Result<(), PrintError> {
    let most = canvas.bounds(Size { width: columns, height: u16::MAX }).width;
    // At least two cells per tile, and one between two tiles.
    let grid = pictures_per_row.clamp(1, (most / 3).max(1));
    let tile = Size { width: ((most + 1) / grid).saturating_sub(1).max(1), height: u16::MAX };
    for row in pictures.chunks(usize::from(grid)) {
        print_row(row, tile.width, canvas, out)?;
        for (caption, _) in row {
            let caption = caption.fit(usize::from(tile.width));
            // A formatter's own padding counts characters, not cells.
            let rest = usize::from(tile.width + 1) - caption.width();
            write!(out, "{caption}{:rest$}", "")?;
        }
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

fn print_row(row: &[(Safe, Picture)], columns: u16, canvas: &Canvas, out: &mut impl Write) -> Result<(), PrintError> {
    let (_, most) = crossterm::terminal::size().unwrap_or((80, 24));
    let bounds = Size { width: columns, height: most.saturating_sub(2).max(1) };
    let rows = row.iter().map(|(_, picture)| fit(picture.size, bounds, canvas.cell).height).max().unwrap_or(1);
    let tile = canvas.cell.pixels(Size { width: columns, height: rows });
    let background = if canvas.light == Some(true) { [255; 3] } else { [0; 3] };
    let pictures: Vec<&Picture> = row.iter().map(|(_, picture)| picture).collect();
    let image = strip(&pictures, tile, canvas.cell.pixels(Size::new(1, 1)).width, background);
    let count = u16::try_from(row.len()).unwrap_or(u16::MAX);
    let cells = Size { width: count.saturating_mul(columns + 1) - 1, height: rows };
    print(&image, cells, canvas, out)
}

fn print(picture: &Picture, cells: Size, canvas: &Canvas, out: &mut impl Write) -> Result<(), PrintError> {
    let fit = Fit {
        excerpt: Excerpt::Whole,
        cells,
        cell: canvas.cell,
        protocol: canvas.protocol,
        symbols: canvas.symbols,
        colours: canvas.colours,
        quality: Quality::Full,
        target_bytes: u32::MAX,
        multiplexer: canvas.multiplexer,
    };
    match printer(canvas, is_over_ssh(), viuer::is_iterm_supported()) {
        PicturePrinter::None => return Ok(()),
        PicturePrinter::Encoder => {
            let prepared = prepare(picture, fit);
            if let Some(bytes) = scrollback(&prepared, fit, image_id()) {
                out.write_all(&bytes)?;
                return Ok(out.flush()?);
            }
        }
        PicturePrinter::Viuer => {}
    }
    out.flush()?;
    let (size, rgb) = shrunk(picture, fit);
    let image = RgbImage::from_raw(size.width, size.height, rgb.into_owned()).unwrap_or_default();
    viuer::print(&DynamicImage::ImageRgb8(image), &viuer_config(fit))?;
    Ok(())
}

/// Returns the code that prints on this canvas. `viuer_knows_iterm2` is viuer's own test, which reads the environment.
fn printer(canvas: &Canvas, over_ssh: bool, viuer_knows_iterm2: bool) -> PicturePrinter {
    let answered = canvas.multiplexer == Multiplexer::None && canvas.offered.contains(&canvas.protocol);
    match canvas.protocol {
        Protocol::None => PicturePrinter::None,
        Protocol::Blocks if canvas.symbols == Symbols::Half => PicturePrinter::Viuer,
        Protocol::Kitty if answered && !over_ssh => PicturePrinter::Viuer,
        Protocol::Iterm2 if answered && viuer_knows_iterm2 => PicturePrinter::Viuer,
        Protocol::Blocks | Protocol::Kitty | Protocol::Iterm2 | Protocol::Sixel => PicturePrinter::Encoder,
    }
}

/// Allows viuer the one protocol that the terminal answered for.
fn viuer_config(fit: Fit) -> viuer::Config {
    viuer::Config {
        absolute_offset: false,
        width: Some(u32::from(fit.cells.width.max(1))),
        height: Some(u32::from(fit.cells.height.max(1))),
        truecolor: fit.colours == ColourDepth::True,
        use_kitty: fit.protocol == Protocol::Kitty,
        use_iterm: fit.protocol == Protocol::Iterm2,
        use_sixel: false,
        ..viuer::Config::default()
    }
}

/// Returns an image id for tmux that is probably unused: it is made of the process id and the time.
fn image_id() -> u32 {
    let micros = jiff::Timestamp::now().subsec_nanosecond().unsigned_abs() / 1000;
    image_id_base(process::id()) | (micros % 255 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viuer_prints_where_its_test_agrees_with_ours() {
        let check = |protocol, offered: &[Protocol], multiplexer, over_ssh, iterm2, expected| {
            let canvas = Canvas { protocol, offered: offered.to_vec(), multiplexer, ..Canvas::default() };
            assert_eq!(printer(&canvas, over_ssh, iterm2), expected, "{canvas:?} {over_ssh} {iterm2}");
        };
        let none = Multiplexer::None;
        check(Protocol::Blocks, &[], none, true, false, PicturePrinter::Encoder);
        let halves = Canvas { protocol: Protocol::Blocks, symbols: Symbols::Half, ..Canvas::default() };
        assert_eq!(printer(&halves, true, false), PicturePrinter::Viuer);
        check(Protocol::Kitty, &[Protocol::Kitty], none, false, false, PicturePrinter::Viuer);
        check(Protocol::Kitty, &[Protocol::Kitty], none, true, false, PicturePrinter::Encoder);
        check(Protocol::Kitty, &[Protocol::Kitty], Multiplexer::Tmux, false, false, PicturePrinter::Encoder);
        check(Protocol::Kitty, &[], none, false, false, PicturePrinter::Encoder);
        check(Protocol::Iterm2, &[Protocol::Iterm2], none, false, true, PicturePrinter::Viuer);
        check(Protocol::Iterm2, &[Protocol::Iterm2], none, true, false, PicturePrinter::Encoder);
        check(Protocol::Sixel, &[Protocol::Sixel], none, false, false, PicturePrinter::Encoder);
        check(Protocol::None, &[], none, false, false, PicturePrinter::None);
    }

    #[test]
    fn a_sheet_makes_room_for_each_row_and_names_what_is_in_it() {
        let size = crate::picture::PixelSize { width: 32, height: 18 };
        let picture = Picture::of_rgb(size, [90; 32 * 18 * 3]);
        let captions = ["0:00", "新品", "0:10"];
        let pictures: Vec<_> = captions.map(|caption| (Safe::new(caption), picture.clone())).to_vec();
        let canvas = Canvas { protocol: Protocol::Sixel, ..Canvas::default() };
        let mut out = Vec::new();
        sheet(&pictures, 2, &canvas, 21, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap().replace('\x1b', "␛");
        assert_eq!(text.matches("\"1;1;210;60").count(), 1, "two tiles of ten cells and a gap: {text}");
        assert_eq!(text.matches("\"1;1;100;60").count(), 1, "{text}");
        assert_eq!(text.matches("\n\n\n\r␛[3A␛7␛P").count(), 2, "{text}");
        assert!(text.contains("␛8␛[3B0:00       新品       \n"), "{text}");
    }
}
