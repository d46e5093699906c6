//! The facts about a picture that judging needs, measured in its pixels.

use crate::picture::{Picture, PixelFormat, PixelSize, luma};

/// The luma (0 to 255) from which on a pixel is not dark: 10 % of 255, rounded up (`pixel_black_th` of ffmpeg's filter
/// blackdetect).
const DARK_BELOW: u8 = 26;

/// The share of dark pixels from which on a picture is black (`picture_black_ratio_th` of the same filter).
const BLACK_SHARE: f32 = 0.98;

/// The standard deviation of luma under which a picture has one colour: JPEG's own noise stays below it.
const BLANK_DEVIATION: f32 = 2.0;

/// The bits in which the difference hashes of two pictures that look alike differ at most.
const ALIKE_BITS: u32 = 2;

/// The luma by which each box of two pictures that look alike differs at most. The hash tells nothing of flat areas, of
/// a fade, which keeps all edges, and of slow motion within soft ones; JPEG's noise changes the mean of a box by less.
const ALIKE_LUMA: u8 = 2;

/// The columns and rows of boxes of which the hash is made: a bit for each two neighbours in a row.
const HASH_COLUMNS: usize = 9;
const HASH_ROWS: usize = 8;

/// The units of a level of luma in which boxes are compared, and the difference that counts as one: noise in flat areas
/// does not.
const UNITS: u64 = 16;
const EDGE: u64 = UNITS;

/// The most pixels that are measured. A picture of 480x270 is measured whole, larger ones on a regular grid.
const MAX_PIXELS: usize = 480 * 270;

/// Facts about one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureFacts {
    /// Its size in pixels.
    pub size: PixelSize,
    /// The mean luma (BT.601), 0 to 255.
    pub mean: f32,
    /// The standard deviation of luma.
    pub deviation: f32,
    /// The share of pixels with a luma under 10 %, 0 to 1.
    pub dark_share: f32,
    /// The difference hash: bit by bit, whether a box is lighter than its right neighbour.
    pub hash: u64,
    /// The mean luma of each box of which the hash is made, row by row.
    boxes: [[u8; HASH_COLUMNS]; HASH_ROWS],
}

impl PictureFacts {
    /// Measures a picture, in a time that its size does not change.
    pub fn of(picture: &Picture) -> Self {
        let (luma, width) = measured(picture);
        let count = luma.len().max(1) as u64;
        let (mut sum, mut squares, mut dark) = (0, 0, 0);
        // The sums of a portion fit in 32 bits, of which the compiler adds several at once.
        for part in luma.chunks(1 << 12) {
            sum += u64::from(total(part));
            squares += u64::from(part.iter().map(|value| u32::from(*value).pow(2)).sum::<u32>());
            dark += u64::from(part.iter().map(|value| u32::from(*value < DARK_BELOW)).sum::<u32>());
        }
        let mean = ratio(sum, count);
        let boxes = boxes(&luma, width);
        let variance = ratio(squares, count) - mean * mean;
        #[expect(clippy::cast_possible_truncation, reason = "0 to 255, and 0 to 1")]
        Self {
            size: picture.size,
            mean: mean as f32,
            deviation: variance.max(0.0).sqrt() as f32,
            dark_share: ratio(dark, count) as f32,
            hash: hash(&boxes),
            boxes: boxes.map(|row| row.map(|luma| u8::try_from(luma / UNITS).unwrap_or(u8::MAX))),
        }
    }

    /// Returns whether it is black.
    pub fn is_black(&self) -> bool {
        self.dark_share >= BLACK_SHARE
    }

    /// Returns whether it has one colour.
    pub fn is_blank(&self) -> bool {
        self.deviation < BLANK_DEVIATION
    }

    /// Returns whether two pictures look alike.
    pub fn is_like(&self, other: &Self) -> bool {
        let mut pairs = self.boxes.iter().flatten().zip(other.boxes.iter().flatten());
        (self.hash ^ other.hash).count_ones() <= ALIKE_BITS
            && pairs.all(|(one, other)| one.abs_diff(*other) <= ALIKE_LUMA)
    }
}

#[expect(clippy::cast_precision_loss, reason = "sums of at most 130 000 squares of bytes, far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// Returns the luma of the measured pixels, row by row, and the length of a row.
fn measured(picture: &Picture) -> (Vec<u8>, usize) {
    let [width, height] = [picture.size.width, picture.size.height].map(|side| side as usize);
    let mut step = 1;
    while width.div_ceil(step) * height.div_ceil(step) > MAX_PIXELS {
        step += 1;
    }
    let mut values = Vec::with_capacity(width.div_ceil(step) * height.div_ceil(step));
    for row in picture.pixels.chunks_exact((width * picture.format.bytes()).max(1)).step_by(step) {
        let pixels = row.as_chunks().0.iter();
        match picture.format {
            PixelFormat::Rgb if step == 1 => values.extend(pixels.map(|pixel| luma(*pixel))),
            PixelFormat::Rgb => values.extend(pixels.step_by(step).map(|pixel| luma(*pixel))),
            PixelFormat::Luma => values.extend(row.iter().step_by(step)),
        }
    }
    (values, width.div_ceil(step).max(1))
}

/// Returns the sum of at most [`MAX_PIXELS`] values.
fn total(row: &[u8]) -> u32 {
    row.iter().map(|value| u32::from(*value)).sum()
}

/// Returns the mean luma of each box, in units, of luma in rows of `width`.
fn boxes(luma: &[u8], width: usize) -> [[u64; HASH_COLUMNS]; HASH_ROWS] {
    let height = luma.len() / width;
    if height == 0 {
        return [[0; HASH_COLUMNS]; HASH_ROWS];
    }
    std::array::from_fn(|y| {
        let rows = part(height, y, HASH_ROWS);
        std::array::from_fn(|x| {
            let columns = part(width, x, HASH_COLUMNS);
            let area = (rows.len() * columns.len()) as u64;
            let sum: u64 = rows.clone().map(|y| u64::from(total(&luma[y * width..][columns.clone()]))).sum();
            (sum * UNITS + area / 2) / area
        })
    })
}

/// Returns the difference hash of the boxes.
fn hash(boxes: &[[u64; HASH_COLUMNS]; HASH_ROWS]) -> u64 {
    let pairs = boxes.iter().flat_map(|row| row.windows(2));
    pairs.fold(0, |hash, pair| hash << 1 | u64::from(pair[0] >= pair[1] + EDGE))
}

/// Returns the range of one of `of` equal parts of a length, never empty: parts of a short length share pixels.
fn part(length: usize, at: usize, of: usize) -> std::ops::Range<usize> {
    let from = at * length / of;
    from..((at + 1) * length / of).max(from + 1)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Draws a grey picture: the luma of each pixel by its place.
    pub(in crate::judge) fn drawn(width: u32, height: u32, luma: impl Fn(u32, u32) -> u8) -> Picture {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let rgb: Vec<u8> = pixels.flat_map(|(x, y)| [luma(x, y); 3]).collect();
        Picture::of_rgb(PixelSize { width, height }, rgb)
    }

    fn facts(luma: impl Fn(u32, u32) -> u8) -> PictureFacts {
        PictureFacts::of(&drawn(480, 270, luma))
    }

    /// A dark picture of which so many thousandths of the rows' pixels are `light`.
    fn partly_light(thousandths: u32, light: u8) -> PictureFacts {
        PictureFacts::of(&drawn(1000, 100, |x, _| if x < thousandths { light } else { 10 }))
    }

    /// Soft shapes, moved to the right by so many pixels.
    fn scene(moved: u32) -> impl Fn(u32, u32) -> u8 {
        move |x, y| {
            let wave = f64::from(x + moved) / 37.0 + (f64::from(y) / 23.0).sin() * 2.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "18 to 218")]
            let value = (wave.sin() * 100.0 + 118.0) as u8;
            value
        }
    }

    #[test]
    fn black_is_98_percent_under_10_percent_of_luma() {
        assert!(facts(|_, _| 0).is_black());
        assert!(facts(|_, _| 25).is_black(), "25 of 255 is under 10 %");
        assert!(!facts(|_, _| 26).is_black());
        assert!(partly_light(20, 200).is_black(), "98.0 % are dark");
        assert!(!partly_light(21, 200).is_black(), "97.9 % are dark");
        // A night scene with one lamp that lights a circle of 30 pixels around it.
        let lamp = |x: u32, y: u32| if (x.abs_diff(400)).pow(2) + (y.abs_diff(60)).pow(2) < 900 { 180 } else { 12 };
        let night = facts(lamp);
        assert!(!night.is_black() && !night.is_blank(), "{night:?}");
        // Credits: lines of letters that cover 4 % of the picture.
        let credits =
            |x: u32, y: u32| if y % 30 < 8 && x.is_multiple_of(4) && (100..380).contains(&x) { 235 } else { 0 };
        let credits = facts(credits);
        assert!(!credits.is_black() && credits.dark_share > 0.9, "{credits:?}");
    }

    #[test]
    fn blank_is_a_deviation_under_2() {
        assert!(facts(|_, _| 255).is_blank());
        assert!(facts(|x, y| 128 + u8::from((x ^ y) & 1 == 0)).is_blank(), "noise of one level");
        // Half the pixels 2 levels above and half 2 below the mean: a deviation of 2.
        assert!(facts(|x, _| if x % 2 == 0 { 126 } else { 129 }).is_blank());
        assert!(!facts(|x, _| if x % 2 == 0 { 126 } else { 130 }).is_blank());
        assert!(!facts(scene(0)).is_blank());
    }

    #[test]
    fn alike_pictures_have_the_same_edges_and_the_same_light() {
        let one = facts(scene(0));
        assert!(one.is_like(&one));
        let noisy = facts(|x, y| scene(0)(x, y).saturating_add(u8::try_from((x * 7 + y * 13) % 3).unwrap()));
        assert!(one.is_like(&noisy), "noise of JPEG: {one:?} {noisy:?}");
        assert!(!one.is_like(&facts(scene(60))), "moved by an eighth of the width");
        let fading = facts(|x, y| scene(0)(x, y) / 10 * 9);
        assert!(!one.is_like(&fading), "a fade keeps the edges: {one:?} {fading:?}");
        assert!(!facts(|_, _| 255).is_like(&facts(|_, _| 0)), "flat pictures have no edges");
        let clock = facts(|x, y| if x < 60 && y > 240 { 250 } else { scene(0)(x, y) });
        assert!(!one.is_like(&clock), "something has changed in a corner");
    }

    #[test]
    fn any_size_is_measured() {
        for (width, height) in [(1, 1), (1, 500), (500, 1), (9, 8), (8, 7), (270, 480), (3000, 2000), (0, 0)] {
            let facts = PictureFacts::of(&drawn(width, height, |_, _| 77));
            assert_eq!(facts.size, PixelSize { width, height });
            assert_eq!(facts.hash, 0, "{width}x{height}: flat");
            assert!(
                facts.is_blank() && (width == 0 || (facts.mean - 77.0).abs() < 0.01),
                "{width}x{height}: {facts:?}"
            );
        }
        let lit_left = PictureFacts::of(&drawn(9, 8, |x, _| if x == 0 { 200 } else { 100 }));
        assert_eq!(lit_left.hash, 0x8080_8080_8080_8080);
        let portrait = PictureFacts::of(&drawn(270, 480, |x, y| scene(0)(y, x)));
        assert!(!portrait.is_black() && !portrait.is_blank() && portrait.hash != 0);
    }

    #[test]
    fn a_large_picture_is_measured_on_a_grid() {
        let picture = drawn(1920, 1080, |x, _| if x < 960 { 0 } else { 200 });
        assert!(measured(&picture).0.len() <= MAX_PIXELS);
        let facts = PictureFacts::of(&picture);
        assert!((facts.dark_share - 0.5).abs() < 0.01 && (facts.mean - 100.0).abs() < 1.0, "{facts:?}");
    }
}
