//! The pixels' way to the glass.
//!
//! [`prepare`] turns a picture into what one protocol sends for one box: work for the CPU, done on the blocking pool.
//! Nothing here reads or writes a terminal: bytes to send are appended to buffers, and answers are handed in.

mod blocks;
mod scale;

use crate::picture::{Fit, Picture, Prepared, Protocol};

/// Scales, quantises and encodes a picture for one box. Takes milliseconds of CPU.
pub fn prepare(picture: &Picture, fit: Fit) -> Prepared {
    match fit.protocol {
        Protocol::Kitty | Protocol::Iterm2 | Protocol::Sixel | Protocol::Blocks | Protocol::None => {
            Prepared::Blocks(blocks::grid(picture, fit))
        }
    }
}
