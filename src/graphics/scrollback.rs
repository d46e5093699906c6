//! Pictures printed into the scrollback.
//!
//! The rows are made first and the picture is drawn into them, so that the screen scrolls alike for every protocol and the
//! cursor ends below the picture. Nothing is deleted later.

use super::{bytes::append, kitty, pane::pane_size, raster::scale};
use crate::picture::{BlockCell, BlockGrid, ColourDepth, Fit, Picture, PixelSize, Prepared, Protocol, xterm_index};
use std::borrow::Cow;

/// Returns the bytes that print a picture at the cursor, which stands at the start of a line before and after. `None`
/// without pictures.
///
/// `id` tells it from other pictures in tmux; neither its highest nor its lowest byte may be 0.
pub fn scrollback(prepared: &Prepared, fit: Fit, id: u32) -> Option<Vec<u8>> {
    let bytes = match prepared {
        Prepared::Blocks(grid) => return Some(block_lines(grid, fit.colours)),
        Prepared::Bytes { bytes, .. } => bytes,
    };
    let rows = fit.cells.height.max(1);
    let mut out = vec![b'\n'; usize::from(rows)];
    append(&mut out, format_args!("\r\x1b[{rows}A\x1b7"));
    match fit.protocol {
        Protocol::Kitty => kitty::print(id, bytes, fit, &mut out),
        Protocol::Iterm2 | Protocol::Sixel => out.extend_from_slice(bytes),
        Protocol::Blocks | Protocol::None => return None,
    }
    append(&mut out, format_args!("\x1b8\x1b[{rows}B"));
    Some(out)
}

/// Returns lines of block characters in their colours, which are set where they change.
fn block_lines(grid: &BlockGrid, colours: ColourDepth) -> Vec<u8> {
    let mut out = Vec::new();
    let colour = |out: &mut Vec<u8>, layer: u8, [r, g, b]: [u8; 3]| match colours {
        ColourDepth::True => append(out, format_args!("\x1b[{layer};2;{r};{g};{b}m")),
        ColourDepth::Indexed => append(out, format_args!("\x1b[{layer};5;{}m", xterm_index([r, g, b]))),
    };
    for line in grid.cells.chunks(usize::from(grid.size.width).max(1)) {
        let mut before: Option<BlockCell> = None;
        for cell in line {
            if before.is_none_or(|before| before.foreground != cell.foreground) {
                colour(&mut out, 38, cell.foreground);
            }
            if before.is_none_or(|before| before.background != cell.background) {
                colour(&mut out, 48, cell.background);
            }
            append(&mut out, format_args!("{}", cell.glyph));
            before = Some(*cell);
        }
        out.extend_from_slice(b"\x1b[0m\n");
    }
    out
}

/// Composes pictures side by side, each centred in a tile, `gap` pixels between two.
pub fn strip(pictures: &[&Picture], tile: PixelSize, gap: u32, background: [u8; 3]) -> Picture {
    let count = u32::try_from(pictures.len()).unwrap_or(u32::MAX).max(1);
    let size = PixelSize { width: count * (tile.width + gap) - gap, height: tile.height };
    let mut rgb = background.repeat(size.width as usize * size.height as usize);
    for (left, picture) in (0..).step_by((tile.width + gap) as usize).zip(pictures) {
        let raster = scale(picture, picture.size.shrink_into(tile));
        let x = left + (tile.width - raster.size.width) as usize / 2;
        let y = (tile.height - raster.size.height) as usize / 2;
        let row_bytes = raster.width() * 3;
        let target = rgb.chunks_exact_mut(size.width as usize * 3).skip(y);
        for (from, to) in raster.rgb.chunks_exact(row_bytes).zip(target) {
            to[x * 3..][..row_bytes].copy_from_slice(from);
        }
    }
    Picture::of_rgb(size, rgb)
}

/// Returns a picture's size and pixels, reduced to its pane if it is larger.
pub fn shrunk(picture: &Picture, fit: Fit) -> (PixelSize, Cow<'_, [u8]>) {
    let raster = scale(picture, picture.size.shrink_into(pane_size(fit)));
    (raster.size, raster.rgb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Size;

    #[test]
    fn colours_of_blocks_are_set_where_they_change() {
        let cell = |glyph, foreground, background| BlockCell { glyph, foreground, background };
        let (red, blue) = ([255, 0, 0], [0, 0, 255]);
        let grid = BlockGrid {
            size: Size::new(2, 2),
            cells: vec![cell('▀', red, blue), cell('▚', red, blue), cell('▄', red, red), cell(' ', blue, red)],
        };
        let text = |colours| String::from_utf8(block_lines(&grid, colours)).unwrap();
        assert_eq!(
            text(ColourDepth::True),
            "\x1b[38;2;255;0;0m\x1b[48;2;0;0;255m▀▚\x1b[0m\n\
             \x1b[38;2;255;0;0m\x1b[48;2;255;0;0m▄\x1b[38;2;0;0;255m \x1b[0m\n"
        );
        assert_eq!(
            text(ColourDepth::Indexed),
            "\x1b[38;5;196m\x1b[48;5;21m▀▚\x1b[0m\n\x1b[38;5;196m\x1b[48;5;196m▄\x1b[38;5;21m \x1b[0m\n"
        );
    }
}
