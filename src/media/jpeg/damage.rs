//! Damage of a JPEG that still gives a picture.
//!
//! The kinds are those that libjpeg warns of, and some that it does not see. Plain data with a sentence for the operator.

use crate::{picture::PictureDamage, text::Safe};
use std::fmt;

/// The first damage of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) kind: DamageKind,
    /// The pixel row where it begins, from 0, before EXIF orientation is applied.
    pub(super) row: u32,
    /// The number of pixel rows.
    pub(super) rows: u32,
}

/// The kind of a damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DamageKind {
    /// Bits that mean nothing.
    InvalidCode,
    /// A scan that ends before its last block.
    EndOfData,
    /// A scan that goes on after its last block.
    ExtraData,
    /// Restart markers out of order.
    RestartOrder,
    /// Scans that do not refine each other.
    ScanOrder,
    /// The header of a scan that means nothing.
    ScanHeader,
    /// Bytes between the segments, or markers that nothing defines.
    Markers,
    /// A component without a scan.
    MissingComponent,
    /// A progressive picture without the scans that refine it.
    MissingScans,
}

impl From<Damage> for PictureDamage {
    fn from(damage: Damage) -> Self {
        let text = Safe::from(damage.to_string());
        match damage.kind {
            DamageKind::EndOfData | DamageKind::MissingScans => Self::Truncated(text),
            DamageKind::InvalidCode
            | DamageKind::ExtraData
            | DamageKind::RestartOrder
            | DamageKind::ScanOrder
            | DamageKind::ScanHeader
            | DamageKind::Markers
            | DamageKind::MissingComponent => Self::Invalid(text),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, row, rows } = self;
        match kind {
            DamageKind::InvalidCode => write!(f, "damaged: invalid data at row {row} of {rows}"),
            DamageKind::EndOfData => write!(f, "truncated: no data after row {row} of {rows}"),
            DamageKind::ExtraData if row == rows => write!(f, "damaged: more data than its {rows} rows need"),
            DamageKind::ExtraData => write!(f, "damaged: surplus data at row {row} of {rows}"),
            DamageKind::RestartOrder => write!(f, "damaged: restart markers out of order at row {row} of {rows}"),
            DamageKind::ScanOrder => f.write_str("damaged: its scans are out of order"),
            DamageKind::ScanHeader => f.write_str("damaged: the header of a scan is invalid"),
            DamageKind::Markers => f.write_str("damaged: invalid data between its headers"),
            DamageKind::MissingComponent => f.write_str("damaged: a colour component is missing"),
            DamageKind::MissingScans => f.write_str("incomplete: the scans that refine it are missing"),
        }
    }
}
