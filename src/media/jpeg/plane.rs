//! The coefficients of a component, and how a block of them is read (ITU-T T.81, sections F.2 and G.2).
//!
//! A block is read by the methods of [`Plane`], of which each fails for symbols that mean nothing. They know nothing of
//! other blocks but the prediction and the run that they are given.

use super::{
    huffman::{BitReader, EntropyError, HuffmanTable},
    markers::{Component, Frame, Process},
};

/// The position in a block of each coefficient in the order of transmission.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// The largest categories of 8-bit samples (T.81, tables F.1 and F.2).
const MAX_DC_BITS: u8 = 11;
const MAX_AC_BITS: u8 = 10;

/// The largest magnitude of a dequantized coefficient, twice what 8-bit samples need. Decoders differ in what they draw
/// beyond it.
const MAX_COEFFICIENT: i32 = 2048;

/// The use of the coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retention {
    /// They are only checked.
    Discard,
    /// They are kept in [`Plane::coefficients`].
    Keep,
}

/// The blocks of one component.
#[derive(Debug)]
pub(super) struct Plane {
    /// The number of blocks across and down, with those that only fill the last MCUs.
    pub(super) across: usize,
    pub(super) down: usize,
    /// The number of blocks that the component itself needs.
    pub(super) used_across: usize,
    pub(super) used_down: usize,
    /// 64 for each block, row by row; empty with [`Retention::Discard`].
    pub(super) coefficients: Vec<i16>,
    /// The quantization table at the time of the first scan, row by row.
    pub(super) quantization: Option<[u16; 64]>,
    /// The coefficients of each block that are not zero, by a bit for each; empty for sequential pictures.
    nonzero: Vec<u64>,
    /// For each coefficient the lowest bit that was transmitted; `None` if there was none.
    pub(super) precision: [Option<u8>; 64],
}

/// The coefficients of a progressive scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    /// The first and last one, in the order of transmission.
    pub(super) first: u8,
    pub(super) last: u8,
    /// The lowest bits of the scan before (0 if there is none) and of this one.
    pub(super) high: u8,
    pub(super) low: u8,
}

/// Creates the planes of a picture, with all coefficients zero.
pub(super) fn planes(frame: &Frame, retention: Retention) -> Vec<Plane> {
    let (h_max, v_max) = frame.max_factors();
    let [h_max, v_max] = [h_max, v_max].map(usize::from);
    let [width, height] = [frame.size.width, frame.size.height].map(|side| side as usize);
    let plane = |component: &Component| {
        let [h, v] = [component.h, component.v].map(usize::from);
        let across = width.div_ceil(8 * h_max) * h;
        let down = height.div_ceil(8 * v_max) * v;
        Plane {
            across,
            down,
            used_across: (width * h).div_ceil(h_max).div_ceil(8),
            used_down: (height * v).div_ceil(v_max).div_ceil(8),
            coefficients: match retention {
                Retention::Discard => Vec::new(),
                Retention::Keep => vec![0; across * down * 64],
            },
            quantization: None,
            nonzero: match frame.process {
                Process::Sequential => Vec::new(),
                Process::Progressive => vec![0; across * down],
            },
            precision: [None; 64],
        }
    };
    frame.components.iter().map(plane).collect()
}

impl Plane {
    /// Checks a coefficient and stores it, if they are kept, by its place in the order of transmission.
    fn store(&mut self, block: usize, place: usize, value: i32) -> Result<(), EntropyError> {
        let at = usize::from(ZIGZAG[place]);
        let step = self.quantization.as_ref().map_or(1, |table| i32::from(table[at]));
        if value.saturating_mul(step).abs() > MAX_COEFFICIENT + step {
            return Err(EntropyError::InvalidCode);
        }
        if let Some(bits) = self.nonzero.get_mut(block) {
            *bits |= 1 << place;
        }
        if let Some(slot) = self.coefficients.get_mut(block * 64 + at) {
            // Within 16 bits, by the check above.
            *slot = i16::try_from(value).unwrap_or(0);
        }
        Ok(())
    }

    pub(super) fn decode_dc(
        &mut self,
        table: &HuffmanTable,
        bits: &mut BitReader<'_>,
        block: usize,
        prediction: &mut i32,
        low: u8,
    ) -> Result<(), EntropyError> {
        let len = table.read(bits)?;
        if len > MAX_DC_BITS {
            return Err(EntropyError::InvalidCode);
        }
        *prediction += bits.read_signed(len.into())?;
        self.store(block, 0, *prediction << low)
    }

    pub(super) fn decode_ac(
        &mut self,
        table: &HuffmanTable,
        bits: &mut BitReader<'_>,
        block: usize,
    ) -> Result<(), EntropyError> {
        let mut place = 1;
        while place < 64 {
            let symbol = table.read(bits)?;
            let (zeros, len) = (usize::from(symbol >> 4), symbol & 15);
            match (zeros, len) {
                (15, 0) => place += 16,
                (0, 0) => return Ok(()),
                (_, 0) => return Err(EntropyError::InvalidCode),
                _ => {
                    place += zeros;
                    if place > 63 || len > MAX_AC_BITS {
                        return Err(EntropyError::InvalidCode);
                    }
                    let value = bits.read_signed(len.into())?;
                    self.store(block, place, value)?;
                    place += 1;
                }
            }
        }
        // A run of zeros may end with the block, but not beyond it.
        if place == 64 { Ok(()) } else { Err(EntropyError::InvalidCode) }
    }

    pub(super) fn refine_dc(&mut self, bits: &mut BitReader<'_>, block: usize, low: u8) -> Result<(), EntropyError> {
        let bit = bits.read(1)?;
        if let Some(slot) = self.coefficients.get_mut(block * 64)
            && bit == 1
        {
            *slot |= 1 << low;
        }
        Ok(())
    }

    /// T.81, figure G.3.
    pub(super) fn decode_ac_band(
        &mut self,
        table: &HuffmanTable,
        bits: &mut BitReader<'_>,
        block: usize,
        band: Band,
        run: &mut u32,
    ) -> Result<(), EntropyError> {
        if *run > 0 {
            *run -= 1;
            return Ok(());
        }
        let (mut place, last) = (usize::from(band.first), usize::from(band.last));
        while place <= last {
            let symbol = table.read(bits)?;
            let (zeros, len) = (symbol >> 4, symbol & 15);
            match (zeros, len) {
                (15, 0) => place += 16,
                (_, 0) => {
                    *run = (1 << zeros) - 1 + bits.read(zeros.into())?;
                    return Ok(());
                }
                _ => {
                    place += usize::from(zeros);
                    if place > last || len > MAX_AC_BITS {
                        return Err(EntropyError::InvalidCode);
                    }
                    let value = bits.read_signed(len.into())?;
                    self.store(block, place, value << band.low)?;
                    place += 1;
                }
            }
        }
        if place == last + 1 { Ok(()) } else { Err(EntropyError::InvalidCode) }
    }

    /// T.81, figures G.7 to G.9.
    pub(super) fn refine_ac_band(
        &mut self,
        table: &HuffmanTable,
        bits: &mut BitReader<'_>,
        block: usize,
        band: Band,
        run: &mut u32,
    ) -> Result<(), EntropyError> {
        let (mut place, last) = (usize::from(band.first), usize::from(band.last));
        if *run == 0 {
            while place <= last {
                let symbol = table.read(bits)?;
                let (zeros, len) = (symbol >> 4, symbol & 15);
                let value = match (zeros, len) {
                    (15, 0) => None,
                    (_, 0) => {
                        *run = (1 << zeros) + bits.read(zeros.into())?;
                        break;
                    }
                    (_, 1) => Some(if bits.read(1)? == 1 { 1 << band.low } else { -(1 << band.low) }),
                    _ => return Err(EntropyError::InvalidCode),
                };
                place = self.refine_until(bits, block, place, last, zeros, band.low)?;
                match value {
                    Some(_) if place > last => return Err(EntropyError::InvalidCode),
                    Some(value) => self.store(block, place, value)?,
                    None => {}
                }
                place += 1;
            }
        }
        if *run > 0 {
            self.refine_until(bits, block, place, last, u8::MAX, band.low)?;
            *run -= 1;
        }
        Ok(())
    }

    /// Reads a correction bit for each coefficient that is not zero, and passes `zeros` others. Returns the place of the
    /// zero coefficient after them, or the one after `last`.
    fn refine_until(
        &mut self,
        bits: &mut BitReader<'_>,
        block: usize,
        mut place: usize,
        last: usize,
        mut zeros: u8,
        low: u8,
    ) -> Result<usize, EntropyError> {
        while place <= last {
            if self.nonzero[block] & (1 << place) != 0 {
                let bit = bits.read(1)?;
                let slot = self.coefficients.get_mut(block * 64 + usize::from(ZIGZAG[place]));
                if let Some(slot) = slot.filter(|_| bit == 1) {
                    *slot = slot.saturating_add(if *slot < 0 { -(1 << low) } else { 1 << low });
                }
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            place += 1;
        }
        Ok(place)
    }
}
