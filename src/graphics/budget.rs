//! The bytes that a picture may cost on a link, and encoding within them.
//!
//! Pure decisions: the link's rate comes in, bytes come out. After a key the picture should arrive within a second, and
//! text at any time. kitty's pictures go in slices, with text in between, and can be cancelled, so only their previews are
//! bounded. A picture of the other protocols blocks the link until it is whole, so all of those are bounded.

use crate::picture::{Budget, PixelSize, Protocol};

/// The rate in bytes a second from which nothing is limited: a large sixel drawing takes less than half a second.
const UNLIMITED_RATE: u64 = 1 << 20;

/// The rate in bytes a second that is assumed until one was measured, so that a slow link's first picture is small.
const ASSUMED_RATE: u64 = 64 << 10;

/// The share of a second, in percent, for which a preview may fill the link, so that several arrive in a second while a
/// key is held; that of a preview in slices, which blocks nothing; and that of a full picture.
const PREVIEW_PERCENT: u64 = 15;
const SLICED_PREVIEW_PERCENT: u64 = 25;
const FULL_PERCENT: u64 = 55;

/// The smallest budget in bytes; a picture of fewer shows nothing.
const MIN_BYTES: u64 = 1500;

/// The fewest pixels along the longer side to which a picture is reduced.
const MIN_SIDE: u32 = 64;

/// The most encodings to find a size.
const MAX_TRIES: usize = 5;

/// Rounds the link's rate, in bytes a second, to a power of two, and keeps `previous` while the rate stays near it,
/// because every change prepares all pictures again.
pub fn rounded_rate(rate: u64, previous: Option<u64>) -> u64 {
    // From five eighths to twenty-five sixteenths of the previous one: a little more than rounding alone would keep.
    let is_near = |previous: u64| rate >= previous / 16 * 10 && rate <= previous / 16 * 25;
    match previous.filter(|previous| is_near(*previous)) {
        Some(previous) => previous,
        None => 1 << (rate.max(1).saturating_mul(rate.max(1)).ilog2().div_ceil(2)).min(62),
    }
}

/// Returns the budget of a picture at a rate in bytes a second; `None` if no rate was measured yet.
pub fn budget(rate: Option<u64>, protocol: Protocol) -> Budget {
    if rate.is_some_and(|rate| rate >= UNLIMITED_RATE) || rate.is_none() && protocol == Protocol::Blocks {
        return Budget::UNLIMITED;
    }
    let share = |percent: u64| {
        let bytes = rate.unwrap_or(ASSUMED_RATE) * percent / 100;
        u32::try_from(bytes.max(MIN_BYTES)).unwrap_or(u32::MAX)
    };
    match protocol {
        Protocol::Kitty => Budget { preview: share(SLICED_PREVIEW_PERCENT), full: u32::MAX },
        Protocol::Iterm2 | Protocol::Sixel => Budget { preview: share(PREVIEW_PERCENT), full: share(FULL_PERCENT) },
        Protocol::Blocks => Budget { preview: u32::MAX, full: share(FULL_PERCENT) },
        Protocol::None => Budget::UNLIMITED,
    }
}

/// Encodes at ever fewer pixels until the bytes suffice; at the smallest size they may exceed `max_bytes`.
///
/// `pixels_per_ten_bytes` gives the first guess.
pub(super) fn encode_within_budget(
    max_bytes: u32,
    pixels_per_ten_bytes: u32,
    size: PixelSize,
    encode: impl Fn(PixelSize) -> Option<Vec<u8>>,
) -> Option<(Vec<u8>, PixelSize)> {
    let smallest = size.shrink_into(PixelSize { width: MIN_SIDE, height: MIN_SIDE });
    let at_least = |smaller: PixelSize| if smaller.width < smallest.width { smallest } else { smaller };
    let mut size = at_least(size.shrink_to((max_bytes / 10).saturating_mul(pixels_per_ten_bytes)));
    let mut bytes = encode(size)?;
    for _ in 1..MAX_TRIES {
        if bytes.len() <= max_bytes as usize || size == smallest {
            break;
        }
        let pixels = u64::from(size.width) * u64::from(size.height) * u64::from(max_bytes) / bytes.len() as u64;
        size = at_least(size.shrink_to(u32::try_from(pixels * 9 / 10).unwrap_or(u32::MAX)));
        bytes = encode(size)?;
    }
    Some((bytes, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNLIMITED: u32 = u32::MAX;

    #[test]
    fn a_rate_is_kept_until_it_clearly_changes() {
        let check =
            |rate, previous, expected| assert_eq!(rounded_rate(rate, previous), expected, "{rate} {previous:?}");
        check(65_000, None, 64 << 10);
        check(50_000, None, 64 << 10);
        check(80_000, None, 64 << 10);
        check(40_000, None, 32 << 10);
        check(100_000, Some(64 << 10), 64 << 10);
        check(110_000, Some(64 << 10), 128 << 10);
        check(42_000, Some(64 << 10), 64 << 10);
        check(30_000, Some(64 << 10), 32 << 10);
        check(u64::MAX, Some(64 << 10), 1 << 32);
        check(0, None, 1);
    }

    #[test]
    fn budgets_follow_the_rate() {
        let check = |rate: Option<u64>, protocol, preview, full| {
            assert_eq!(budget(rate, protocol), Budget { preview, full }, "{rate:?} {protocol:?}");
        };
        check(Some(8 << 10), Protocol::Kitty, 2048, UNLIMITED);
        check(Some(8 << 10), Protocol::Iterm2, 1500, 4505);
        check(Some(8 << 10), Protocol::Sixel, 1500, 4505);
        check(Some(8 << 10), Protocol::Blocks, UNLIMITED, 4505);
        check(Some(64 << 10), Protocol::Kitty, 16_384, UNLIMITED);
        check(Some(64 << 10), Protocol::Iterm2, 9830, 36_044);
        check(Some(256 << 10), Protocol::Sixel, 39_321, 144_179);
        check(Some(1 << 20), Protocol::Sixel, UNLIMITED, UNLIMITED);
        check(Some(u64::MAX), Protocol::Kitty, UNLIMITED, UNLIMITED);
        check(Some(1), Protocol::Iterm2, 1500, 1500);
        check(None, Protocol::Kitty, 16_384, UNLIMITED);
        check(None, Protocol::Blocks, UNLIMITED, UNLIMITED);
        check(Some(8 << 10), Protocol::None, UNLIMITED, UNLIMITED);
    }

    #[test]
    fn pixels_are_reduced_until_the_bytes_suffice() {
        let encode = |size: PixelSize| Some(vec![0; (size.width * size.height / 2) as usize + 500]);
        let check = |max_bytes, (width, height)| {
            let (bytes, size) =
                encode_within_budget(max_bytes, 30, PixelSize { width: 800, height: 450 }, encode).unwrap();
            assert_eq!((size.width, size.height), (width, height), "{} of {max_bytes}", bytes.len());
        };
        check(u32::MAX, (800, 450));
        check(200_000, (800, 450));
        check(36_000, (337, 189));
        check(10, (64, 36));
    }
}
