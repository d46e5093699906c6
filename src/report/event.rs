//! Events as JSON lines.

use super::{
    asset::{Source, code, message},
    json,
    value::Value,
};
use crate::{
    catalog::{Catalog, Event},
    event::Reveal,
    picture::PictureRequest,
};
use serde::Serialize;
use std::io;

/// Writes an event as a line of JSON, its pictures by offset.
pub fn event_line(out: &mut impl io::Write, catalog: &Catalog, event: &Event<'_>, reveal: Reveal) -> io::Result<()> {
    json::write_line(
        out,
        &EventLine {
            event: event.kind.as_str(),
            asset_id: event.asset.to_string(),
            status: event.status.as_str(),
            time: Value::time(event.time),
            pictures: event.requests().iter().map(|request| PictureLine::new(request, reveal)).collect(),
            error_code: event.fault.and_then(code),
            error_msg: message(event.fault, reveal),
            source: Source { catalog, origin: event.origin },
            foreign: Some(event.oddities.foreign).filter(|foreign| *foreign > 0),
        },
    )
}

#[derive(Serialize)]
struct EventLine<'a> {
    event: &'a str,
    asset_id: String,
    status: &'a str,
    time: Value<'a>,
    pictures: Vec<PictureLine>,
    error_code: Option<&'a str>,
    error_msg: Value<'a>,
    source: Source<'a>,
    /// The number of pictures that name another asset, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<u32>,
}

/// A picture within the JSON of an event or an asset.
#[derive(Serialize)]
pub(super) struct PictureLine {
    pub(super) kind: &'static str,
    pub(super) offset: Value<'static>,
    pub(super) url: String,
}

impl PictureLine {
    pub(super) fn new(request: &PictureRequest, reveal: Reveal) -> Self {
        Self { kind: request.key.kind.as_str(), offset: Value::Seconds(request.offset), url: request.url.shown(reveal) }
    }
}
