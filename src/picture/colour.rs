//! The colours that a cell can have: 24 bits, or the 256 of xterm.

/// The number of colours that a cell can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColourDepth {
    /// 24 bits.
    #[default]
    True,
    /// The 256 colours of xterm.
    Indexed,
}

impl ColourDepth {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "24 bits",
            Self::Indexed => "256",
        }
    }
}

/// The levels of xterm's colour cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Returns the nearest of xterm's 256 colours, never one of the first sixteen, which users redefine.
pub fn xterm_index(rgb: [u8; 3]) -> u8 {
    let level = |part: u8| (0..6_u8).min_by_key(|level| CUBE[usize::from(*level)].abs_diff(part)).unwrap_or(0);
    let [r, g, b] = rgb.map(level);
    let cube = 16 + 36 * r + 6 * g + b;
    let mean = (u16::from(rgb[0]) + u16::from(rgb[1]) + u16::from(rgb[2])) / 3;
    let grey = u8::try_from((mean.saturating_sub(3) / 10).min(23)).map_or(255, |step| 232 + step);
    let distance = |index| {
        let parts = xterm_colour(index).into_iter().zip(rgb);
        parts.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
    };
    if distance(grey) < distance(cube) { grey } else { cube }
}

/// Returns red, green and blue of an xterm colour; black for the first sixteen.
pub fn xterm_colour(index: u8) -> [u8; 3] {
    match index {
        0..16 => [0; 3],
        16..232 => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(|level| CUBE[usize::from(level)]),
        232..=255 => [8 + (index - 232) * 10; 3],
    }
}
