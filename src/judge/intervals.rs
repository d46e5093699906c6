//! The intervals between samples, and the gaps among them.

use crate::event::Offset;

/// Returns the median of the distances between neighbours in milliseconds; `None` without two different offsets.
/// `offsets` are in order.
pub fn median_interval(offsets: &[Offset]) -> Option<i64> {
    let mut steps: Vec<i64> = distances(offsets).filter(|step| *step > 0).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied()
}

/// Returns the gaps: distances of more than 1.5 times the median, with the offsets at both ends. `offsets` are in order.
pub fn gaps(offsets: &[Offset]) -> Vec<(Offset, Offset)> {
    let Some(median) = median_interval(offsets) else { return Vec::new() };
    let pairs = offsets.windows(2).zip(distances(offsets));
    pairs.filter(|(_, distance)| distance * 2 > median * 3).map(|(pair, _)| (pair[0], pair[1])).collect()
}

fn distances(offsets: &[Offset]) -> impl Iterator<Item = i64> {
    offsets.windows(2).map(|pair| pair[1].as_millis() - pair[0].as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_over_one_and_a_half_intervals() {
        let check = |millis: &[i64], expected: &[(i64, i64)]| {
            let offsets: Vec<Offset> = millis.iter().copied().map(Offset::from_millis).collect();
            let found: Vec<_> = gaps(&offsets).iter().map(|(a, b)| (a.as_millis(), b.as_millis())).collect();
            assert_eq!(found, expected, "{millis:?}");
        };
        check(&[], &[]);
        check(&[0], &[]);
        check(&[0, 0, 0], &[]);
        check(&[0, 5000, 10_000, 17_500], &[]);
        check(&[0, 5000, 10_000, 17_501], &[(10_000, 17_501)]);
        check(&[0, 20_000, 25_000, 30_000], &[(0, 20_000)]);
    }
}
