//! One event text → an event.

use crate::event::{AssetId, EventKind, Fault, LogEvent, Oddities, Offset, Origin, PictureKind, Status, Templates};
use serde::Deserialize;

#[derive(Deserialize)]
struct Wire {
    event_type: String,
    thumbnail_info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    asset_id: String,
    status: String,
    #[serde(default)]
    sample: Vec<Element>,
    #[serde(default)]
    dots: Vec<Element>,
    error_code: Option<String>,
    error_msg: Option<String>,
}

#[derive(Deserialize)]
struct Element {
    offset: f64,
    url: String,
}

pub(super) fn simple(text: &[u8], origin: Origin) -> Result<Option<LogEvent>, String> {
    let wire = match serde_json::Deserializer::from_slice(text).into_iter::<Wire>().next() {
        Some(Ok(wire)) => wire,
        Some(Err(error)) => return Err(error.to_string()),
        None => return Err("no object".to_owned()),
    };
    if !wire.event_type.eq_ignore_ascii_case("thumbnailComplete") {
        return Ok(None);
    }
    let info = wire.thumbnail_info.ok_or("no thumbnail_info")?;
    let asset = AssetId::new(&info.asset_id).ok_or("no asset_id")?;
    let list = |kind, list: &'_ [Element]| -> Vec<(PictureKind, Offset, String)> {
        list.iter().map(|e| (kind, Offset::from_seconds(e.offset).unwrap_or_default(), e.url.clone())).collect()
    };
    let mut pictures = list(PictureKind::Sample, &info.sample);
    pictures.extend(list(PictureKind::Dot, &info.dots));
    let fault = (info.error_code.is_some() || info.error_msg.is_some()).then(|| {
        Box::new(Fault {
            code: info.error_code.unwrap_or_default().into(),
            message: info.error_msg.unwrap_or_default().into(),
        })
    });
    Ok(Some(LogEvent {
        kind: EventKind::Thumbnail,
        status: Status::new(&info.status),
        time: None,
        origin,
        delivery: None,
        pictures: Templates.pictures(&asset, pictures.iter().map(|(k, o, u)| (*k, *o, u.as_str()))),
        asset,
        fault,
        facts: None,
        oddities: Oddities::default(),
    }))
}
