//! Reads the first five minutes of every scenario back as JSON.

use super::*;
use clap::ValueEnum as _;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn script(scenario: Scenario) -> Script {
    let config = DemoConfig { scenario, ..DemoConfig::default() };
    Script::new(config, "http://127.0.0.1:8787", Timestamp::UNIX_EPOCH)
}

/// The backlog and the first five minutes.
fn steps(scenario: Scenario) -> Vec<ScriptStep> {
    let end = SignedDuration::from_mins(5);
    script(scenario).take_while(|step| step.at <= end).collect()
}

/// The event in some text, whatever it is wrapped in.
fn event(text: &str) -> Option<Value> {
    let (_, json) = text.split_at(text.find('{')?);
    let value: Value = serde_json::Deserializer::from_str(json).into_iter().next()?.ok()?;
    let inner = value.get("log").or_else(|| value.get("message")).and_then(Value::as_str);
    inner.map_or(Some(value.clone()), event)
}

/// Returns the content of a record, with code and message of a failure left out.
fn content(record: &DemoRecord) -> Content {
    let Some(event) = event(&record.text) else {
        let truncated = record.text.contains("thumbnailComplete");
        return if truncated { Content::Event(DemoEvent::Truncated) } else { Content::Unrelated };
    };
    let info = &event["thumbnail_info"];
    let urls: Vec<String> = ["sample", "dots"]
        .iter()
        .filter_map(|list| info[list].as_array())
        .flatten()
        .map(|picture| picture["url"].as_str().unwrap_or_default().replace("http://127.0.0.1:8787", ""))
        .collect();
    assert_eq!(urls, record.snapshots.iter().map(|snapshot| snapshot.path()).collect::<Vec<_>>());
    Content::Event(match (event["event_type"].as_str(), info["status"].as_str()) {
        (Some("createComplete"), _) => DemoEvent::Created,
        (Some("parseComplete"), _) => DemoEvent::Parsed,
        (_, Some("SUCCEED")) => DemoEvent::Succeeded,
        (_, Some("FAILED")) => DemoEvent::Failed("", ""),
        (_, _) => DemoEvent::Unfinished,
    })
}

#[test]
fn records_read_as_what_the_script_says() {
    let check = |scenario, thumbnails: std::ops::RangeInclusive<usize>, failed: std::ops::RangeInclusive<usize>| {
        let mut counts = (0, 0);
        for record in steps(scenario).iter().flat_map(|step| step.operation.records()) {
            assert!(record.text.ends_with('\n'));
            let expected = match record.content {
                Content::Event(DemoEvent::Failed(..)) => Content::Event(DemoEvent::Failed("", "")),
                Content::Redelivery => Content::Event(DemoEvent::Succeeded),
                Content::Event(_) | Content::Unrelated => record.content,
            };
            assert_eq!(content(record), expected, "{}", record.text);
            match record.content {
                Content::Event(DemoEvent::Succeeded | DemoEvent::Unfinished) => counts.0 += 1,
                Content::Event(DemoEvent::Failed(..)) => counts = (counts.0 + 1, counts.1 + 1),
                Content::Event(DemoEvent::Truncated | DemoEvent::Created | DemoEvent::Parsed)
                | Content::Redelivery
                | Content::Unrelated => {}
            }
        }
        assert!(thumbnails.contains(&counts.0) && failed.contains(&counts.1), "{scenario:?}: {counts:?}");
    };
    check(Scenario::Tour, 240..=400, 35..=80);
    check(Scenario::Storm, 10_120..=10_120, 1300..=1700);
    check(Scenario::Rotate, 300..=1000, 0..=0);
    check(Scenario::Failures, 300..=500, 180..=350);
    check(Scenario::Slow, 100..=160, 0..=0);
}

#[test]
fn times_never_go_back_and_the_same_seed_gives_the_same_script() {
    for scenario in Scenario::value_variants().iter().copied() {
        let steps = steps(scenario);
        assert!(steps.is_sorted_by_key(|step| step.at), "{scenario:?}");
        let other = DemoConfig { scenario, seed: 8, ..DemoConfig::default() };
        let other = Script::new(other, "http://127.0.0.1:8787", Timestamp::UNIX_EPOCH);
        assert!(script(scenario).take(300).eq(steps.iter().take(300).cloned()), "{scenario:?}");
        assert!(!script(scenario).take(300).eq(other.take(300)), "{scenario:?}");
    }
}

#[test]
fn speed_shortens_what_is_to_come_and_leaves_the_past() {
    let at = |speed| {
        let config = DemoConfig { speed, ..DemoConfig::default() };
        let mut script = Script::new(config, "", Timestamp::UNIX_EPOCH);
        let past = script.take_backlog();
        (past.len(), past.iter().map(|step| step.at).collect::<Vec<_>>(), script.nth(100).map(|step| step.at.as_secs()))
    };
    let (normal, fast) = (at(1.0), at(10.0));
    assert_eq!((normal.0, &normal.1), (fast.0, &fast.1));
    assert_eq!(normal.2.map(|seconds| seconds / 10), fast.2);
}

#[test]
fn the_tour_has_everything_in_its_first_half_minute() {
    let end = SignedDuration::from_secs(30);
    let steps: Vec<ScriptStep> = script(Scenario::Tour).take_while(|step| step.at <= end).collect();
    let records: Vec<&DemoRecord> = steps.iter().flat_map(|step| step.operation.records()).collect();
    let contents: BTreeSet<String> = records.iter().map(|record| format!("{:?}", content(record))).collect();
    assert_eq!(contents.len(), 7, "six events and unrelated lines: {contents:?}");
    assert!(records.iter().any(|record| record.content == Content::Redelivery));
    let pictures: BTreeSet<usize> = records.iter().map(|record| record.snapshots.len()).collect();
    assert_eq!(pictures.into_iter().collect::<Vec<_>>(), [0, 6, 9, 12, 40, 240]);
    assert!(records.iter().any(|record| record.text.contains("海上日落")));
}

#[test]
fn every_code_fails_at_once_and_the_first_most_often() {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let steps = script(Scenario::Failures).take_backlog();
    for record in steps.iter().flat_map(|step| step.operation.records()) {
        if let Content::Event(DemoEvent::Failed(code, _)) = record.content {
            assert!(record.text.contains(code), "{}", record.text);
            *codes.entry(code).or_default() += 1;
        }
    }
    assert_eq!(codes.len(), CODES.len());
    assert_eq!(codes.into_iter().max_by_key(|(_, count)| *count).map(|(code, _)| code), Some("VOD.10104"));
}

#[test]
fn rotations_take_turns_and_keep_their_sizes() {
    let mut size = 0;
    let mut rewrites = Vec::new();
    let mut names = Vec::new();
    for ScriptStep { operation, .. } in steps(Scenario::Rotate) {
        let after = operation.size_after(size);
        match operation {
            LogOperation::Append(_) | LogOperation::AppendToRenamed(_) => {}
            LogOperation::Rewrite(_) => {
                rewrites.push((size, after));
                names.push("rewrite");
            }
            LogOperation::Rename => names.push("rename"),
            LogOperation::CopyTruncate => names.push("copytruncate"),
            LogOperation::Delete => names.push("delete"),
            LogOperation::Link => names.push("link"),
        }
        size = after;
    }
    let round = ["rename", "copytruncate", "rewrite", "delete", "link", "link", "rewrite"];
    assert!(names.len() > 3 * round.len(), "{names:?}");
    assert!(names.iter().zip(round.iter().cycle()).all(|(name, expected)| name == expected), "{names:?}");
    for (index, (before, after)) in rewrites.into_iter().enumerate() {
        if index % 2 == 0 {
            assert!(after > before, "regrown from {before} to {after}");
        } else {
            assert_eq!(after, before, "rewritten to the same size");
        }
    }
}
