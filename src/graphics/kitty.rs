//! kitty's graphics protocol: a picture is transmitted once under an id, then placed, hidden and placed again by it.
//!
//! A picture is transmitted as a PNG with a palette: a quarter of the bytes of the same picture in 24 bits. Errors and
//! answers are off (`q=2`) in every command, because nothing reads them. In tmux commands go through its passthrough and a
//! placement is text: cells of U+10EEEE whose colour and diacritics name picture, row and column, so that tmux moves and
//! erases them as it does all text (kitty 0.28, "Unicode placeholders").

use super::{
    budget::encode_within_budget,
    bytes::append,
    pane::{pane_pixels, transmitted_size},
    quantize::{IndexedImage, Quantization, RateTarget, RepeatModel, encode_within},
    raster::scale,
    tmux,
};
use crate::picture::{Fit, Multiplexer, Picture, PixelSize, Quality};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ratatui::layout::Rect;

/// The most pixels of a preview; the terminal enlarges it to its pane.
const MAX_PREVIEW: PixelSize = PixelSize { width: 400, height: 225 };

/// The usual number of pixels in ten bytes of base64.
const PIXELS_PER_TEN_BYTES: u32 = 26;

/// The bytes of a thousand pixels of the pane that a picture should take at most: 220 KB in a pane of 80 columns.
const TARGET_BYTES_PER_KILOPIXEL: usize = 585;

/// The bytes that a preview should take at most.
const PREVIEW_TARGET_BYTES: usize = 58_500;

/// The minimum PSNR in decibels; that of a preview is 30 once the terminal has enlarged it.
const MIN_PSNR: f64 = 35.27;
const PREVIEW_MIN_PSNR: f64 = 32.9;

/// The budget in bytes below which a picture gets a small palette, since the palette takes bytes as well.
const SMALL_PALETTE_BYTES: u32 = 8000;

/// The most base64 bytes in one command, and the fewest on a slow link; multiples of four, as the protocol asks.
const MAX_CHUNK_BYTES: usize = 4096;
pub(super) const MIN_CHUNK_BYTES: usize = 512;

/// Encodes a picture, at the size of its pane where it is larger, as the base64 of a PNG.
///
/// `None` if the PNG cannot be made, which does not happen for sides of 16 bits.
pub(super) fn encode(picture: &Picture, fit: Fit) -> Option<(Vec<u8>, PixelSize)> {
    let size = transmitted_size(picture.size, fit);
    let max_colours = if fit.target_bytes < SMALL_PALETTE_BYTES { 64 } else { 256 };
    let repeats = RepeatModel::BackReferences;
    let (size, quantization, target) = match fit.quality {
        Quality::Preview => (
            size.shrink_into(MAX_PREVIEW),
            Quantization { max_colours, tolerance: 100, dither_amplitude: 0, repeats },
            RateTarget { target_bytes: PREVIEW_TARGET_BYTES, min_psnr: PREVIEW_MIN_PSNR },
        ),
        Quality::Full => (
            size,
            Quantization { max_colours, tolerance: 50, dither_amplitude: 4, repeats },
            RateTarget { target_bytes: pane_pixels(fit) * TARGET_BYTES_PER_KILOPIXEL / 1000, min_psnr: MIN_PSNR },
        ),
    };
    encode_within_budget(fit.target_bytes, PIXELS_PER_TEN_BYTES, size, |size| {
        let base64 = |image: &IndexedImage| STANDARD.encode(png(image).unwrap_or_default()).into_bytes();
        let bytes = encode_within(&scale(picture, size), quantization, target, base64);
        (!bytes.is_empty()).then_some(bytes)
    })
}

fn png(image: &IndexedImage) -> Result<Vec<u8>, png::EncodingError> {
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let (width, height) = (image.width.max(1), image.indices.len() / image.width.max(1));
    let mut file = Vec::with_capacity(image.indices.len() / 2);
    let mut encoder = png::Encoder::new(&mut file, side(width), side(height));
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(image.colours.concat());
    // A twentieth larger than the best, in less time; the level below takes a tenth more bytes and hardly less time.
    encoder.set_deflate_compression(png::DeflateCompression::Level(3));
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&image.indices)?;
    Ok(file)
}

/// Appends the next chunk of a picture of which `from` bytes were sent; returns the bytes sent after it. The chunk has
/// about `max_bytes` bytes, within the limits of the protocol.
pub(super) fn transmit(
    id: u32,
    data: &[u8],
    from: usize,
    max_bytes: usize,
    multiplexer: Multiplexer,
    out: &mut Vec<u8>,
) -> usize {
    let to = data.len().min(from + (max_bytes / 4 * 4).clamp(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES));
    let more = u8::from(to < data.len());
    let head = if from == 0 { format!("a=t,f=100,i={id},q=2,m={more}") } else { format!("q=2,m={more}") };
    command(&head, &data[from..to], multiplexer, out);
    to
}

/// Ends an unfinished transmission. The terminal drops a PNG that it cannot decode.
pub(super) fn abort(id: u32, multiplexer: Multiplexer, out: &mut Vec<u8>) {
    command("q=2,m=0", b"", multiplexer, out);
    free(id, multiplexer, out);
}

/// Places a transmitted picture in `area`, in front of the text there.
pub(super) fn place(id: u32, area: Rect, multiplexer: Multiplexer, out: &mut Vec<u8>) {
    let (columns, rows) = (area.width, area.height);
    match multiplexer {
        Multiplexer::None | Multiplexer::Screen => {
            append(out, format_args!("\x1b[{};{}H", area.y + 1, area.x + 1));
            let head = format!("a=p,i={id},p={},c={columns},r={rows},C=1,q=2", placement_id(area));
            command(&head, b"", multiplexer, out);
        }
        Multiplexer::Tmux => {
            command(&format!("a=p,U=1,i={id},p=1,c={columns},r={rows},q=2"), b"", multiplexer, out);
            placeholders(id, area, out);
        }
    }
}

/// Removes a placement; the picture stays in the terminal's memory. In tmux the text that replaces the cells removes it.
pub(super) fn hide(id: u32, area: Rect, multiplexer: Multiplexer, out: &mut Vec<u8>) {
    match multiplexer {
        Multiplexer::None | Multiplexer::Screen => {
            command(&format!("a=d,d=i,i={id},p={},q=2", placement_id(area)), b"", multiplexer, out);
        }
        Multiplexer::Tmux => {}
    }
}

/// Deletes a picture and all its placements from the terminal.
pub(super) fn free(id: u32, multiplexer: Multiplexer, out: &mut Vec<u8>) {
    command(&format!("a=d,d=I,i={id},q=2"), b"", multiplexer, out);
}

/// Transmits a picture and places it at the cursor for good. It needs an id only in tmux.
pub(super) fn print(id: u32, data: &[u8], fit: Fit, out: &mut Vec<u8>) {
    let (columns, rows) = (fit.cells.width, fit.cells.height);
    let (name, place) = match fit.multiplexer {
        Multiplexer::None | Multiplexer::Screen => (String::new(), "C=1"),
        Multiplexer::Tmux => (format!("i={id},"), "U=1"),
    };
    let mut chunks = data.chunks(MAX_CHUNK_BYTES).peekable();
    let mut head = format!("a=T,f=100,{name}c={columns},r={rows},{place},q=2,");
    while let Some(chunk) = chunks.next() {
        command(&format!("{head}m={}", u8::from(chunks.peek().is_some())), chunk, fit.multiplexer, out);
        "q=2,".clone_into(&mut head);
    }
    if fit.multiplexer == Multiplexer::Tmux {
        colour(id, out);
        for row in 0..rows {
            placeholder_row(id, row, columns, out);
            out.extend(b"\r\n");
        }
        out.extend(b"\x1b[m");
    }
}

/// Returns a placement's id: that of its upper left cell, since placements do not overlap.
fn placement_id(area: Rect) -> u32 {
    u32::from(area.y) * 1000 + u32::from(area.x) + 1
}

fn command(head: &str, data: &[u8], multiplexer: Multiplexer, out: &mut Vec<u8>) {
    let mut sequence = Vec::with_capacity(head.len() + data.len() + 6);
    append(&mut sequence, format_args!("\x1b_G{head}"));
    if !data.is_empty() {
        sequence.push(b';');
        sequence.extend_from_slice(data);
    }
    sequence.extend(b"\x1b\\");
    match multiplexer {
        Multiplexer::None | Multiplexer::Screen => out.append(&mut sequence),
        Multiplexer::Tmux => tmux::wrap(&sequence, out),
    }
}

/// Appends the text that stands for a picture. The lowest byte of the id is a colour of the 256, because tmux may reduce
/// others; the highest byte is the third diacritic. Only the first cell of a row needs diacritics.
fn placeholders(id: u32, area: Rect, out: &mut Vec<u8>) {
    colour(id, out);
    for row in 0..area.height {
        append(out, format_args!("\x1b[{};{}H", area.y + row + 1, area.x + 1));
        placeholder_row(id, row, area.width, out);
    }
    out.extend(b"\x1b[m");
}

fn colour(id: u32, out: &mut Vec<u8>) {
    let [.., low] = id.to_be_bytes();
    append(out, format_args!("\x1b[0;38;5;{low}m"));
}

fn placeholder_row(id: u32, row: u16, columns: u16, out: &mut Vec<u8>) {
    let [high, ..] = id.to_be_bytes();
    append(out, format_args!("\u{10eeee}{}{}{}", diacritic(row), diacritic(0), diacritic(u16::from(high))));
    for _ in 1..columns {
        out.extend("\u{10eeee}".as_bytes());
    }
}

/// Returns the diacritic for a number up to 296.
fn diacritic(number: u16) -> char {
    let mut left = u32::from(number);
    for (first, last) in DIACRITICS {
        let length = last - first + 1;
        if left < length {
            return char::from_u32(first + left).unwrap_or('\u{305}');
        }
        left -= length;
    }
    '\u{305}'
}

/// The diacritics in order, as ranges: class 230 and no decomposition in Unicode 6.0 (`rowcolumn-diacritics.txt` of kitty's
/// documentation).
#[rustfmt::skip]
const DIACRITICS: [(u32, u32); 86] = [
    (0x305, 0x305), (0x30d, 0x30e), (0x310, 0x310), (0x312, 0x312), (0x33d, 0x33f), (0x346, 0x346), (0x34a, 0x34c),
    (0x350, 0x352), (0x357, 0x357), (0x35b, 0x35b), (0x363, 0x36f), (0x483, 0x487), (0x592, 0x595), (0x597, 0x599),
    (0x59c, 0x5a1), (0x5a8, 0x5a9), (0x5ab, 0x5ac), (0x5af, 0x5af), (0x5c4, 0x5c4), (0x610, 0x617), (0x657, 0x65b),
    (0x65d, 0x65e), (0x6d6, 0x6dc), (0x6df, 0x6e2), (0x6e4, 0x6e4), (0x6e7, 0x6e8), (0x6eb, 0x6ec), (0x730, 0x730),
    (0x732, 0x733), (0x735, 0x736), (0x73a, 0x73a), (0x73d, 0x73d), (0x73f, 0x741), (0x743, 0x743), (0x745, 0x745),
    (0x747, 0x747), (0x749, 0x74a), (0x7eb, 0x7f1), (0x7f3, 0x7f3), (0x816, 0x819), (0x81b, 0x823), (0x825, 0x827),
    (0x829, 0x82d), (0x951, 0x951), (0x953, 0x954), (0xf82, 0xf83), (0xf86, 0xf87), (0x135d, 0x135f),
    (0x17dd, 0x17dd), (0x193a, 0x193a), (0x1a17, 0x1a17), (0x1a75, 0x1a7c), (0x1b6b, 0x1b6b), (0x1b6d, 0x1b73),
    (0x1cd0, 0x1cd2), (0x1cda, 0x1cdb), (0x1ce0, 0x1ce0), (0x1dc0, 0x1dc1), (0x1dc3, 0x1dc9), (0x1dcb, 0x1dcc),
    (0x1dd1, 0x1de6), (0x1dfe, 0x1dfe), (0x20d0, 0x20d1), (0x20d4, 0x20d7), (0x20db, 0x20dc), (0x20e1, 0x20e1),
    (0x20e7, 0x20e7), (0x20e9, 0x20e9), (0x20f0, 0x20f0), (0x2cef, 0x2cf1), (0x2de0, 0x2dff), (0xa66f, 0xa66f),
    (0xa67c, 0xa67d), (0xa6f0, 0xa6f1), (0xa8e0, 0xa8f1), (0xaab0, 0xaab0), (0xaab2, 0xaab3), (0xaab7, 0xaab8),
    (0xaabe, 0xaabf), (0xaac1, 0xaac1), (0xfe20, 0xfe26), (0x10a0f, 0x10a0f), (0x10a38, 0x10a38),
    (0x1d185, 0x1d189), (0x1d1aa, 0x1d1ad), (0x1d242, 0x1d244),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap().replace('\x1b', "␛")
    }

    #[test]
    fn diacritics_are_numbered_as_in_kitty() {
        assert_eq!(DIACRITICS.iter().map(|(first, last)| last - first + 1).sum::<u32>(), 297);
        assert_eq!([0, 1, 2, 17, 296].map(diacritic), ['\u{305}', '\u{30d}', '\u{30e}', '\u{363}', '\u{1d244}']);
    }

    #[test]
    fn golden_commands() {
        let area = Rect::new(40, 2, 3, 2);
        assert_eq!(text(|out| place(7, area, Multiplexer::None, out)), "␛[3;41H␛_Ga=p,i=7,p=2041,c=3,r=2,C=1,q=2␛\\");
        assert_eq!(text(|out| hide(7, area, Multiplexer::None, out)), "␛_Ga=d,d=i,i=7,p=2041,q=2␛\\");
        assert_eq!(text(|out| free(7, Multiplexer::Tmux, out)), "␛Ptmux;␛␛_Ga=d,d=I,i=7,q=2␛␛\\␛\\");
        assert_eq!(
            text(|out| place(0x0100_0007, area, Multiplexer::Tmux, out)),
            "␛Ptmux;␛␛_Ga=p,U=1,i=16777223,p=1,c=3,r=2,q=2␛␛\\␛\\␛[0;38;5;7m\
             ␛[3;41H\u{10eeee}\u{305}\u{305}\u{30d}\u{10eeee}\u{10eeee}\
             ␛[4;41H\u{10eeee}\u{30d}\u{305}\u{30d}\u{10eeee}\u{10eeee}␛[m"
        );
    }

    #[test]
    fn data_goes_in_chunks() {
        let data = [b'A'; MAX_CHUNK_BYTES + 1];
        let mut out = Vec::new();
        assert_eq!(transmit(5, &data, 0, usize::MAX, Multiplexer::None, &mut out), MAX_CHUNK_BYTES);
        assert!(out.starts_with(b"\x1b_Ga=t,f=100,i=5,q=2,m=1;AAA"));
        out.clear();
        assert_eq!(transmit(5, &data, MAX_CHUNK_BYTES, 1, Multiplexer::None, &mut out), MAX_CHUNK_BYTES + 1);
        assert_eq!(out, b"\x1b_Gq=2,m=0;A\x1b\\");
    }
}
