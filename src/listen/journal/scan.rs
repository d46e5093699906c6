//! The bytes of a file that are a journal, and the part of its end that is to be cut.
//!
//! A crash leaves a line without its end, or, where the power failed, zeros in place of what was written last. Both
//! were never answered with 200, so they are cut. Anything else is the file of another program, and is left alone.

use crate::listen::{
    delivery::DeliveryId,
    line::{self, JournalLine, LINE_MAX},
};
use std::{
    collections::HashSet,
    io::{self, BufRead, Read as _},
};

/// The content of a journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::listen) struct JournalContent {
    /// The number of whole lines.
    pub(in crate::listen) lines: u64,
    /// Their bytes.
    pub(in crate::listen) whole: u64,
    /// The deliveries among them.
    pub(in crate::listen) deliveries: HashSet<DeliveryId>,
}

/// The result of reading a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// It is a journal, to be cut after its whole lines.
    Journal(JournalContent),
    /// The line of this number, from 1, is none of a journal.
    Foreign(u64),
}

/// Reads a file.
pub(super) fn scan(mut file: impl BufRead) -> io::Result<Scan> {
    let mut content = JournalContent::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        file.by_ref().take(LINE_MAX as u64).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(Scan::Journal(content));
        }
        if let Some(read) = line.strip_suffix(b"\n").and_then(JournalLine::read) {
            content.deliveries.extend(read.delivery());
            content.lines += 1;
            content.whole += line.len() as u64;
            continue;
        }
        // Without a line before them, zeros may as well be another program's.
        let is_own = content.lines > 0 || !line.starts_with(b"\0");
        let torn = is_torn(&line) && (is_own || is_zero(&mut line.as_slice())? && is_zero(&mut file)?);
        return Ok(if torn { Scan::Journal(content) } else { Scan::Foreign(content.lines + 1) });
    }
}

/// Returns whether a line that is none of a journal may be the rest of one.
fn is_torn(line: &[u8]) -> bool {
    let text = memchr::memchr(0, line).and_then(|zero| line.get(..zero));
    match text {
        // What was not written reads as zeros.
        Some(text) => line::is_beginning(text),
        None => !line.ends_with(b"\n") && line::is_beginning(line),
    }
}

/// Returns whether nothing but zeros follows.
fn is_zero(file: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        let count = bytes.len();
        file.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "{\"time\":\"2026-03-14T01:15:02Z\",\"from\":\"10.0.0.7\",\"kind\":\"mfs\",\"sign\":\"00\",\"body\":\"{}\"}\n";

    fn scanned(file: &[u8]) -> Result<(u64, u64, usize), u64> {
        match scan(file).unwrap() {
            Scan::Journal(content) => Ok((content.lines, content.whole, content.deliveries.len())),
            Scan::Foreign(line) => Err(line),
        }
    }

    #[test]
    fn whole_lines_are_counted_and_the_rest_of_one_is_left_out() {
        let length = LINE.len() as u64;
        assert_eq!(scanned(b""), Ok((0, 0, 0)));
        assert_eq!(scanned(LINE.repeat(3).as_bytes()), Ok((3, 3 * length, 1)));
        for end in 1..LINE.len() {
            let part = &LINE.as_bytes()[..end];
            assert_eq!(scanned(&[LINE.as_bytes(), part].concat()), Ok((1, length, 1)), "{end}");
            assert_eq!(scanned(part), Ok((0, 0, 0)), "{end}");
        }
    }

    #[test]
    fn zeros_after_a_power_failure_are_left_out() {
        let length = LINE.len() as u64;
        let zeros = "\0".repeat(5000);
        assert_eq!(scanned(zeros.as_bytes()), Ok((0, 0, 0)));
        assert_eq!(scanned([LINE, &zeros].concat().as_bytes()), Ok((1, length, 1)));
        assert_eq!(scanned([LINE, "{\"time\":\"2026-03", &zeros, "\n", LINE].concat().as_bytes()), Ok((1, length, 1)));
    }

    #[test]
    fn other_files_are_foreign() {
        assert_eq!(scanned(b"2026-03-14 INFO started\n"), Err(1));
        assert_eq!(scanned(b"half a line"), Err(1));
        assert_eq!(scanned(b"\n"), Err(1));
        assert_eq!(scanned(b"{\"time\":\"2026-03-14T01:15:02Z\",\"level\":\"info\"}\n"), Err(1));
        assert_eq!(scanned(b"{\"time\":\"2026-03-14T01:15:02Z\",\"level\""), Err(1));
        assert_eq!(scanned(b"\0\0\0ELF and more\n"), Err(1), "a binary file");
        assert_eq!(scanned(b"\0\0\0\n\0\0ELF"), Err(1), "a binary file");
        assert_eq!(scanned([LINE, "by hand\n", LINE].concat().as_bytes()), Err(2));
        assert_eq!(scanned([LINE, "by hand"].concat().as_bytes()), Err(2));
        let damaged = LINE.replace("\"mfs\"", "\"mf");
        assert_eq!(scanned([LINE, &damaged].concat().as_bytes()), Err(2), "whole, and yet no line");
        assert_eq!(scanned(&vec![b'x'; LINE_MAX + 10]), Err(1));
    }
}
