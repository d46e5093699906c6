//! The import table is the architecture: who may know whom, what the core must not touch, how long a file may be.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a panic is how a test fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each room, and the rooms it may import from. `*` is every room.
const IMPORTS: [(&str, &[&str]); 17] = [
    ("text", &[]),
    ("event", &["text"]),
    ("picture", &["event", "text"]),
    ("catalog", &["event", "picture", "text"]),
    ("app", &["catalog", "event", "picture", "text"]),
    ("ui", &["app", "catalog", "event", "picture", "text"]),
    ("source", &["event", "text"]),
    ("media", &["event", "picture", "text"]),
    ("graphics", &["picture", "text"]),
    ("terminal", &["text"]),
    ("cli", &["app", "event", "ui", "source", "media", "graphics", "picture", "text"]),
    ("report", &["catalog", "event", "picture", "text", "app", "source"]),
    ("show", &["catalog", "event", "picture", "text", "app", "source", "media", "graphics", "terminal"]),
    ("demo", &["catalog", "event", "picture", "text", "app", "source", "media", "cli"]),
    ("runtime", &["*"]),
    ("main", &["cli", "runtime"]),
    ("lib", &["*"]),
];

/// Rooms that do no IO, read no clock and know no runtime.
const CORE: [&str; 6] = ["text", "event", "picture", "catalog", "app", "ui"];
const BANNED_IN_CORE: [&str; 8] =
    ["tokio", "reqwest", "std::fs", "std::net", "std::io", "std::thread", "Instant::now", "SystemTime::now"];

const LINE_CAP: usize = 600;

fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let room = room_of(&path);
                let text = fs::read_to_string(&path).unwrap();
                found.push((room, path, text));
            }
        }
    }
    assert!(found.len() > 5, "src was found");
    found
}

fn room_of(path: &Path) -> String {
    let src = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = path.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The code without its comments and without the test module at its end.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms named after `crate::`, also within `crate::{a, b::c}`.
fn imported(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            rooms.insert(word(rest));
            continue;
        };
        let mut depth = 1;
        let mut item = true;
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => item = true,
                _ if depth == 1 && item && c.is_alphabetic() => {
                    rooms.insert(word(&list[at..]));
                    item = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    rooms
}

#[test]
fn imports_follow_the_table() {
    for (room, path, text) in sources() {
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == room) else {
            panic!("{} lies in the room {room:?}, which the table does not have", path.display());
        };
        for used in imported(&code(&text)) {
            let fine = used == room || allowed.contains(&"*") || allowed.contains(&used.as_str());
            assert!(fine, "{}: {room} may not import {used}", path.display());
        }
    }
}

#[test]
fn the_core_is_pure() {
    for (room, path, text) in sources() {
        if CORE.contains(&room.as_str()) {
            let code = code(&text);
            for banned in BANNED_IN_CORE {
                assert!(!code.contains(banned), "{}: the core names {banned}", path.display());
            }
            let ratatui = code.matches("ratatui").count();
            let only_geometry = code.matches("ratatui::layout").count();
            assert!(room == "ui" || ratatui == only_geometry, "{}: ratatui outside ui", path.display());
        }
    }
}

#[test]
fn colours_and_spans_come_from_the_theme() {
    for (room, path, text) in sources() {
        if room == "ui" && !path.ends_with("theme.rs") {
            let code = code(&text);
            for word in ["Color::", "Span::", "set_symbol", "Line::raw", "Line::from", "Text::raw", "set_string"] {
                assert!(!code.contains(word), "{}: {word} belongs into ui/theme.rs", path.display());
            }
        }
    }
}

#[test]
fn files_stay_short() {
    for (_, path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LINE_CAP, "{} has {lines} lines: it wants to be two rooms", path.display());
    }
}

#[test]
fn the_import_reader_reads_lists() {
    let rooms = imported("use crate::{event::{AssetId, Offset}, text::Safe};\nuse crate::picture::Fit;");
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["event", "picture", "text"]);
}
