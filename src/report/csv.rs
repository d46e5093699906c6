//! CSV by RFC 4180, safe to open in a spreadsheet.

use ::csv::{ErrorKind, Terminator, WriterBuilder};
use std::io::{self, Write};

/// Writes a header and rows, which must be as long. A cell that a spreadsheet would take for a formula gets a leading
/// `'`.
pub(super) fn write<R>(out: &mut impl Write, header: &[&str], rows: impl Iterator<Item = R>) -> io::Result<()>
where
    R: IntoIterator<Item = String>,
{
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    csv.write_record(header).map_err(io_error)?;
    for row in rows {
        let guarded = |cell: String| if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell };
        csv.write_record(row.into_iter().map(guarded)).map_err(io_error)?;
    }
    csv.flush()
}

/// Returns the writer's own error, so that a closed pipe is recognised; rows of equal length leave no other cause.
fn io_error(error: ::csv::Error) -> io::Error {
    if let ErrorKind::Io(error) = error.into_kind() { error } else { io::ErrorKind::InvalidData.into() }
}
