//! A city at night: three rows of towers, a river and a train on a viaduct.

use super::canvas::{Drawing, Point, Rgb, fractal_noise, hash, lerp, noise, smoothstep};

const BANK: f32 = 0.7;
const DECK: f32 = 0.635;

/// The colours of zenith, skyglow, towers, windows and train.
const PALETTES: [[Rgb; 5]; 3] = [
    [Rgb::hex(0x0a1030), Rgb::hex(0x8a3f74), Rgb::hex(0x141a38), Rgb::hex(0xffd58a), Rgb::hex(0x7fe3ff)],
    [Rgb::hex(0x06141f), Rgb::hex(0x1f7a86), Rgb::hex(0x0c2230), Rgb::hex(0xffc27a), Rgb::hex(0xff8d6b)],
    [Rgb::hex(0x130b26), Rgb::hex(0xc0603f), Rgb::hex(0x21152f), Rgb::hex(0xffe2a8), Rgb::hex(0xa8ffcf)],
];

pub(super) fn paint(canvas: &mut Drawing, seed: u64, time: f32) {
    let palette = PALETTES[(seed % 3) as usize];
    let [zenith, glow, tower, ..] = palette;
    canvas.rows(0.0, 1.0, |y| zenith.mix(glow, smoothstep(0.1, 0.72, y)));
    paint_stars(canvas, seed, time);
    paint_moon(canvas, (canvas.aspect() * (0.15 + 0.7 * hash(seed, 1, 0)), 0.17));
    for (layer, near) in [0.0, 0.5, 1.0].into_iter().enumerate() {
        let seed = seed.wrapping_add(layer as u64 * 7919);
        let base = glow.mix(zenith, 0.45).mix(tower, 0.3 + 0.6 * near);
        paint_towers(canvas, seed, time, near, base, palette);
    }
    paint_river(canvas, seed, time, palette);
    paint_viaduct(canvas, tower.scale(0.55));
    paint_train(canvas, seed, time, palette);
}

fn paint_stars(canvas: &mut Drawing, seed: u64, time: f32) {
    for star in 0..70i16 {
        let at = (hash(seed, star.into(), 31) * canvas.aspect(), hash(seed, star.into(), 32).powi(2) * 0.5);
        let twinkle = 0.6 + 0.4 * (time * 1.7 + f32::from(star) * 2.4).sin();
        canvas.glow(at, 0.0045 + 0.004 * hash(seed, star.into(), 33), Rgb(0.8, 0.85, 1.0).scale(twinkle * 0.8));
    }
}

fn paint_moon(canvas: &mut Drawing, at: Point) {
    let light = Rgb::hex(0xfdf3d8);
    canvas.glow(at, 0.34, light.scale(0.16));
    canvas.ellipse(at, (0.052, 0.052), light, 1.0);
    for (dx, dy, r) in [(-0.014, -0.008, 0.013), (0.016, 0.012, 0.01), (0.006, -0.024, 0.007)] {
        canvas.ellipse((at.0 + dx, at.1 + dy), (r, r), light.scale(0.88), 0.8);
    }
}

/// Paints a row of towers with lit windows; nearer rows are taller, darker and move faster.
fn paint_towers(canvas: &mut Drawing, seed: u64, time: f32, near: f32, base: Rgb, [.., window, _]: [Rgb; 5]) {
    let pan = time * lerp(0.0015, 0.006, near);
    let step = lerp(0.075, 0.125, near);
    let lot = move |x: f32| {
        let place = (x + pan) / step;
        (place as i32, place.fract())
    };
    let roof = move |x: f32| {
        let (lot, within) = lot(x);
        let height = lerp(0.14, lerp(0.34, 0.42, near), hash(seed, lot, 0).powf(1.4));
        let setback = if hash(seed, lot, 1) > 0.6 && (within - 0.5).abs() > 0.28 { 0.045 } else { 0.0 };
        let mast = if hash(seed, lot, 2) > 0.75 && (within - 0.5).abs() < 0.03 { 0.05 } else { 0.0 };
        let gap = if within < 0.06 { 0.08 } else { 0.0 };
        BANK - (height - setback - gap).max(0.05) - mast
    };
    let size = lerp(0.0125, 0.019, near);
    canvas.fill_below(BANK, roof, |x, top| {
        let tenants = 0.22 * (hash(seed, lot(x).0, 4) - 0.5);
        let column = (x + pan) / size;
        let (cell, across) = (column as i32, column.fract());
        let pane = smoothstep(0.2, 0.3, across) * smoothstep(0.8, 0.7, across) * lerp(0.35, 0.85, near);
        move |y| {
            let wall = base.scale(lerp(1.15, 0.8, smoothstep(0.3, BANK, y)));
            let row = y / (size * 1.15);
            let (floor, down) = (row as i32, row.fract());
            if pane == 0.0 || down < 0.25 || y < top + 0.012 {
                return wall;
            }
            let lit = hash(seed ^ 0x77, cell, floor) + tenants;
            // A few windows change as time passes.
            if lit + 0.05 * (time * 0.05 + lit * 400.0).sin() < 0.66 {
                return wall;
            }
            let tint = window.mix(Rgb::hex(0xbfe0ff), smoothstep(0.8, 0.95, hash(seed ^ 5, cell, floor)));
            wall.mix(tint, pane * smoothstep(0.25, 0.4, down))
        }
    });
}

/// Paints the river, which reflects skyglow and lights as long streaks.
fn paint_river(canvas: &mut Drawing, seed: u64, time: f32, [zenith, glow, _, window, _]: [Rgb; 5]) {
    canvas.rows(BANK, 1.0, |y| glow.mix(zenith, smoothstep(BANK, 0.95, y)).scale(0.55));
    canvas.shade(BANK, 1.0, |x, y, old| {
        let depth = (y - BANK) / (1.0 - BANK);
        let sway = 0.012 * (y * 160.0 - time * 1.3).sin() * depth;
        let light = smoothstep(0.5, 0.8, noise(seed, (x + sway) * 34.0 + time * 0.05, 0.0));
        let broken = 0.5 + 0.5 * noise(seed ^ 9, x * 8.0 - time * 0.2, y * 90.0 + time * 0.6);
        let tint = window.mix(glow, noise(seed ^ 3, x * 5.0, 2.0));
        old.plus(tint.scale(light * broken * (1.0 - depth) * 0.7))
    });
}

fn paint_viaduct(canvas: &mut Drawing, stone: Rgb) {
    let wide = canvas.aspect();
    canvas.rect((0.0, DECK), (wide, DECK + 0.02), stone, 1.0);
    let span = 0.24;
    let mut pier = 0.1;
    while pier < wide + span {
        canvas.rect((pier - 0.014, DECK), (pier + 0.014, BANK + 0.05), stone, 1.0);
        canvas.convex(&[(pier - 0.045, DECK + 0.02), (pier + 0.045, DECK + 0.02), (pier, DECK + 0.05)], stone, 1.0);
        pier += span;
    }
}

/// Paints the train, which passes about once a minute.
fn paint_train(canvas: &mut Drawing, seed: u64, time: f32, [.., train]: [Rgb; 5]) {
    let (car, gap, cars) = (0.21, 0.012, 6u8);
    let length = f32::from(cars) * (car + gap);
    let lap = canvas.aspect() + length + 0.4;
    let head = (hash(seed, 8, 0) * lap + time * 0.083) % lap;
    let wave = fractal_noise(seed, time, 0.0, 2) * 0.001;
    for each in 0..cars {
        let right = head - f32::from(each) * (car + gap);
        let (top, bottom) = (DECK - 0.046 + wave, DECK - 0.004);
        canvas.rect((right - car, top), (right, bottom), Rgb::hex(0x2a3040), 1.0);
        canvas.rect((right - car, bottom - 0.008), (right, bottom - 0.004), train, 0.9);
        for pane in 0..7u8 {
            let left = right - car + 0.012 + f32::from(pane) * 0.028;
            canvas.rect((left, top + 0.01), (left + 0.02, top + 0.026), Rgb::hex(0xfff0c4), 0.95);
        }
        canvas.glow((right - car / 2.0, BANK + 0.09), 0.13, train.scale(0.16));
    }
    canvas.glow((head, DECK - 0.018), 0.16, Rgb(1.0, 0.95, 0.8).scale(0.7));
    canvas.glow((head + 0.02, DECK - 0.016), 0.03, Rgb(1.0, 1.0, 1.0));
}
