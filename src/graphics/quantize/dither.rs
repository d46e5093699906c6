//! Ordered dithering of flat regions.
//!
//! Bayer's 4x4 matrix moves a pixel up or down, so that a slow gradient does not turn into bands. Anything that is not
//! flat stays as it is: dithering there costs bytes and shows nothing.

use super::target::Texture;
use crate::graphics::raster::Raster;

/// The side of the dither matrix, in pixels.
pub(super) const PERIOD: usize = 4;

/// Bayer's matrix, balanced about zero; the greatest magnitude is 15.
const MATRIX: [[i16; PERIOD]; PERIOD] = [[-15, 1, -11, 5], [9, -7, 13, -3], [-9, 7, -13, 3], [15, -1, 11, -5]];

/// The sum of differences to four pixels around, over three channels, below which a pixel is flat.
const FLAT_DIFFERENCE: u32 = 18;

/// Returns the texture around each pixel.
pub(super) fn textures(raster: &Raster<'_>) -> Vec<Texture> {
    let (bytes, row) = (&*raster.rgb, raster.width() * 3);
    let mut differences = vec![0_u8; bytes.len()];
    // One neighbour of all pixels at a time, byte by byte, which the compiler turns into vector instructions.
    for back in [3, row] {
        let here = differences.iter_mut().zip(bytes).skip(back);
        here.zip(bytes).for_each(|((sum, part), other)| *sum = sum.saturating_add(part.abs_diff(*other)));
    }
    for ahead in [9, 3 * row] {
        let there = bytes.iter().skip(ahead);
        let here = differences.iter_mut().zip(bytes);
        here.zip(there).for_each(|((sum, part), other)| *sum = sum.saturating_add(part.abs_diff(*other)));
    }
    let is_flat = |[r, g, b]: &[u8; 3]| u32::from(*r) + u32::from(*g) + u32::from(*b) < FLAT_DIFFERENCE;
    let texture = |difference| if is_flat(difference) { Texture::Flat } else { Texture::Busy };
    differences.as_chunks().0.iter().map(texture).collect()
}

/// Moves a pixel by at most `amplitude` levels, as the matrix says for its place.
pub(super) fn dither(pixel: [u8; 3], x: usize, y: usize, amplitude: u8) -> [u8; 3] {
    let step = MATRIX[y % PERIOD][x % PERIOD] * i16::from(amplitude) / 15;
    pixel.map(|part| part.saturating_add_signed(i8::try_from(step).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelSize;

    #[test]
    fn an_edge_is_not_flat() {
        let edge = [[0; 3], [200; 3], [0; 3], [200; 3]].concat();
        let raster = Raster { size: PixelSize { width: 4, height: 1 }, rgb: edge.into() };
        assert!(textures(&raster)[1] == Texture::Busy);
    }

    #[test]
    fn the_matrix_moves_a_pixel_by_at_most_the_amplitude() {
        for (x, y) in (0..16).map(|at| (at % 4, at / 4)) {
            assert!(dither([100; 3], x, y, 4).iter().all(|part| part.abs_diff(100) <= 4), "{x},{y}");
            assert_eq!(dither([100; 3], x, y, 0), [100; 3]);
        }
        assert_eq!(dither([1, 254, 128], 0, 0, 15), [0, 239, 113]);
    }
}
