//! The rules that the sources keep and the compiler does not: who imports whom, what the core must not name, how long a
//! file may be, and where the parts of the screen get their colours.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a panic is how a test fails")]

#[path = "support/imports.rs"]
mod imports;

use imports::Sources;
use std::collections::{BTreeMap, BTreeSet};

/// Each module, and exactly the modules that it imports from.
const IMPORTS: [(&str, &[&str]); 21] = [
    ("text", &[]),
    ("regular_file", &[]),
    ("event", &["text"]),
    ("picture", &["event", "text"]),
    ("judge", &["event", "picture", "text"]),
    ("catalog", &["event", "picture", "text"]),
    ("app", &["catalog", "event", "judge", "picture", "text"]),
    ("ui", &["app", "catalog", "event", "judge", "picture", "text"]),
    ("source", &["event", "regular_file", "text"]),
    ("media", &["event", "picture", "regular_file", "text"]),
    ("graphics", &["picture", "text"]),
    ("terminal", &["text"]),
    ("report", &["catalog", "event", "judge", "picture", "text"]),
    ("listen", &["event", "text"]),
    ("demo", &["event", "listen", "text"]),
    ("diagnostics", &["text"]),
    (
        "cli",
        &[
            "app",
            "catalog",
            "demo",
            "diagnostics",
            "event",
            "judge",
            "listen",
            "media",
            "picture",
            "session",
            "source",
            "text",
        ],
    ),
    (
        "session",
        &[
            "app",
            "catalog",
            "diagnostics",
            "event",
            "graphics",
            "media",
            "picture",
            "regular_file",
            "report",
            "source",
            "terminal",
            "text",
            "ui",
        ],
    ),
    (
        "command",
        &[
            "app",
            "catalog",
            "cli",
            "demo",
            "diagnostics",
            "event",
            "graphics",
            "judge",
            "listen",
            "media",
            "picture",
            "regular_file",
            "report",
            "session",
            "source",
            "terminal",
            "text",
        ],
    ),
    ("lib", &[]),
    ("main", &["command"]),
];

/// Modules without IO, clock and runtime.
const CORE: [&str; 7] = ["text", "event", "picture", "judge", "catalog", "app", "ui"];

/// Names that the core must not have in its code.
const BANNED_IN_CORE: [&str; 8] =
    ["tokio", "reqwest", "std::fs", "std::net", "std::io", "std::thread", "Instant::now", "SystemTime::now"];

/// Names that only `ui/theme.rs` may have, of all `ui`.
const ONLY_IN_THEME: [&str; 7] =
    ["Color::", "Span::", "set_symbol", "Line::raw", "Line::from", "Text::raw", "set_string"];

const LINE_CAP: usize = 600;

#[test]
fn imports_equal_the_table() {
    let sources = Sources::read();
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (index, file) in sources.files.iter().enumerate() {
        let tops = sources.imports(index).into_iter().map(|other| sources.files[other].top());
        found.entry(file.top()).or_default().extend(tops.filter(|top| *top != file.top()));
    }
    let table: BTreeMap<&str, BTreeSet<&str>> =
        IMPORTS.iter().map(|(module, others)| (*module, others.iter().copied().collect())).collect();
    for module in table.keys().chain(found.keys()) {
        assert_eq!(found.get(module), table.get(module), "the imports of {module}, found and granted");
    }
}

#[test]
fn files_form_no_cycle() {
    let sources = Sources::read();
    let imports: Vec<BTreeSet<usize>> = (0..sources.files.len()).map(|index| sources.imports(index)).collect();
    let cycles = cycles(&imports);
    let paths: Vec<String> = cycles.iter().map(|cycle| named(&sources, cycle)).collect();
    assert!(cycles.is_empty(), "files that import each other:\n{}", paths.join("\n"));
}

/// Writes a cycle as the paths of its files, the first one again at the end.
fn named(sources: &Sources, cycle: &[usize]) -> String {
    let paths: Vec<&str> = cycle.iter().chain(cycle.first()).map(|index| &*sources.files[*index].path).collect();
    paths.join(" -> ")
}

/// Returns the shortest cycle through each node that is on one, each cycle once.
fn cycles(edges: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let mut seen = BTreeSet::new();
    let mut cycles = Vec::new();
    for start in 0..edges.len() {
        if seen.contains(&start) {
            continue;
        }
        if let Some(cycle) = shortest_cycle(edges, start) {
            seen.extend(cycle.iter().copied());
            cycles.push(cycle);
        }
    }
    cycles
}

/// Searches breadth first for the way from a node back to itself.
fn shortest_cycle(edges: &[BTreeSet<usize>], start: usize) -> Option<Vec<usize>> {
    let mut came_from = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for next in &edges[node] {
            if *next == start {
                let back = std::iter::successors(Some(node), |node| came_from.get(node).copied());
                let mut cycle: Vec<usize> = back.collect();
                cycle.reverse();
                return Some(cycle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, node);
                queue.push_back(*next);
            }
        }
    }
    None
}

#[test]
fn the_core_is_pure() {
    for file in Sources::read().files {
        if CORE.contains(&file.top()) {
            let code = file.code();
            for banned in BANNED_IN_CORE {
                assert!(!code.contains(banned), "src/{}: the core names {banned}", file.path);
            }
            let ratatui = code.matches("ratatui").count();
            let only_geometry = code.matches("ratatui::layout").count();
            assert!(file.top() == "ui" || ratatui == only_geometry, "src/{}: ratatui outside of ui", file.path);
        }
    }
}

#[test]
fn colours_and_spans_come_from_the_theme() {
    for file in Sources::read().files {
        if file.top() == "ui" && file.path != "ui/theme.rs" {
            let code = file.code();
            for word in ONLY_IN_THEME {
                assert!(!code.contains(word), "src/{}: {word} belongs into ui/theme.rs", file.path);
            }
        }
    }
}

#[test]
fn the_app_is_changed_in_one_file() {
    for file in Sources::read().files {
        assert!(file.path == "app.rs" || !file.code().contains("implApp{"), "src/{}: an impl of App", file.path);
    }
}

#[test]
fn files_stay_short() {
    for file in Sources::read().files {
        let lines = file.text.lines().count();
        assert!(lines <= LINE_CAP, "src/{} has {lines} lines, which is over {LINE_CAP}", file.path);
    }
}

#[test]
fn imports_are_resolved() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let sources = Sources::of([
        file("event.rs", "mod ids;\npub use ids::AssetId;\npub struct Event;"),
        file("event/ids.rs", "pub struct AssetId;"),
        file("event/decode.rs", "use super::{Event, ids};\nfn f() -> ids::AssetId { \"crate::text\" }"),
        file("lib.rs", "pub mod event;\npub mod text;\npub mod picture;"),
        file(
            "picture.rs",
            "use crate::{event::{AssetId, Event as E}, text};\nuse std::fmt;\nuse url::Url; // crate::lib",
        ),
        file(
            "text.rs",
            "fn f() { let c = 'x'; crate::event::Event::new() }\n#[cfg(test)]\nmod tests { use crate::picture; }",
        ),
    ]);
    let found = |index| sources.imports(index).into_iter().map(|other| &*sources.files[other].path).collect::<Vec<_>>();
    assert_eq!(found(0), Vec::<&str>::new(), "a re-export alone is no import");
    assert_eq!(found(2), ["event.rs", "event/ids.rs"]);
    assert_eq!(found(3), Vec::<&str>::new());
    assert_eq!(found(4), ["event.rs", "event/ids.rs", "text.rs"]);
    assert_eq!(found(5), ["event.rs"]);
}

#[test]
fn cycles_are_found() {
    let edges = |edges: &[&[usize]]| edges.iter().map(|to| to.iter().copied().collect()).collect::<Vec<_>>();
    assert_eq!(cycles(&edges(&[&[1], &[2], &[]])), Vec::<Vec<usize>>::new());
    assert_eq!(cycles(&edges(&[&[1], &[2], &[0], &[0]])), [[0, 1, 2]]);
    assert_eq!(cycles(&edges(&[&[1, 3], &[0], &[3], &[2]])), [[0, 1], [2, 3]]);
}
