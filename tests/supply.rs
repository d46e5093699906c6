//! What the project is built from, by the lists of deny.toml: licences, banned crates, duplicate versions, sources.
//!
//! `cargo deny` reads the same file and does the same, and more. This keeps the rules also where it is not at hand.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![expect(clippy::print_stdout, reason = "what is skipped is said")]

use regex::Regex;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::LazyLock,
};

const RULES: &str = include_str!("../deny.toml");

/// The lines of a list: `key = [`, one item a line, `]`.
fn list(section: &str, key: &str) -> Vec<&'static str> {
    let (_, rest) = RULES.split_once(&format!("\n[{section}]\n")).unwrap();
    let section = rest.split("\n[").next().unwrap();
    let (_, rest) = section.split_once(&format!("\n{key} = [\n")).unwrap();
    let items = rest.split("\n]").next().unwrap().lines();
    items.map(str::trim).filter(|line| !line.starts_with('#')).collect()
}

/// The value of `key = "value"` in a line.
fn value(line: &'static str, key: &str) -> &'static str {
    let pattern = Regex::new(&format!(r#"\b{key} = \[?"([^"]*)""#)).unwrap();
    pattern.captures(line).unwrap_or_else(|| panic!("no {key} in {line}")).get(1).unwrap().as_str()
}

static TARGETS: LazyLock<Vec<&str>> = LazyLock::new(targets);
static EVERYTHING: LazyLock<Packages> = LazyLock::new(everything);

/// Packages by name and version.
type Packages = BTreeMap<(String, String), Value>;

/// The targets of deny.toml whose packages are all on this machine. A plain build fetches its own target's only.
fn targets() -> Vec<&'static str> {
    let (_, rest) = RULES.split_once("\ntargets = [").unwrap();
    let all = rest.split(']').next().unwrap().split(',').map(|name| name.trim().trim_matches('"'));
    let here = |target: &&str| {
        let here = cargo(&["metadata", "--format-version", "1", "--filter-platform", target]).is_ok();
        if !here {
            println!("skipped: the packages of {target} are not here; cargo fetch gets them");
        }
        here
    };
    let here: Vec<&str> = all.filter(here).collect();
    assert!(!here.is_empty(), "what this very test was built from is here");
    here
}

/// What cargo prints; or its complaint.
fn cargo(args: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).args(["--offline", "--locked", "--all-features"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().unwrap();
    if output.status.success() { Ok(output.stdout) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// All that is built or tested with on any of the targets, by name and version.
fn everything() -> Packages {
    let text = |package: &Value, key: &str| package[key].as_str().unwrap().to_owned();
    let packages = TARGETS.iter().flat_map(|target| {
        let bytes = cargo(&["metadata", "--format-version", "1", "--filter-platform", target]).unwrap();
        let metadata: Value = serde_json::from_slice(&bytes).unwrap();
        metadata["packages"].as_array().unwrap().clone()
    });
    packages.map(|package| ((text(&package, "name"), text(&package, "version")), package)).collect()
}

/// The versions of all that is part of the program on one target, or builds it: without what only tests use.
fn versions(target: &str) -> BTreeMap<String, BTreeSet<String>> {
    let bytes =
        cargo(&["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}", "--target", target]).unwrap();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in str::from_utf8(&bytes).unwrap().lines().filter(|line| !line.is_empty()) {
        let (name, rest) = line.split_once(" v").unwrap();
        let version = rest.split(' ').next().unwrap();
        versions.entry(name.to_owned()).or_default().insert(version.to_owned());
    }
    versions
}

/// Whether the expression (SPDX, and `/` for OR as older crates write it) can be met with these licences.
fn is_met(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = either(&mut rest, allowed);
    assert!(rest.is_empty(), "{expression}");
    met
}

fn either(rest: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    let mut met = both(rest, allowed);
    while let ["OR", more @ ..] = *rest {
        *rest = more;
        met |= both(rest, allowed);
    }
    met
}

fn both(rest: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    let mut met = one(rest, allowed);
    while let ["AND", more @ ..] = *rest {
        *rest = more;
        met &= one(rest, allowed);
    }
    met
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    match *rest {
        ["(", more @ ..] => {
            *rest = more;
            let met = either(rest, allowed);
            assert_eq!(rest.first(), Some(&")"));
            *rest = &rest[1..];
            met
        }
        [name, more @ ..] => {
            *rest = more;
            allowed.contains(name.replace("+WITH+", " WITH ").as_str())
        }
        [] => panic!("an expression ends too early"),
    }
}

#[test]
fn licences() {
    let allowed: BTreeSet<&str> = list("licenses", "allow").iter().map(|line| line.trim_matches(['"', ','])).collect();
    let exceptions: BTreeMap<&str, &str> =
        list("licenses", "exceptions").iter().map(|line| (value(line, "crate"), value(line, "allow"))).collect();
    let clarified: BTreeMap<&str, &str> = RULES
        .split("\n[[licenses.clarify]]\n")
        .skip(1)
        .map(|part| (value(part, "crate"), value(part, "expression")))
        .collect();
    let mut excepted = BTreeSet::new();
    for ((name, version), package) in &*EVERYTHING {
        let known = clarified.get(name.as_str()).copied();
        let expression = package["license"].as_str().or(known).unwrap_or_else(|| panic!("{name} names no licence"));
        if let Some(exception) = exceptions.get(name.as_str()) {
            assert!(!is_met(expression, &allowed), "{name} needs no exception");
            assert!(is_met(expression, &BTreeSet::from([*exception])), "{name} {version}: {expression}");
            excepted.insert(name);
            continue;
        }
        assert!(is_met(expression, &allowed), "{name} {version}: {expression}");
    }
    assert_eq!(excepted.len(), exceptions.len(), "every exception is needed");
}

#[test]
fn expressions_are_read() {
    let check = |expression, expected| {
        assert_eq!(is_met(expression, &BTreeSet::from(["MIT", "Zlib", "A WITH E"])), expected, "{expression}");
    };
    check("MIT", true);
    check("GPL-3.0", false);
    check("Apache-2.0/MIT", true);
    check("GPL-3.0 OR MIT AND Zlib", true);
    check("GPL-3.0 AND (MIT OR Zlib)", false);
    check("(MIT OR X) AND (Y OR Zlib)", true);
    check("A WITH E AND MIT", true);
    check("A", false);
}

#[test]
fn banned_crates() {
    for line in list("bans", "deny") {
        let banned = value(line, "crate");
        assert!(!EVERYTHING.keys().any(|(name, _)| name == banned), "{banned} is banned: {}", value(line, "reason"));
    }
}

#[test]
fn each_crate_once() {
    for target in &*TARGETS {
        let mut versions = versions(target);
        for line in list("bans", "skip") {
            let (name, version) = value(line, "crate").split_once('@').unwrap();
            assert!(versions.get_mut(name).is_some_and(|all| all.remove(version)), "{name} {version}: skip less");
        }
        let twice: Vec<_> = versions.iter().filter(|(_, all)| all.len() > 1).collect();
        assert!(twice.is_empty(), "{target}: in several versions: {twice:?}");
    }
}

#[test]
fn one_registry_and_no_git() {
    let sources: BTreeSet<Option<&str>> = EVERYTHING.values().map(|package| package["source"].as_str()).collect();
    // Ourselves, and the default registry.
    let [None, Some(registry)] = sources.iter().copied().collect::<Vec<_>>()[..] else { panic!("{sources:?}") };
    assert!(registry.starts_with("registry+"), "{registry}");
    for word in ["unknown-registry = \"deny\"", "unknown-git = \"deny\"", "multiple-versions = \"deny\""] {
        assert!(RULES.contains(word), "{word}");
    }
}
