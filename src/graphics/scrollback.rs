//! Pictures printed into the scrollback.
//!
//! The rows are made first and the picture is drawn into them, so that the screen scrolls alike for every protocol and the
//! cursor ends below the picture. Nothing is deleted later.

use super::{bytes::append, kitty, pane::pane_size, raster::scale};
use crate::picture::{FetchInfo, Fit, Picture, PixelSize, Prepared, Protocol};
use std::borrow::Cow;

/// Returns the bytes that print a picture at the cursor, which stands at the start of a line before and after. `None` for
/// blocks.
///
/// `id` tells it from other pictures in tmux; neither its highest nor its lowest byte may be 0.
pub fn scrollback(prepared: &Prepared, fit: Fit, id: u32) -> Option<Vec<u8>> {
    let Prepared::Bytes { bytes, .. } = prepared else { return None };
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
    Picture { size, rgb: rgb.into(), jpeg: [].into(), fetched: FetchInfo::default(), damage: None }
}

/// Returns a picture's size and pixels, reduced to its pane if it is larger.
pub fn shrunk(picture: &Picture, fit: Fit) -> (PixelSize, Cow<'_, [u8]>) {
    let raster = scale(picture, picture.size.shrink_into(pane_size(fit)));
    (raster.size, raster.rgb)
}
