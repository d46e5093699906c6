//! Formatted text appended to a byte buffer.
//!
//! The encoders build escape sequences in a `Vec<u8>`; this keeps the impossible I/O error out of their signatures.

use std::{fmt, io::Write as _};

/// Appends formatted text.
pub(super) fn append(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing into a Vec cannot fail");
}
