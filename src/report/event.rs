//! Events as JSON lines.

use super::{
    asset::{SourceFields, code, message},
    json,
    value::Value,
};
use crate::event::{LogEvent, Offset, PictureKind, PictureUrl, Reveal};
use serde::Serialize;
use std::{borrow::Cow, io};

/// Writes an event of the file named `file` as a line of JSON, its pictures by offset.
pub fn event_line(
    out: &mut impl io::Write,
    file: &str,
    event: &LogEvent,
    title: Option<&str>,
    reveal: Reveal,
) -> io::Result<()> {
    let fault = event.fault.as_deref();
    let pictures = event.pictures.sorted(&event.asset);
    json::write_line(
        out,
        &EventLine {
            event: event.kind.as_str(),
            asset_id: event.asset.shown(reveal),
            status: reveal.apply(event.status.as_str()),
            time: Value::time(event.time),
            title: Value::shown(title, reveal),
            pictures: pictures.iter().map(|one| PictureLine::new(one.kind, one.offset, &one.url, reveal)).collect(),
            error_code: Value::shown(fault.and_then(code), reveal),
            error_msg: message(fault, reveal),
            source: SourceFields { file, origin: event.origin },
            foreign: Some(event.oddities.foreign).filter(|foreign| *foreign > 0),
        },
    )
}

#[derive(Serialize)]
struct EventLine<'a> {
    event: &'a str,
    asset_id: Cow<'a, str>,
    status: Cow<'a, str>,
    time: Value<'a>,
    title: Value<'a>,
    pictures: Vec<PictureLine>,
    error_code: Value<'a>,
    error_msg: Value<'a>,
    source: SourceFields<'a>,
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
    pub(super) fn new(kind: PictureKind, offset: Offset, url: &PictureUrl, reveal: Reveal) -> Self {
        Self { kind: kind.as_str(), offset: Value::Seconds(offset), url: url.shown(reveal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FileId, FoundEvents, RecordReader};
    use std::num::NonZeroU32;

    const EVENT: &str = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"ID","status":"SUCCEED","sample":[{"offset":0,"url":"https://h/asset/ID/0.jpg"}],"dots":[{"offset":12.5,"url":"https://h/asset/ID/d.jpg?auth_key=s3cret"}]}}"#;

    #[test]
    fn secrets_of_urls_are_hidden() {
        let mut found = FoundEvents::default();
        RecordReader::new(FileId::default()).read(EVENT.as_bytes(), 0, NonZeroU32::new(1), &mut found);
        let line = |title, reveal| {
            let mut out = Vec::new();
            event_line(&mut out, "vod.log", &found.events[0], title, reveal).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            line(None, Reveal::Hide),
            "{\"event\":\"thumbnailComplete\",\"asset_id\":\"ID\",\"status\":\"SUCCEED\",\"time\":null,\"title\":null,\
             \"pictures\":[{\"kind\":\"sample\",\"offset\":0,\"url\":\"https://h/asset/ID/0.jpg\"},\
             {\"kind\":\"dot\",\"offset\":12.5,\"url\":\"https://h/asset/ID/d.jpg?auth_key=***\"}],\
             \"error_code\":null,\"error_msg\":null,\"source\":{\"file\":\"vod.log\",\"line\":1,\"byte\":0}}\n"
        );
        assert!(line(Some("Kick-off"), Reveal::Show).contains("\"title\":\"Kick-off\",\"pictures\""));
        assert!(line(None, Reveal::Show).contains("auth_key=s3cret"));
    }
}
