//! Balloons at dawn: striped envelopes over misty hills.

use super::canvas::{Drawing, Point, Rgb, fractal_noise, hash, lerp, noise, smoothstep};

/// The colours of zenith, horizon, far hills and near hills.
const PALETTES: [[Rgb; 4]; 3] = [
    [Rgb::hex(0x5b8fd0), Rgb::hex(0xffd9b8), Rgb::hex(0xc09ab0), Rgb::hex(0x34284a)],
    [Rgb::hex(0x7aa6c8), Rgb::hex(0xfff0c2), Rgb::hex(0xa8b890), Rgb::hex(0x2c4030)],
    [Rgb::hex(0x6a5fae), Rgb::hex(0xffb8a0), Rgb::hex(0xb0809c), Rgb::hex(0x2a1f40)],
];
/// The two colours of each envelope.
const CLOTH: [[Rgb; 2]; 6] = [
    [Rgb::hex(0xe63946), Rgb::hex(0xfff1d6)],
    [Rgb::hex(0xf4a22c), Rgb::hex(0x1d3f72)],
    [Rgb::hex(0x2a9d8f), Rgb::hex(0xf6e7a8)],
    [Rgb::hex(0x8a3ffc), Rgb::hex(0xffb3d1)],
    [Rgb::hex(0x1d6fd8), Rgb::hex(0xffffff)],
    [Rgb::hex(0xd6336c), Rgb::hex(0xffd166)],
];
const COUNT: u8 = 7;

pub(super) fn paint(canvas: &mut Drawing, seed: u64, time: f32) {
    let [zenith, horizon, far, near] = PALETTES[(seed % 3) as usize];
    let wide = canvas.aspect();
    let sun = (wide * (0.2 + 0.6 * hash(seed, 1, 0)), 0.66 - 0.1 * smoothstep(0.0, 900.0, time));
    canvas.rows(0.0, 1.0, |y| zenith.mix(horizon, smoothstep(-0.05, 0.68, y)));
    canvas.glow(sun, 0.9, Rgb(1.0, 0.8, 0.5).scale(0.4));
    canvas.glow(sun, 0.2, Rgb(1.0, 0.93, 0.75).scale(0.6));
    canvas.ellipse(sun, (0.04, 0.04), Rgb(1.0, 0.98, 0.9), 1.0);
    // From the farthest and smallest to the nearest; the farther half is painted before the hills.
    for balloon in 0..COUNT {
        if balloon == COUNT / 2 {
            paint_hills(canvas, seed, time, [horizon, far, near]);
        }
        let size = lerp(0.035, 0.16, (f32::from(balloon) / f32::from(COUNT - 1)).powf(1.5));
        let cloth = CLOTH[(usize::from(balloon) + (seed >> 8) as usize % CLOTH.len()) % CLOTH.len()];
        let haze = lerp(0.45, 0.0, f32::from(balloon) / f32::from(COUNT - 1));
        paint_balloon(canvas, place(seed, time, balloon, size, wide), size, cloth, (horizon, haze), sun.0);
    }
}

/// Returns the position of a balloon, which drifts with the wind and bobs.
fn place(seed: u64, time: f32, balloon: u8, size: f32, wide: f32) -> Point {
    let lane = i32::from(balloon);
    let lap = wide + 0.7;
    let spread = (f32::from(balloon) * 0.382 + 0.25 * hash(seed, lane, 2)).fract();
    let x = (spread * lap + time * (0.003 + size * 0.055)) % lap - 0.35;
    let y = lerp(0.47, 0.33, size / 0.16) + 0.2 * (noise(seed ^ 7, time * 0.02, f32::from(balloon) * 3.0) - 0.5);
    (x, y + 0.14 * (hash(seed, lane, 3) - 0.5))
}

fn paint_hills(canvas: &mut Drawing, seed: u64, time: f32, [horizon, far, near]: [Rgb; 3]) {
    let layers = 4u8;
    for layer in 0..layers {
        let t = f32::from(layer) / f32::from(layers - 1);
        let seed = seed.wrapping_add(u64::from(layer) * 31);
        let pan = time * lerp(0.0004, 0.004, t);
        let edge = move |x: f32| {
            lerp(0.73, 0.97, t) - lerp(0.12, 0.15, t) * fractal_noise(seed, (x + pan) * lerp(2.4, 1.2, t), 0.0, 4)
        };
        let earth = far.mix(near, t);
        canvas.fill_below(1.0, edge, |_, top| {
            move |y| earth.mix(horizon, smoothstep(0.0, 0.14, y - top) * lerp(0.75, 0.2, t))
        });
    }
}

/// Paints a balloon whose envelope has its centre at a point and the radius `size`.
fn paint_balloon(canvas: &mut Drawing, (x, y): Point, size: f32, cloth: [Rgb; 2], (air, haze): (Rgb, f32), sun_x: f32) {
    let basket = Rgb::hex(0x5a3a22).mix(air, haze);
    let foot = y + size * 1.95;
    for side in [-1.0, -0.35, 0.35, 1.0] {
        canvas.stroke(
            (x + side * size * 0.2, y + size * 1.28),
            (x + side * size * 0.14, foot),
            size * 0.018,
            basket,
            0.9,
        );
    }
    canvas.rect((x - size * 0.16, foot), (x + size * 0.16, foot + size * 0.2), basket, 1.0);
    let sunward = (sun_x - x).signum();
    let pixel = canvas.pixel();
    let paint = |px: f32, py: f32, old: Rgb| {
        let v = (py - y) / size;
        // The upper half is a circle, the lower half tapers to the mouth.
        let half = if v < 0.0 { (1.0 - v * v).max(0.0).sqrt() } else { (1.0 - (v / 1.42).powi(2)).max(0.0).powf(0.85) };
        let half = if v > 0.9 { half.max(0.2) } else { half };
        let u = (px - x) / (size * half.max(0.001));
        let inside = ((1.0 - u.abs()) * half * size / pixel + 0.5).clamp(0.0, 1.0);
        if inside == 0.0 || half == 0.0 || v > 1.32 {
            return old;
        }
        let gore = (u.clamp(-1.0, 1.0).asin() / std::f32::consts::PI + 0.5) * 9.0;
        let band = smoothstep(0.02, -0.02, (v - 0.12).abs() - 0.1);
        let stripe = if (gore as i32) % 2 == 0 { cloth[0] } else { cloth[1] };
        let seam = 1.0 - 0.12 * smoothstep(0.1, 0.0, (gore.fract() - 0.5).abs() - 0.42);
        let light = 0.82 + 0.24 * u * sunward - 0.2 * smoothstep(0.3, 1.3, v) + 0.12 * smoothstep(0.2, -0.9, v);
        let colour = stripe.mix(cloth[0].mix(cloth[1], 0.25), band * 0.85).scale(light * seam);
        old.mix(colour.mix(air, haze), inside)
    };
    canvas.shade_rect((x - size, y - size), (x + size, y + size * 1.4), paint);
    canvas.glow((x, y + size * 1.45), size * 0.35, Rgb(1.0, 0.75, 0.3).scale(0.5 * (1.0 - haze)));
}
