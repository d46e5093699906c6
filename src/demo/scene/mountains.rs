//! Mountains: ridges paling into the distance, snow, clouds drawing past, and firs close by.

use super::canvas::{Drawing, Haze, Rgb, hash, lerp, noise, rough, smooth};

/// Zenith, horizon, far ridge, near ridge, cloud.
const PALETTES: [[Rgb; 5]; 3] = [
    [Rgb::hex(0x2f6fb5), Rgb::hex(0xd6e8f2), Rgb::hex(0x9db6cd), Rgb::hex(0x1d3b36), Rgb::hex(0xffffff)],
    [Rgb::hex(0x3c4f8c), Rgb::hex(0xffd3b0), Rgb::hex(0xb795a8), Rgb::hex(0x2a2440), Rgb::hex(0xffe9dc)],
    [Rgb::hex(0x1f7c8f), Rgb::hex(0xe4efd9), Rgb::hex(0x93b7b0), Rgb::hex(0x23402c), Rgb::hex(0xfbfff6)],
];
const RIDGES: u8 = 5;

pub(super) fn paint(canvas: &mut Drawing, look: u64, time: f32) {
    let palette = PALETTES[(look % 3) as usize];
    let [zenith, horizon, ..] = palette;
    canvas.rows(0.0, 1.0, |y| zenith.mix(horizon, smooth(-0.1, 0.6, y)));
    let sun = (canvas.aspect() * (0.2 + 0.6 * hash(look, 1, 0)), 0.2);
    canvas.glow(sun, 0.8, Rgb(1.0, 0.93, 0.75).scale(0.3));
    canvas.ellipse(sun, (0.036, 0.036), Rgb(1.0, 0.99, 0.94), 0.95);
    canvas.glow(sun, 0.15, Rgb(1.0, 0.96, 0.85).scale(0.7));
    paint_clouds(canvas, look, time, palette[4]);
    for ridge in 0..RIDGES {
        paint_ridge(canvas, look, time, ridge, palette);
    }
    paint_firs(canvas, look, time, palette[3].scale(0.42));
}

fn paint_clouds(canvas: &mut Drawing, look: u64, time: f32, cloud: Rgb) {
    let drift = time * 0.014;
    let cover = Haze::new(canvas, |x, y| rough(look ^ 0x11, x * 1.9 + drift, y * 4.2 - drift * 0.1, 5));
    // The same clouds a little higher, seen against the light: what is thicker there lies in shade here.
    canvas.shade(0.0, 0.75, |x, y, old| {
        let here = cover.at(x, y);
        let shade = smooth(0.0, 0.16, cover.at(x, (y - 0.05).max(0.0)) - here + 0.05);
        let lit = cloud.mix(old.scale(0.82), 0.55 * shade);
        old.mix(lit, smooth(0.48, 0.68, here) * smooth(0.0, 0.25, 0.75 - y) * 0.92)
    });
}

/// One ridge: sharp peaks far away, round hills nearby, mist at the foot of each.
fn paint_ridge(canvas: &mut Drawing, look: u64, time: f32, ridge: u8, [_, horizon, far, near, _]: [Rgb; 5]) {
    let t = f32::from(ridge) / f32::from(RIDGES - 1);
    let seed = look.wrapping_add(u64::from(ridge) * 131);
    let pan = time * lerp(0.0006, 0.012, t * t);
    let (base, rise) = (lerp(0.56, 0.93, t), lerp(0.34, 0.13, t));
    let edge = move |x: f32| {
        let place = (x + pan) * lerp(1.7, 1.1, t);
        let hills = rough(seed, place, 0.0, 5);
        // Folding the noise makes crests.
        let crest = 1.0 - (rough(seed ^ 3, place * 1.1, 4.0, 6) * 2.0 - 1.0).abs();
        base - rise * lerp(crest * crest * 0.85 + hills * 0.25, hills, t)
    };
    let rock = far.mix(near, t * t * 0.4 + t * 0.6);
    let snow = Rgb::hex(0xf4f8ff).mix(horizon, 0.25);
    canvas.below(1.0, edge, |x, top| {
        let snowy = smooth(0.56, 0.38, top) * (1.0 - t * 1.6).max(0.0);
        move |y| {
            let deep = y - top;
            let mist = smooth(0.0, 0.3, deep) * lerp(0.62, 0.1, t);
            if t > 0.6 || deep > 0.24 {
                return rock.mix(horizon, mist);
            }
            // Faces lean left and right of spurs that run down aslant; snow lies longest in their gullies.
            let spur = noise(seed ^ 9, (x + pan) * 11.0 + deep * 7.0, y * 5.0);
            let gully = noise(seed ^ 8, (x + pan) * 42.0 - deep * 16.0, y * 24.0);
            let light = 0.86 + 0.28 * smooth(0.3, 0.7, spur);
            let white = smooth(0.14, 0.06, deep + (gully - 0.5) * 0.13 + (spur - 0.5) * 0.06) * snowy;
            rock.mix(snow, white * 0.92).scale(lerp(light, 1.0, t)).mix(horizon, mist)
        }
    });
}

fn paint_firs(canvas: &mut Drawing, look: u64, time: f32, dark: Rgb) {
    let wide = canvas.aspect();
    let lap = wide + 0.6;
    for tree in 0..16i16 {
        let x = (hash(look, tree.into(), 51) * lap - time * 0.021).rem_euclid(lap) - 0.3;
        let height = 0.16 + 0.22 * hash(look, tree.into(), 52);
        let foot = 1.03;
        let sway = 0.004 * (time * 0.7 + f32::from(tree)).sin();
        for tier in 0..6u8 {
            let t = f32::from(tier) / 6.0;
            let top = (x + sway * (1.0 - t), foot - height * (1.0 - t));
            let (half, low) = (height * (0.05 + 0.16 * t), foot - height * (0.72 - t * 0.86));
            canvas.convex(&[top, (x + half, low), (x - half, low)], dark, 1.0);
        }
    }
}
