//! The bridge from split lines to the reader of records.

use crate::{
    event::{FoundEvents, RecordReader},
    source::lines::SplitLine,
};

/// Reads lines into events.
pub(super) fn read_lines(reader: &mut RecordReader, lines: SplitLine<'_>, found: &mut FoundEvents) {
    match lines {
        SplitLine::Whole { bytes, byte, line } => reader.read(bytes, byte, line, found),
        SplitLine::Overlong { head, byte, len, line } => reader.overlong(head, byte, len, line, found),
    }
}
