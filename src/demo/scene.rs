//! The pictures of the demo: scenes that change with the offset, with the asset's id and the timecode in them.
//!
//! A picture is a function of seed, asset and offset, so that a wrong or stale one is visible and equal ones have equal
//! bytes. Nothing here does IO.

#![expect(clippy::unreadable_literal, reason = "colours are six hexadecimal digits")]
#![expect(clippy::many_single_char_names, reason = "x, y, t, u and v are the terms of geometry")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "coordinates of a canvas are small, lattice indices far below 2^24, and casts of floats saturate"
)]

mod aurora;
mod balloons;
mod canvas;
mod city;
mod sea;

use super::{
    asset::{DemoAsset, DemoSnapshot, Motif, ShownFrame},
    config::DemoConfig,
};
use crate::event::Offset;
use canvas::{Drawing, Rgb};
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};

/// The JPEG quality at which 480x270 pixels take 15 to 40 KB, as the service's pictures do.
const QUALITY: u8 = 82;

/// Draws the picture of a snapshot as a JPEG.
pub(super) fn picture(config: &DemoConfig, snapshot: DemoSnapshot) -> Vec<u8> {
    match snapshot.frame(config) {
        ShownFrame::At(offset) => jpeg(config.seed, snapshot.asset, offset),
        ShownFrame::Black => {
            let (width, height) = snapshot.asset.size().pixels();
            encode(&vec![0; (width * height * 3) as usize], snapshot.asset)
        }
    }
}

/// Draws the picture of `asset` at `offset` seconds as a JPEG.
pub(super) fn jpeg(seed: u64, asset: DemoAsset, offset: u32) -> Vec<u8> {
    encode(&rgb(seed, asset, offset), asset)
}

fn encode(rgb: &[u8], asset: DemoAsset) -> Vec<u8> {
    let (width, height) = asset.size().pixels();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(rgb, width, height, ExtendedColorType::Rgb8)
        .expect("three bytes a pixel of a size that JPEG allows, written to memory");
    jpeg
}

/// Draws the picture as RGB, three bytes a pixel.
fn rgb(seed: u64, asset: DemoAsset, offset: u32) -> Vec<u8> {
    let (width, height) = asset.size().pixels();
    let mut canvas = Drawing::new(width as usize, height as usize);
    let seed = asset.visual_seed(seed);
    let time = offset as f32;
    match asset.motif() {
        Motif::Sea => sea::paint(&mut canvas, seed, time),
        Motif::City => city::paint(&mut canvas, seed, time),
        Motif::Aurora => aurora::paint(&mut canvas, seed, time),
        Motif::Balloons => balloons::paint(&mut canvas, seed, time),
    }
    annotate(&mut canvas, asset, offset, (width as usize, height as usize));
    canvas.into_rgb()
}

/// Darkens the edges and writes the id above the timecode in the lower left.
fn annotate(canvas: &mut Drawing, asset: DemoAsset, offset: u32, (width, height): (usize, usize)) {
    let centre = canvas.aspect() / 2.0;
    canvas.shade(0.0, 1.0, |x, y, old| {
        let rim = ((x - centre) / centre).powi(2) + (y * 2.0 - 1.0).powi(2);
        old.scale(1.0 - 0.12 * rim)
    });
    canvas.shade(0.7, 1.0, |x, y, old| {
        let corner = (1.15 - x * 0.9).clamp(0.0, 1.0) * canvas::smoothstep(0.7, 0.95, y);
        old.scale(1.0 - 0.5 * corner)
    });
    // A dot of the timecode is as large as a half block where the picture is 80 columns wide.
    let dot = width.min(height) / 45;
    let id_dot = dot / 3;
    let left = dot * 2;
    let top = height - dot * 9;
    let id_top = top - id_dot * 10;
    let timecode = Offset::from_millis(i64::from(offset) * 1000).to_string();
    let id = asset.to_string();
    for (shift, colour, alpha) in [(1, Rgb(0.0, 0.0, 0.0), 0.55), (0, Rgb(1.0, 0.98, 0.93), 0.97)] {
        canvas.text(&id, (left + shift, id_top + shift), id_dot.min(width / 200), colour, alpha);
        canvas.text(&timecode, (left + shift * id_dot, top + shift * id_dot), dot, colour, alpha);
    }
}
