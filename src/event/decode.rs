//! One JSON object → an event.
//!
//! Alone in knowing the wire format: the notification bodies of VOD, and the answers of its API that say the same.
//! The documents' spelling wobbles (`asset_id`, `assetId`, `ThumbnailComplete`), so names are compared without case
//! and underscores. Nothing is turned into `serde_json::Value`: fields stay raw text until one is wanted.

use crate::event::{
    asset_id::AssetId,
    fields::{Fields, JsonText, Scalar, is_list, same_name},
    kind::{EventKind, PictureKind},
    log_event::{Facts, Fault},
    offset::Offset,
    pictures::{
        builder::{PictureListBuilder, Templates},
        list::Pictures,
        oddities::Oddities,
    },
    status::Status,
    url::asset_in,
};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// The content of an event, without its place and time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EventBody {
    pub(super) kind: EventKind,
    pub(super) asset: AssetId,
    pub(super) status: Status,
    pub(super) pictures: Pictures,
    pub(super) fault: Option<Box<Fault>>,
    pub(super) facts: Option<Box<Facts>>,
    pub(super) oddities: Oddities,
}

/// The class of a JSON object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ObjectClass {
    /// An event or an API answer about an asset.
    Event(Box<EventBody>),
    /// An event or a confirmation that belongs to no asset.
    Other,
    /// A thumbnail event that cannot be read, and the reason.
    Refused(String),
    /// Any other object, which may contain an event.
    Wrapping,
}

/// The most bytes of a message that are kept.
const MESSAGE_MAX: usize = 16 << 10;

/// The most bytes of a code, a title or a verdict that are kept.
const WORD_MAX: usize = 1024;

/// Reads an object.
pub(super) fn read(fields: &Fields<'_>, templates: &mut Templates) -> ObjectClass {
    if let Some(name) = fields.text("event_type") {
        return event(&name, fields, templates);
    }
    if fields.get("thumbnail_result").is_some_and(is_list) {
        return answer(fields, fields, templates);
    }
    if ["base_info", "thumbnail_info", "thumbnail_status"].iter().any(|name| fields.get(name).is_some()) {
        let info = fields.object("thumbnail_info").unwrap_or_default();
        if fields.get("asset_id").or(info.get("asset_id")).is_some() {
            return answer(fields, &info, templates);
        }
    }
    let confirms = |name: Cow<'_, str>| {
        let name = name.to_ascii_lowercase();
        name.contains("subscri") && (name.contains("confirm") || name.contains("unsubscri"))
    };
    if fields.get("topic_urn").is_some() && fields.text("type").is_some_and(confirms) {
        return ObjectClass::Other;
    }
    ObjectClass::Wrapping
}

/// Returns the kind of an `event_type`, and the name of the object that belongs to it.
pub(super) fn kind(name: &str) -> (EventKind, &'static str) {
    let kinds = [
        ("thumbnail_complete", EventKind::Thumbnail, "thumbnail_info"),
        ("create_complete", EventKind::Create, "create_info"),
        ("parse_complete", EventKind::Parse, "parse_info"),
        ("transcode_complete", EventKind::Transcode, "transcode_info"),
        ("cover_complete", EventKind::Cover, "cover_info"),
        ("review_complete", EventKind::Review, "review_info"),
        ("audio_extract_complete", EventKind::AudioExtract, "audio_extract_info"),
    ];
    kinds
        .into_iter()
        .find(|(known, ..)| same_name(known, name))
        .map_or_else(|| (EventKind::Other(cut(name, 64).into()), ""), |(_, kind, info)| (kind, info))
}

fn event(name: &str, fields: &Fields<'_>, templates: &mut Templates) -> ObjectClass {
    let (kind, info_name) = kind(name);
    let Some(info) = fields.object(info_name).or_else(|| fields.any_info()).or_else(|| {
        // All fields in one object, as some loggers flatten them.
        (fields.get("asset_id").is_some() || kind != EventKind::Thumbnail).then(|| fields.clone())
    }) else {
        return ObjectClass::Refused("no thumbnail_info".to_owned());
    };
    let lists = match Lists::read(&kind, fields, &info) {
        Ok(lists) => lists,
        Err(reason) if kind == EventKind::Thumbnail => return ObjectClass::Refused(reason),
        Err(_) => Lists::default(),
    };
    let Some(id) = asset_id(fields, &info, &lists) else {
        return match kind {
            EventKind::Thumbnail if info.get("task_id").or(fields.get("task_id")).is_some() => {
                ObjectClass::Refused("no asset_id but a task_id: an event of MPC, not of VOD?".to_owned())
            }
            EventKind::Thumbnail => ObjectClass::Refused("no usable asset_id".to_owned()),
            EventKind::Create
            | EventKind::Parse
            | EventKind::Transcode
            | EventKind::Cover
            | EventKind::Review
            | EventKind::AudioExtract
            | EventKind::Details
            | EventKind::Template
            | EventKind::Other(_) => ObjectClass::Other,
        };
    };
    let status = info.text("status").or_else(|| fields.text("status"));
    let status = status.map_or_else(Status::unknown, |word| Status::new(&word));
    let (pictures, oddities) = lists.pictures(&id.to_string(), templates);
    // The track taken out of a video has a title and a length of its own.
    let facts = if kind == EventKind::AudioExtract { None } else { facts(&info, &kind) };
    ObjectClass::Event(Box::new(EventBody { kind, asset: id, status, pictures, fault: fault(&info), facts, oddities }))
}

/// `ShowAssetDetail`, a row of `ListAssetList`, `ListThumbnailDetails`.
fn answer(fields: &Fields<'_>, info: &Fields<'_>, templates: &mut Templates) -> ObjectClass {
    let lists = match Lists::read(&EventKind::Details, fields, info) {
        Ok(lists) => lists,
        Err(reason) => return ObjectClass::Refused(reason),
    };
    let Some(asset) = asset_id(fields, info, &lists) else { return ObjectClass::Wrapping };
    let status = info.text("thumbnail_status").or_else(|| fields.text("thumbnail_status"));
    let status = status.or_else(|| info.text("status")).map_or_else(Status::unknown, |word| Status::new(&word));
    let fault = if status == Status::Failed {
        let message = info.text("exec_desc").or_else(|| fields.text("thumbnail_exec_desc"));
        make_fault(&fields.word("error_code"), &message.unwrap_or_default())
    } else {
        None
    };
    let (pictures, oddities) = lists.pictures(&asset.to_string(), templates);
    let facts = facts(&fields.object("base_info").unwrap_or_else(|| fields.clone()), &EventKind::Details);
    ObjectClass::Event(Box::new(EventBody {
        kind: EventKind::Details,
        asset,
        status,
        pictures,
        fault,
        facts,
        oddities,
    }))
}

/// One of the two template texts: Chinese sentences with an id, a title, and in one of them an error.
pub(super) fn template(text: &str) -> Option<EventBody> {
    let after = |label: &str| {
        let (_, rest) = text.split_once(label)?;
        rest.strip_prefix(['：', ':']).map(str::trim_start)
    };
    let until = |text: &str, ends: &[&str]| {
        let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
        text.get(..end).unwrap_or_default().trim().to_owned()
    };
    let id = until(after("视频ID")?, &["，", ",", "。", " ", "\n"]);
    let title = after("名称").map(|rest| until(rest, &["，错误码", ",错误码", "，请登录", ",请登录", "。", "\n"]));
    let code = after("错误码").map(|rest| until(rest, &["，", ",", "。", "\n"])).unwrap_or_default();
    let message = after("错误信息").map(|rest| until(rest, &["。", "\n"])).unwrap_or_default();
    let failed = text.contains("错误") || text.contains("失败");
    let title = title.filter(|title| !title.is_empty());
    Some(EventBody {
        kind: EventKind::Template,
        asset: AssetId::new(&id)?,
        status: if failed { Status::Failed } else { Status::Succeed },
        pictures: Pictures::default(),
        fault: make_fault(&code, &message),
        facts: title.map(|title| Box::new(Facts { title: Some(cut(&title, WORD_MAX).into()), ..Facts::default() })),
        oddities: Oddities::default(),
    })
}

fn asset_id(fields: &Fields<'_>, info: &Fields<'_>, lists: &Lists<'_>) -> Option<AssetId> {
    let given = info.scalar("asset_id").or_else(|| fields.scalar("asset_id"));
    given.and_then(|id| AssetId::new(id.trim())).or_else(|| lists.asset())
}

fn fault(info: &Fields<'_>) -> Option<Box<Fault>> {
    make_fault(&info.word("error_code"), &info.word("error_msg"))
}

/// Makes a fault, unless both are empty or the word `null`, which the documents' own example has.
pub(super) fn make_fault(code: &str, message: &str) -> Option<Box<Fault>> {
    let clean = |text: &str, max| if text == "null" { String::new() } else { cut(text, max).to_owned() };
    let (code, message) = (clean(code, WORD_MAX), clean(message, MESSAGE_MAX));
    let any = !code.is_empty() || !message.is_empty();
    any.then(|| Box::new(Fault { code: code.into(), message: message.into() }))
}

fn facts(info: &Fields<'_>, kind: &EventKind) -> Option<Box<Facts>> {
    // A transcode has a description for each of its outputs; the video's length is the same in all.
    let outputs = info.objects("output");
    let meta = info.object("meta_data").or_else(|| outputs.iter().find_map(|output| output.object("meta_data")));
    let meta = meta.unwrap_or_else(|| info.clone());
    let number = |name| meta.number(name).or_else(|| info.number(name)).filter(|number| *number > 0.0);
    let seconds = number("duration_ms").map(|ms| ms / 1000.0).or_else(|| number("duration"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped by the cast, and above 0")]
    let whole = |number: f64| number as u64;
    let side = |number: f64| u32::try_from(whole(number)).unwrap_or(u32::MAX);
    let facts = Facts {
        title: info.text("title").filter(|title| !title.is_empty()).map(|title| cut(&title, WORD_MAX).into()),
        duration: seconds.and_then(Offset::from_seconds),
        bytes: number("video_size").or_else(|| info.number("size")).filter(|size| *size > 0.0).map(whole),
        // The documents write `hight`.
        frame: number("width").zip(number("hight").or_else(|| number("height"))).map(|(w, h)| (side(w), side(h))),
        verdict: (*kind == EventKind::Review)
            .then(|| info.text("suggestion").map(|word| cut(&word.to_uppercase(), WORD_MAX).into()))
            .flatten(),
    };
    (facts != Facts::default()).then(|| Box::new(facts))
}

/// The picture lists of one event before the asset's id is known.
#[derive(Debug, Default)]
struct Lists<'a>(Vec<(PictureKind, Vec<Element<'a>>)>);

impl<'a> Lists<'a> {
    fn read(kind: &EventKind, fields: &Fields<'a>, info: &Fields<'a>) -> Result<Self, String> {
        let mut lists = Self::default();
        match kind {
            EventKind::Thumbnail => {
                lists.take(PictureKind::Sample, "sample", info)?;
                lists.take(PictureKind::Dot, "dots", info)?;
            }
            EventKind::Details => {
                lists.take(PictureKind::Sample, "sample", info)?;
                lists.take(PictureKind::Sample, "thumbnail_result", fields)?;
                lists.take(PictureKind::Dot, "dots", info)?;
                lists.take(PictureKind::Cover, "covers", fields)?;
                let base = fields.object("base_info").unwrap_or_default();
                lists.take(PictureKind::Cover, "cover_info_array", &base)?;
            }
            EventKind::Cover => lists.take(PictureKind::Cover, "cover_urls", info)?,
            EventKind::Create
            | EventKind::Parse
            | EventKind::Transcode
            | EventKind::Review
            | EventKind::AudioExtract
            | EventKind::Template
            | EventKind::Other(_) => {}
        }
        Ok(lists)
    }

    fn take(&mut self, kind: PictureKind, name: &str, fields: &Fields<'a>) -> Result<(), String> {
        let Some(raw) = fields.get(name).filter(|raw| raw.get() != "null") else { return Ok(()) };
        if !is_list(raw) {
            return Err(format!("{name} is not a list"));
        }
        let list = serde_json::from_str(raw.get()).map_err(|error| format!("{name}: {}", explain(&error)))?;
        self.0.push((kind, list));
        Ok(())
    }

    /// Returns the asset's id from the first URL that has one.
    fn asset(&self) -> Option<AssetId> {
        self.0.iter().flat_map(|(_, list)| list).find_map(|element| AssetId::new(asset_in(&element.url)?))
    }

    fn pictures(&self, id: &str, templates: &mut Templates) -> (Pictures, Oddities) {
        let mut out: PictureListBuilder<'_> = templates.list(id);
        for (kind, list) in &self.0 {
            for element in list {
                // A cover without an offset is at 0.
                let start = (*kind == PictureKind::Cover).then(Offset::default);
                out.push(*kind, element.offset.or(start), &element.url);
            }
        }
        out.finish()
    }
}

/// Returns a JSON error as a sentence without its position, with what to do.
pub(super) fn explain(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "the event is cut off here: the rest is missing, or stands where nothing joins it (is there a limit of the \
                line's length in the logger?)"
            .to_owned();
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!("this is not valid JSON ({text}): log the event as it was received")
}

/// Returns at most `max` bytes of `text`, cut between characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

/// One element of a picture list.
#[derive(Debug, Default)]
struct Element<'a> {
    offset: Option<Offset>,
    url: Cow<'a, str>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Element<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;
        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = Element<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with offset and url")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut element = Element::default();
                while let Some(JsonText(name)) = map.next_key()? {
                    if same_name(&name, "offset") {
                        element.offset = match map.next_value()? {
                            Scalar::Number(number) => Offset::from_seconds(number),
                            Scalar::Text(text) => Offset::parse(&text),
                            Scalar::Other => None,
                        };
                    } else if same_name(&name, "url") || same_name(&name, "cover_url") {
                        element.url = map.next_value::<JsonText<'de>>()?.0;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(element)
            }
        }
        deserializer.deserialize_map(BodyVisitor)
    }
}
