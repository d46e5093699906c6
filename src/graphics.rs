//! Pictures for a terminal: detection of its graphics protocol, encoding, and drawing.
//!
//! [`prepare`] encodes a picture for one protocol and one pane: CPU work for a thread of its own. The [`Painter`] tracks
//! which pictures are on the screen and produces the bytes that change them. The [`Probe`] detects what the terminal can
//! show. Nothing here reads or writes a terminal: output is appended to buffers, answers are passed in.

mod blocks;
mod budget;
mod bytes;
mod iterm2;
mod kitty;
mod painter;
mod pane;
mod probe;
mod quantize;
mod raster;
mod scrollback;
mod sixel;
mod tmux;

pub use budget::{budget, rounded_rate};
pub use painter::{Painter, image_id_base};
pub use probe::{Environment, Probe, is_over_ssh};
pub use scrollback::{scrollback, shrunk, strip};
pub use tmux::Client as TmuxClient;

use crate::picture::{Fit, Multiplexer, Picture, Prepared, Protocol};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

/// Scales, quantises and encodes a picture for one pane, which takes milliseconds of CPU.
///
/// A picture that the protocol cannot carry becomes blocks.
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

/// Returns the sequence that copies text to the terminal's clipboard (OSC 52). In tmux it is there twice: for tmux itself,
/// which accepts it with `set-clipboard on`, and wrapped, which tmux passes on with `allow-passthrough on`.
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
