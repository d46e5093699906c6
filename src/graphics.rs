//! The pixels' way to the glass.
//!
//! [`prepare`] turns a picture into what one protocol sends for one box: work for the CPU, done on the blocking pool.
//! The [`Painter`] knows what stands on the glass and makes it what is wanted; the [`Probe`] knows what the terminal
//! can show. Nothing here reads or writes a terminal: bytes to send are appended to buffers, answers are handed in.

mod blocks;
mod budget;
mod indexed;
mod iterm2;
mod kitty;
mod painter;
mod palette;
mod probe;
mod scale;
mod scrollback;
mod sixel;
mod stretches;
mod tmux;

pub use budget::{budget, steady};
pub use painter::{Painter, number_base};
pub use probe::{Environment, Probe};
pub use scrollback::{scrollback, shrunk, strip};
pub use tmux::Client as TmuxClient;

use crate::picture::{Fit, Multiplexer, Picture, Prepared, Protocol};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use std::{fmt, io::Write as _};

/// Scales, quantises and encodes a picture for one box. Takes milliseconds of CPU.
///
/// Where a protocol cannot take the picture, it becomes blocks.
pub fn prepare(picture: &Picture, fit: Fit) -> Prepared {
    let encoded = match fit.protocol {
        Protocol::Kitty => kitty::encode(picture, fit),
        Protocol::Iterm2 => iterm2::encode(picture, fit),
        Protocol::Sixel => sixel::encode(picture, fit),
        Protocol::Blocks | Protocol::None => None,
    };
    match encoded {
        Some((bytes, size)) => Prepared::Bytes { bytes: bytes.into(), size },
        None => Prepared::Blocks(blocks::grid(picture, fit)),
    }
}

/// The sequence that puts text into the terminal's clipboard (OSC 52). Within tmux once for tmux itself, which takes it
/// with `set-clipboard on`, and once wrapped, which it hands on with `allow-passthrough on`.
pub fn clipboard(text: &[u8], multiplexer: Multiplexer) -> Vec<u8> {
    let sequence = format!("\x1b]52;c;{}\x07", BASE64.encode(text));
    let mut out = Vec::new();
    match multiplexer {
        Multiplexer::Tmux => {
            out.extend(sequence.as_bytes());
            tmux::wrap(sequence.as_bytes(), &mut out);
        }
        Multiplexer::None | Multiplexer::Screen => out.extend(sequence.as_bytes()),
    }
    out
}

/// Formats into a buffer.
fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing into a Vec cannot fail");
}
