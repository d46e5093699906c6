//! The sea at sunset: a low sun, lit clouds, waves, two sailing boats and gulls.

use super::canvas::{Drawing, NoiseGrid, Point, Rgb, fractal_noise, hash, lerp, noise, smoothstep};

const HORIZON: f32 = 0.58;

/// The colours of zenith, middle, horizon, sun and water.
const PALETTES: [[Rgb; 5]; 3] = [
    [Rgb::hex(0x1f2a5c), Rgb::hex(0xc2566b), Rgb::hex(0xffc06a), Rgb::hex(0xfff1c2), Rgb::hex(0x16284f)],
    [Rgb::hex(0x123a5e), Rgb::hex(0x6f8fb0), Rgb::hex(0xffd9a0), Rgb::hex(0xfff6dc), Rgb::hex(0x0d3148)],
    [Rgb::hex(0x2b1b4e), Rgb::hex(0x8d3f86), Rgb::hex(0xff8b6b), Rgb::hex(0xffe0b0), Rgb::hex(0x1c1840)],
];

pub(super) fn paint(canvas: &mut Drawing, seed: u64, time: f32) {
    let palette = PALETTES[(seed % 3) as usize];
    let [zenith, middle, horizon, _, _] = palette;
    let wide = canvas.aspect();
    let sun = (wide * (0.35 + 0.3 * hash(seed, 1, 0)), 0.44 + 0.1 * (0.5 - 0.5 * (time * 0.012).cos()));
    let sky = move |y: f32| {
        let t = y / HORIZON;
        zenith.mix(middle, smoothstep(0.0, 0.75, t)).mix(horizon, smoothstep(0.45, 1.05, t))
    };
    canvas.rows(0.0, HORIZON, sky);
    paint_sun(canvas, sun, palette);
    paint_clouds(canvas, seed, time, sun, palette);
    paint_coast(canvas, seed, sky(HORIZON * 0.8));
    paint_water(canvas, seed, time, sun.0, palette);
    let lap = wide + 0.6;
    let boat = ((hash(seed, 2, 0) * lap + time * 0.016) % lap - 0.3, HORIZON + 0.085);
    paint_boat(canvas, boat, 0.2, (time * 0.9).sin() * 0.05);
    let far = (wide + 0.3 - (hash(seed, 3, 0) * lap + time * 0.006) % lap, HORIZON + 0.012);
    paint_boat(canvas, far, 0.045, 0.0);
    paint_gulls(canvas, seed, time);
}

fn paint_sun(canvas: &mut Drawing, sun: Point, [_, _, horizon, light, _]: [Rgb; 5]) {
    canvas.glow(sun, 1.0, horizon.scale(0.4));
    canvas.glow(sun, 0.36, light.scale(0.4));
    canvas.ellipse(sun, (0.062, 0.062), light, 1.0);
    canvas.glow(sun, 0.13, light.scale(0.5));
}

fn paint_clouds(canvas: &mut Drawing, seed: u64, time: f32, sun: Point, [zenith, middle, _, light, _]: [Rgb; 5]) {
    let drift = time * 0.012;
    let clouds = NoiseGrid::new(canvas, |x, y| fractal_noise(seed, x * 1.6 + drift, y * 7.0, 4));
    canvas.shade(0.0, HORIZON, |x, y, old| {
        let cover = smoothstep(0.5, 0.75, clouds.at(x, y)) * smoothstep(0.0, 0.12, HORIZON - y) * 0.8;
        let warmth = (1.2 - ((x - sun.0).powi(2) + ((y - sun.1) * 1.6).powi(2)).sqrt()).clamp(0.0, 1.0);
        let shadow = zenith.mix(middle, 0.45 + 0.4 * y / HORIZON);
        old.mix(shadow.mix(light, warmth * warmth * 0.75), cover)
    });
}

fn paint_coast(canvas: &mut Drawing, seed: u64, haze: Rgb) {
    for (layer, (height, shade)) in [(0.07, 0.62), (0.045, 0.42)].into_iter().enumerate() {
        let seed = seed.wrapping_add(layer as u64 * 977);
        let side = canvas.aspect() * hash(seed, 7, 0);
        let edge = |x: f32| {
            let near = (1.0 - (x - side).abs() / 0.9).max(0.0);
            HORIZON + 0.002 - height * smoothstep(0.0, 1.0, near) * (0.55 + 0.45 * fractal_noise(seed, x * 4.0, 0.0, 4))
        };
        canvas.fill_below(HORIZON, edge, |_, _| move |_| haze.scale(shade));
    }
}

fn paint_water(canvas: &mut Drawing, seed: u64, time: f32, sun_x: f32, [zenith, _, horizon, light, water]: [Rgb; 5]) {
    canvas.rows(HORIZON, 1.0, |y| {
        let depth = (y - HORIZON) / (1.0 - HORIZON);
        horizon.mix(zenith, 0.45).mix(water, smoothstep(0.0, 0.6, depth)).scale(lerp(1.0, 0.9, depth))
    });
    canvas.shade(HORIZON, 1.0, |x, y, old| {
        let depth = y - HORIZON;
        let far = 1.0 / (depth + 0.035);
        let swell = noise(seed, x * far * 0.9 + time * 0.21, far * 2.6 + time * 0.37);
        let ripple = noise(seed ^ 5, x * far * 2.7 - time * 0.5, far * 6.5 - time * 0.8);
        let wave = swell * 0.6 + ripple * 0.4;
        let path = (1.0 - (x - sun_x).abs() / (0.05 + depth * 0.62)).max(0.0);
        let glitter = smoothstep(0.52, 0.72, wave) * path * (1.0 - depth * 0.9);
        old.scale(0.7 + 0.62 * wave).plus(light.scale(glitter * 0.8))
    });
}

/// Paints a sloop of `size` with its waterline at a point.
fn paint_boat(canvas: &mut Drawing, (x, y): Point, size: f32, heel: f32) {
    let at = |dx: f32, dy: f32| (x + (dx + dy * heel) * size, y - dy * size);
    let (dark, sail) = (Rgb::hex(0x14101c), Rgb::hex(0xf6dcc0));
    for step in 0u8..8 {
        let down = f32::from(step);
        let wobble = if step % 2 == 0 { 0.03 } else { -0.04 } * size;
        let (half, top) = (size * (0.36 - down * 0.035), y + down * 0.085 * size);
        canvas.rect((x - half + wobble, top), (x + half + wobble, top + 0.06 * size), dark, 0.38 - down * 0.04);
    }
    canvas.convex(&[at(-0.44, 0.12), at(0.52, 0.14), at(0.36, 0.0), at(-0.36, 0.0)], dark, 1.0);
    canvas.stroke(at(0.04, 0.1), at(0.04, 1.12), size * 0.022, dark, 1.0);
    canvas.convex(&[at(0.02, 1.1), at(0.02, 0.2), at(-0.42, 0.2)], sail, 0.95);
    canvas.convex(&[at(0.06, 1.0), at(0.46, 0.2), at(0.06, 0.2)], sail.scale(0.86), 0.95);
}

fn paint_gulls(canvas: &mut Drawing, seed: u64, time: f32) {
    let wide = canvas.aspect();
    for gull in 0..4i16 {
        let start = hash(seed, 20, gull.into()) * (wide + 0.4);
        let x = (start + time * (0.02 + 0.006 * f32::from(gull))) % (wide + 0.4) - 0.2;
        let y = 0.16 + 0.2 * hash(seed, 21, gull.into()) + 0.012 * (time * 0.8 + f32::from(gull)).sin();
        let lift = 0.008 * (time * 2.3 + f32::from(gull) * 2.0).sin();
        for side in [-1.0, 1.0] {
            canvas.stroke((x, y), (x + side * 0.02, y - 0.006 - lift), 0.004, Rgb::hex(0x1b1626), 0.85);
        }
    }
}
