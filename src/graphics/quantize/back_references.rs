//! Indices that repeat earlier ones, for encoders that refer back as deflate does.
//!
//! A repeat is copied from the pixels to the left, from above, or from one period of the dither matrix away, as long as
//! each pixel stays within its tolerance. It never crosses the end of a row, so that all repeats from above are found row
//! by row without a branch: unpredictable branches were most of the time.

use super::{
    dither::PERIOD,
    target::{ColourTable, PixelTarget},
};

/// The shortest repeat in pixels that is worth a reference: a reference costs as much as three pixels.
const MIN_LENGTH: usize = 4;

/// The length in pixels from which no longer repeat is looked for.
const SUFFICIENT_LENGTH: usize = 48;

/// The places from which a repeat may be copied: rows up, columns to the right.
const SOURCES_ABOVE: [(usize, isize); 4] = [(1, 0), (1, -1), (1, 1), (PERIOD, 0)];

/// Returns an index for each pixel: its own, or one that repeats earlier pixels within the tolerance.
pub(super) fn indices(targets: &[PixelTarget], width: usize, tolerance: u32, colours: &ColourTable) -> Vec<u8> {
    let mut indices = vec![0; targets.len()];
    let mut lengths = [const { Vec::new() }; SOURCES_ABOVE.len()];
    for (y, targets) in targets.chunks(width.max(1)).enumerate() {
        let (above, rest) = indices.split_at_mut(y * width);
        let row = PixelRow { targets, tolerance, colours };
        for (lengths, (up, right)) in lengths.iter_mut().zip(SOURCES_ABOVE) {
            let source = y.checked_sub(up).map_or(&[][..], |y| &above[y * width..][..width]);
            row.measure_above(source, right, lengths);
        }
        row.fill(above, &lengths, &mut rest[..targets.len()]);
    }
    indices
}

struct PixelRow<'a> {
    targets: &'a [PixelTarget],
    tolerance: u32,
    colours: &'a ColourTable,
}

impl PixelRow<'_> {
    fn accepts(&self, target: &PixelTarget, index: u8) -> bool {
        self.colours.distance(index, target.colour) <= target.max_error(self.tolerance)
    }

    /// Sets `lengths` to the number of pixels, from each pixel on, that can be copied from `source`, `right` columns to
    /// the right.
    fn measure_above(&self, source: &[u8], right: isize, lengths: &mut Vec<usize>) {
        lengths.clear();
        lengths.resize(self.targets.len(), 0);
        let (left, right) = (usize::from(right < 0), usize::from(right > 0));
        let end = source.len().saturating_sub(right);
        let here = self.targets.iter().zip(lengths).take(end).skip(left);
        let mut length = 0;
        for ((target, entry), index) in here.zip(source.iter().skip(right)).rev() {
            length = (length + 1) * usize::from(self.accepts(target, *index));
            *entry = length;
        }
    }

    fn fill(&self, above: &[u8], lengths: &[Vec<usize>; SOURCES_ABOVE.len()], row: &mut [u8]) {
        let start = above.len();
        let mut x = 0;
        while x < row.len() {
            let candidates = lengths.iter().zip(SOURCES_ABOVE).map(|(lengths, source)| (lengths[x], source));
            let (from_above, (up, right)) = candidates.max_by_key(|(length, _)| *length).unwrap_or_default();
            let (from_left, back) = if from_above < SUFFICIENT_LENGTH { self.measure_left(row, x) } else { (0, 1) };
            if from_left.max(from_above) < MIN_LENGTH {
                row[x] = self.targets[x].index;
                x += 1;
            } else if from_left >= from_above {
                (x..x + from_left).for_each(|x| row[x] = row[x - back]);
                x += from_left;
            } else {
                let from = (start + x - up * row.len()).saturating_add_signed(right);
                row[x..x + from_above].copy_from_slice(&above[from..from + from_above]);
                x += from_above;
            }
        }
    }

    /// Returns the length of the longest repeat from the left and its distance: one pixel, or a period.
    fn measure_left(&self, row: &[u8], x: usize) -> (usize, usize) {
        let length = |back: usize| {
            let source = x.checked_sub(back).map_or(&[][..], |from| &row[from..x]);
            let repeats = source.iter().cycle().zip(&self.targets[x..]);
            repeats.take_while(|(index, target)| self.accepts(target, **index)).count()
        };
        let run = length(1);
        if run >= SUFFICIENT_LENGTH {
            return (run, 1);
        }
        let periodic = length(PERIOD);
        if periodic > run { (periodic, PERIOD) } else { (run, 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(colours: &[u8], own: &[u8], width: usize, tolerance: u32) -> Vec<u8> {
        let table = ColourTable::new(&colours.iter().map(|grey| [*grey; 3]).collect::<Vec<_>>());
        let target = |number: &u8| PixelTarget::exact([colours[usize::from(*number)]; 3], *number);
        indices(&own.iter().map(target).collect::<Vec<_>>(), width, tolerance, &table)
    }

    #[test]
    fn repeats_are_taken_within_the_tolerance() {
        let check = |own: &[u8], width, expected: &[u8]| {
            assert_eq!(repeated(&[0, 1, 2, 100], own, width, 3), expected, "{own:?}");
        };
        check(&[0, 1, 0, 1, 1, 3], 6, &[0, 0, 0, 0, 0, 3]);
        check(&[0, 1, 0, 1, 3, 3], 6, &[0, 1, 0, 1, 3, 3]);
        // From the pixel before, from a period away, from right above, from above to either side.
        check(&[0, 2, 0, 2, 0, 1, 0, 1, 3], 9, &[0, 2, 0, 2, 0, 2, 0, 2, 3]);
        check(&[3, 0, 3, 2, 3, 1, 3, 1], 4, &[3, 0, 3, 2, 3, 0, 3, 2]);
        check(&[3, 0, 3, 2, 0, 0, 3, 1, 1, 3], 5, &[3, 0, 3, 2, 0, 0, 3, 2, 0, 3]);
        check(&[3, 0, 3, 2, 0, 0, 3, 1, 3, 1], 5, &[3, 0, 3, 2, 0, 0, 3, 0, 3, 2]);
    }

    #[test]
    fn no_pixel_exceeds_the_tolerance() {
        let greys: Vec<u8> = (0..=255).collect();
        let own: Vec<u8> =
            (0_u32..2000).map(|n| n.wrapping_mul(n).wrapping_mul(2_654_435_761).to_be_bytes()[0] / 16).collect();
        for width in [1, 3, 7, 100, 2000] {
            let indices = repeated(&greys, &own, width, 3 * 25);
            assert!(indices.iter().zip(&own).all(|(index, own)| index.abs_diff(*own) <= 5), "{width}");
            assert!(width < 100 || indices != own, "{width}");
        }
    }
}
