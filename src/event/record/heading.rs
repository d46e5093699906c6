//! Times in an earlier line than the event's: the headings of `java.util.logging` and the fields of
//! `journalctl -o export`.

use super::times::{ParsedTime, TimeContext};
use memchr::memrchr;

/// The names of `java.util.logging`'s levels, with which the second line of its records begins.
const LEVELS: [&str; 12] =
    ["SEVERE", "WARNING", "INFO", "CONFIG", "FINE", "FINER", "FINEST", "严重", "警告", "信息", "配置", "详细"];

/// The most lines between the time and the message of a record of journald.
const FIELDS_MAX: usize = 128;

/// The layout of a record of several lines, by the line with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeadingLayout {
    /// `INFO: message`, after a line with time, class and method.
    JavaLogging,
    /// `MESSAGE=message`, after lines with other fields.
    JournalExport,
}

impl HeadingLayout {
    fn of(line: &[u8]) -> Option<Self> {
        if line.starts_with(b"MESSAGE=") {
            return Some(Self::JournalExport);
        }
        let is_level = |level: &&str| line.strip_prefix(level.as_bytes()).is_some_and(|rest| rest.starts_with(b": "));
        LEVELS.iter().any(is_level).then_some(Self::JavaLogging)
    }
}

/// Returns the time that the lines before `line` give to it. `carried` is what the lines before those give.
pub(in crate::event) fn find(
    before: &[u8],
    line: &[u8],
    carried: Option<ParsedTime>,
    clock: &TimeContext,
) -> Option<ParsedTime> {
    match HeadingLayout::of(line)? {
        HeadingLayout::JavaLogging if before.is_empty() => carried,
        HeadingLayout::JavaLogging => java_heading(last_lines(before).next()?, clock),
        HeadingLayout::JournalExport => journal_time(before, carried, clock),
    }
}

/// Returns the time that `text`, the end of a chunk, gives to the first line of the next one.
pub(in crate::event) fn carried(text: &[u8], carried: Option<ParsedTime>, clock: &TimeContext) -> Option<ParsedTime> {
    let line = last_lines(text).next()?;
    if is_journal_field(line) { journal_time(text, carried, clock) } else { java_heading(line, clock) }
}

/// Reads the first line of a record of `java.util.logging`: a time, a class and a method.
fn java_heading(line: &[u8], clock: &TimeContext) -> Option<ParsedTime> {
    let begins = line.first().is_some_and(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    clock.find(line.get(..line.len().min(40))?).filter(|_| begins && line.len() < 400)
}

/// Reads the time among the fields before a message; a blank line ends the record before.
fn journal_time(before: &[u8], carried: Option<ParsedTime>, clock: &TimeContext) -> Option<ParsedTime> {
    for line in last_lines(before).take(FIELDS_MAX) {
        if line.is_empty() {
            return None;
        }
        if let Some(time) = line.strip_prefix(b"__REALTIME_TIMESTAMP=") {
            return clock.field(std::str::from_utf8(time).ok()?);
        }
    }
    carried
}

fn is_journal_field(line: &[u8]) -> bool {
    let name = line.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
    name > 0 && line.get(name) == Some(&b'=')
}

/// Returns the lines of a text from the last to the first.
fn last_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text.strip_suffix(b"\n").unwrap_or(text)).filter(|_| !text.is_empty());
    std::iter::from_fn(move || {
        let text = rest?;
        let line = memrchr(b'\n', text).map_or(0, |newline| newline + 1);
        rest = line.checked_sub(1).and_then(|end| text.get(..end));
        let line = text.get(line..)?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}
