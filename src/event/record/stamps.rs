//! Times that `docker logs -t` put into the middle of a line.
//!
//! docker stores a line in parts of 16 KiB and prints a time before each part, so that a long line has times at fixed
//! distances. Where that output was stored again, each part of a line may begin with a time of its own.

use super::times::{ParsedTime, TimeContext};
use std::borrow::Cow;

/// The length of a part of a line.
const PART: usize = 16 << 10;

/// Removes the time of a record from the head of its text, which goes on with a line.
pub(in crate::event) fn strip_stamp(text: &mut Cow<'_, [u8]>, stamp: Option<ParsedTime>, clock: &TimeContext) {
    let own = |(found, _): &(ParsedTime, usize)| stamp.is_some_and(|stamp| found.is_near(stamp));
    if let Some((_, len)) = clock.leading(text).filter(own) {
        *text = Cow::Owned(text.get(len..).unwrap_or_default().to_vec());
    }
}

/// Removes the times before all parts of a line but the first.
pub(in crate::event) fn without_inner_stamps<'a>(line: &'a [u8], clock: &TimeContext) -> Cow<'a, [u8]> {
    let leading = |at: usize| clock.leading(line.get(at..).filter(|_| line.len() > PART)?).map(|(_, len)| len);
    let Some(mut end) = leading(0).map(|len| len + PART) else { return Cow::Borrowed(line) };
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(len) = leading(end) {
        out.extend_from_slice(line.get(from..end).unwrap_or_default());
        from = end + len;
        end = from + PART;
    }
    if from == 0 {
        return Cow::Borrowed(line);
    }
    out.extend_from_slice(line.get(from..).unwrap_or_default());
    Cow::Owned(out)
}
