//! What a picture may cost, and how its pixels are made to fit.
//!
//! Pure decisions: the link's rate comes in, bytes come out. An operator who pressed a key should see the picture within
//! a second, and text at any time. kitty's pictures go in slices, with text in between, and can be called off: there only
//! the preview, which comes first, is bounded. The others hold everything up until they are whole, so all of them are.

use crate::picture::{Budget, PixelSize, Protocol};

/// From this rate on, in bytes a second, nothing is limited: a large sixel drawing takes less than half a second.
const FAST: u64 = 1 << 20;

/// What is taken for the rate as long as nothing is known of it, so that a slow link's first picture is a small one.
const UNKNOWN: u64 = 64 << 10;

/// The share of a second, in percent, for which a picture may fill the link: a preview, of which some should come in a
/// second while a key is held, and what follows once it is not. kitty's may take longer, since it holds nothing up.
const PREVIEW: u64 = 15;
const SLICED_PREVIEW: u64 = 25;
const FULL: u64 = 55;

/// A picture of fewer bytes shows nothing.
const LEAST: u64 = 1500;

/// The fewest pixels along the longer side to which a picture is made smaller.
const LEAST_SIDE: u32 = 64;

/// How often a picture is encoded at most to find its size.
const TRIES: usize = 5;

/// The link's rate, rounded to a power of two that stays while the rate moves about it: with each step every picture is
/// prepared anew.
pub fn steady(rate: u64, before: Option<u64>) -> u64 {
    // Within seven tenths and fourteen tenths of it, and a little more.
    let near = |steady: u64| rate >= steady / 16 * 10 && rate <= steady / 16 * 25;
    match before.filter(|before| near(*before)) {
        Some(before) => before,
        None => 1 << (rate.max(1).saturating_mul(rate.max(1)).ilog2().div_ceil(2)).min(62),
    }
}

/// What a picture may cost at such a rate, in bytes a second; `None` where it is not known yet.
pub fn budget(rate: Option<u64>, protocol: Protocol) -> Budget {
    if rate.is_some_and(|rate| rate >= FAST) || rate.is_none() && protocol == Protocol::Blocks {
        return Budget::UNLIMITED;
    }
    let share = |percent: u64| {
        let bytes = rate.unwrap_or(UNKNOWN) * percent / 100;
        u32::try_from(bytes.max(LEAST)).unwrap_or(u32::MAX)
    };
    match protocol {
        Protocol::Kitty => Budget { preview: share(SLICED_PREVIEW), full: u32::MAX },
        Protocol::Iterm2 | Protocol::Sixel => Budget { preview: share(PREVIEW), full: share(FULL) },
        Protocol::Blocks => Budget { preview: u32::MAX, full: share(FULL) },
        Protocol::None => Budget::UNLIMITED,
    }
}

/// Encodes at ever fewer pixels until the bytes suffice; the smallest is taken whatever it costs.
///
/// `density` is about the number of pixels in ten bytes, for a first guess.
pub(super) fn within(
    most: u32,
    density: u32,
    size: PixelSize,
    encode: impl Fn(PixelSize) -> Option<Vec<u8>>,
) -> Option<(Vec<u8>, PixelSize)> {
    let least = size.shrink_into(PixelSize { width: LEAST_SIDE, height: LEAST_SIDE });
    let at_least = |smaller: PixelSize| if smaller.width < least.width { least } else { smaller };
    let mut size = at_least(size.shrink_to((most / 10).saturating_mul(density)));
    let mut bytes = encode(size)?;
    for _ in 1..TRIES {
        if bytes.len() <= most as usize || size == least {
            break;
        }
        let pixels = u64::from(size.width) * u64::from(size.height) * u64::from(most) / bytes.len() as u64;
        size = at_least(size.shrink_to(u32::try_from(pixels * 9 / 10).unwrap_or(u32::MAX)));
        bytes = encode(size)?;
    }
    Some((bytes, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: u32 = u32::MAX;

    #[test]
    fn a_rate_is_held_until_it_really_moves() {
        let check = |rate, before, expected| assert_eq!(steady(rate, before), expected, "{rate} {before:?}");
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
    fn a_picture_costs_what_the_link_carries_in_time() {
        let check = |rate: Option<u64>, protocol, preview, full| {
            assert_eq!(budget(rate, protocol), Budget { preview, full }, "{rate:?} {protocol:?}");
        };
        check(Some(8 << 10), Protocol::Kitty, 2048, NO);
        check(Some(8 << 10), Protocol::Iterm2, 1500, 4505);
        check(Some(8 << 10), Protocol::Sixel, 1500, 4505);
        check(Some(8 << 10), Protocol::Blocks, NO, 4505);
        check(Some(64 << 10), Protocol::Kitty, 16_384, NO);
        check(Some(64 << 10), Protocol::Iterm2, 9830, 36_044);
        check(Some(256 << 10), Protocol::Sixel, 39_321, 144_179);
        check(Some(1 << 20), Protocol::Sixel, NO, NO);
        check(Some(u64::MAX), Protocol::Kitty, NO, NO);
        check(Some(1), Protocol::Iterm2, 1500, 1500);
        check(None, Protocol::Kitty, 16_384, NO);
        check(None, Protocol::Blocks, NO, NO);
        check(Some(8 << 10), Protocol::None, NO, NO);
    }

    #[test]
    fn pixels_go_until_the_bytes_suffice() {
        let encode = |size: PixelSize| Some(vec![0; (size.width * size.height / 2) as usize + 500]);
        let check = |most, (width, height)| {
            let (bytes, size) = within(most, 30, PixelSize { width: 800, height: 450 }, encode).unwrap();
            assert_eq!((size.width, size.height), (width, height), "{} of {most}", bytes.len());
        };
        check(u32::MAX, (800, 450));
        check(200_000, (800, 450));
        check(36_000, (337, 189));
        check(10, (64, 36));
    }
}
