//! Turns coefficients into RGB: dequantization, inverse transform, upsampling, colours (ITU-T T.81, annex A; T.871).
//!
//! For the pictures that the fast decoder does not draw right. Handles all sampling factors, and favours plain code over
//! speed. A subsampled component is interpolated between the centres of its samples.

use super::{
    markers::{ColourSpace, Frame},
    plane::Plane,
    scan::Planes,
};
use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// The samples of one component.
struct Samples {
    /// The length of a row in `values`.
    stride: usize,
    /// The size without the samples that only fill the last blocks.
    width: usize,
    height: usize,
    values: Vec<u8>,
}

/// Returns three bytes a pixel, row by row.
pub(super) fn rgb(frame: &Frame, planes: Planes, colours: ColourSpace) -> Vec<u8> {
    let [width, height] = [frame.size.width, frame.size.height].map(|side| side as usize);
    let (h_max, v_max) = frame.max_factors();
    let basis = basis();
    let components: Vec<(Samples, Interpolation, Interpolation)> = frame
        .components
        .iter()
        .zip(planes.planes)
        .map(|(component, plane)| {
            let [own_width, own_height] = [(width, component.h, h_max), (height, component.v, v_max)]
                .map(|(side, factor, max)| (side * usize::from(factor)).div_ceil(max.into()));
            // Frees the coefficients of each component before those of the next one are transformed.
            let samples = transform(&plane, own_width, own_height, &basis);
            let across = Interpolation::new(width, samples.width, component.h, h_max);
            let down = Interpolation::new(height, samples.height, component.v, v_max);
            (samples, across, down)
        })
        .collect();
    let mut rgb = Vec::with_capacity(width * height * 3);
    let mut rows: Vec<Vec<u8>> = components.iter().map(|_| vec![0; width]).collect();
    for y in 0..height {
        for ((samples, across, down), row) in components.iter().zip(&mut rows) {
            samples.interpolate(across, down, y, row);
        }
        for x in 0..width {
            let values: [u8; 4] = std::array::from_fn(|index| rows.get(index).map_or(0, |row| row[x]));
            rgb.extend(to_rgb(values, colours));
        }
    }
    rgb
}

/// Returns the value of each basis function (first index) at each sample.
fn basis() -> [[f32; 8]; 8] {
    let mut basis = [[0.0; 8]; 8];
    for (frequency, values) in (0_u8..).zip(&mut basis) {
        for (sample, value) in (0_u8..).zip(values) {
            let scale = if frequency == 0 { FRAC_1_SQRT_2 } else { 1.0 };
            *value = scale / 2.0 * (f32::from(2 * sample + 1) * f32::from(frequency) * PI / 16.0).cos();
        }
    }
    basis
}

fn transform(plane: &Plane, width: usize, height: usize, basis: &[[f32; 8]; 8]) -> Samples {
    let stride = plane.across * 8;
    let mut values = vec![0; stride * plane.down * 8];
    let table = plane.quantization.unwrap_or([1; 64]);
    for (index, block) in plane.coefficients.chunks_exact(64).enumerate() {
        let at = (index / plane.across) * 8 * stride + (index % plane.across) * 8;
        let samples = inverse_transform(block, &table, basis);
        for (y, row) in samples.iter().enumerate() {
            values[at + y * stride..][..8].copy_from_slice(row);
        }
    }
    Samples { stride, width, height, values }
}

/// Returns the samples of a block: dequantized, transformed, shifted to 0 to 255.
fn inverse_transform(block: &[i16], table: &[u16; 64], basis: &[[f32; 8]; 8]) -> [[u8; 8]; 8] {
    let sample = |value: f32| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 255")]
        let sample = (value + 128.0).round().clamp(0.0, 255.0) as u8;
        sample
    };
    if block[1..].iter().all(|value| *value == 0) {
        return [[sample(f32::from(block[0]) * f32::from(table[0]) / 8.0); 8]; 8];
    }
    // First along the rows, then down the columns.
    let mut rows = [[0.0_f32; 8]; 8];
    for ((row, coefficients), steps) in rows.iter_mut().zip(block.chunks_exact(8)).zip(table.chunks_exact(8)) {
        for ((coefficient, step), waves) in coefficients.iter().zip(steps).zip(basis) {
            let value = f32::from(*coefficient) * f32::from(*step);
            for (sum, wave) in row.iter_mut().zip(waves) {
                *sum += value * wave;
            }
        }
    }
    let mut samples = [[0; 8]; 8];
    for (y, out) in samples.iter_mut().enumerate() {
        let mut sums = [0.0_f32; 8];
        for (row, waves) in rows.iter().zip(basis) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value * waves[y];
            }
        }
        *out = sums.map(sample);
    }
    samples
}

/// The samples on which the pixels of one direction depend: the first one, the second one, and the share of the second
/// one in 256ths.
struct Interpolation(Vec<(usize, usize, u32)>);

impl Interpolation {
    /// Spreads `samples` over `pixels`, by a sampling factor and the largest one of the frame.
    fn new(pixels: usize, samples: usize, factor: u8, max: u8) -> Self {
        let (factor, max, last) = (usize::from(factor), usize::from(max), samples.saturating_sub(1));
        let at = |pixel: usize| {
            // The centre of the pixel, in 512ths of a sample: (pixel + 1/2) * factor / max - 1/2.
            let centre = ((2 * pixel + 1) * factor * 256 / max).saturating_sub(256);
            let share = u32::try_from(centre % 512 / 2).unwrap_or(0);
            ((centre / 512).min(last), (centre / 512 + 1).min(last), share)
        };
        Self((0..pixels).map(at).collect())
    }
}

impl Samples {
    /// Writes the row `y` of the picture.
    fn interpolate(&self, across: &Interpolation, down: &Interpolation, y: usize, out: &mut [u8]) {
        let (upper, lower, share) = down.0[y];
        let [upper, lower] = [upper, lower].map(|row| &self.values[row * self.stride..][..self.width]);
        let vertical = |x: usize| u32::from(upper[x]) * (256 - share) + u32::from(lower[x]) * share;
        for (out, &(left, right, share)) in out.iter_mut().zip(&across.0) {
            let sum = vertical(left) * (256 - share) + vertical(right) * share;
            *out = u8::try_from((sum + (1 << 15)) >> 16).unwrap_or(u8::MAX);
        }
    }
}

/// Converts the components of a pixel.
fn to_rgb([a, b, c, d]: [u8; 4], colours: ColourSpace) -> [u8; 3] {
    let multiply = |ink: u8| {
        let product = u16::from(ink) * u16::from(d) + 127;
        u8::try_from(product / 255).unwrap_or(u8::MAX)
    };
    match colours {
        ColourSpace::Grey => [a; 3],
        ColourSpace::Rgb => [a, b, c],
        ColourSpace::YCbCr => ycbcr_to_rgb(a, b, c),
        ColourSpace::Cmyk => [a, b, c].map(multiply),
        ColourSpace::Ycck => ycbcr_to_rgb(a, b, c).map(|value| multiply(255 - value)),
    }
}

/// T.871, section 7.
fn ycbcr_to_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16, i32::from(cb) - 128, i32::from(cr) - 128);
    let rgb = [y + 91_881 * cr, y - 22_554 * cb - 46_802 * cr, y + 116_130 * cb];
    rgb.map(|value| u8::try_from(((value + (1 << 15)) >> 16).clamp(0, 255)).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_converted() {
        assert_eq!(to_rgb([76, 85, 255, 0], ColourSpace::YCbCr), [254, 0, 0]);
        assert_eq!(to_rgb([150, 44, 21, 0], ColourSpace::YCbCr), [0, 255, 1]);
        assert_eq!(to_rgb([255, 128, 0, 128], ColourSpace::Cmyk), [128, 64, 0]);
        assert_eq!(to_rgb([255, 128, 128, 255], ColourSpace::Ycck), [0, 0, 0]);
        assert_eq!(to_rgb([7, 1, 2, 3], ColourSpace::Grey), [7; 3]);
    }

    #[test]
    fn samples_are_interpolated_between_their_centres() {
        let spread = |pixels, samples, factor, max| Interpolation::new(pixels, samples, factor, max).0;
        assert_eq!(spread(3, 3, 2, 2), [(0, 1, 0), (1, 2, 0), (2, 2, 0)]);
        assert_eq!(spread(4, 2, 1, 2), [(0, 1, 0), (0, 1, 64), (0, 1, 192), (1, 1, 64)]);
        assert_eq!(spread(1, 1, 1, 4), [(0, 0, 0)]);
    }

    #[test]
    fn blocks_are_transformed() {
        let table = [2; 64];
        let mut block = [0; 64];
        block[0] = 40;
        assert_eq!(inverse_transform(&block, &table, &basis()), [[138; 8]; 8]);
        block[1] = 20;
        let row = inverse_transform(&block, &table, &basis())[3];
        assert_eq!(row, [145, 144, 142, 139, 137, 134, 132, 131]);
    }
}
