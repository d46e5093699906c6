//! Machine output: the assets of a catalog, the counts, and events as they come.
//!
//! Scripts rely on names, order and nulls, so each line is a struct whose fields stand in that order. JSON carries the
//! original text with every control character as a `\u` escape; CSV and the table carry it as [`Safe`]. Secrets in
//! URLs are hidden unless [`Reveal::Show`]. Nothing here decides what is shown: the caller filters and orders.

mod export;

pub use export::{ExportTask, ExportedFile, ExportedFiles, FileOutcome, export, export_tasks};

use crate::{
    catalog::{Asset, AssetKey, Catalog, Event, ListFormat},
    event::{Fault, FileId, Offset, Origin, PictureKind, Pictures, Reveal, Time, redact_urls},
    picture::PictureRequest,
    text::Safe,
};
use serde::{Serialize, Serializer};
use serde_json::ser::{CharEscape, Formatter};
use std::{borrow::Cow, io};

/// Writes the assets of `keys` in their order; as JSON with the summary of the whole catalog.
pub fn list(out: &mut impl io::Write, catalog: &Catalog, keys: &[AssetKey], format: ListFormat) -> io::Result<()> {
    let rows =
        || keys.iter().filter_map(|key| catalog.asset(*key)).map(|asset| AssetRow::new(catalog, asset, Reveal::Hide));
    match format {
        ListFormat::Json => {
            out.write_all(b"{\"assets\":[")?;
            for (at, row) in rows().enumerate() {
                out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
                write_json(out, &row)?;
            }
            out.write_all(b"\n],\"summary\":")?;
            write_json(out, &Summary::new(catalog))?;
            out.write_all(b"}\n")
        }
        ListFormat::Jsonl => rows().try_for_each(|row| write_line(out, &row)),
        ListFormat::Csv => write_csv(out, &COLUMNS.map(|(name, _)| name), rows().map(|row| row.cells())),
        ListFormat::Table => write_table(out, rows),
    }
}

/// Writes the counts alone: as text, `key=value` words in the order of the JSON.
pub fn summary(out: &mut impl io::Write, catalog: &Catalog, format: ListFormat) -> io::Result<()> {
    let summary = Summary::new(catalog);
    match format {
        ListFormat::Json | ListFormat::Jsonl => write_line(out, &summary),
        ListFormat::Csv => {
            let (names, counts): (Vec<_>, Vec<_>) = summary.counts().into_iter().unzip();
            write_csv(out, &names, std::iter::once(counts.iter().map(u64::to_string)))
        }
        ListFormat::Table => {
            let words = summary.counts().map(|(name, count)| format!("{name}={count}"));
            writeln!(out, "{}", words.join(" "))
        }
    }
}

/// Writes one event as a line of JSON, its pictures by offset.
pub fn event_line(out: &mut impl io::Write, catalog: &Catalog, event: &Event<'_>, reveal: Reveal) -> io::Result<()> {
    let requests = event.requests();
    let pictures = requests.iter().map(|picture| PictureLine::new(picture, reveal));
    let fault = event.fault;
    write_line(
        out,
        &EventLine {
            event: event.kind.as_str(),
            asset_id: event.asset.to_string(),
            status: event.status.as_str(),
            time: event.time.map(Rfc3339),
            pictures: pictures.collect(),
            error_code: fault.map(|fault| &*fault.code).filter(|code| !code.is_empty()),
            error_msg: fault.and_then(|fault| message(fault, reveal)),
            source: SourceFields::new(catalog, event.origin),
        },
    )
}

/// What a failure says, where it says anything; URLs in it are URLs.
fn message(fault: &Fault, reveal: Reveal) -> Option<Cow<'_, str>> {
    let message = &*fault.message;
    let shown = match reveal {
        Reveal::Show => Cow::Borrowed(message),
        Reveal::Hide => Cow::Owned(redact_urls(message)),
    };
    (!message.is_empty()).then_some(shown)
}

/// Returns a place in a log as `FILE line N`.
pub fn location(catalog: &Catalog, origin: Origin) -> String {
    let line = origin.line.map_or_else(String::new, |line| format!(" line {line}"));
    format!("{}{line}", catalog.file_name(origin.file))
}

/// The shown assets by their newest event, the newest first.
pub fn newest_first(catalog: &Catalog) -> Vec<AssetKey> {
    let mut ranked: Vec<_> = catalog.assets().map(|asset| (asset.rank(), asset.key())).collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    ranked.into_iter().map(|(_, key)| key).collect()
}

#[derive(Serialize)]
struct AssetRow<'a> {
    asset_id: String,
    status: &'a str,
    samples: usize,
    dots: usize,
    last_offset: Option<Seconds>,
    events: usize,
    title: Option<&'a str>,
    duration: Option<Seconds>,
    error_code: Option<&'a str>,
    error_msg: Option<Cow<'a, str>>,
    first_seen: Option<Rfc3339>,
    last_seen: Option<Rfc3339>,
    source: SourceFields<'a>,
}

/// The columns of CSV and table, and whether they hold numbers.
const COLUMNS: [(&str, bool); 15] = [
    ("asset_id", false),
    ("status", false),
    ("samples", true),
    ("dots", true),
    ("last_offset", true),
    ("events", true),
    ("title", false),
    ("duration", true),
    ("error_code", false),
    ("error_msg", false),
    ("first_seen", false),
    ("last_seen", false),
    ("source.file", false),
    ("source.line", true),
    ("source.byte", true),
];

impl<'a> AssetRow<'a> {
    fn new(catalog: &'a Catalog, asset: Asset<'a>, reveal: Reveal) -> Self {
        let pictures = asset.pictures();
        let count = |kind| pictures.map_or(0, |pictures| pictures.count(kind));
        let fault = asset.fault();
        let (first, last) = asset.seen();
        Self {
            asset_id: asset.id().to_string(),
            status: asset.status().as_str(),
            samples: count(PictureKind::Sample),
            dots: count(PictureKind::Dot),
            last_offset: pictures.and_then(Pictures::last_offset).map(Seconds),
            events: asset.thumbnail_events(),
            title: asset.title_text(),
            duration: asset.duration().map(Seconds),
            error_code: fault.map(|fault| &*fault.code).filter(|code| !code.is_empty()),
            error_msg: fault.and_then(|fault| message(fault, reveal)),
            first_seen: first.map(Rfc3339),
            last_seen: last.map(Rfc3339),
            source: SourceFields::new(catalog, asset.origin()),
        }
    }

    /// As text, in the order of [`COLUMNS`]; null is empty.
    fn cells(&self) -> [String; 15] {
        let text = |text: Option<&str>| text.map(|text| Safe::new(text).to_string()).unwrap_or_default();
        let seconds =
            |offset: Option<Seconds>| offset.map(|offset| offset.0.as_seconds().to_string()).unwrap_or_default();
        let time = |time: Option<Rfc3339>| time.map(|time| time.0.to_string()).unwrap_or_default();
        [
            text(Some(&self.asset_id)),
            text(Some(self.status)),
            self.samples.to_string(),
            self.dots.to_string(),
            seconds(self.last_offset),
            self.events.to_string(),
            text(self.title),
            seconds(self.duration),
            text(self.error_code),
            text(self.error_msg.as_deref()),
            time(self.first_seen),
            time(self.last_seen),
            text(Some(self.source.file)),
            self.source.line.map(|line| line.to_string()).unwrap_or_default(),
            self.source.byte.to_string(),
        ]
    }
}

#[derive(Serialize)]
struct SourceFields<'a> {
    file: &'a str,
    line: Option<u32>,
    byte: u64,
}

impl<'a> SourceFields<'a> {
    fn new(catalog: &'a Catalog, origin: Origin) -> Self {
        let file: FileId = origin.file;
        Self { file: catalog.raw_file_name(file), line: origin.line.map(std::num::NonZeroU32::get), byte: origin.byte }
    }
}

#[derive(Serialize)]
struct EventLine<'a> {
    event: &'a str,
    asset_id: String,
    status: &'a str,
    time: Option<Rfc3339>,
    pictures: Vec<PictureLine>,
    error_code: Option<&'a str>,
    error_msg: Option<Cow<'a, str>>,
    source: SourceFields<'a>,
}

#[derive(Serialize)]
struct PictureLine {
    kind: &'static str,
    offset: Seconds,
    url: String,
}

impl PictureLine {
    fn new(picture: &PictureRequest, reveal: Reveal) -> Self {
        let url = picture.url.shown(reveal);
        Self { kind: picture.key.kind.as_str(), offset: Seconds(picture.offset), url }
    }
}

#[derive(Serialize)]
struct Summary {
    assets: u64,
    succeed: u64,
    failed: u64,
    other: u64,
    events: u64,
    other_events: u64,
    duplicates: u64,
    replayed: u64,
    lines: u64,
    unparsed: u64,
}

impl Summary {
    fn new(catalog: &Catalog) -> Self {
        let tally = catalog.tally();
        Self {
            assets: tally.assets,
            succeed: tally.succeed,
            failed: tally.failed,
            other: tally.other,
            events: tally.events,
            other_events: tally.other_events,
            duplicates: tally.duplicates,
            replayed: tally.counts.replayed,
            lines: tally.counts.lines,
            unparsed: tally.counts.unparsed,
        }
    }

    fn counts(&self) -> [(&'static str, u64); 10] {
        [
            ("assets", self.assets),
            ("succeed", self.succeed),
            ("failed", self.failed),
            ("other", self.other),
            ("events", self.events),
            ("other_events", self.other_events),
            ("duplicates", self.duplicates),
            ("replayed", self.replayed),
            ("lines", self.lines),
            ("unparsed", self.unparsed),
        ]
    }
}

/// Seconds, whole ones as an integer.
#[derive(Clone, Copy)]
struct Seconds(Offset);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_millis() {
            millis if millis % 1000 == 0 => serializer.serialize_i64(millis / 1000),
            _ => serializer.serialize_f64(self.0.as_seconds()),
        }
    }
}

#[derive(Clone, Copy)]
struct Rfc3339(Time);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn write_line(out: &mut impl io::Write, value: &impl Serialize) -> io::Result<()> {
    write_json(out, value)?;
    out.write_all(b"\n")
}

fn write_json(out: &mut impl io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Escaped)).map_err(io::Error::from)
}

/// JSON that a terminal can be shown: no control character as it is, C0, DEL and C1 alike.
struct Escaped;

impl Formatter for Escaped {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_control()) {
            let (plain, tail) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            write!(out, "\\u{:04x}", chars.next().map_or(0, u32::from))?;
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        let code = match escape {
            CharEscape::Quote => return out.write_all(b"\\\""),
            CharEscape::ReverseSolidus => return out.write_all(b"\\\\"),
            CharEscape::Solidus => return out.write_all(b"/"),
            CharEscape::Backspace => 8,
            CharEscape::FormFeed => 12,
            CharEscape::LineFeed => b'\n',
            CharEscape::CarriageReturn => b'\r',
            CharEscape::Tab => b'\t',
            CharEscape::AsciiControl(byte) => byte,
        };
        write!(out, "\\u{code:04x}")
    }
}

/// Writes CSV. A cell that a spreadsheet would take for a formula gets a `'` before it.
fn write_csv<R>(out: &mut impl io::Write, names: &[&str], rows: impl Iterator<Item = R>) -> io::Result<()>
where
    R: IntoIterator<Item = String>,
{
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(names).map_err(beneath)?;
    for row in rows {
        let guarded = |cell: String| if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell };
        csv.write_record(row.into_iter().map(guarded)).map_err(beneath)?;
    }
    csv.flush()
}

/// The writer's own error, so that a closed pipe is known as one; csv has no other cause where all rows are as long.
fn beneath(error: csv::Error) -> io::Error {
    if let csv::ErrorKind::Io(error) = error.into_kind() { error } else { io::ErrorKind::InvalidData.into() }
}

/// The most cells of a column in the table.
const CELLS_MAX: usize = 60;

/// Writes a table; its rows are made twice, so that it needs no room for them.
fn write_table<'a, I: Iterator<Item = AssetRow<'a>>>(out: &mut impl io::Write, rows: impl Fn() -> I) -> io::Result<()> {
    let fit = |cell: String| match Safe::new(&cell).fit(CELLS_MAX) {
        cell if cell.is_empty() => Safe::new("-"),
        cell => cell,
    };
    let mut widths = COLUMNS.map(|(name, _)| name.len());
    for row in rows() {
        for (width, cell) in widths.iter_mut().zip(row.cells()) {
            *width = fit(cell).width().max(*width);
        }
    }
    let head = std::iter::once(COLUMNS.map(|(name, _)| name.to_owned()));
    for cells in head.chain(rows().map(|row| row.cells())) {
        let mut line = String::new();
        for ((cell, width), (_, number)) in cells.into_iter().zip(widths).zip(COLUMNS) {
            let cell = fit(cell);
            let pad = " ".repeat(width - cell.width());
            let (before, after) = if number { (pad.as_str(), "") } else { ("", pad.as_str()) };
            line.extend([before, cell.as_str(), after, "  "]);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{FoundEvents, RecordReader},
        picture::EventKey,
    };
    use std::num::NonZeroU32;

    const EVENT: &str = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"ID","status":"SUCCEED","sample":[{"offset":0,"url":"https://h/asset/ID/0.jpg"}],"dots":[{"offset":12.5,"url":"https://h/asset/ID/d.jpg?auth_key=s3cret"}]}}"#;
    const FAILED: &str = r#"2026-03-14T01:15:02Z {"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"=a","status":"FAILED","error_code":"VOD.10104","error_msg":"a \"quoted\", \u001b[2J\u009b\u007f\nline"}}"#;

    fn read(text: &str) -> Catalog {
        let mut found = FoundEvents::default();
        let mut reader = RecordReader::new(FileId::default());
        reader.read(text.as_bytes(), 0, NonZeroU32::new(1), &mut found);
        reader.finish(&mut found);
        let mut catalog = Catalog::default();
        catalog.set_file_name(FileId::default(), "vod.log".into());
        catalog.add_counts(found.counts);
        for event in found.events {
            catalog.apply(event);
        }
        catalog
    }

    fn listed(text: &str, format: ListFormat) -> String {
        let catalog = read(text);
        let mut out = Vec::new();
        list(&mut out, &catalog, &newest_first(&catalog), format).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lists_as_the_readme_says() {
        assert_eq!(
            listed(EVENT, ListFormat::Json),
            "{\"assets\":[\n{\"asset_id\":\"ID\",\"status\":\"SUCCEED\",\"samples\":1,\"dots\":1,\"last_offset\":12.5,\"events\":1,\
             \"title\":null,\"duration\":null,\"error_code\":null,\"error_msg\":null,\"first_seen\":null,\"last_seen\":null,\
             \"source\":{\"file\":\"vod.log\",\"line\":1,\"byte\":0}}\n],\"summary\":{\"assets\":1,\"succeed\":1,\"failed\":0,\
             \"other\":0,\"events\":1,\"other_events\":0,\"duplicates\":0,\"replayed\":0,\"lines\":1,\"unparsed\":0}}\n"
        );
        assert_eq!(listed("", ListFormat::Jsonl), "");
    }

    #[test]
    fn control_characters_are_escaped() {
        let line = listed(FAILED, ListFormat::Jsonl);
        assert!(line.contains(r#""error_msg":"a \"quoted\", \u001b[2J\u009b\u007f\u000aline""#), "{line}");
        assert!(line.contains(r#""first_seen":"2026-03-14T01:15:02Z""#), "{line}");
        let table = listed(FAILED, ListFormat::Table);
        assert_eq!(table.lines().count(), 2);
        assert!(!table.replace('\n', "").chars().any(char::is_control), "{table:?}");
    }

    #[test]
    fn csv_is_quoted_and_holds_no_formulas() {
        let text = listed(FAILED, ListFormat::Csv);
        let head = "asset_id,status,samples,dots,last_offset,events,title,duration,error_code,error_msg,first_seen,\
                    last_seen,source.file,source.line,source.byte\r\n";
        let row = "'=a,FAILED,0,0,,1,,,VOD.10104,\"a \"\"quoted\"\", ␛[2J\\u{9b}␡⏎line\",2026-03-14T01:15:02Z,\
                   2026-03-14T01:15:02Z,vod.log,1,0\r\n";
        assert_eq!(text, format!("{head}{row}"));
    }

    #[test]
    fn sums_up() {
        let catalog = read(&format!("{EVENT}\n{FAILED}\nx"));
        let words =
            "assets=2 succeed=1 failed=1 other=0 events=2 other_events=0 duplicates=0 replayed=0 lines=3 unparsed=0\n";
        let mut out = Vec::new();
        summary(&mut out, &catalog, ListFormat::Table).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), words);
    }

    #[test]
    fn an_event_is_a_line_without_its_secrets() {
        let catalog = read(EVENT);
        let line = |reveal| {
            let mut out = Vec::new();
            event_line(&mut out, &catalog, &catalog.event(EventKey(0)), reveal).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            line(Reveal::Hide),
            "{\"event\":\"thumbnailComplete\",\"asset_id\":\"ID\",\"status\":\"SUCCEED\",\"time\":null,\"pictures\":[\
             {\"kind\":\"sample\",\"offset\":0,\"url\":\"https://h/asset/ID/0.jpg\"},\
             {\"kind\":\"dot\",\"offset\":12.5,\"url\":\"https://h/asset/ID/d.jpg?auth_key=***\"}],\
             \"error_code\":null,\"error_msg\":null,\"source\":{\"file\":\"vod.log\",\"line\":1,\"byte\":0}}\n"
        );
        assert!(line(Reveal::Show).contains("auth_key=s3cret"));
    }
}
