//! The columns of an asset, for every format.

use super::value::Value;
use crate::{
    catalog::{Asset, Catalog},
    event::{Fault, Origin, PictureKind, Pictures, Reveal},
};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use std::num::NonZeroU32;

/// An asset to be printed.
#[derive(Clone, Copy)]
pub(super) struct AssetRow<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) asset: Asset<'a>,
    pub(super) reveal: Reveal,
}

/// A column: a key of JSON and a heading of CSV and the table. `a.b` is the key `b` of the object `a` in JSON.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) alignment: Alignment,
    value: for<'a> fn(&AssetRow<'a>) -> Value<'a>,
}

/// The alignment of a column in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alignment {
    Left,
    Right,
}

const fn left(name: &'static str, value: for<'a> fn(&AssetRow<'a>) -> Value<'a>) -> Column {
    Column { name, alignment: Alignment::Left, value }
}

const fn right(name: &'static str, value: for<'a> fn(&AssetRow<'a>) -> Value<'a>) -> Column {
    Column { name, alignment: Alignment::Right, value }
}

/// All columns, in their order. Scripts rely on it.
pub(super) const COLUMNS: [Column; 15] = [
    left("asset_id", |row| Value::Text(row.asset.id().shown(row.reveal))),
    left("status", |row| Value::shown(Some(row.asset.status().as_str()), row.reveal)),
    right("samples", |row| Value::count(row.pictures(PictureKind::Sample))),
    right("dots", |row| Value::count(row.pictures(PictureKind::Dot))),
    right("last_offset", |row| Value::seconds(row.asset.pictures().and_then(Pictures::last_offset))),
    right("events", |row| Value::count(row.asset.thumbnail_events())),
    left("title", |row| Value::shown(row.asset.title_text(), row.reveal)),
    right("duration", |row| Value::seconds(row.asset.duration())),
    left("error_code", |row| Value::shown(row.asset.fault().and_then(code), row.reveal)),
    left("error_msg", |row| message(row.asset.fault(), row.reveal)),
    left("first_seen", |row| Value::time(row.asset.seen().0)),
    left("last_seen", |row| Value::time(row.asset.seen().1)),
    left("source.file", |row| Value::text(Some(row.catalog.raw_file_name(row.asset.origin().file)))),
    right("source.line", |row| line(row.asset.origin())),
    right("source.byte", |row| Value::Count(row.asset.origin().byte)),
];

impl AssetRow<'_> {
    fn pictures(&self, kind: PictureKind) -> usize {
        self.asset.pictures().map_or(0, |pictures| pictures.count(kind))
    }

    /// Returns the cells of CSV and the table, in the order of [`COLUMNS`].
    pub(super) fn cells(&self) -> [String; COLUMNS.len()] {
        COLUMNS.each_ref().map(|column| (column.value)(self).to_cell())
    }

    /// Writes the entries of the asset's JSON object; `foreign` only where a picture names another asset.
    pub(super) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for columns in COLUMNS.chunk_by(|one, next| object(one.name).is_some() && object(one.name) == object(next.name))
        {
            match columns {
                [Column { name, value, .. }] if object(name).is_none() => map.serialize_entry(name, &value(self))?,
                [first, ..] => {
                    let name = object(first.name).ok_or_else(|| M::Error::custom("a group of plain columns"))?;
                    map.serialize_entry(name, &Nested { row: self, columns })?;
                }
                [] => {}
            }
        }
        match self.asset.foreign() {
            0 => Ok(()),
            foreign => map.serialize_entry("foreign", &foreign),
        }
    }
}

impl Serialize for AssetRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

/// Returns the object that a column belongs to in JSON.
fn object(name: &str) -> Option<&str> {
    name.split_once('.').map(|(object, _)| object)
}

/// The columns of one nested object.
struct Nested<'a> {
    row: &'a AssetRow<'a>,
    columns: &'a [Column],
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = |column: &'static str| column.split_once('.').map_or(column, |(_, key)| key);
        serializer.collect_map(self.columns.iter().map(|column| (key(column.name), (column.value)(self.row))))
    }
}

/// The place of an event in a log, as a JSON object.
pub(super) struct SourceFields<'a> {
    pub(super) file: &'a str,
    pub(super) origin: Origin,
}

impl Serialize for SourceFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let file = Value::text(Some(self.file));
        serializer.collect_map([("file", file), ("line", line(self.origin)), ("byte", Value::Count(self.origin.byte))])
    }
}

fn line(origin: Origin) -> Value<'static> {
    origin.line.map(NonZeroU32::get).map_or(Value::Null, |line| Value::Count(line.into()))
}

/// Returns the code of a failure, if it has one.
pub(super) fn code(fault: &Fault) -> Option<&str> {
    Some(&*fault.code).filter(|code| !code.is_empty())
}

/// Returns the message of a failure, if there is one.
pub(super) fn message(fault: Option<&Fault>, reveal: Reveal) -> Value<'_> {
    Value::shown(fault.map(|fault| &*fault.message).filter(|message| !message.is_empty()), reveal)
}
