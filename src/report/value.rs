//! The value of a column, and its spelling in JSON and as text.

use crate::{
    event::{Offset, Reveal, Time},
    text::Safe,
};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// The value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Count(u64),
    Seconds(Offset),
    Time(Time),
}

impl<'a> Value<'a> {
    /// Returns a text; an absent one is null.
    pub(super) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
    }

    /// Returns a text of a log as it may be shown; an absent one is null.
    pub(super) fn shown(text: Option<&'a str>, reveal: Reveal) -> Self {
        text.map_or(Self::Null, |text| Self::Text(reveal.apply(text)))
    }

    /// Returns a number; one too large for `u64` is the largest.
    pub(super) fn count(count: usize) -> Self {
        Self::Count(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Returns seconds; absent ones are null.
    pub(super) fn seconds(offset: Option<Offset>) -> Self {
        offset.map_or(Self::Null, Self::Seconds)
    }

    /// Returns a time; an absent one is null.
    pub(super) fn time(time: Option<Time>) -> Self {
        time.map_or(Self::Null, Self::Time)
    }

    /// Returns the value as a cell of CSV or of the table; null is empty.
    pub(super) fn to_cell(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => Safe::new(text).to_string(),
            Self::Count(count) => count.to_string(),
            Self::Seconds(offset) => offset.as_seconds().to_string(),
            Self::Time(time) => time.to_string(),
        }
    }
}

impl Serialize for Value<'_> {
    /// Whole seconds are integers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Seconds(offset) => match offset.as_millis() {
                millis if millis % 1000 == 0 => serializer.serialize_i64(millis / 1000),
                _ => serializer.serialize_f64(offset.as_seconds()),
            },
            Self::Time(time) => serializer.collect_str(time),
        }
    }
}
