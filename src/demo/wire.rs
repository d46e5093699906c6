//! The messages of the service as the demo writes them, and the forms in which programs log them.
//!
//! The bodies follow the documents key by key; the forms are those of logs in the field: bare, behind a prefix, by
//! docker, by a container runtime, as an SMN notification, spread over many lines. Nothing here reads.

use super::asset::{DemoAsset, Random, Shot, ShotList};
use jiff::Timestamp;
use std::fmt::Write as _;

/// How a message lies in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireForm {
    /// The message alone; it has no time.
    Plain,
    /// Behind an application's prefix, more text after it.
    Prefix,
    /// A record of docker's `json-file` driver.
    Docker,
    /// A record of a container runtime (CRI).
    Cri,
    /// An SMN notification, the message a string within it, behind a prefix.
    Smn,
    /// Behind a prefix, indented over many lines as in the documents.
    Pretty,
}

/// `thumbnailComplete` of a success.
pub(super) fn succeeded(base: &str, asset: DemoAsset, shots: &[Shot]) -> String {
    let list = |list: ShotList| {
        let pictures: Vec<String> = shots
            .iter()
            .filter(|shot| shot.list == list)
            .map(|shot| format!(r#"{{"offset":{},"url":"{base}{}"}}"#, shot.offset, shot.path()))
            .collect();
        pictures.join(",")
    };
    let info = format!(
        r#""asset_id":"{asset}","status":"SUCCEED","sample":[{}],"dots":[{}]"#,
        list(ShotList::Sample),
        list(ShotList::Dot)
    );
    message("thumbnailComplete", "thumbnail_info", &info)
}

/// `thumbnailComplete` of a failure.
pub(super) fn failed(asset: DemoAsset, code: &str, words: &str) -> String {
    let info = format!(r#""asset_id":"{asset}","status":"FAILED","error_code":"{code}","error_msg":{}"#, quote(words));
    message("thumbnailComplete", "thumbnail_info", &info)
}

/// `thumbnailComplete` with a status that no document has.
pub(super) fn unfinished(asset: DemoAsset) -> String {
    let info = format!(r#""asset_id":"{asset}","status":"PROCESSING","progress":40,"sample":[],"dots":[]"#);
    message("thumbnailComplete", "thumbnail_info", &info)
}

/// `createComplete`, which brings the title.
pub(super) fn created(base: &str, asset: DemoAsset, title: &str) -> String {
    let info = format!(
        r#""status":"SUCCEED","title":{},"url":"{base}/asset/{asset}/{asset}.mp4","asset_id":"{asset}""#,
        quote(title)
    );
    message("createComplete", "create_info", &info)
}

/// `parseComplete`, which brings duration and frame size. The documents do spell it `hight`.
pub(super) fn parsed(base: &str, asset: DemoAsset, duration: u32) -> String {
    let (width, height) = asset.shape().size();
    let size = u64::from(duration) * 250_000;
    let info = format!(
        r#""status":"SUCCEED","asset_id":"{asset}","meta_data":{{"pack_type":"MP4","codec":"H.264","duration":{duration},"video_size":{size},"width":{width},"hight":{height},"bit_rate":1939,"frame_rate":25}},"original_url":"{base}/asset/{asset}/{asset}.mp4""#
    );
    message("parseComplete", "parse_info", &info)
}

fn message(kind: &str, key: &str, info: &str) -> String {
    format!(r#"{{"event_type":"{kind}","{key}":{{{info}}}}}"#)
}

impl WireForm {
    /// The message as it is logged at `time`, with its final newline.
    pub(super) fn wrap(self, message: &str, time: Timestamp, random: &mut Random) -> String {
        match self {
            Self::Plain => format!("{message}\n"),
            Self::Prefix => format!("{} received {message} in {} ms\n", prefix(time, random), 1 + random.below(40)),
            Self::Pretty => format!("{} received {}\n", prefix(time, random), indent(message)),
            Self::Docker => format!(
                "{{\"log\":{},\"stream\":\"stdout\",\"time\":\"{}\"}}\n",
                quote(&format!("recv {message}\n")),
                time.strftime("%Y-%m-%dT%H:%M:%S%.9fZ")
            ),
            Self::Cri => format!("{} stdout F {message}\n", time.strftime("%Y-%m-%dT%H:%M:%S%.9fZ")),
            Self::Smn => format!("{} POST /vod {}\n", prefix(time, random), notification(message, time, random)),
        }
    }
}

/// What a Java service writes before its message.
pub(super) fn prefix(time: Timestamp, random: &mut Random) -> String {
    let thread = 1 + random.below(8);
    format!("{} INFO  [nio-8080-exec-{thread}] c.e.vod.Callback :", time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
}

/// An SMN notification; a redelivery is the same text once more.
fn notification(message: &str, time: Timestamp, random: &mut Random) -> String {
    let id = format!("{:016x}{:016x}", random.next(), random.next());
    format!(
        r#"{{"signature":"ZGVtbw==","subject":"VOD","topic_urn":"urn:smn:demo:0:vod-events","message_id":"{id}","signature_version":"v1","type":"Notification","message":{},"timestamp":"{}"}}"#,
        quote(message),
        time.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
}

/// A JSON string.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\0'..='\x1f' => {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Spreads a message over lines, indented by tabs. Its strings hold no braces, brackets or commas.
fn indent(message: &str) -> String {
    let mut out = String::with_capacity(message.len() * 2);
    let mut depth = 0;
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n('\t', depth));
    };
    for c in message.chars() {
        match c {
            '{' | '[' => {
                out.push(c);
                depth += 1;
                newline(&mut out, depth);
            }
            '}' | ']' => {
                depth -= 1;
                newline(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                newline(&mut out, depth);
            }
            _ => out.push(c),
        }
    }
    out
}
