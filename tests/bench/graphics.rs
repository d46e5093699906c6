//! Bytes, PSNR and CPU time of a picture's first display, for each protocol: `cargo bench --bench graphics [-- PICTURE.jpg…]`.
//!
//! Without pictures it draws its own, of 1280x720 and of 480x270. The pane has 80 columns and cells of 10x20 pixels.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and ends where it fails")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixels are small numbers"
)]
#![expect(dead_code, reason = "the tests use the other pictures")]

#[path = "../it/graphics/pictures.rs"]
mod pictures;

use pictures::{bytes_of_cells, decode, fit_for, pane_size, photo, psnr, scaled};
use std::{
    env, fs,
    time::{Duration, Instant},
};
use thumbview::{
    graphics::prepare,
    picture::{Picture, Prepared, Protocol, Quality},
};

const ROUNDS: usize = 7;

fn main() {
    let files: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let pictures: Vec<(String, Picture)> = if files.is_empty() {
        [(1280, 720), (480, 270)].map(|(w, h)| (format!("drawn {w}x{h}"), pictures::with_jpeg(photo(w, h)))).to_vec()
    } else {
        files.into_iter().map(|file| (file.clone(), load(&file))).collect()
    };
    for (protocol, quality) in [
        (Protocol::Kitty, Quality::Full),
        (Protocol::Kitty, Quality::Preview),
        (Protocol::Iterm2, Quality::Full),
        (Protocol::Sixel, Quality::Full),
        (Protocol::Sixel, Quality::Preview),
        (Protocol::Blocks, Quality::Full),
    ] {
        let mut all: Vec<(usize, f64, Duration)> = Vec::new();
        for (name, picture) in &pictures {
            let (bytes, psnr_db, took) = measure(picture, protocol, quality);
            println!("{:7} {quality:?} {name}: {bytes} bytes, {psnr_db:.1} dB, {took:.1?}", protocol.as_str());
            all.push((bytes, psnr_db, took));
        }
        let bytes = median(all.iter().map(|(bytes, ..)| *bytes).collect());
        let took = median(all.iter().map(|(.., took)| *took).collect());
        println!("{:7} {quality:?} median: {bytes} bytes, {took:.1?}\n", protocol.as_str());
    }
}

fn load(file: &str) -> Picture {
    let jpeg = fs::read(file).unwrap();
    let image = image::load_from_memory(&jpeg).unwrap().into_rgb8();
    let picture = pictures::picture(image.width(), image.height(), image.into_raw());
    Picture { jpeg: jpeg.into(), ..picture }
}

/// Returns the bytes, the PSNR in decibels and the shortest of several times.
fn measure(picture: &Picture, protocol: Protocol, quality: Quality) -> (usize, f64, Duration) {
    let fit = fit_for(picture, protocol, quality);
    let timed = || {
        let start = Instant::now();
        let prepared = prepare(picture, fit);
        (start.elapsed(), prepared)
    };
    let took = (0..ROUNDS).map(|_| timed().0).min().unwrap();
    let prepared = timed().1;
    let bytes = match &prepared {
        Prepared::Blocks(grid) => bytes_of_cells(grid),
        Prepared::Bytes { bytes, .. } => bytes.len(),
    };
    let shown = decode(&prepared, protocol);
    let is_exact = matches!(protocol, Protocol::Sixel | Protocol::Blocks);
    let pane = if is_exact { shown.size } else { pane_size(fit) };
    (bytes, psnr(&scaled(&shown, pane), &scaled(picture, pane)), took)
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort();
    values[values.len() / 2]
}
