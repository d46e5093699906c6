//! Block characters as partitions of a cell: halves, eighths, quadrants, sextants and octants.
//!
//! A partition splits a cell into a grid of equal parts. A mask has a bit for each part that the foreground covers: bit 0
//! for the upper left one, then from left to right and from top to bottom.

use crate::picture::Symbols;

/// A way to split a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellPartition {
    /// Two by two parts (U+2580 to U+259F).
    Quadrants,
    /// Eight parts from top to bottom, of which the lower ones are covered (U+2581 to U+2588).
    Rows,
    /// Four parts from left to right, of which the left ones are covered (U+2588 to U+258E).
    Columns,
    /// Two by three parts (U+1FB00 to U+1FB3B, Unicode 13).
    Sextants,
    /// Two by four parts (U+1CD00 to U+1CDE5, Unicode 16).
    Octants,
}

/// The characters of quadrants by mask.
const QUADRANTS: [char; 16] = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];

/// The masks of halves, without their complements.
const HALVES: [u8; 2] = [0b0011, 0b0101];

/// The masks of quadrants without their complements, halves first, because their colours are chosen from more pixels.
const QUADRANT_MASKS: [u8; 7] = [0b0011, 0b0101, 0b0001, 0b0010, 0b0100, 0b0111, 0b0110];

/// The masks of the upper parts of rows, and of the left parts of columns. The halves are quadrants.
const UPPER_EIGHTHS: [u8; 6] = [0b1, 0b11, 0b111, 0b1_1111, 0b11_1111, 0b111_1111];
const LEFT_QUARTERS: [u8; 2] = [0b1, 0b111];

/// The characters of the lower parts of rows by their number.
const LOWER_EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The characters of the left parts of columns by their number.
const LEFT_COLUMNS: [char; 5] = [' ', '▎', '▌', '▊', '█'];

/// The masks of sextants that are halves, in the order of their bits.
const LEFT_HALF: u8 = 0b01_01_01;
const RIGHT_HALF: u8 = 0b10_10_10;

/// The masks of octants that have no character in U+1CD00 to U+1CDE5, and older characters for them. `None` where the only
/// character is in other fonts; its complement has one that is not.
const OTHER_OCTANTS: [(u8, Option<char>); 26] = [
    (0, Some(' ')),
    (1, None),
    (2, None),
    (3, None),
    (5, Some('▘')),
    (10, Some('▝')),
    (15, Some('▀')),
    (20, None),
    (40, None),
    (63, None),
    (64, None),
    (80, Some('▖')),
    (85, Some('▌')),
    (90, Some('▞')),
    (95, Some('▛')),
    (128, None),
    (160, Some('▗')),
    (165, Some('▚')),
    (170, Some('▐')),
    (175, Some('▜')),
    (192, Some('▂')),
    (240, Some('▄')),
    (245, Some('▙')),
    (250, Some('▟')),
    (252, Some('▆')),
    (255, Some('█')),
];

impl CellPartition {
    /// Returns the partitions of a set of symbols, those of the oldest characters first.
    pub(super) fn of(symbols: Symbols) -> &'static [Self] {
        match symbols {
            Symbols::Half => &[Self::Quadrants],
            Symbols::Quadrant => &[Self::Quadrants, Self::Rows, Self::Columns],
            Symbols::Sextant => &[Self::Quadrants, Self::Rows, Self::Columns, Self::Sextants],
            Symbols::Octant => &[Self::Quadrants, Self::Rows, Self::Columns, Self::Sextants, Self::Octants],
        }
    }

    /// Returns the columns and rows of the grid of parts.
    pub(super) fn grid(self) -> (usize, usize) {
        match self {
            Self::Quadrants => (2, 2),
            Self::Rows => (1, 8),
            Self::Columns => (4, 1),
            Self::Sextants => (2, 3),
            Self::Octants => (2, 4),
        }
    }

    /// Returns the masks to choose from, each without its complement and without the last part.
    pub(super) fn masks(self, symbols: Symbols) -> impl Iterator<Item = u8> {
        let (listed, all): (&[u8], u8) = match (self, symbols) {
            (Self::Quadrants, Symbols::Half) => (&HALVES, 0),
            (Self::Quadrants, Symbols::Quadrant | Symbols::Sextant | Symbols::Octant) => (&QUADRANT_MASKS, 0),
            (Self::Rows, _) => (&UPPER_EIGHTHS, 0),
            (Self::Columns, _) => (&LEFT_QUARTERS, 0),
            (Self::Sextants, _) => (&[], 1 << 5),
            (Self::Octants, _) => (&[], 1 << 7),
        };
        listed.iter().copied().chain(1..all)
    }

    /// Returns true if there is a character for every mask or its complement.
    pub(super) fn has_all_masks(self, symbols: Symbols) -> bool {
        match self {
            Self::Quadrants => symbols != Symbols::Half,
            Self::Rows | Self::Columns => false,
            Self::Sextants | Self::Octants => true,
        }
    }

    /// Returns the character for a mask; `None` if only that of the complement should be used.
    pub(super) fn glyph(self, mask: u8) -> Option<char> {
        match self {
            Self::Quadrants => QUADRANTS.get(usize::from(mask)).copied(),
            Self::Rows => {
                let count = mask.count_ones();
                LOWER_EIGHTHS.get(count as usize).copied().filter(|_| mask.leading_ones() == count)
            }
            Self::Columns => {
                let count = mask.count_ones();
                LEFT_COLUMNS.get(count as usize).copied().filter(|_| mask.trailing_ones() == count)
            }
            Self::Sextants => match mask {
                0 => Some(' '),
                LEFT_HALF => Some('▌'),
                RIGHT_HALF => Some('▐'),
                63.. => Some('█'),
                _ => {
                    let skipped = 1 + u8::from(mask > LEFT_HALF) + u8::from(mask > RIGHT_HALF);
                    char::from_u32(0x1fb00 + u32::from(mask - skipped))
                }
            },
            Self::Octants => match OTHER_OCTANTS.binary_search_by_key(&mask, |(other, _)| *other) {
                Ok(at) => OTHER_OCTANTS.get(at).and_then(|(_, glyph)| *glyph),
                Err(skipped) => {
                    u32::try_from(skipped).ok().and_then(|skipped| char::from_u32(0x1_cd00 + u32::from(mask) - skipped))
                }
            },
        }
    }

    /// Returns the mask of the parts that `mask` lacks.
    pub(super) fn complement(self, mask: u8) -> u8 {
        match self {
            Self::Quadrants | Self::Columns => mask ^ 0b1111,
            Self::Sextants => mask ^ 0b11_1111,
            Self::Rows | Self::Octants => mask ^ 0xff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn characters_are_numbered_as_in_unicode() {
        let check = |partition: CellPartition, mask, expected| assert_eq!(partition.glyph(mask), expected, "{mask:b}");
        check(CellPartition::Quadrants, 0b0011, Some('▀'));
        check(CellPartition::Rows, 0b1110_0000, Some('▃'));
        check(CellPartition::Rows, 0b0000_0111, None);
        check(CellPartition::Columns, 0b0111, Some('▊'));
        check(CellPartition::Columns, 0b1000, None);
        // BLOCK SEXTANT-1, -1235, -246 (a half), -26, -23456.
        check(CellPartition::Sextants, 0b00_00_01, Some('\u{1fb00}'));
        check(CellPartition::Sextants, 0b01_01_11, Some('\u{1fb15}'));
        check(CellPartition::Sextants, 0b10_10_10, Some('▐'));
        check(CellPartition::Sextants, 0b10_00_10, Some('\u{1fb20}'));
        check(CellPartition::Sextants, 0b11_11_10, Some('\u{1fb3b}'));
        // BLOCK OCTANT-3, -23, -4, -124, -2345678.
        check(CellPartition::Octants, 0b100, Some('\u{1cd00}'));
        check(CellPartition::Octants, 0b110, Some('\u{1cd01}'));
        check(CellPartition::Octants, 0b1000, Some('\u{1cd03}'));
        check(CellPartition::Octants, 0b1011, Some('\u{1cd05}'));
        check(CellPartition::Octants, 0b1111_1110, Some('\u{1cde5}'));
        check(CellPartition::Octants, 1, None);
    }

    #[test]
    fn every_choice_has_a_character() {
        for (symbols, partition) in Symbols::ALL
            .into_iter()
            .flat_map(|symbols| CellPartition::of(symbols).iter().map(move |partition| (symbols, *partition)))
        {
            for mask in partition.masks(symbols) {
                let either = partition.glyph(mask).or(partition.glyph(partition.complement(mask)));
                assert!(either.is_some(), "{symbols:?} {partition:?} {mask:b}");
            }
        }
    }

    #[test]
    fn every_mask_or_its_complement_has_a_character_of_its_own() {
        for (partition, masks) in
            [(CellPartition::Quadrants, 0..=15), (CellPartition::Sextants, 0..=63), (CellPartition::Octants, 0..=255)]
        {
            let glyphs: Vec<char> = masks.clone().filter_map(|mask| partition.glyph(mask)).collect();
            assert_eq!(glyphs.iter().collect::<BTreeSet<_>>().len(), glyphs.len(), "{partition:?}");
            assert!(partition.has_all_masks(Symbols::Octant));
            for mask in masks {
                let either = partition.glyph(mask).or(partition.glyph(partition.complement(mask)));
                assert!(either.is_some(), "{partition:?} {mask}");
            }
        }
    }
}
