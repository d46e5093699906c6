//! Every line of five minutes of every scenario is read by other means than it was written.

use super::*;
use crate::{cli::Scenario, demo::codes::CODES};
use clap::ValueEnum as _;
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

fn says(record: &Record) -> Says {
    let Some(event) = event(&record.text) else {
        let cut_off = record.text.contains("thumbnailComplete");
        return if cut_off { Says::Broken } else { Says::Chatter };
    };
    if event["event_type"] != "thumbnailComplete" {
        return Says::Other;
    }
    let info = &event["thumbnail_info"];
    let urls: Vec<String> = ["sample", "dots"]
        .iter()
        .filter_map(|list| info[list].as_array())
        .flatten()
        .map(|picture| picture["url"].as_str().unwrap_or_default().replace("http://127.0.0.1:8787", ""))
        .collect();
    assert_eq!(urls, record.shots.iter().map(|shot| shot.path()).collect::<Vec<_>>());
    match info["status"].as_str() {
        Some("SUCCEED") => Says::Succeeded,
        Some("FAILED") => Says::Failed,
        _ => Says::Unfinished,
    }
}

#[test]
fn every_line_says_what_the_script_says() {
    let check = |scenario, thumbnails: std::ops::RangeInclusive<usize>, failed: std::ops::RangeInclusive<usize>| {
        let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
        for record in steps(scenario).iter().flat_map(|step| step.act.records()) {
            let read = says(record);
            let same = read == record.says || record.says == Says::Again && read == Says::Succeeded;
            assert!(same, "{read:?}, not {:?}: {}", record.says, record.text);
            assert!(record.text.ends_with('\n'));
            match record.says {
                Says::Succeeded | Says::Unfinished => *tally.entry("thumbnails").or_default() += 1,
                Says::Failed => {
                    *tally.entry("thumbnails").or_default() += 1;
                    *tally.entry("failed").or_default() += 1;
                }
                Says::Again | Says::Other | Says::Broken | Says::Chatter => {}
            }
        }
        let count = |word| tally.get(word).copied().unwrap_or_default();
        assert!(thumbnails.contains(&count("thumbnails")), "{scenario:?}: {tally:?}");
        assert!(failed.contains(&count("failed")), "{scenario:?}: {tally:?}");
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
fn the_tour_shows_everything_in_its_first_half_minute() {
    let end = SignedDuration::from_secs(30);
    let records: Vec<Record> =
        script(Scenario::Tour).take_while(|step| step.at <= end).flat_map(|step| step.act.records().to_vec()).collect();
    for wanted in
        [Says::Succeeded, Says::Failed, Says::Unfinished, Says::Again, Says::Other, Says::Broken, Says::Chatter]
    {
        assert!(records.iter().any(|record| record.says == wanted), "{wanted:?}");
    }
    let pictures: BTreeSet<usize> = records.iter().map(|record| record.shots.len()).collect();
    assert_eq!(pictures.into_iter().collect::<Vec<_>>(), [0, 6, 9, 12, 40, 240]);
    assert!(records.iter().any(|record| record.text.contains("海上日落")));
}

#[test]
fn every_code_fails_at_once_and_the_first_most_often() {
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for step in script(Scenario::Failures).take_backlog() {
        for record in step.act.records().iter().filter(|record| record.says == Says::Failed) {
            let code = event(&record.text).map(|event| event["thumbnail_info"]["error_code"].to_string());
            *codes.entry(code.unwrap_or_default()).or_default() += 1;
        }
    }
    assert_eq!(codes.len(), CODES.len());
    let most = codes.iter().max_by_key(|(_, count)| **count).map(|(code, _)| code.as_str());
    assert_eq!(most, Some("\"VOD.10104\""));
}

#[test]
fn rotations_come_in_turn_and_keep_their_sizes() {
    let mut size = 0;
    let mut rewrites = Vec::new();
    let mut kinds = Vec::new();
    for step in steps(Scenario::Rotate) {
        let length: usize = step.act.records().iter().map(|record| record.text.len()).sum();
        match step.act {
            Act::Append(_) => size += length,
            Act::AppendLate(_) => {}
            Act::Rewrite(_) => {
                rewrites.push((size, length));
                kinds.push("rewrite");
                size = length;
            }
            Act::Rename => {
                kinds.push("rename");
                size = 0;
            }
            Act::CopyTruncate => {
                kinds.push("copytruncate");
                size = 0;
            }
            Act::Delete => {
                kinds.push("delete");
                size = 0;
            }
            Act::Link => {
                kinds.push("link");
                size = 0;
            }
        }
    }
    let turn = ["rename", "copytruncate", "rewrite", "delete", "link", "link", "rewrite"];
    assert!(kinds.len() > 3 * turn.len(), "{kinds:?}");
    assert!(kinds.iter().zip(turn.iter().cycle()).all(|(kind, expected)| kind == expected), "{kinds:?}");
    for (at, (before, after)) in rewrites.into_iter().enumerate() {
        if at % 2 == 0 {
            assert!(after > before, "regrown from {before} to {after}");
        } else {
            assert_eq!(after, before, "rewritten to the same size");
        }
    }
}
