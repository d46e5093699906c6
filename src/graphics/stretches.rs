//! Pixels that repeat pixels before them, a stretch at a time, for encoders that refer back as deflate does.
//!
//! A stretch is taken from the pixels before it, from above, or from a whole pattern of dithering away, as long as each of
//! its pixels is near enough to what it should be. It never goes over the end of a row, so that all that can be taken
//! from above is found row by row, without a branch: branches that nobody can foretell were most of the time.

use super::indexed::{PERIOD, PixelTarget, Table};

/// The fewest pixels that are worth a reference back: it costs as much as three of them.
const WORTH: usize = 4;

/// With a stretch of so many pixels no longer one is looked for.
const ENOUGH: usize = 48;

/// From where above a stretch may be taken: rows up, columns to the right.
const ABOVE: [(usize, isize); 4] = [(1, 0), (1, -1), (1, 1), (PERIOD, 0)];

/// A number for each pixel: its own, or what it repeats within the tolerance.
pub(super) fn pixels(targets: &[PixelTarget], width: usize, tolerance: u32, colours: &Table) -> Vec<u8> {
    let mut pixels = vec![0; targets.len()];
    let mut reaches = [const { Vec::new() }; ABOVE.len()];
    for (y, targets) in targets.chunks(width.max(1)).enumerate() {
        let (above, rest) = pixels.split_at_mut(y * width);
        let row = PixelRow { targets, tolerance, colours };
        for (reach, (up, right)) in reaches.iter_mut().zip(ABOVE) {
            let source = y.checked_sub(up).map_or(&[][..], |y| &above[y * width..][..width]);
            row.reach(source, right, reach);
        }
        row.fill(above, &reaches, &mut rest[..targets.len()]);
    }
    pixels
}

struct PixelRow<'a> {
    targets: &'a [PixelTarget],
    tolerance: u32,
    colours: &'a Table,
}

impl PixelRow<'_> {
    fn takes(&self, target: &PixelTarget, number: u8) -> bool {
        self.colours.distance(number, target.pixel) <= target.most(self.tolerance)
    }

    /// For each pixel, how many from it on can be taken from `source`, so many columns to the right.
    fn reach(&self, source: &[u8], right: isize, reach: &mut Vec<usize>) {
        reach.clear();
        reach.resize(self.targets.len(), 0);
        let (left, right) = (usize::from(right < 0), usize::from(right > 0));
        let end = source.len().saturating_sub(right);
        let here = self.targets.iter().zip(reach).take(end).skip(left);
        let mut length = 0;
        for ((target, reach), number) in here.zip(source.iter().skip(right)).rev() {
            length = (length + 1) * usize::from(self.takes(target, *number));
            *reach = length;
        }
    }

    fn fill(&self, above: &[u8], reaches: &[Vec<usize>; ABOVE.len()], row: &mut [u8]) {
        let start = above.len();
        let mut x = 0;
        while x < row.len() {
            let longest =
                reaches.iter().zip(ABOVE).map(|(reach, place)| (reach[x], place)).max_by_key(|(length, _)| *length);
            let (from_above, (up, right)) = longest.unwrap_or_default();
            let (from_left, back) = if from_above < ENOUGH { self.on_the_left(row, x) } else { (0, 1) };
            if from_left.max(from_above) < WORTH {
                row[x] = self.targets[x].own;
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

    /// How many can be taken from the left, and from how far: the pixel before, or a pattern.
    fn on_the_left(&self, row: &[u8], x: usize) -> (usize, usize) {
        let length = |back: usize| {
            let pattern = x.checked_sub(back).map_or(&[][..], |from| &row[from..x]);
            let repeats = pattern.iter().cycle().zip(&self.targets[x..]);
            repeats.take_while(|(number, target)| self.takes(target, **number)).count()
        };
        let before = length(1);
        if before >= ENOUGH {
            return (before, 1);
        }
        let pattern = length(PERIOD);
        if pattern > before { (pattern, PERIOD) } else { (before, 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(colours: &[u8], own: &[u8], width: usize, tolerance: u32) -> Vec<u8> {
        let table = Table::new(&colours.iter().map(|grey| [*grey; 3]).collect::<Vec<_>>());
        let target = |number: &u8| PixelTarget::exactly([colours[usize::from(*number)]; 3], *number);
        pixels(&own.iter().map(target).collect::<Vec<_>>(), width, tolerance, &table)
    }

    #[test]
    fn what_is_near_enough_for_long_enough_repeats() {
        let check = |own: &[u8], width, expected: &[u8]| {
            assert_eq!(repeated(&[0, 1, 2, 100], own, width, 3), expected, "{own:?}");
        };
        check(&[0, 1, 0, 1, 1, 3], 6, &[0, 0, 0, 0, 0, 3]);
        check(&[0, 1, 0, 1, 3, 3], 6, &[0, 1, 0, 1, 3, 3]);
        // From the pixel before, from a pattern away, from right above, from above to either side.
        check(&[0, 2, 0, 2, 0, 1, 0, 1, 3], 9, &[0, 2, 0, 2, 0, 2, 0, 2, 3]);
        check(&[3, 0, 3, 2, 3, 1, 3, 1], 4, &[3, 0, 3, 2, 3, 0, 3, 2]);
        check(&[3, 0, 3, 2, 0, 0, 3, 1, 1, 3], 5, &[3, 0, 3, 2, 0, 0, 3, 2, 0, 3]);
        check(&[3, 0, 3, 2, 0, 0, 3, 1, 3, 1], 5, &[3, 0, 3, 2, 0, 0, 3, 0, 3, 2]);
    }

    #[test]
    fn no_pixel_is_off_by_more_than_the_tolerance() {
        let greys: Vec<u8> = (0..=255).collect();
        let own: Vec<u8> =
            (0_u32..2000).map(|n| n.wrapping_mul(n).wrapping_mul(2_654_435_761).to_be_bytes()[0] / 16).collect();
        for width in [1, 3, 7, 100, 2000] {
            let pixels = repeated(&greys, &own, width, 3 * 25);
            assert!(pixels.iter().zip(&own).all(|(pixel, own)| pixel.abs_diff(*own) <= 5), "{width}");
            assert!(width < 100 || pixels != own, "{width}");
        }
    }
}
