//! The spellings of dates and times in logs.
//!
//! [`parse`] reads one time at the start of a text, in any of the forms that loggers, web servers and system tools
//! print. What the text leaves open, the year or the zone, is left open here.

use super::{
    scan::{digits, one_of},
    zone::{self, ZoneWord},
};

/// A time as it is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpelledTime {
    pub(super) year: Option<i16>,
    pub(super) month: i8,
    pub(super) day: i8,
    pub(super) clock: Clock,
    pub(super) zone: Option<ZoneWord>,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) second: i8,
    pub(super) nanos: i32,
}

/// A date, and the text after it.
type DateAnd<'a> = (Option<i16>, i8, i8, &'a [u8]);

type ParseDate = fn(&[u8]) -> Option<DateAnd<'_>>;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const CHINESE_MONTHS: [&str; 12] =
    ["一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"];

/// Reads the time at the start of `text`.
pub(super) fn parse(text: &[u8]) -> Option<SpelledTime> {
    let dates: &[ParseDate] = match text.first()? {
        b'0'..=b'9' => &[year_first, day_first, numbers_only, compact, numbered_month_first],
        b'A'..=b'Z' => &[month_name_first, glog],
        0xe4..=0xe5 => &[chinese_month_first],
        _ => return None,
    };
    dates.iter().find_map(|date| {
        let (year, month, day, rest) = date(text)?;
        let (clock, rest) = clock(rest)?;
        let zone = zone::parse(rest);
        let rest = zone.map_or(rest, |(_, rest)| rest);
        let year = year.or_else(|| trailing_year(rest));
        Some(SpelledTime { year, month, day, clock, zone: zone.map(|(zone, _)| zone) })
    })
}

/// `2026-03-14T`, `2026/3/14 `, `2026.03.14 `, `2026年3月14日 `
fn year_first(text: &[u8]) -> Option<DateAnd<'_>> {
    let (year, text) = digits(text, 4)?;
    if let Some(text) = text.strip_prefix("年".as_bytes()) {
        let (month, text) = one_or_two(text)?;
        let (day, text) = one_or_two(text.strip_prefix("月".as_bytes())?)?;
        return date(Some(year), month, day, text.strip_prefix("日".as_bytes())?.trim_ascii_start());
    }
    let (month, text) = one_or_two(one_of(text, b"-/.")?)?;
    let (day, text) = one_or_two(one_of(text, b"-/.")?)?;
    date(Some(year), month, day, one_of(text, b"T t_")?.trim_ascii_start())
}

/// `14/Mar/2026:`, `14-Mar-2026 `, `14 Mar 2026 `
fn day_first(text: &[u8]) -> Option<DateAnd<'_>> {
    let (day, text) = one_or_two(text)?;
    let text = one_of(text, b"/- .")?;
    let (month, text) = month_name(text).or_else(|| chinese_month(text)).or_else(|| numbered_month(text))?;
    let (year, text) = digits(one_of(text, b"/- .")?, 4)?;
    date(Some(year), month, day, one_of(text, b": T")?)
}

/// `14.03.2026 `, `03/14/2026 `; of an ambiguous pair between slashes the first is the month.
fn numbers_only(text: &[u8]) -> Option<DateAnd<'_>> {
    let (first, text) = digits(text, 2)?;
    let separator = *text.first()?;
    let (second, text) = digits(one_of(text, b"./-")?, 2)?;
    let (year, text) = digits(text.strip_prefix(&[separator])?, 4)?;
    let text = one_of(text.strip_prefix(b",").unwrap_or(text), b" T")?;
    let (month, day) = if separator == b'/' && first <= 12 { (first, second) } else { (second, first) };
    date(Some(year), month, day, text)
}

/// `20260314T`, `20260314 `, `20260314-`
fn compact(text: &[u8]) -> Option<DateAnd<'_>> {
    let (year, text) = digits(text, 4)?;
    let (month, text) = digits(text, 2)?;
    let (day, text) = digits(text, 2)?;
    date(Some(year), month, day, one_of(text, b"T -_")?)
}

/// `Mar 14 `, `Mar  4 `, `March 14, 2026 `, `Mar 14 2026 `
fn month_name_first(text: &[u8]) -> Option<DateAnd<'_>> {
    let (month, text) = month_name(text)?;
    after_month(month, text)
}

/// `3月 14, 2026 `
fn numbered_month_first(text: &[u8]) -> Option<DateAnd<'_>> {
    let (month, text) = numbered_month(text)?;
    after_month(month, text)
}

/// `三月 14, 2026 `
fn chinese_month_first(text: &[u8]) -> Option<DateAnd<'_>> {
    let (month, text) = chinese_month(text)?;
    after_month(month, text)
}

/// Reads the day and the year after a month.
fn after_month(month: i32, text: &[u8]) -> Option<DateAnd<'_>> {
    let (day, text) = one_or_two(one_of(text, b" ")?.trim_ascii_start())?;
    let spaced = one_of(text.strip_prefix(b",").unwrap_or(text), b" ")?;
    match digits(spaced, 4) {
        Some((year, text)) => date(Some(year), month, day, one_of(text.strip_prefix(b",").unwrap_or(text), b" ")?),
        None => date(None, month, day, spaced),
    }
}

/// `I0314 `, as glog and klog write it.
fn glog(text: &[u8]) -> Option<DateAnd<'_>> {
    let (month, text) = digits(one_of(text, b"IWEF")?, 2)?;
    let (day, text) = digits(text, 2)?;
    date(None, month, day, one_of(text, b" ")?)
}

fn date(year: Option<i32>, month: i32, day: i32, rest: &[u8]) -> Option<DateAnd<'_>> {
    let year = match year {
        Some(year) => Some(i16::try_from(year).ok().filter(|year| (1970..=9999).contains(year))?),
        None => None,
    };
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((year, month, day, rest))
}

/// `09:15:02.412`, `9:15:02 PM`, `下午9:15:02`, `091502`
fn clock(text: &[u8]) -> Option<(Clock, &[u8])> {
    let (prefix, text) = half_of_day(text);
    let (hour, text) = one_or_two(text)?;
    let colon = one_of(text, b":");
    let (minute, text) = digits(colon.unwrap_or(text), 2)?;
    let (second, text) = digits(if colon.is_some() { one_of(text, b":")? } else { text }, 2)?;
    let (nanos, text) = fraction(text);
    let spaced = text.strip_prefix(b" ").or_else(|| text.strip_prefix("\u{202f}".as_bytes())).unwrap_or(text);
    let (suffix, text) = match half_of_day(spaced) {
        (Some(half), rest) => (Some(half), rest),
        (None, _) => (None, text),
    };
    let hour = match prefix.or(suffix) {
        Some(half) => hour % 12 + half,
        None => hour,
    };
    let small = |number: i32| i8::try_from(number).ok();
    // A leap second counts as the last second of its minute.
    let clock = Clock { hour: small(hour)?, minute: small(minute)?, second: small(second.min(59))?, nanos };
    (hour < 24 && minute < 60 && second <= 60).then_some((clock, text))
}

/// Reads the half of the day; returns its first hour.
fn half_of_day(text: &[u8]) -> (Option<i32>, &[u8]) {
    for (word, hour) in [("AM", 0), ("PM", 12), ("am", 0), ("pm", 12), ("上午", 0), ("下午", 12)] {
        if let Some(rest) = text.strip_prefix(word.as_bytes()) {
            return (Some(hour), rest);
        }
    }
    (None, text)
}

/// ` 2026`, as `date` and C's `ctime` write it after the time.
fn trailing_year(text: &[u8]) -> Option<i16> {
    let (year, rest) = digits(one_of(text, b" ")?, 4)?;
    let ends = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
    i16::try_from(year).ok().filter(|year| ends && (1970..2100).contains(year))
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

/// `Mar`, `March`
fn month_name(text: &[u8]) -> Option<(i32, &[u8])> {
    // Every word of a line may be one: three letters decide.
    let short: &[u8; 3] = text.first_chunk()?;
    let (month, name) = (1..).zip(MONTHS).find(|(_, name)| name.as_bytes().first_chunk() == Some(short))?;
    let rest = text.strip_prefix(name.as_bytes()).or_else(|| text.get(short.len()..))?;
    (!rest.first().is_some_and(u8::is_ascii_alphabetic)).then_some((month, rest))
}

/// `三月`
fn chinese_month(text: &[u8]) -> Option<(i32, &[u8])> {
    (1..).zip(CHINESE_MONTHS).find_map(|(month, name)| Some((month, text.strip_prefix(name.as_bytes())?)))
}

/// `3月`
fn numbered_month(text: &[u8]) -> Option<(i32, &[u8])> {
    let (month, text) = one_or_two(text)?;
    Some((month, text.strip_prefix("月".as_bytes())?))
}

fn one_or_two(text: &[u8]) -> Option<(i32, &[u8])> {
    digits(text, 2).or_else(|| digits(text, 1))
}
