//! Huffman codes and the bits that they are read from (ITU-T T.81, annexes C and F).
//!
//! [`BitReader`] knows where the entropy-coded data ends, and fails rather than invent bits. [`HuffmanTable`] fails for
//! codes that it does not define. Nothing here knows what the symbols mean.

/// The bits that are looked up at once. Most codes are shorter.
const LOOKUP_BITS: u32 = 9;

/// The longest code in bits.
const MAX_CODE_BITS: u32 = 16;

/// The reason why no symbol could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntropyError {
    /// The bits are not a valid code, or its meaning is impossible.
    InvalidCode,
    /// The data ends at a marker or with the file.
    EndOfData,
}

/// A table of codes.
#[derive(Clone, Debug)]
pub(super) struct HuffmanTable {
    /// The length in bits and the symbol, by the first [`LOOKUP_BITS`]; length 0 if the code is longer or invalid.
    lookup: Vec<(u8, u8)>,
    /// By length: the first code beyond those of this length, and what to add to a code for its place in `symbols`.
    lengths: [(u32, i32); MAX_CODE_BITS as usize + 1],
    symbols: Vec<u8>,
}

impl HuffmanTable {
    /// Builds a table from the number of codes of each length from 1 to 16 bits, and their symbols in order. Returns
    /// `None` if there are more codes than bits for them.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut lookup = vec![(0, 0); 1 << LOOKUP_BITS];
        let mut lengths = [(0, 0); MAX_CODE_BITS as usize + 1];
        let (mut code, mut place) = (0_u32, 0_usize);
        for (len, count) in (1_u32..).zip(counts) {
            let begin = i32::try_from(place).ok()? - i32::try_from(code).ok()?;
            for _ in 0..*count {
                let symbol = *symbols.get(place)?;
                if len <= LOOKUP_BITS {
                    let shift = LOOKUP_BITS - len;
                    let entries = lookup.get_mut((code << shift) as usize..((code + 1) << shift) as usize)?;
                    entries.fill((u8::try_from(len).ok()?, symbol));
                }
                code += 1;
                place += 1;
            }
            // The code of ones only is reserved.
            if code >= 1 << len && *count > 0 {
                return None;
            }
            lengths[len as usize] = (code, begin);
            code <<= 1;
        }
        Some(Self { lookup, lengths, symbols: symbols[..place].to_vec() })
    }

    /// Reads one symbol.
    #[inline]
    pub(super) fn read(&self, bits: &mut BitReader<'_>) -> Result<u8, EntropyError> {
        let next = bits.peek(MAX_CODE_BITS);
        let (len, symbol) = self.lookup[(next >> (MAX_CODE_BITS - LOOKUP_BITS)) as usize];
        if len > 0 {
            bits.skip(len.into())?;
            return Ok(symbol);
        }
        self.read_long(next, bits)
    }

    /// Reads a symbol whose code is longer than [`LOOKUP_BITS`], or not valid; `next` are the next bits.
    #[cold]
    fn read_long(&self, next: u32, bits: &mut BitReader<'_>) -> Result<u8, EntropyError> {
        for len in LOOKUP_BITS + 1..=MAX_CODE_BITS {
            let code = next >> (MAX_CODE_BITS - len);
            let (end, offset) = self.lengths[len as usize];
            if code < end {
                bits.skip(len)?;
                let place = usize::try_from(i64::from(code) + i64::from(offset)).ok();
                return place.and_then(|place| self.symbols.get(place)).copied().ok_or(EntropyError::InvalidCode);
            }
        }
        Err(if bits.has(MAX_CODE_BITS) { EntropyError::InvalidCode } else { EntropyError::EndOfData })
    }
}

/// Returns whether one of eight bytes is 0xff, which begins a marker or is stuffed.
fn has_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // A byte of the complement is zero only if it borrows from its highest bit.
    (!word).wrapping_sub(ONES) & word & ONES << 7 != 0
}

/// Reads bits up to the next marker.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The position of the next byte that is not in `buffer`.
    at: usize,
    /// The next bits, from the highest one down.
    buffer: u64,
    /// The number of bits in `buffer`.
    len: u32,
}

impl<'a> BitReader<'a> {
    /// Reads from the byte at `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, buffer: 0, len: 0 }
    }

    /// Returns the next data byte and the position after it; `None` at a marker and at the end.
    fn next_byte(&self) -> Option<(u8, usize)> {
        let byte = *self.bytes.get(self.at)?;
        if byte != 0xff {
            return Some((byte, self.at + 1));
        }
        let fill = self.bytes[self.at..].iter().take_while(|byte| **byte == 0xff).count();
        match self.bytes.get(self.at + fill) {
            Some(0) => Some((0xff, self.at + fill + 1)),
            Some(_) | None => None,
        }
    }

    fn fill(&mut self, wanted: u32) {
        if let Some(word) =
            self.bytes.get(self.at..).and_then(|rest| rest.first_chunk().copied().map(u64::from_be_bytes))
            && !has_ff(word)
            && self.len <= 56
        {
            let bits = (64 - self.len) & !7;
            self.buffer |= word >> (64 - bits) << (64 - bits - self.len);
            self.len += bits;
            self.at += bits as usize / 8;
            return;
        }
        while self.len < wanted
            && let Some((byte, after)) = self.next_byte()
        {
            self.buffer |= u64::from(byte) << (56 - self.len);
            self.len += 8;
            self.at = after;
        }
    }

    /// Returns the next `count` bits, at most 16, without reading them. Bits beyond the end are zero.
    #[inline]
    fn peek(&mut self, count: u32) -> u32 {
        if self.len < count {
            self.fill(48);
        }
        u32::try_from(self.buffer >> (64 - count)).unwrap_or(0)
    }

    fn has(&self, count: u32) -> bool {
        self.len >= count
    }

    fn skip(&mut self, count: u32) -> Result<(), EntropyError> {
        if self.len < count {
            return Err(EntropyError::EndOfData);
        }
        self.buffer <<= count;
        self.len -= count;
        Ok(())
    }

    /// Reads `count` bits, at most 16.
    pub(super) fn read(&mut self, count: u32) -> Result<u32, EntropyError> {
        if count == 0 {
            return Ok(0);
        }
        let bits = self.peek(count);
        self.skip(count)?;
        Ok(bits)
    }

    /// Reads a signed value of `count` bits, at most 15 (T.81, figure F.12).
    pub(super) fn read_signed(&mut self, count: u32) -> Result<i32, EntropyError> {
        let bits = self.read(count)?.cast_signed();
        Ok(if count > 0 && bits < 1 << (count - 1) { bits - (1 << count) + 1 } else { bits })
    }

    /// Drops the bits that fill the last byte, moves to the next marker, and returns the number of data bytes that were
    /// skipped to get there.
    pub(super) fn skip_to_marker(&mut self) -> usize {
        let mut skipped = self.len as usize / 8;
        (self.buffer, self.len) = (0, 0);
        while let Some((_, after)) = self.next_byte() {
            self.at = after;
            skipped += 1;
        }
        skipped
    }

    /// Moves past a restart marker and returns its number, if [`Self::skip_to_marker`] found one.
    pub(super) fn take_restart(&mut self) -> Option<u8> {
        let fill = self.bytes.get(self.at..)?.iter().take_while(|byte| **byte == 0xff).count();
        match self.bytes.get(self.at + fill) {
            Some(marker @ 0xd0..=0xd7) if fill > 0 => {
                self.at += fill + 1;
                Some(marker & 7)
            }
            Some(_) | None => None,
        }
    }
}

/// The tables of T.81, annex K.3, for luma and chroma. Frames of Motion JPEG leave them out.
pub(super) mod standard {
    pub(in super::super) const DC: [([u8; 16], &[u8]); 2] = [
        ([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ];

    pub(in super::super) const AC: [([u8; 16], &[u8]); 2] = [
        (
            [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
            b"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08\
            \x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28\
            \x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59\
            \x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89\
            \x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\
            \xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2\
            \xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa",
        ),
        (
            [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
            b"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91\
            \xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26\
            \x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\
            \x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87\
            \x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\
            \xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\
            \xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa",
        ),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_read_by_their_codes() {
        let (counts, symbols) = standard::AC[0];
        let table = HuffmanTable::new(&counts, symbols).unwrap();
        // 00, 1010 (end of block), 1111111111111110 (the longest code), then 2 bits of filling.
        let bytes = [0b0010_1011, 0b1111_1111, 0, 0b1111_1011];
        let mut bits = BitReader::new(&bytes, 0);
        let read: Vec<u8> = (0..3).map(|_| table.read(&mut bits).unwrap()).collect();
        assert_eq!(read, [0x01, 0x00, 0xfa]);
        assert_eq!(table.read(&mut bits), Err(EntropyError::EndOfData));
    }

    #[test]
    fn codes_that_are_not_defined_are_invalid() {
        let (counts, symbols) = standard::DC[0];
        let table = HuffmanTable::new(&counts, symbols).unwrap();
        let mut bits = BitReader::new(&[0xff, 0, 0xff, 0, 0xff, 0], 0);
        assert_eq!(table.read(&mut bits), Err(EntropyError::InvalidCode));
    }

    #[test]
    fn tables_with_too_many_codes_are_refused() {
        let counts = |len: usize, count: u8| {
            let mut counts = [0; 16];
            counts[len - 1] = count;
            counts
        };
        assert!(HuffmanTable::new(&counts(1, 1), &[0]).is_some());
        assert!(HuffmanTable::new(&counts(1, 2), &[0, 1]).is_none());
        assert!(HuffmanTable::new(&counts(3, 9), &[0; 9]).is_none());
        assert!(HuffmanTable::new(&counts(8, 5), &[0; 4]).is_none());
    }

    #[test]
    fn bits_end_at_a_marker() {
        let mut bits = BitReader::new(&[0xab, 0xff, 0x00, 0xff, 0xff, 0xd3, 0x12], 0);
        assert_eq!(bits.read(4), Ok(0xa));
        assert_eq!(bits.read(12), Ok(0xbff));
        assert_eq!(bits.read(1), Err(EntropyError::EndOfData));
        assert_eq!(bits.skip_to_marker(), 0);
        assert_eq!(bits.take_restart(), Some(3));
        assert_eq!(bits.read(3), Ok(0));
        assert_eq!(bits.skip_to_marker(), 0);
        assert_eq!(bits.take_restart(), None);
    }

    #[test]
    fn a_byte_of_ones_is_found_at_any_place() {
        for at in 0..8 {
            for other in [0, 1, 0x7f, 0x80, 0xfe] {
                let mut bytes = [other; 8];
                assert!(!has_ff(u64::from_be_bytes(bytes)), "{bytes:?}");
                bytes[at] = 0xff;
                assert!(has_ff(u64::from_be_bytes(bytes)), "{bytes:?}");
            }
        }
    }

    #[test]
    fn bits_are_the_same_however_many_are_read_at_once() {
        let bytes: Vec<u8> =
            (0_u8..40).flat_map(|at| if at % 11 == 7 { vec![0xff, 0] } else { vec![at.wrapping_mul(37)] }).collect();
        let read = |count: u32| -> Vec<u32> {
            let mut bits = BitReader::new(&bytes, 0);
            let read: Vec<u32> = (0..320 / count).map(|_| bits.read(count).unwrap()).collect();
            read.into_iter().flat_map(|read| (0..count).rev().map(move |bit| read >> bit & 1)).collect()
        };
        for count in [2, 4, 5, 8, 10, 16] {
            assert_eq!(read(count), read(1), "{count}");
        }
    }

    #[test]
    fn signed_values_are_extended() {
        let mut bits = BitReader::new(&[0b0011_0101, 0b1000_0000], 0);
        assert_eq!(bits.read_signed(2), Ok(-3));
        assert_eq!(bits.read_signed(2), Ok(3));
        assert_eq!(bits.read_signed(1), Ok(-1));
        assert_eq!(bits.read_signed(1), Ok(1));
        assert_eq!(bits.read_signed(0), Ok(0));
    }
}
