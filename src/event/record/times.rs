//! Times of records.
//!
//! Times stand before the event on its line, or in fields of what wraps it. A time without a zone is of the reader's
//! zone; one without a year is of the latest year in which the file can have it. Nothing here asks the system.

mod scan;
mod spelling;
mod zone;

use crate::event::{fields::Fields, time::Time};
use jiff::{SignedDuration, Timestamp, civil, tz};
use spelling::SpelledTime;

/// The reader's zone, and the last change of the file.
#[derive(Clone, Debug)]
pub(in crate::event) struct TimeContext {
    pub(in crate::event) zone: tz::TimeZone,
    /// No time without a year is later than a day after this; the day allows for logs of other zones.
    pub(in crate::event) last_change: Timestamp,
}

/// A time as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) struct ParsedTime {
    pub(in crate::event) time: Time,
    /// `true` for a time with a zone, or a count since 1970.
    pub(in crate::event) zoned: bool,
}

/// The bytes of a line in which its time may begin, without control sequences.
const REACH: usize = 96;

/// The fields of objects that hold a time: those of SMN, loggers, shippers, gateways and journald. The names of fields
/// are compared without case and underscores.
const FIELDS: [&str; 17] = [
    "timestamp",
    "@timestamp",
    "time",
    "ts",
    "__REALTIME_TIMESTAMP",
    "event_time",
    "datetime",
    "instant",
    "date",
    "time_millis",
    "log_time",
    "collect_time",
    "time_iso8601",
    "time_local",
    "asctime",
    "@t",
    "_SOURCE_REALTIME_TIMESTAMP",
];

/// The most bytes of an RFC 3339 time and a space.
const LEADING_MAX: usize = 40;

impl ParsedTime {
    /// Returns `true` if the times are less than a second apart.
    pub(in crate::event) fn is_near(self, other: Self) -> bool {
        self.time.as_micros().abs_diff(other.time.as_micros()) < 1_000_000
    }
}

impl TimeContext {
    /// Returns the RFC 3339 time with which `text` begins, and its length with the space after it.
    pub(in crate::event) fn leading(&self, text: &[u8]) -> Option<(ParsedTime, usize)> {
        let len = memchr::memchr(b' ', text.get(..LEADING_MAX.min(text.len()))?)?;
        let time = text.get(..len).filter(|time| time.get(10) == Some(&b'T'))?;
        Some((self.stamp(time).filter(|time| time.zoned)?, len + 1))
    }

    /// Returns the first time in the head of a line.
    pub(in crate::event) fn find(&self, line: &[u8]) -> Option<ParsedTime> {
        let (mut at, mut end, mut in_word) = (0, REACH, false);
        while at < end.min(line.len()) {
            let rest = line.get(at..)?;
            if rest.starts_with(b"\x1b[") {
                let sequence = rest.iter().skip(2).position(u8::is_ascii_alphabetic)? + 3;
                (at, end, in_word) = (at + sequence, end + sequence, false);
                continue;
            }
            // A digit or a capital within a word begins no time.
            if !in_word && let Some(stamp) = self.stamp(rest).or_else(|| epoch(line, at)) {
                return Some(stamp);
            }
            in_word = rest.first().is_some_and(u8::is_ascii_alphanumeric);
            at += 1;
        }
        None
    }

    /// Returns the time in the fields of an object.
    pub(in crate::event) fn fields(&self, fields: &Fields<'_>) -> Option<ParsedTime> {
        // Most objects have none, and each look-up compares all names.
        if !fields.iter().any(|(name, _)| may_hold_time(name)) {
            return None;
        }
        FIELDS.iter().find_map(|name| match fields.scalar(name) {
            Some(text) => self.field(&text).or_else(|| {
                // The date and the time of day may be separate.
                let date = fields.text("date").filter(|_| *name == "time")?;
                self.field(&format!("{date} {text}"))
            }),
            None => self.parts(&fields.object(name)?),
        })
    }

    /// Returns the time in an object: seconds and nanoseconds of log4j2 and protobuf, or Mongo's `$date`.
    fn parts(&self, parts: &Fields<'_>) -> Option<ParsedTime> {
        if let Some(date) = parts.scalar("$date") {
            return self.field(&date);
        }
        let seconds = parts.number("epochSecond").or_else(|| parts.number("seconds"))?;
        let nanos = parts.number("nanoOfSecond").or_else(|| parts.number("nanos")).unwrap_or_default();
        since_1970(seconds + nanos / 1e9)
    }

    /// Returns the time in a field: in letters, or as a number of seconds, milli-, micro- or nanoseconds since 1970.
    pub(in crate::event) fn field(&self, text: &str) -> Option<ParsedTime> {
        let text = text.trim();
        self.stamp(text.as_bytes()).or_else(|| since_1970(text.parse().ok()?))
    }

    /// Returns the time at the start of `text`.
    fn stamp(&self, text: &[u8]) -> Option<ParsedTime> {
        let spelled = spelling::parse(text)?;
        let time = if let Some(year) = spelled.year {
            self.at(&spelled, year)?
        } else {
            let latest = self.last_change.checked_add(SignedDuration::from_hours(24)).ok()?;
            let year = latest.to_zoned(self.zone.clone()).year();
            // In eight years at most there is a 29 February.
            let years = (0..=8).map(|back| year - back);
            years.filter_map(|year| self.at(&spelled, year)).find(|time| *time <= latest)?
        };
        Some(ParsedTime { time: time.into(), zoned: spelled.zone.is_some() })
    }

    fn at(&self, spelled: &SpelledTime, year: i16) -> Option<Timestamp> {
        let SpelledTime { month, day, clock, zone, .. } = *spelled;
        let clock = civil::Time::new(clock.hour, clock.minute, clock.second, clock.nanos).ok()?;
        let moment = civil::Date::new(year, month, day).ok()?.to_datetime(clock);
        let zone = match zone {
            Some(zone) => zone.resolve(&self.zone, moment)?,
            None => self.zone.clone(),
        };
        Some(moment.to_zoned(zone).ok()?.timestamp())
    }
}

/// Returns `false` for a name that is none of [`FIELDS`] in any spelling.
fn may_hold_time(name: &str) -> bool {
    let has = |word: &[u8]| name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    name.len() <= 4 || has(b"time") || has(b"date") || has(b"inst")
}

/// Returns the time that is a number of seconds or a smaller unit since 1970; the unit follows from its size.
fn since_1970(number: f64) -> Option<ParsedTime> {
    let micros = match number {
        1e8..1e11 => number * 1e6,
        1e11..1e14 => number * 1e3,
        1e14..1e17 => number,
        1e17..1e19 => number / 1e3,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    Some(ParsedTime { time: Time::from_micros(micros.round() as i64), zoned: true })
}

/// Returns the time at `at` of a line that is a number since 1970: at the head of the line or after a key such as
/// `ts=`, of 10, 13, 16 or 19 digits.
fn epoch(line: &[u8], at: usize) -> Option<ParsedTime> {
    let (before, rest) = line.split_at_checked(at)?;
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if !matches!(count, 10 | 13 | 16 | 19) {
        return None;
    }
    let fraction = match rest.get(count..)? {
        [b'.', tail @ ..] => 1 + tail.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let ends = !rest.get(count + fraction).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let heads = !before.iter().any(u8::is_ascii_alphanumeric);
    let key = before.trim_ascii_end();
    let key = key.get(..key.len().saturating_sub(1)).filter(|_| matches!(key.last(), Some(b'=' | b':' | b'(')));
    let names_time = key.is_some_and(|key| {
        let word = key.rsplit(|b| !b.is_ascii_alphanumeric() && *b != b'_').find(|word| !word.is_empty());
        let word = word.unwrap_or_default().to_ascii_lowercase();
        matches!(word.as_slice(), b"ts" | b"t" | b"date" | b"audit") || memchr::memmem::find(&word, b"time").is_some()
    });
    if !ends || !heads && !names_time {
        return None;
    }
    since_1970(std::str::from_utf8(rest.get(..count + fraction)?).ok()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(zone: tz::TimeZone, last_change: &str) -> TimeContext {
        TimeContext { zone, last_change: last_change.parse().unwrap() }
    }

    fn shanghai() -> TimeContext {
        context(tz::TimeZone::fixed(tz::offset(8)), "2026-06-01T00:00:00Z")
    }

    fn check(context: &TimeContext, line: &str, expected: Option<(&str, bool)>) {
        let found = context.find(line.as_bytes()).map(|stamp| (stamp.time.to_string(), stamp.zoned));
        assert_eq!(found, expected.map(|(time, zoned)| (time.to_owned(), zoned)), "{line}");
    }

    #[test]
    fn finds_times_before_events() {
        let check = |line: &str, expected| check(&shanghai(), line, expected);
        check("2026-03-14 09:15:00,412 INFO x", Some(("2026-03-14T01:15:00.412Z", false)));
        check("2026/03/14 09:15:04 callback.go:57:", Some(("2026-03-14T01:15:04Z", false)));
        check("2026-3-4 9:15:04 x", Some(("2026-03-04T01:15:04Z", false)));
        check("2026年3月14日 09:15:04 x", Some(("2026-03-14T01:15:04Z", false)));
        check("2026年3月14日 下午9:15:04 x", Some(("2026-03-14T13:15:04Z", false)));
        check("20260314T011504Z x", Some(("2026-03-14T01:15:04Z", true)));
        check("20260314 09:15:04.5 x", Some(("2026-03-14T01:15:04.5Z", false)));
        check("Mar 14 09:15:09 ops app[1]:", Some(("2026-03-14T01:15:09Z", false)));
        check("Mar  4 09:15:09 ops app[1]:", Some(("2026-03-04T01:15:09Z", false)));
        check("Mar 14 2026 09:15:09 asa:", Some(("2026-03-14T01:15:09Z", false)));
        check("<134>Mar 14 09:15:09 ops app[1]:", Some(("2026-03-14T01:15:09Z", false)));
        check("226 <134>1 2026-03-14T01:15:01.000Z host", Some(("2026-03-14T01:15:01Z", true)));
        check("time=\"2026-03-14T09:15:11+08:00\" level=warning", Some(("2026-03-14T01:15:11Z", true)));
        check("[2026-03-14 09:15:20] local.INFO:", Some(("2026-03-14T01:15:20Z", false)));
        check("10.0.0.1 - - [14/Mar/2026:09:15:09 +0800] \"GET\"", Some(("2026-03-14T01:15:09Z", true)));
        check("14-Mar-2026 09:15:02.412 INFO [main] x", Some(("2026-03-14T01:15:02.412Z", false)));
        check("14-三月-2026 09:15:02.412 信息 [main] x", Some(("2026-03-14T01:15:02.412Z", false)));
        check("Sat, 14 Mar 2026 01:15:02 GMT x", Some(("2026-03-14T01:15:02Z", true)));
        check("14.03.2026 09:15:02 x", Some(("2026-03-14T01:15:02Z", false)));
        check("03/14/2026 9:15:02 AM x", Some(("2026-03-14T01:15:02Z", false)));
        check("14/03/2026 09:15:02 x", Some(("2026-03-14T01:15:02Z", false)));
        check("I0314 09:15:02.412345   1 cb.go:12] x", Some(("2026-03-14T01:15:02.412345Z", false)));
        check("Mar 14, 2026 9:15:02 PM c.e.Callback post", Some(("2026-03-14T13:15:02Z", false)));
        check("Mar 14, 2026 12:15:02\u{202f}AM c.e.Callback post", Some(("2026-03-13T16:15:02Z", false)));
        check("三月 14, 2026 9:15:02 上午 c.e.Callback post", Some(("2026-03-14T01:15:02Z", false)));
        check("3月 14, 2026 9:15:02 下午 c.e.Callback post", Some(("2026-03-14T13:15:02Z", false)));
        check("[Sat Mar 14 09:15:02.412345 2026] [x]", Some(("2026-03-14T01:15:02.412345Z", false)));
        check("Sat Mar 14 09:15:02 CST 2025 x", Some(("2025-03-14T01:15:02Z", true)));
        check("2026-03-14T09:15:06.000047514-0130 x", Some(("2026-03-14T10:45:06.000047Z", true)));
        check("2026-12-31T23:59:60Z", Some(("2026-12-31T23:59:59Z", true)));
        check("INFO:root:got", None);
        check("2026-13-14 09:15:00", None);
        check("Marathon 14 09:15:02", None);
        check("", None);
    }

    #[test]
    fn finds_times_behind_colours() {
        let check = |line: &str, expected| check(&shanghai(), line, expected);
        check("\x1b[32mINFO\x1b[0m 2026-03-14T01:15:31.220Z vod", Some(("2026-03-14T01:15:31.22Z", true)));
        check("\x1b[2m2026-03-14T01:15:02.412Z\x1b[0m x", Some(("2026-03-14T01:15:02.412Z", true)));
        check("\x1b[90m9:15PM\x1b[0m \x1b[32mINF\x1b[0m x", None);
        check("\x1b[36mMar 14 09:15:09\x1b[0m ops", Some(("2026-03-14T01:15:09Z", false)));
    }

    #[test]
    fn finds_counts_since_1970() {
        let check = |line: &str, expected: Option<&str>| check(&shanghai(), line, expected.map(|time| (time, true)));
        check("1773450902 x", Some("2026-03-14T01:15:02Z"));
        check("[1773450902.412] x", Some("2026-03-14T01:15:02.412Z"));
        check("1773450902412 x", Some("2026-03-14T01:15:02.412Z"));
        check("level=info ts=1773450902.412 msg=x", Some("2026-03-14T01:15:02.412Z"));
        check("__REALTIME_TIMESTAMP=1773450902412000", Some("2026-03-14T01:15:02.412Z"));
        check("type=SYSCALL msg=audit(1773450902.412:99): x", Some("2026-03-14T01:15:02.412Z"));
        check("id=1773450902 x", None);
        check("got 1773450902 x", None);
        check("17734509021 x", None);
    }

    #[test]
    fn reads_zones() {
        let check = |zone: i8, line: &str, expected: &str| {
            let context = context(tz::TimeZone::fixed(tz::offset(zone)), "2026-06-01T00:00:00Z");
            check(&context, line, Some((expected, true)));
        };
        check(8, "2026-03-14 01:15:02 UTC x", "2026-03-14T01:15:02Z");
        check(8, "2026-03-14 01:15:02.412 GMT: x", "2026-03-14T01:15:02.412Z");
        check(8, "2026-03-14 09:15:02 CST x", "2026-03-14T01:15:02Z");
        check(0, "2026-03-14 09:15:02 CST x", "2026-03-14T01:15:02Z");
        check(-5, "2026-03-14 09:15:02 CST x", "2026-03-14T15:15:02Z");
        check(0, "2026-03-14 09:15:02 UTC+8 x", "2026-03-14T01:15:02Z");
        check(0, "2026-03-14 09:15:02 GMT+08:00 x", "2026-03-14T01:15:02Z");
        check(0, "2026-03-14 02:15:02 CET x", "2026-03-14T01:15:02Z");
        check(0, "2026-03-14 09:15:02.412 +0800 CST m=+0.1", "2026-03-14T01:15:02.412Z");
    }

    #[test]
    fn gives_the_latest_year_before_the_last_change() {
        let check = |last_change: &str, line: &str, expected: &str| {
            let context = context(tz::TimeZone::fixed(tz::offset(8)), last_change);
            check(&context, line, Some((expected, false)));
        };
        check("2026-01-01T00:00:00Z", "Dec 31 23:59:50 host", "2025-12-31T15:59:50Z");
        check("2026-01-01T00:00:00Z", "Jan  1 00:00:10 host", "2025-12-31T16:00:10Z");
        check("2025-12-31T16:00:10Z", "Jan  1 00:00:10 host", "2025-12-31T16:00:10Z");
        check("2026-06-01T00:00:00Z", "Feb 29 09:15:02 host", "2024-02-29T01:15:02Z");
        check("2026-06-01T00:00:00Z", "I0602 09:00:00.5 1 x", "2025-06-02T01:00:00.5Z");
    }

    #[test]
    fn looks_at_every_name_of_a_time() {
        assert!(FIELDS.iter().all(|name| may_hold_time(name)));
        assert!(["eventTime", "Timestamp", "TS"].iter().all(|name| may_hold_time(name)));
        assert!(["event_type", "thumbnail_info", "asset_id"].iter().all(|name| !may_hold_time(name)));
    }

    #[test]
    fn reads_fields() {
        let context = context(tz::TimeZone::UTC, "2026-06-01T00:00:00Z");
        let check = |object: &str, expected: Option<&str>| {
            let found = context.fields(&Fields::read(object).unwrap()).map(|stamp| stamp.time.to_string());
            assert_eq!(found.as_deref(), expected, "{object}");
        };
        check(r#"{"timestamp":"2026-03-14T01:15:02Z"}"#, Some("2026-03-14T01:15:02Z"));
        check(r#"{"__REALTIME_TIMESTAMP":"1773450901000000"}"#, Some("2026-03-14T01:15:01Z"));
        check(r#"{"date":1773450901.5}"#, Some("2026-03-14T01:15:01.5Z"));
        check(r#"{"ts":1.773450902412e9}"#, Some("2026-03-14T01:15:02.412Z"));
        check(r#"{"@timestamp":"1773450901000"}"#, Some("2026-03-14T01:15:01Z"));
        check(r#"{"timeMillis":1773450902412}"#, Some("2026-03-14T01:15:02.412Z"));
        check(r#"{"instant":{"epochSecond":1773450902,"nanoOfSecond":412000000}}"#, Some("2026-03-14T01:15:02.412Z"));
        check(r#"{"timestamp":{"seconds":1773450902,"nanos":412000000}}"#, Some("2026-03-14T01:15:02.412Z"));
        check(r#"{"ts":{"$date":"2026-03-14T01:15:02.412Z"}}"#, Some("2026-03-14T01:15:02.412Z"));
        check(r#"{"date":"2026-03-14","time":"01:15:02.412"}"#, Some("2026-03-14T01:15:02.412Z"));
        check(r#"{"time":"12"}"#, None);
        check(r#"{"time":"soon"}"#, None);
        check(r#"{"instant":{"epochSecond":"soon"}}"#, None);
    }
}
