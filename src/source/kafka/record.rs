//! Records of a partition as lines of a log.
//!
//! Pure. A record is read by itself, and its events bear its offset; what one leaves unfinished, such as the first line
//! of an object that a producer sent line by line, the next ones of the partition go on with. An event without a time
//! of its own takes the record's.

use super::client::TopicRecord;
use crate::{
    event::{EventKind, FileId, Fingerprint, FoundEvents, Origin, RecordReader, Time},
    source::{
        encoding::EncodingSet,
        line_reader::LineReader,
        lines::{HEAD, LINE_MAX},
    },
};
use jiff::{Timestamp, tz::TimeZone};

/// The most records that are kept for one that is unfinished.
const PLACES_MAX: usize = 1 << 18;

/// The reader of one partition's records.
#[derive(Debug)]
pub(super) struct TopicRecordReader {
    file: FileId,
    zone: TimeZone,
    lines: LineReader,
    /// The text of the records since the oldest that is unfinished, each with its newline.
    text: Vec<u8>,
    /// The records in `text`.
    places: Vec<RecordPlace>,
    /// The offset of the record of the event before, and that event's index in it.
    before: Option<(u64, u32)>,
    /// The number of records without a value.
    pub(super) tombstones: u64,
}

/// The place of a record in the text.
#[derive(Clone, Copy, Debug)]
struct RecordPlace {
    begin: usize,
    offset: u64,
    time: Option<Time>,
}

impl TopicRecordReader {
    pub(super) fn new(file: FileId, zone: TimeZone) -> Self {
        let lines = LineReader::new(records(file, &zone, None));
        Self { file, zone, lines, text: Vec::new(), places: Vec::new(), before: None, tombstones: 0 }
    }

    /// Reads a record.
    pub(super) fn read(&mut self, record: &TopicRecord, found: &mut FoundEvents) {
        let Some(value) = record.value.as_deref() else {
            self.tombstones += 1;
            found.counts.lines += 1;
            return;
        };
        let offset = u64::try_from(record.offset).unwrap_or_default();
        if value.len() > LINE_MAX {
            self.finish(found);
            let head = value.get(..HEAD).unwrap_or(value);
            self.lines.overlong(head, offset, value.len() as u64, None, found);
            return;
        }
        // Another writer's records may come for ever without an end of the unfinished one.
        if self.lines.is_carrying() && (self.text.len() + value.len() > LINE_MAX || self.places.len() >= PLACES_MAX) {
            self.finish(found);
        }
        if !self.lines.is_carrying() {
            self.begin(record.time);
        }
        let begin = self.text.len();
        self.places.push(RecordPlace { begin, offset, time: record.time });
        self.text.extend_from_slice(value);
        if !value.ends_with(b"\n") {
            self.text.push(b'\n');
        }
        let from = (found.events.len(), found.rejected.len());
        self.lines.read(self.text.get(begin..).unwrap_or_default(), begin as u64, None, found);
        self.place(found, from);
    }

    /// Reads what is unfinished as it is.
    pub(super) fn finish(&mut self, found: &mut FoundEvents) {
        let from = (found.events.len(), found.rejected.len());
        self.lines.finish(found);
        self.place(found, from);
    }

    /// Returns `true` if the next record may go on with something.
    pub(super) fn is_carrying(&self) -> bool {
        self.lines.is_carrying()
    }

    /// Returns the encodings other than UTF-8 that were met.
    pub(super) fn met(&self) -> EncodingSet {
        self.lines.met()
    }

    /// Forgets the records that are read.
    fn begin(&mut self, time: Option<Time>) {
        self.text.clear();
        self.text.shrink_to(1 << 20);
        self.places.clear();
        self.lines.restart(records(self.file, &self.zone, time));
    }

    /// Gives events and rejected texts their records' offsets and times.
    fn place(&mut self, found: &mut FoundEvents, (events, rejected): (usize, usize)) {
        for event in found.events.iter_mut().skip(events) {
            let Some(record) = self.locate(&mut event.origin) else { continue };
            let byte = event.origin.byte;
            event.origin.part =
                self.before.filter(|(before, _)| *before == byte).map_or(0, |(_, part)| part.saturating_add(1));
            self.before = Some((byte, event.origin.part));
            event.time = event.time.or(record.time);
            event.clock = event.time;
        }
        for rejected in found.rejected.iter_mut().skip(rejected) {
            self.locate(&mut rejected.origin);
        }
    }

    /// Turns a place in the text into the offset of its record; returns that record's place.
    fn locate(&self, origin: &mut Origin) -> Option<RecordPlace> {
        let at = |byte: u64| {
            let byte = usize::try_from(byte).unwrap_or(usize::MAX);
            self.places.partition_point(|place| place.begin <= byte).checked_sub(1)
        };
        let first = at(origin.byte)?;
        let last = at(origin.byte + u64::from(origin.len.max(1)) - 1)?.max(first);
        let place = *self.places.get(first)?;
        let end = self.places.get(last + 1).map_or(self.text.len(), |next| next.begin);
        let text = self.text.get(place.begin..end)?;
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        origin.byte = place.offset;
        origin.len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        origin.hash = Fingerprint::of(text);
        Some(place)
    }
}

/// Returns a reader of records that were written at a time.
fn records(file: FileId, zone: &TimeZone, time: Option<Time>) -> RecordReader {
    let written = time.map_or_else(|| Timestamp::constant(364 * 86_400, 0), Time::timestamp);
    RecordReader::with_zone(file, zone.clone(), written)
}

/// Returns the number of snapshot events in a record by itself.
pub(super) fn thumbnails(value: &[u8]) -> usize {
    let mut found = FoundEvents::default();
    let mut reader = RecordReader::new(FileId::default());
    reader.read(value, 0, None, &mut found);
    reader.finish(&mut found);
    found.events.iter().filter(|event| event.kind == EventKind::Thumbnail).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"0a","status":"SUCCEED","sample":[{"offset":0,"url":"https://h/asset/0a/0.jpg"}]}}"#;

    fn record(offset: i64, value: &str) -> TopicRecord {
        let time = Some(Time::from_micros(1_000_000 * offset));
        TopicRecord { offset, time, value: Some(value.as_bytes().to_vec()) }
    }

    fn read(records: &[TopicRecord]) -> (FoundEvents, TopicRecordReader) {
        let mut found = FoundEvents::default();
        let mut reader = TopicRecordReader::new(FileId { rank: 3, generation: 0 }, TimeZone::UTC);
        for record in records {
            reader.read(record, &mut found);
        }
        reader.finish(&mut found);
        (found, reader)
    }

    /// The offset, index, length and second of each event.
    fn places(found: &FoundEvents) -> Vec<(u64, u32, u32, i64)> {
        let seconds = |event: &crate::event::LogEvent| event.time.map_or(-1, |time| time.as_micros() / 1_000_000);
        found
            .events
            .iter()
            .map(|event| (event.origin.byte, event.origin.part, event.origin.len, seconds(event)))
            .collect()
    }

    #[test]
    fn an_event_bears_the_offset_and_the_time_of_its_record() {
        let len = u32::try_from(EVENT.len()).unwrap();
        let (found, _) = read(&[record(70, EVENT), record(71, "no event"), record(75, EVENT)]);
        assert_eq!(places(&found), [(70, 0, len, 70), (75, 0, len, 75)]);
        assert_eq!(found.counts.lines, 3);
        assert!(found.events.iter().all(|event| event.origin.line.is_none() && event.origin.file.rank == 3));
        assert!(found.events.iter().all(|event| event.origin.hash == Fingerprint::of(EVENT.as_bytes())));
    }

    #[test]
    fn its_own_time_comes_first() {
        let with_time = format!("2026-03-14T01:15:00Z INFO got {EVENT}");
        let (found, _) = read(&[record(7, &with_time), record(8, EVENT)]);
        let times: Vec<String> = found.events.iter().map(|event| event.time.unwrap().to_string()).collect();
        assert_eq!(times, ["2026-03-14T01:15:00Z", "1970-01-01T00:00:08Z"]);
    }

    #[test]
    fn the_events_of_one_record_are_numbered() {
        let both = format!("{EVENT}\n{EVENT}\n");
        let (found, _) = read(&[record(5, &both)]);
        let len = u32::try_from(both.len() - 1).unwrap();
        assert_eq!(places(&found), [(5, 0, len, 5), (5, 1, len, 5)]);
    }

    #[test]
    fn objects_that_were_sent_line_by_line_are_joined() {
        let value: serde_json::Value = serde_json::from_str(EVENT).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let records: Vec<TopicRecord> = (20..).zip(pretty.lines()).map(|(offset, line)| record(offset, line)).collect();
        let (found, _) = read(&records);
        assert_eq!(places(&found), [(20, 0, u32::try_from(pretty.len()).unwrap(), 20)]);
        assert_eq!(found.events[0].origin.hash, Fingerprint::of(pretty.as_bytes()));
        let (whole, _) = read(&[record(9, &pretty)]);
        assert_eq!(places(&whole), [(9, 0, u32::try_from(pretty.len()).unwrap(), 9)]);
    }

    #[test]
    fn what_is_no_text_is_counted() {
        let tombstone = TopicRecord { value: None, ..record(1, "") };
        let (found, reader) = read(&[tombstone, record(2, ""), record(3, EVENT.strip_suffix("jpg\"}]}}").unwrap())]);
        assert_eq!((reader.tombstones, found.counts.lines, found.counts.unparsed), (1, 3, 1));
        assert_eq!(found.rejected[0].origin.byte, 3);
    }

    #[test]
    fn a_record_over_16_mib_is_rejected() {
        let mut value = EVENT.to_owned();
        value.push_str(&" ".repeat(LINE_MAX));
        let (found, _) = read(&[record(4, &value), record(5, EVENT)]);
        assert_eq!((found.counts.unparsed, found.events.len()), (1, 1));
        assert_eq!(found.rejected[0].origin.byte, 4);
        assert_eq!(found.rejected[0].reason.as_str(), "the line is longer than 16 MiB");
    }

    #[test]
    fn what_is_never_finished_takes_bounded_memory() {
        let mut found = FoundEvents::default();
        let mut reader = TopicRecordReader::new(FileId::default(), TimeZone::UTC);
        // The beginning of a line as container runtimes cut it, and whole lines of the other stream behind it.
        let cut = |offset| record(offset, &format!("2026-03-14T01:15:00.1Z stderr P {}", EVENT.get(..80).unwrap()));
        let other = |text: &str| format!("2026-03-14T01:15:00.2Z stdout F {text}");
        reader.read(&cut(0), &mut found);
        let large = other(&"x".repeat(1 << 20));
        for offset in 1..40 {
            reader.read(&record(offset, &large), &mut found);
            assert!(reader.text.len() <= LINE_MAX + 1, "{}", reader.text.len());
        }
        assert_eq!((found.counts.unparsed, found.rejected[0].origin.byte), (1, 0), "what was cut is told");
        reader.read(&cut(40), &mut found);
        let small = other("x");
        let most = i64::try_from(PLACES_MAX).unwrap();
        for offset in 41..41 + most {
            reader.read(&record(offset, &small), &mut found);
        }
        assert!(reader.places.len() < PLACES_MAX, "{}", reader.places.len());
        assert_eq!((found.counts.unparsed, found.rejected[1].origin.byte), (2, 40));
    }

    #[test]
    fn snapshot_events_are_counted() {
        assert_eq!(thumbnails(EVENT.as_bytes()), 1);
        assert_eq!(thumbnails(b"nothing"), 0);
    }
}
