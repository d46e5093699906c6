//! Lists of assets, and summaries.

use super::{
    asset::{AssetRow, COLUMNS},
    csv, json,
    summary::Summary,
    table,
};
use crate::{
    catalog::{AssetKey, Catalog, ListFormat},
    event::Reveal,
};
use std::io;

/// Writes the assets of `keys` in their order; as JSON with the summary.
pub fn list(out: &mut impl io::Write, catalog: &Catalog, keys: &[AssetKey], format: ListFormat) -> io::Result<()> {
    let row = |asset| AssetRow { catalog, asset, reveal: Reveal::Hide };
    let rows = || keys.iter().filter_map(|key| catalog.asset(*key)).map(row);
    match format {
        ListFormat::Json => json::write_list(out, rows(), &Summary::new(catalog, keys)),
        ListFormat::Jsonl => rows().try_for_each(|row| json::write_line(out, &row)),
        ListFormat::Csv => {
            csv::write(out, &COLUMNS.each_ref().map(|column| column.name), rows().map(|row| row.cells()))
        }
        ListFormat::Table => table::write(out, rows),
    }
}

/// Writes the summary of the assets of `keys` only. As a table it is a line of `key=value` words in the order of the
/// JSON.
pub fn summary(out: &mut impl io::Write, catalog: &Catalog, keys: &[AssetKey], format: ListFormat) -> io::Result<()> {
    let summary = Summary::new(catalog, keys);
    match format {
        ListFormat::Json | ListFormat::Jsonl => json::write_line(out, &summary),
        ListFormat::Csv => {
            let words = summary.words();
            let names: Vec<&str> = words.iter().map(|(name, _)| name.as_str()).collect();
            csv::write(out, &names, std::iter::once(words.iter().map(|(_, count)| count.to_string())))
        }
        ListFormat::Table => {
            let words: Vec<String> = summary.words().iter().map(|(name, count)| format!("{name}={count}")).collect();
            writeln!(out, "{}", words.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{FileId, FoundEvents, RecordReader},
        report::newest_first,
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
        let words = "assets=2 succeed=1 failed=1 other=0 events=2 other_events=0 duplicates=0 replayed=0 lines=3 unparsed=0 \
             code.VOD.10104=1\n";
        let mut out = Vec::new();
        summary(&mut out, &catalog, &newest_first(&catalog), ListFormat::Table).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), words);
    }

    #[test]
    fn a_summary_is_of_the_assets_that_pass_and_tells_both_numbers() {
        let catalog = read(&format!("{EVENT}\n{FAILED}\nx"));
        let mut keys = newest_first(&catalog);
        keys.retain(|key| catalog.asset(*key).is_some_and(|asset| asset.fault().is_some()));
        let summed = |format| {
            let mut out = Vec::new();
            summary(&mut out, &catalog, &keys, format).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            summed(ListFormat::Json),
            "{\"assets\":1,\"succeed\":0,\"failed\":1,\"other\":0,\"events\":1,\"other_events\":0,\"duplicates\":0,\
             \"replayed\":0,\"lines\":3,\"unparsed\":0,\"codes\":{\"VOD.10104\":1},\
             \"unfiltered\":{\"assets\":2,\"succeed\":1,\"failed\":1,\"other\":0,\"events\":2}}\n"
        );
        assert_eq!(
            summed(ListFormat::Table),
            "assets=1 succeed=0 failed=1 other=0 events=1 other_events=0 duplicates=0 replayed=0 lines=3 unparsed=0 \
             code.VOD.10104=1 unfiltered.assets=2 unfiltered.succeed=1 unfiltered.failed=1 unfiltered.other=0 \
             unfiltered.events=2\n"
        );
        assert!(summed(ListFormat::Csv).contains("unparsed,code.VOD.10104,unfiltered.assets,"));
    }
}
