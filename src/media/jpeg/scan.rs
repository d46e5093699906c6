//! Decodes the entropy-coded data of all scans into coefficients (ITU-T T.81, annexes E to G).
//!
//! Every code is checked, so that damaged data is found even if the decoder of the pixels draws over it. What follows
//! the first damage of a scan is decoded from the next restart marker on; coefficients in between stay zero. Work is
//! bounded by the number of blocks and scans.

use super::{
    damage::{Damage, DamageKind},
    error::JpegError,
    huffman::{BitReader, EntropyError, HuffmanTable, standard},
    markers::{DHT, DQT, DRI, Frame, JpegHeader, Process, SOS, Segments, is_reserved},
    plane::{Band, Plane, Retention, ZIGZAG, planes},
};

/// The coefficients of a picture.
#[derive(Debug)]
pub(super) struct Planes {
    pub(super) planes: Vec<Plane>,
    /// The first damage.
    pub(super) damage: Option<Damage>,
}

/// The component of a scan and its tables.
#[derive(Clone, Copy)]
struct ScanComponent {
    plane: usize,
    dc: usize,
    ac: usize,
}

/// The header of a scan.
struct JpegScan {
    components: Vec<ScanComponent>,
    band: Band,
}

impl JpegScan {
    fn parse(payload: &[u8], frame: &Frame) -> Option<Self> {
        let (count, rest) = payload.split_first()?;
        let count = usize::from(*count);
        let (components, [first, last, approximation]) = (rest.get(..2 * count)?, rest.get(2 * count..)?) else {
            return None;
        };
        let mut parsed: Vec<ScanComponent> = Vec::new();
        for part in components.chunks_exact(2) {
            let plane = frame.components.iter().position(|component| component.id == part[0])?;
            if parsed.iter().any(|other| other.plane == plane) {
                return None;
            }
            let (dc, ac) = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            parsed.push(ScanComponent { plane, dc: dc.min(3), ac: ac.min(3) });
        }
        let (high, low) = (approximation >> 4, approximation & 15);
        let band = Band { first: *first, last: *last, high, low };
        let is_valid = match frame.process {
            // Some encoders leave the range of a sequential scan zero; it has no meaning there.
            Process::Sequential => true,
            Process::Progressive => {
                let range = if band.first == 0 {
                    band.last == 0
                } else {
                    band.last >= band.first && band.last < 64 && count == 1
                };
                range && low < 14 && (high == 0 || high == low + 1)
            }
        };
        (is_valid && count > 0).then_some(Self { components: parsed, band })
    }
}

/// The tables that are in force, and the picture so far.
struct ScanDecoder<'a> {
    frame: &'a Frame,
    quantization: [Option<[u16; 64]>; 4],
    dc: [Option<HuffmanTable>; 4],
    ac: [Option<HuffmanTable>; 4],
    restart_interval: usize,
    result: Planes,
}

/// Decodes all scans. Fails if there is no scan, or if a table is invalid.
pub(super) fn decode(bytes: &[u8], header: &JpegHeader<'_>, retention: Retention) -> Result<Planes, JpegError> {
    let table = |tables: &[([u8; 16], &'static [u8]); 2], index: usize| {
        tables.get(index).and_then(|(counts, symbols)| HuffmanTable::new(counts, symbols))
    };
    let mut decoder = ScanDecoder {
        frame: &header.frame,
        quantization: [None; 4],
        dc: std::array::from_fn(|index| table(&standard::DC, index)),
        ac: std::array::from_fn(|index| table(&standard::AC, index)),
        restart_interval: 0,
        result: Planes { planes: planes(&header.frame, retention), damage: None },
    };
    let (mut scans, mut in_scan) = (0, false);
    for segment in Segments::of(bytes) {
        if is_reserved(segment.marker) || (segment.gap > 0 && !in_scan) {
            decoder.note(DamageKind::Markers, 0);
        }
        in_scan = segment.marker == SOS;
        match segment.marker {
            DQT => decoder.set_quantization(segment.payload),
            DHT => decoder.set_huffman(segment.payload)?,
            DRI => {
                if let [high, low, ..] = *segment.payload {
                    decoder.restart_interval = u16::from_be_bytes([high, low]).into();
                }
            }
            SOS => {
                scans += 1;
                match JpegScan::parse(segment.payload, &header.frame) {
                    Some(scan) => decoder.decode_scan(&scan, bytes, segment.end)?,
                    None => decoder.note(DamageKind::ScanHeader, 0),
                }
            }
            _ => {}
        }
    }
    if scans == 0 {
        return Err(JpegError::NoData(bytes.len()));
    }
    if decoder.result.planes.iter().any(|plane| plane.precision[0].is_none()) {
        decoder.note(DamageKind::MissingComponent, 0);
    }
    let is_refined = |plane: &Plane| plane.precision.iter().all(|low| *low == Some(0));
    if header.frame.process == Process::Progressive && !decoder.result.planes.iter().all(is_refined) {
        decoder.note(DamageKind::MissingScans, 0);
    }
    Ok(decoder.result)
}

impl ScanDecoder<'_> {
    /// Notes damage, of which only the first counts.
    fn note(&mut self, kind: DamageKind, row: usize) {
        let rows = self.frame.size.height;
        let row = u32::try_from(row).unwrap_or(u32::MAX).min(rows);
        self.result.damage.get_or_insert(Damage { kind, row, rows });
    }

    fn set_quantization(&mut self, mut payload: &[u8]) {
        while let Some((kind, rest)) = payload.split_first() {
            let wide = kind >> 4 != 0;
            let Some(values) = rest.get(..if wide { 128 } else { 64 }) else { return };
            payload = &rest[values.len()..];
            let mut table = [0; 64];
            for (place, at) in ZIGZAG.iter().zip(0..) {
                table[usize::from(*place)] =
                    if wide { u16::from_be_bytes([values[2 * at], values[2 * at + 1]]) } else { values[at].into() };
            }
            if let Some(slot) = self.quantization.get_mut(usize::from(kind & 15)) {
                *slot = Some(table);
            }
        }
    }

    fn set_huffman(&mut self, mut payload: &[u8]) -> Result<(), JpegError> {
        let invalid = || JpegError::Corrupt("a Huffman table is invalid".to_owned());
        while let Some((kind, rest)) = payload.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(invalid)?;
            let len = counts.iter().map(|count| usize::from(*count)).sum();
            let symbols = rest.get(..len).ok_or_else(invalid)?;
            payload = &rest[len..];
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let slot = tables.get_mut(usize::from(kind & 15)).ok_or_else(invalid)?;
            *slot = Some(HuffmanTable::new(counts, symbols).ok_or_else(invalid)?);
        }
        Ok(())
    }

    fn decode_scan(&mut self, scan: &JpegScan, bytes: &[u8], at: usize) -> Result<(), JpegError> {
        for part in &scan.components {
            let plane = &mut self.result.planes[part.plane];
            let table = usize::from(self.frame.components[part.plane].table);
            if plane.quantization.is_none() {
                plane.quantization = self.quantization[table];
            }
            if plane.quantization.is_none() {
                return Err(JpegError::Corrupt("a quantization table is missing".to_owned()));
            }
        }
        self.note_order(scan);
        let grid = ScanGrid::of(scan, self.frame, &self.result.planes);
        let mut bits = BitReader::new(bytes, at);
        let mut predictions = [0; 4];
        let mut run = 0;
        let mut unit = 0;
        let mut restarts: u8 = 0;
        while unit < grid.units() {
            if self.restart_interval > 0 && unit > 0 && unit.is_multiple_of(self.restart_interval) {
                if !self.restart(&mut bits, restarts, grid.row(unit)) {
                    return Ok(());
                }
                restarts = (restarts + 1) & 7;
                (predictions, run) = ([0; 4], 0);
            }
            match self.decode_unit(scan, &grid, unit, &mut bits, &mut predictions, &mut run) {
                Ok(()) => unit += 1,
                Err(error) => {
                    let kind = match error {
                        EntropyError::InvalidCode => DamageKind::InvalidCode,
                        EntropyError::EndOfData => DamageKind::EndOfData,
                    };
                    self.note(kind, grid.row(unit));
                    if self.restart_interval == 0 {
                        return Ok(());
                    }
                    bits.skip_to_marker();
                    unit = (unit / self.restart_interval + 1) * self.restart_interval;
                }
            }
        }
        if bits.skip_to_marker() > 0 || bits.take_restart().is_some() {
            self.note(DamageKind::ExtraData, self.frame.size.height as usize);
        }
        Ok(())
    }

    /// Notes damage if the scan does not refine what the scans before it left.
    fn note_order(&mut self, scan: &JpegScan) {
        let mut in_order = true;
        for part in &scan.components {
            let precision = &mut self.result.planes[part.plane].precision;
            match self.frame.process {
                Process::Sequential => in_order &= precision[0].replace(0).is_none(),
                Process::Progressive => {
                    in_order &= scan.band.first == 0 || precision[0].is_some();
                    for coefficient in &mut precision[scan.band.first.into()..=scan.band.last.into()] {
                        in_order &= coefficient.replace(scan.band.low).unwrap_or(0) == scan.band.high;
                    }
                }
            }
        }
        if !in_order {
            self.note(DamageKind::ScanOrder, 0);
        }
    }

    /// Moves past the restart marker of number `expected`. Returns `false` if the scan ends here.
    fn restart(&mut self, bits: &mut BitReader<'_>, expected: u8, row: usize) -> bool {
        if bits.skip_to_marker() > 0 {
            self.note(DamageKind::ExtraData, row);
        }
        let Some(number) = bits.take_restart() else {
            self.note(DamageKind::EndOfData, row);
            return false;
        };
        if number != expected {
            self.note(DamageKind::RestartOrder, row);
        }
        true
    }

    fn decode_unit(
        &mut self,
        scan: &JpegScan,
        grid: &ScanGrid,
        unit: usize,
        bits: &mut BitReader<'_>,
        predictions: &mut [i32; 4],
        run: &mut u32,
    ) -> Result<(), EntropyError> {
        let (x, y) = (unit % grid.across, unit / grid.across);
        for ((index, &(h, v, across)), prediction) in grid.parts.iter().enumerate().zip(predictions) {
            for row in y * v..(y + 1) * v {
                for block in row * across + x * h..row * across + (x + 1) * h {
                    self.decode_block(scan, index, block, bits, prediction, run)?;
                }
            }
        }
        Ok(())
    }

    fn decode_block(
        &mut self,
        scan: &JpegScan,
        index: usize,
        block: usize,
        bits: &mut BitReader<'_>,
        prediction: &mut i32,
        run: &mut u32,
    ) -> Result<(), EntropyError> {
        let part = scan.components[index];
        let plane = &mut self.result.planes[part.plane];
        let dc = self.dc[part.dc].as_ref();
        let ac = self.ac[part.ac].as_ref();
        // A table that is missing defines no code.
        let missing = EntropyError::InvalidCode;
        match (self.frame.process, scan.band.first, scan.band.high) {
            (Process::Sequential, ..) => {
                plane.decode_dc(dc.ok_or(missing)?, bits, block, prediction, 0)?;
                plane.decode_ac(ac.ok_or(missing)?, bits, block)
            }
            (Process::Progressive, 0, 0) => plane.decode_dc(dc.ok_or(missing)?, bits, block, prediction, scan.band.low),
            (Process::Progressive, 0, _) => plane.refine_dc(bits, block, scan.band.low),
            (Process::Progressive, _, 0) => plane.decode_ac_band(ac.ok_or(missing)?, bits, block, scan.band, run),
            (Process::Progressive, _, _) => plane.refine_ac_band(ac.ok_or(missing)?, bits, block, scan.band, run),
        }
    }
}

/// The order of the blocks of a scan: MCUs of all its components, or the blocks of its only one.
struct ScanGrid {
    across: usize,
    down: usize,
    /// The pixel rows of a unit.
    height: usize,
    /// For each component: its blocks across and down in a unit, and the blocks across in its plane.
    parts: Vec<(usize, usize, usize)>,
}

impl ScanGrid {
    fn of(scan: &JpegScan, frame: &Frame, planes: &[Plane]) -> Self {
        let (h_max, v_max) = frame.max_factors();
        let [h_max, v_max] = [h_max, v_max].map(usize::from);
        if let [part] = scan.components[..] {
            let plane = &planes[part.plane];
            let v = usize::from(frame.components[part.plane].v);
            let height = (8 * v_max).div_ceil(v);
            return Self {
                across: plane.used_across,
                down: plane.used_down,
                height,
                parts: vec![(1, 1, plane.across)],
            };
        }
        let part = |part: &ScanComponent| {
            let component = frame.components[part.plane];
            (component.h.into(), component.v.into(), planes[part.plane].across)
        };
        Self {
            across: (frame.size.width as usize).div_ceil(8 * h_max),
            down: (frame.size.height as usize).div_ceil(8 * v_max),
            height: 8 * v_max,
            parts: scan.components.iter().map(part).collect(),
        }
    }

    fn units(&self) -> usize {
        self.across * self.down
    }

    /// Returns the first pixel row of a unit.
    fn row(&self, unit: usize) -> usize {
        unit / self.across * self.height
    }
}
