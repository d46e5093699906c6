//! Times of records.
//!
//! Times stand before the event on its line, or in fields of what wraps it. What has no zone is taken for the
//! reader's zone, what has no year (syslog) for the reader's year: both are given, nothing here asks the system.

use crate::event::{fields::Fields, time::Time};
use jiff::{civil, tz};

/// The zone and the year of times that have none.
#[derive(Clone, Debug)]
pub(in crate::event) struct TimeContext {
    pub(in crate::event) zone: tz::TimeZone,
    pub(in crate::event) year: i16,
}

/// A time as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) struct ParsedTime {
    pub(in crate::event) time: Time,
    /// `true` for a time with a zone, or a count since 1970.
    pub(in crate::event) zoned: bool,
}

/// The bytes of a line in which its time may begin.
const REACH: usize = 96;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

impl TimeContext {
    /// Returns the first time in the head of a line.
    pub(in crate::event) fn find(&self, line: &[u8]) -> Option<ParsedTime> {
        let mut at = 0;
        while at < REACH.min(line.len()) {
            let rest = line.get(at..)?;
            // A digit or a capital within a word begins no time.
            let inner = at > 0 && line.get(at - 1).is_some_and(u8::is_ascii_alphanumeric);
            if !inner && let Some(stamp) = self.stamp(rest) {
                return Some(stamp);
            }
            at += 1;
        }
        None
    }

    /// Returns the time in the fields of an object, by the names that SMN, loggers, shippers and journald use.
    pub(in crate::event) fn fields(&self, fields: &Fields<'_>) -> Option<ParsedTime> {
        let names = ["timestamp", "@timestamp", "time", "ts", "__REALTIME_TIMESTAMP", "event_time", "datetime"];
        names.iter().find_map(|name| self.field(&fields.scalar(name)?))
    }

    /// Returns the time in a field: RFC 3339 and its like, or a number of seconds, milli-, micro- or nanoseconds since 1970.
    pub(in crate::event) fn field(&self, text: &str) -> Option<ParsedTime> {
        let text = text.trim();
        if let Some(stamp) = self.stamp(text.as_bytes()) {
            return Some(stamp);
        }
        let number: f64 = text.parse().ok()?;
        let micros = match number {
            1e8..1e11 => number * 1e6,
            1e11..1e14 => number * 1e3,
            1e14..1e17 => number,
            1e17..1e19 => number / 1e3,
            _ => return None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        Some(ParsedTime { time: Time::from_micros(micros as i64), zoned: true })
    }

    /// Returns the time with which `text` begins.
    fn stamp(&self, text: &[u8]) -> Option<ParsedTime> {
        match text.first()? {
            b'0'..=b'9' => self.numeric(text).or_else(|| self.web_server(text)),
            b'A'..=b'Z' => self.syslog(text),
            _ => None,
        }
    }

    /// `2026-03-14T09:15:00.412+08:00`, with `/` and a space, with a comma, without a zone.
    fn numeric(&self, text: &[u8]) -> Option<ParsedTime> {
        let (year, text) = digits(text, 4)?;
        let (month, text) = digits(one_of(text, b"-/")?, 2)?;
        let (day, text) = digits(one_of(text, b"-/")?, 2)?;
        let text = one_of(text, b"T ").or_else(|| one_of(text, b"t_"))?;
        self.at(civil_date(year, month, day)?, text)
    }

    /// `14/Mar/2026:09:15:09 +0800`
    fn web_server(&self, text: &[u8]) -> Option<ParsedTime> {
        let (day, text) = digits(text, 2)?;
        let (month, text) = month(one_of(text, b"/")?)?;
        let (year, text) = digits(one_of(text, b"/")?, 4)?;
        self.at(civil_date(year, month, day)?, one_of(text, b":")?)
    }

    /// `Mar 14 09:15:09`, `Mar  4 09:15:09`
    fn syslog(&self, text: &[u8]) -> Option<ParsedTime> {
        let (month, text) = month(text)?;
        let text = one_of(text, b" ")?;
        let (day, text) = match one_of(text, b" ") {
            Some(text) => digits(text, 1)?,
            None => digits(text, 2)?,
        };
        self.at(civil_date(u32::try_from(self.year).ok()?, month, day)?, one_of(text, b" ")?)
    }

    /// `09:15:00.412 +08:00` on a day.
    fn at(&self, day: civil::Date, text: &[u8]) -> Option<ParsedTime> {
        let (hour, text) = digits(text, 2)?;
        let (minute, text) = digits(one_of(text, b":")?, 2)?;
        let (second, text) = digits(one_of(text, b":")?, 2)?;
        let (nanos, text) = fraction(text);
        let small = |v: u32| i8::try_from(v).ok();
        // A leap second is the last one of its minute.
        let time = civil::Time::new(small(hour)?, small(minute)?, small(second.min(59))?, nanos).ok()?;
        let moment = day.to_datetime(time);
        let (zone, zoned) = match zone(text) {
            Some(zone) => (zone, true),
            None => (self.zone.clone(), false),
        };
        Some(ParsedTime { time: moment.to_zoned(zone).ok()?.timestamp().into(), zoned })
    }
}

/// `Z`, `+08:00`, `+0800`, `+08`, perhaps after a space.
fn zone(text: &[u8]) -> Option<tz::TimeZone> {
    let text = one_of(text, b" ").unwrap_or(text);
    if matches!(text, [b'Z' | b'z'] | [b'Z' | b'z', b' '..=b'/' | b':'..=b'@' | b'['..=b'`' | b'{'..=b'~', ..]) {
        return Some(tz::TimeZone::UTC);
    }
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, text) = digits(text.get(1..)?, 2)?;
    let minutes = digits(one_of(text, b":").unwrap_or(text), 2).map_or(0, |(minutes, _)| minutes);
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some(tz::TimeZone::fixed(tz::Offset::from_seconds(sign * seconds).ok()?))
}

/// `.412` or `,412` in nanoseconds, and what follows.
fn fraction(text: &[u8]) -> (i32, &[u8]) {
    let Some(rest) = one_of(text, b".,").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit)) else {
        return (0, text);
    };
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(count);
    let nanos = (0..9).fold(0, |nanos, at| nanos * 10 + digits.get(at).map_or(0, |b| i32::from(b - b'0')));
    (nanos, rest)
}

fn digits(text: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let number = head.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))?;
    Some((number, rest))
}

fn month(text: &[u8]) -> Option<(u32, &[u8])> {
    let (name, rest) = text.split_first_chunk::<3>()?;
    let at = MONTHS.iter().position(|month| *month == name)?;
    Some((u32::try_from(at).ok()? + 1, rest))
}

fn one_of<'a>(text: &'a [u8], bytes: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = text.split_first()?;
    bytes.contains(first).then_some(rest)
}

fn civil_date(year: u32, month: u32, day: u32) -> Option<civil::Date> {
    civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_stands_before_events() {
        let clock = TimeContext { zone: tz::TimeZone::fixed(tz::offset(8)), year: 2026 };
        let check = |line: &str, expected: Option<(&str, bool)>| {
            let stamp = clock.find(line.as_bytes());
            let found = stamp.map(|stamp| (stamp.time.to_string(), stamp.zoned));
            assert_eq!(found, expected.map(|(time, zoned)| (time.to_owned(), zoned)), "{line}");
        };
        check("2026-03-14 09:15:00,412 INFO x", Some(("2026-03-14T01:15:00.412Z", false)));
        check("2026/03/14 09:15:04 callback.go:57:", Some(("2026-03-14T01:15:04Z", false)));
        check("Mar 14 09:15:09 ops app[1]:", Some(("2026-03-14T01:15:09Z", false)));
        check("Mar  4 09:15:09 ops app[1]:", Some(("2026-03-04T01:15:09Z", false)));
        check("time=\"2026-03-14T09:15:11+08:00\" level=warning", Some(("2026-03-14T01:15:11Z", true)));
        check("[2026-03-14 09:15:20] local.INFO:", Some(("2026-03-14T01:15:20Z", false)));
        check("\x1b[32mINFO\x1b[0m 2026-03-14T01:15:31.220Z vod", Some(("2026-03-14T01:15:31.22Z", true)));
        check("10.0.0.1 - - [14/Mar/2026:09:15:09 +0800] \"GET\"", Some(("2026-03-14T01:15:09Z", true)));
        check("2026-03-14T09:15:06.000047514-0130 x", Some(("2026-03-14T10:45:06.000047Z", true)));
        check("2026-12-31T23:59:60Z", Some(("2026-12-31T23:59:59Z", true)));
        check("INFO:root:got", None);
        check("2026-13-14 09:15:00", None);
        check("", None);
    }

    #[test]
    fn reads_fields() {
        let clock = TimeContext { zone: tz::TimeZone::UTC, year: 2026 };
        let check = |text: &str, expected: Option<&str>| {
            let found = clock.field(text).map(|stamp| stamp.time.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("2026-03-14T01:15:02Z", Some("2026-03-14T01:15:02Z"));
        check("1773450901000000", Some("2026-03-14T01:15:01Z"));
        check("1773450901", Some("2026-03-14T01:15:01Z"));
        check("1773450901.5", Some("2026-03-14T01:15:01.5Z"));
        check("1773450901000", Some("2026-03-14T01:15:01Z"));
        check("12", None);
        check("soon", None);
    }
}
