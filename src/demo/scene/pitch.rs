//! A football pitch from above: mown stripes, lines, two teams running, and the ball between them.

use super::canvas::{Drawing, Haze, Point, Rgb, hash, lerp, noise, smooth};

/// Grass, home, away.
const PALETTES: [[Rgb; 3]; 3] = [
    [Rgb::hex(0x2f7d3a), Rgb::hex(0xe8433f), Rgb::hex(0xf4f4f8)],
    [Rgb::hex(0x3a7a2c), Rgb::hex(0xffd23f), Rgb::hex(0x2456c8)],
    [Rgb::hex(0x2c7448), Rgb::hex(0xff7f2a), Rgb::hex(0x23203a)],
];
const CHALK: Rgb = Rgb::hex(0xf2f7ee);

/// A 4-3-3 in the left half, as shares of the pitch's length and width.
const LINE_UP: [Point; 11] = [
    (0.04, 0.5),
    (0.18, 0.16),
    (0.15, 0.39),
    (0.15, 0.61),
    (0.18, 0.84),
    (0.31, 0.27),
    (0.28, 0.5),
    (0.31, 0.73),
    (0.44, 0.2),
    (0.46, 0.5),
    (0.44, 0.8),
];

/// The pitch on the canvas: its length lies along the longer side.
#[derive(Clone, Copy)]
struct Field {
    origin: Point,
    length: f32,
    upright: bool,
}

/// Width of a pitch by its length: 68 m by 105 m.
const SHAPE: f32 = 68.0 / 105.0;

impl Field {
    /// A place given in shares of length and width.
    fn at(self, u: f32, v: f32) -> Point {
        let (u, v) = (u * self.length, v * self.length * SHAPE);
        if self.upright { (self.origin.0 + v, self.origin.1 + u) } else { (self.origin.0 + u, self.origin.1 + v) }
    }
}

pub(super) fn paint(canvas: &mut Drawing, look: u64, time: f32) {
    let palette = PALETTES[(look % 3) as usize];
    let wide = canvas.aspect();
    let upright = wide < 1.0;
    let length = if upright { (wide * 0.93 / SHAPE).min(0.94) } else { (0.93 / SHAPE).min(wide * 0.94) };
    let (across, down) = if upright { (length * SHAPE, length) } else { (length, length * SHAPE) };
    let pan = 0.012 * (time * 0.11).sin();
    let field = Field { origin: ((wide - across) / 2.0 + pan, (1.0 - down) / 2.0), length, upright };
    paint_grass(canvas, look, field, palette[0]);
    paint_lines(canvas, field);
    let ball = ball(look, time);
    for (team, colour) in [palette[1], palette[2]].into_iter().enumerate() {
        for (number, place) in LINE_UP.into_iter().enumerate() {
            let place = if team == 0 { place } else { (1.0 - place.0, 1.0 - place.1) };
            let seed = look.wrapping_add((team * 100 + number) as u64);
            let keeper = number == 0;
            let (u, v) = run(seed, place, ball, time, keeper);
            let shirt = if keeper { Rgb::hex(0x18d6c8) } else { colour };
            paint_player(canvas, field.at(u, v), shirt, time + hash(seed, 1, 1) * 9.0);
        }
    }
    let at = field.at(ball.0, ball.1);
    canvas.ellipse((at.0 + 0.008, at.1 + 0.009), (0.009, 0.007), Rgb(0.0, 0.0, 0.0), 0.4);
    canvas.ellipse(at, (0.0095, 0.0095), Rgb(1.0, 1.0, 1.0), 1.0);
}

fn paint_grass(canvas: &mut Drawing, look: u64, field: Field, grass: Rgb) {
    let patches = Haze::new(canvas, |x, y| noise(look, x * 5.0, y * 5.0));
    canvas.shade(0.0, 1.0, |x, y, _| {
        let along = if field.upright { y - field.origin.1 } else { x - field.origin.0 } / field.length;
        let stripe = smooth(-0.12, 0.12, (along * std::f32::consts::TAU * 8.0).sin());
        let blade = hash(look, (x * 150.0) as i32, (y * 150.0) as i32);
        let worn = patches.at(x, y) * 0.7 + blade * 0.3;
        grass.scale(lerp(0.82, 1.06, stripe) + (worn - 0.5) * 0.14)
    });
    // Floodlights.
    for corner in [(0.0, 0.0), (canvas.aspect(), 0.0)] {
        canvas.glow(corner, 1.1, Rgb(1.0, 1.0, 0.86).scale(0.2));
    }
}

fn paint_lines(canvas: &mut Drawing, field: Field) {
    let width = 0.0075;
    let mut line = |from: Point, to: Point| {
        canvas.stroke(field.at(from.0, from.1), field.at(to.0, to.1), width, CHALK, 0.85);
    };
    let mut frame = |u0: f32, v0: f32, u1: f32, v1: f32| {
        for (from, to) in [((u0, v0), (u1, v0)), ((u1, v0), (u1, v1)), ((u1, v1), (u0, v1)), ((u0, v1), (u0, v0))] {
            line(from, to);
        }
    };
    frame(0.0, 0.0, 1.0, 1.0);
    frame(0.0, 0.0, 0.5, 1.0);
    for (goal, inward) in [(0.0, 1.0), (1.0, -1.0)] {
        frame(goal, 0.2, goal + inward * 0.157, 0.8);
        frame(goal, 0.365, goal + inward * 0.052, 0.635);
        frame(goal, 0.446, goal - inward * 0.018, 0.554);
    }
    let steps = 48u8;
    let on_circle = |step: u8| {
        let angle = f32::from(step) / f32::from(steps) * std::f32::consts::TAU;
        (0.5 + 0.087 * angle.cos(), 0.5 + 0.087 / SHAPE * angle.sin())
    };
    for step in 0..steps {
        line(on_circle(step), on_circle(step + 1));
    }
    for (u, v) in [(0.5, 0.5), (0.105, 0.5), (0.895, 0.5)] {
        canvas.ellipse(field.at(u, v), (0.008, 0.008), CHALK, 0.9);
    }
}

/// Where the ball is: it wanders over the whole pitch.
fn ball(look: u64, time: f32) -> Point {
    let swing = |seed: u64, pace: f32| smooth(0.2, 0.8, noise(seed, time * pace, 0.5));
    (lerp(0.06, 0.94, swing(look ^ 0x21, 0.11)), lerp(0.08, 0.92, swing(look ^ 0x22, 0.13)))
}

/// Where a player is: at his place, shifted with the play, drawn to a ball nearby.
fn run(seed: u64, place: Point, ball: Point, time: f32, keeper: bool) -> Point {
    if keeper {
        return (place.0, lerp(place.1, ball.1, 0.12));
    }
    let wander = |salt: u64| noise(seed ^ salt, time * 0.23, 0.0) - 0.5;
    let u = place.0 + (ball.0 - 0.5) * 0.42 + wander(1) * 0.1;
    let v = place.1 + (ball.1 - 0.5) * 0.2 + wander(2) * 0.14;
    let pull = 0.55 * smooth(0.22, 0.03, ((u - ball.0).powi(2) + ((v - ball.1) * SHAPE).powi(2)).sqrt());
    (lerp(u, ball.0, pull).clamp(0.01, 0.99), lerp(v, ball.1, pull).clamp(0.02, 0.98))
}

fn paint_player(canvas: &mut Drawing, (x, y): Point, shirt: Rgb, time: f32) {
    canvas.ellipse((x + 0.014, y + 0.014), (0.02, 0.013), Rgb(0.0, 0.0, 0.0), 0.38);
    let stride = 0.007 * (time * 5.0).sin();
    for side in [-1.0, 1.0] {
        canvas.ellipse((x + side * 0.007, y + side * stride + 0.006), (0.006, 0.009), Rgb::hex(0x1c1c22), 0.9);
    }
    canvas.ellipse((x, y), (0.018, 0.0135), shirt.scale(0.78), 1.0);
    canvas.ellipse((x, y - 0.002), (0.0155, 0.0105), shirt, 1.0);
    canvas.ellipse((x, y - 0.003), (0.0068, 0.0068), Rgb::hex(0x4a3020), 1.0);
}
