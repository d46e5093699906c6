//! Northern lights: curtains over dark hills, stars, and their reflection in a lake.

use super::canvas::{Drawing, NoiseGrid, Rgb, fractal_noise, hash, lerp, noise, smoothstep};

const SHORE: f32 = 0.68;
const NIGHT: Rgb = Rgb::hex(0x060b12);

/// The colours of zenith, horizon, and the lower and upper end of the curtains.
const PALETTES: [[Rgb; 4]; 3] = [
    [Rgb::hex(0x050a1c), Rgb::hex(0x12314a), Rgb::hex(0x38f0a0), Rgb::hex(0x7a3cff)],
    [Rgb::hex(0x07061a), Rgb::hex(0x2a1f4a), Rgb::hex(0x4fd8ff), Rgb::hex(0xff4fa0)],
    [Rgb::hex(0x031214), Rgb::hex(0x16403c), Rgb::hex(0xb8ff6a), Rgb::hex(0x18a0c8)],
];

/// One curtain, as its lower end and its brightness for each column.
struct Curtain {
    columns: Vec<(f32, f32)>,
    height: f32,
}

/// Columns of a curtain in a unit.
const COLUMNS: f32 = 240.0;

impl Curtain {
    fn new(seed: u64, time: f32, aspect: f32, foot: f32, height: f32) -> Self {
        let count = (aspect * COLUMNS) as usize + 4;
        let columns = (0..count)
            .map(|column| {
                let x = column as f32 / COLUMNS;
                let fold = noise(seed, x * 1.3 + time * 0.021, time * 0.03)
                    + 0.35 * noise(seed ^ 1, x * 4.0 - time * 0.04, 0.0);
                let ray = 0.45 + 0.55 * fractal_noise(seed ^ 2, x * 26.0 + time * 0.11, time * 0.06, 3);
                let patch = smoothstep(0.25, 0.7, noise(seed ^ 3, x * 1.1 - time * 0.017, time * 0.02));
                (foot + 0.2 * (fold - 0.6), ray * patch)
            })
            .collect();
        Self { columns, height }
    }

    /// Returns the brightness at a point and its relative height in the curtain.
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let place = x * COLUMNS;
        let column = place as usize;
        let (a, b) = (self.columns[column], self.columns[column + 1]);
        let t = place - column as f32;
        let up = (lerp(a.0, b.0, t) - y) / self.height;
        if !(-0.05..1.0).contains(&up) {
            return (0.0, 0.0);
        }
        let fade = (1.0 - up).min(1.0);
        (smoothstep(-0.05, 0.04, up) * fade * fade * lerp(a.1, b.1, t), up.max(0.0))
    }
}

pub(super) fn paint(canvas: &mut Drawing, seed: u64, time: f32) {
    let [zenith, horizon, foot, top] = PALETTES[(seed % 3) as usize];
    let wide = canvas.aspect();
    let curtains = [(0.36, 0.34, 0), (0.5, 0.42, 1)]
        .map(|(low, height, salt)| Curtain::new(seed ^ salt << 8, time, wide, low, height));
    let sky = |x: f32, y: f32| {
        let night = zenith.mix(horizon, smoothstep(0.0, SHORE, y));
        curtains.iter().fold(night, |sky, curtain| match curtain.at(x, y) {
            (0.0, _) => sky,
            (light, up) => sky.plus(foot.mix(top, smoothstep(0.05, 0.75, up)).scale(light * 1.25)),
        })
    };
    canvas.shade(0.0, SHORE, |x, y, _| sky(x, y));
    paint_stars(canvas, seed, time);
    let hills = |x: f32| SHORE - 0.015 - 0.17 * fractal_noise(seed ^ 4, x * 1.8, 0.0, 5).powf(1.6);
    canvas.fill_below(SHORE, hills, |_, top| move |y| NIGHT.mix(foot.scale(0.2), 0.5 * smoothstep(0.09, 0.0, y - top)));
    let skyline = NoiseGrid::new(canvas, |x, _| hills(x));
    // The lake mirrors the sky at its shore, with ripples.
    canvas.shade(SHORE, 1.0, |x, y, _| {
        let depth = y - SHORE;
        let far = 1.0 / (depth + 0.05);
        let stir = noise(seed ^ 5, x * far * 0.8 + time * 0.1, far * 3.0 + time * 0.3) - 0.5;
        let mirrored = (SHORE - depth * 1.9 + stir * 0.05).max(0.0);
        let reflected_x = (x + stir * 0.03).clamp(0.0, wide);
        let shade =
            NIGHT.mix(sky(reflected_x, mirrored), smoothstep(0.01, -0.01, mirrored - skyline.at(reflected_x, 0.0)));
        shade.scale(0.8 - depth * 0.7).plus(horizon.scale(0.1 + 0.14 * stir))
    });
    paint_cabin(canvas, seed, time);
}

fn paint_stars(canvas: &mut Drawing, seed: u64, time: f32) {
    // The sky rotates slowly.
    let (sin, cos) = (time * 0.0009).sin_cos();
    for star in 0..130i16 {
        let (x, y) = (hash(seed, star.into(), 91) * canvas.aspect() * 1.2, hash(seed, star.into(), 92) * 0.75);
        let at = (x * cos - y * sin, x * sin * 0.2 + y * cos);
        let size = hash(seed, star.into(), 93);
        let twinkle = 0.6 + 0.4 * (time * 1.3 + f32::from(star)).sin();
        canvas.glow(at, 0.004 + 0.005 * size * size, Rgb(0.85, 0.92, 1.0).scale(twinkle * (0.35 + 0.6 * size)));
    }
}

/// Paints a cabin on the shore with lit windows and smoke.
fn paint_cabin(canvas: &mut Drawing, seed: u64, time: f32) {
    let x = canvas.aspect() * (0.2 + 0.6 * hash(seed, 95, 0));
    let (dark, light) = (Rgb::hex(0x04060a), Rgb::hex(0xffb45a));
    for puff in 0..7u8 {
        let age = (time * 0.23 + f32::from(puff) / 7.0).fract();
        let at = (x + 0.022 + age * age * 0.07, SHORE - 0.07 - age * 0.12);
        canvas.glow(at, 0.014 + 0.03 * age, Rgb(0.55, 0.62, 0.7).scale(0.16 * (1.0 - age)));
    }
    canvas.rect((x - 0.04, SHORE - 0.034), (x + 0.04, SHORE + 0.004), dark, 1.0);
    canvas.convex(&[(x - 0.052, SHORE - 0.033), (x, SHORE - 0.066), (x + 0.052, SHORE - 0.033)], dark, 1.0);
    canvas.rect((x + 0.018, SHORE - 0.068), (x + 0.027, SHORE - 0.045), dark, 1.0);
    for pane in [-0.022, 0.01] {
        canvas.rect((x + pane, SHORE - 0.024), (x + pane + 0.013, SHORE - 0.01), light, 1.0);
    }
    canvas.glow((x, SHORE - 0.016), 0.1, light.scale(0.3));
    canvas.glow((x, SHORE + 0.05), 0.07, light.scale(0.2));
}
