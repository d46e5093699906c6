//! Hyperlinks: cells that open an address when they are clicked (OSC 8).

use crate::text::Safe;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// Ends the hyperlink of the characters that follow.
const END: &[u8] = b"\x1b]8;;\x1b\\";

/// A character that no frame draws, in a cell that is to be written again.
const STALE: &str = "\u{f8ff}";

/// Cells that open an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hyperlink {
    /// The cells.
    pub area: Rect,
    /// The address: an absolute URL in ASCII.
    pub target: Safe,
}

/// Makes the cells differ of which the hyperlink changes.
pub(super) fn invalidate(shown: &mut Buffer, before: &[Hyperlink], after: &[Hyperlink]) {
    let ended = before.iter().filter(|link| !after.contains(link));
    let begun = after.iter().filter(|link| !before.contains(link));
    for position in ended.chain(begun).flat_map(|link| link.area.positions()) {
        if let Some(cell) = shown.cell_mut(position) {
            cell.set_symbol(STALE);
        }
    }
}

/// Returns the hyperlink of a cell.
pub(super) fn at(links: &[Hyperlink], position: Position) -> Option<&Hyperlink> {
    links.iter().find(|link| link.area.contains(position))
}

/// Appends the change from one hyperlink to another.
pub(super) fn change(from: Option<&Hyperlink>, to: Option<&Hyperlink>, out: &mut Vec<u8>) {
    if from == to {
        return;
    }
    match to {
        Some(link) => {
            out.extend_from_slice(b"\x1b]8;;");
            out.extend_from_slice(link.target.as_str().as_bytes());
            out.extend_from_slice(b"\x1b\\");
        }
        None => out.extend_from_slice(END),
    }
}
