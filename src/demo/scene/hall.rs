//! A lecture: a bright screen in a dark hall, a figure that draws itself, the speaker, and the heads of the audience.

use super::canvas::{Drawing, Point, Rgb, hash, lerp, noise, smooth};

/// Screen above, screen below, accent, second accent.
const PALETTES: [[Rgb; 4]; 3] = [
    [Rgb::hex(0x1d4ed8), Rgb::hex(0x0b1e5b), Rgb::hex(0x7dd3fc), Rgb::hex(0xfde047)],
    [Rgb::hex(0xf8f4ea), Rgb::hex(0xe2dccb), Rgb::hex(0xc2410c), Rgb::hex(0x0f766e)],
    [Rgb::hex(0x6d28d9), Rgb::hex(0x2a0f5c), Rgb::hex(0xf0abfc), Rgb::hex(0x6ee7b7)],
];

/// A slide stays for 40 seconds.
const SLIDE: f32 = 40.0;

/// The screen on the canvas.
#[derive(Clone, Copy)]
struct StageScreen {
    low: Point,
    high: Point,
}

impl StageScreen {
    /// A place given in shares of its width and height.
    fn at(self, u: f32, v: f32) -> Point {
        (lerp(self.low.0, self.high.0, u), lerp(self.low.1, self.high.1, v))
    }
}

pub(super) fn paint(canvas: &mut Drawing, look: u64, time: f32) {
    let palette = PALETTES[(look % 3) as usize];
    let wide = canvas.aspect();
    let height = (wide * 0.86 * 0.5).min(0.58);
    let half = height;
    let screen = StageScreen { low: (wide / 2.0 - half, 0.1), high: (wide / 2.0 + half, 0.1 + height) };
    canvas.rows(0.0, 1.0, |y| Rgb::hex(0x0b0c14).mix(Rgb::hex(0x1a1620), smooth(0.3, 1.0, y)));
    canvas.glow((wide / 2.0, screen.high.1 - height / 2.0), 1.05, palette[0].mix(Rgb(1.0, 1.0, 1.0), 0.2).scale(0.36));
    paint_screen(canvas, screen, palette);
    let slide = (time / SLIDE) as i32;
    let age = time % SLIDE;
    paint_words(canvas, look, slide, screen, palette);
    if hash(look, slide, 40) < 0.5 {
        paint_bars(canvas, look, slide, age, screen, palette);
    } else {
        paint_curve(canvas, look, slide, age, screen, palette);
    }
    paint_stage(canvas, look, time, screen);
    paint_audience(canvas, look, time);
}

fn paint_screen(canvas: &mut Drawing, screen: StageScreen, [above, below, accent, _]: [Rgb; 4]) {
    let frame = 0.012;
    let (low, high) = (screen.low, screen.high);
    canvas.rect((low.0 - frame, low.1 - frame), (high.0 + frame, high.1 + frame), Rgb::hex(0x05050a), 1.0);
    canvas.rect(low, high, above, 1.0);
    let steps = 24u8;
    for step in 0..steps {
        let v = f32::from(step) / f32::from(steps);
        canvas.rect(screen.at(0.0, v), screen.at(1.0, v + 1.0 / f32::from(steps)), below, v);
    }
    canvas.rect(screen.at(0.0, 0.965), screen.at(1.0, 1.0), accent, 0.85);
}

/// A heading and points, as unreadable as they are from the last row.
fn paint_words(canvas: &mut Drawing, look: u64, slide: i32, screen: StageScreen, [above, _, accent, _]: [Rgb; 4]) {
    let ink = if above.1 > 0.7 { Rgb::hex(0x2b2b33) } else { Rgb(1.0, 1.0, 1.0) };
    canvas.rect(screen.at(0.06, 0.1), screen.at(0.32 + 0.24 * hash(look, slide, 41), 0.165), ink, 0.92);
    canvas.rect(screen.at(0.06, 0.2), screen.at(0.16, 0.212), accent, 1.0);
    for row in 0..5i16 {
        let v = 0.32 + f32::from(row) * 0.105;
        let dot = screen.at(0.075, v + 0.02);
        canvas.ellipse(dot, (0.0075, 0.0075), accent, 1.0);
        let mut u = 0.105;
        for word in 0..5i32 {
            let length = 0.03 + 0.06 * hash(look, slide * 64 + i32::from(row) * 8 + word, 42);
            if u + length > 0.41 {
                break;
            }
            canvas.rect(screen.at(u, v), screen.at(u + length, v + 0.034), ink, 0.55);
            u += length + 0.012;
        }
    }
}

fn paint_bars(
    canvas: &mut Drawing,
    look: u64,
    slide: i32,
    age: f32,
    screen: StageScreen,
    [.., accent, second]: [Rgb; 4],
) {
    for bar in 0..8i16 {
        let grown = smooth(0.0, 9.0, age + 4.0 - f32::from(bar) * 0.9);
        let height = (0.14 + 0.05 * f32::from(bar) + 0.16 * hash(look, bar.into(), slide)) * grown;
        let u = 0.48 + f32::from(bar) * 0.057;
        let colour = if bar == 7 { second } else { accent };
        canvas.rect(screen.at(u, 0.83 - height), screen.at(u + 0.04, 0.83), colour, 0.92);
    }
    canvas.stroke(screen.at(0.46, 0.83), screen.at(0.95, 0.83), 0.004, accent, 0.8);
}

fn paint_curve(
    canvas: &mut Drawing,
    look: u64,
    slide: i32,
    age: f32,
    screen: StageScreen,
    [.., accent, second]: [Rgb; 4],
) {
    for row in 0..5u8 {
        let v = 0.3 + f32::from(row) * 0.1325;
        canvas.stroke(screen.at(0.46, v), screen.at(0.95, v), 0.0025, accent, 0.3);
    }
    let steps = 60u8;
    let value = |line: u64, t: f32| {
        let wave = noise(look ^ line, t * 4.0 + slide as f32 * 9.0, 0.0) - 0.5;
        screen.at(0.46 + 0.49 * t, 0.8 - 0.46 * smooth(-0.1, 1.1, t) + wave * 0.16 + 0.1 * (line % 2) as f32)
    };
    let drawn = smooth(-8.0, 26.0, age);
    for (line, colour) in [(61, accent), (62, second)] {
        for step in 0..steps {
            let (from, to) = (f32::from(step) / f32::from(steps), f32::from(step + 1) / f32::from(steps));
            if to <= drawn {
                canvas.stroke(value(line, from), value(line, to), 0.0085, colour, 1.0);
            }
        }
        canvas.glow(value(line, drawn), 0.045, colour.scale(0.8));
        canvas.ellipse(value(line, drawn), (0.011, 0.011), colour, 1.0);
    }
}

/// The stage and the speaker, lit from above, who walks to and fro.
fn paint_stage(canvas: &mut Drawing, look: u64, time: f32, screen: StageScreen) {
    let floor = (screen.high.1 + 0.16).min(0.88);
    let wide = canvas.aspect();
    canvas.rows(floor, 1.0, |y| Rgb::hex(0x3a2a24).mix(Rgb::hex(0x0c0a10), smooth(floor, 1.0, y)));
    let walk = smooth(0.25, 0.75, noise(look ^ 0x71, time * 0.06, 0.0));
    let x = lerp(wide * 0.42, wide * 0.86, walk);
    canvas.glow((x, floor - 0.08), 0.26, Rgb(1.0, 0.9, 0.75).scale(0.34));
    canvas.ellipse((x, floor + 0.008), (0.055, 0.012), Rgb(0.0, 0.0, 0.0), 0.55);
    let (suit, skin) = (Rgb::hex(0x22283a), Rgb::hex(0xd9a37c));
    let stride = 0.014 * (time * 1.9).sin();
    for side in [-1.0, 1.0] {
        canvas.stroke(
            (x + side * 0.011, floor - 0.1),
            (x + side * (0.012 + stride), floor),
            0.02,
            suit.scale(0.7),
            1.0,
        );
    }
    canvas.stroke((x, floor - 0.185), (x, floor - 0.105), 0.05, suit, 1.0);
    let lift = 0.05 * (time * 0.6).sin().max(0.0);
    canvas.stroke((x + 0.02, floor - 0.19), (x + 0.065, floor - 0.14 - lift * 1.6), 0.016, suit, 1.0);
    canvas.stroke((x - 0.02, floor - 0.19), (x - 0.036, floor - 0.12), 0.016, suit, 1.0);
    canvas.ellipse((x, floor - 0.238), (0.02, 0.025), skin, 1.0);
    canvas.ellipse((x, floor - 0.25), (0.021, 0.016), Rgb::hex(0x1d1512), 1.0);
}

fn paint_audience(canvas: &mut Drawing, look: u64, time: f32) {
    for (row, (y, size, shade)) in [(0.905, 0.036, 0.1), (0.985, 0.052, 0.05)].into_iter().enumerate() {
        let colour = Rgb(shade, shade * 0.95, shade * 1.25);
        let step = size * 2.7;
        let mut x = -step * hash(look, 81, i32::from(row == 1));
        let mut seat = 0i16;
        while x < canvas.aspect() + step {
            let seed = look.wrapping_add(row as u64 * 50);
            let nod = 0.006 * (time * 0.5 + hash(seed, seat.into(), 82) * 20.0).sin();
            let top = y + nod + 0.02 * (hash(seed, seat.into(), 83) - 0.5);
            let lean = x + 0.012 * (hash(seed, seat.into(), 84) - 0.5);
            canvas.ellipse((lean, top), (size * 0.72, size * 0.9), colour, 1.0);
            canvas.ellipse((lean, top + size * 2.0), (size * 1.25, size * 1.4), colour, 1.0);
            x += step;
            seat += 1;
        }
    }
}
