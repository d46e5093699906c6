//! Reads the sources of `src` as far as imports go: modules, `use` trees and paths, resolved through re-exports to the
//! file that defines a name.
//!
//! This is no parser of Rust. Macros are not expanded, globs stand for their module, and the test module at the end of
//! a file is left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A chain of re-exports is shorter; a longer one is a circle.
const LONGEST_CHAIN: usize = 16;

/// The segments of a path, such as `["crate", "event", "AssetId"]`.
type Segments = Vec<String>;

/// One file of `src`.
pub(crate) struct SourceFile {
    /// The path below `src`.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
    /// The path of the module, empty for the roots `lib.rs` and `main.rs`.
    module: Segments,
    /// The child modules that it declares.
    children: BTreeSet<String>,
    /// The names that `use` brings, and their paths.
    bindings: BTreeMap<String, Segments>,
    /// The paths that it imports or names.
    named: Vec<Segments>,
}

impl SourceFile {
    /// Returns the module directly below the crate that this file belongs to, or the root's own name.
    pub(crate) fn top(&self) -> &str {
        self.module.first().map_or_else(|| self.path.trim_end_matches(".rs"), String::as_str)
    }

    /// Returns the code without comments, literals, and the test module at the end.
    pub(crate) fn code(&self) -> String {
        tokens(&self.text).concat()
    }
}

/// All files of `src`, and which of them import which.
pub(crate) struct Sources {
    pub(crate) files: Vec<SourceFile>,
    by_module: BTreeMap<Segments, usize>,
}

impl Sources {
    pub(crate) fn read() -> Self {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        collect(&src, &mut paths);
        paths.sort();
        let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
        let name = |path: &PathBuf| path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        Self::of(paths.iter().map(|path| (name(path), text(path))))
    }

    /// Files by their paths below `src`.
    pub(crate) fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files: Vec<SourceFile> = files.into_iter().map(|(path, text)| read_file(path, text)).collect();
        let modules = files.iter().enumerate().filter(|(_, file)| file.path != "main.rs");
        let by_module = modules.map(|(index, file)| (file.module.clone(), index)).collect();
        Self { files, by_module }
    }

    /// Returns the files that a file imports from: indices, without its own.
    pub(crate) fn imports(&self, index: usize) -> BTreeSet<usize> {
        let named = self.files[index].named.iter();
        named.filter_map(|path| self.resolve(index, path, 0)).filter(|found| *found != index).collect()
    }

    /// Returns the file that defines what a path of another file names; `None` if that lies outside of the crate.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<usize> {
        let (first, mut rest) = path.split_first()?;
        let file = &self.files[from];
        let mut module = file.module.clone();
        match first.as_str() {
            "crate" | "thumbview" => module.clear(),
            "self" => {}
            "super" => {
                module.pop();
            }
            _ => {
                if file.children.contains(first) {
                    module.push(first.clone());
                } else {
                    return self.follow(from, first, rest, depth);
                }
            }
        }
        while let Some(("super", more)) = rest.split_first().map(|(first, more)| (first.as_str(), more)) {
            module.pop();
            rest = more;
        }
        self.descend(module, rest, depth)
    }

    fn descend(&self, mut module: Segments, mut rest: &[String], depth: usize) -> Option<usize> {
        let mut index = *self.by_module.get(&module)?;
        while let Some((first, more)) = rest.split_first() {
            if self.files[index].children.contains(first) {
                module.push(first.clone());
                index = *self.by_module.get(&module)?;
                rest = more;
            } else {
                return self.follow(index, first, more, depth).or(Some(index));
            }
        }
        Some(index)
    }

    /// Resolves a name that `use` brought into a file.
    fn follow(&self, index: usize, name: &str, rest: &[String], depth: usize) -> Option<usize> {
        let target = self.files[index].bindings.get(name).filter(|_| depth < LONGEST_CHAIN)?;
        let path: Segments = target.iter().chain(rest).cloned().collect();
        // `use url::Url` in a file without a child `url` names a crate.
        if target.first().is_some_and(|first| first == name) {
            return None;
        }
        self.resolve(index, &path, depth + 1)
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn read_file(path: String, text: String) -> SourceFile {
    let stem = path.trim_end_matches(".rs");
    let module = if matches!(stem, "lib" | "main") { vec![] } else { stem.split('/').map(str::to_owned).collect() };
    let tokens = tokens(&text);
    let mut reader = Reader { tokens: &tokens, at: 0, children: BTreeSet::new(), imports: vec![], named: vec![] };
    reader.read();
    let Reader { children, imports, mut named, .. } = reader;
    let uses = |name: &str| tokens.iter().filter(|token| *token == name).count();
    let mut bindings = BTreeMap::new();
    for Import { name, path, reexported } in imports {
        // A name that is only handed on is imported by whoever asks for it.
        if !reexported || uses(&name) > 1 {
            named.push(path.clone());
        }
        bindings.insert(name, path);
    }
    SourceFile { path, text, module, children, bindings, named }
}

/// A name that a `use` brings.
struct Import {
    name: String,
    path: Segments,
    reexported: bool,
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    children: BTreeSet<String>,
    imports: Vec<Import>,
    named: Vec<Segments>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn read(&mut self) {
        let mut reexported = false;
        while self.at < self.tokens.len() {
            match self.peek(0) {
                "mod" if self.peek(2) == ";" => {
                    self.children.insert(self.peek(1).to_owned());
                    self.at += 3;
                }
                "use" => {
                    self.at += 1;
                    self.tree(&[], reexported);
                }
                // `pub(in crate::source)` says who may import, and imports nothing.
                "(" if self.peek(1) == "in" => {
                    while self.peek(0) != ")" {
                        self.at += 1;
                    }
                }
                _ if is_word(self.peek(0)) && self.peek(1) == "::" => self.path(),
                _ => self.at += 1,
            }
            let before = self.at.checked_sub(1).map_or("", |at| &self.tokens[at]);
            let in_scope = before == ")" && self.tokens[..self.at].iter().rev().take(4).any(|token| token == "pub");
            reexported = before == "pub" || in_scope;
        }
    }

    /// Reads a path in the code, such as `crate::text::Safe::from`.
    fn path(&mut self) {
        let mut path = vec![self.peek(0).to_owned()];
        self.at += 1;
        while self.peek(0) == "::" && is_word(self.peek(1)) {
            path.push(self.peek(1).to_owned());
            self.at += 2;
        }
        self.named.push(path);
    }

    /// Reads one branch of a `use` tree.
    fn tree(&mut self, before: &[String], reexported: bool) {
        let mut path = before.to_vec();
        loop {
            match self.peek(0).to_owned().as_str() {
                "{" => {
                    self.at += 1;
                    while self.peek(0) != "}" {
                        self.tree(&path, reexported);
                        if self.peek(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    self.named.push(path);
                    return;
                }
                "self" if !path.is_empty() => self.at += 1,
                word => {
                    path.push(word.to_owned());
                    self.at += 1;
                }
            }
            if self.peek(0) != "::" {
                break;
            }
            self.at += 1;
        }
        let mut name = path.last().cloned().unwrap();
        if self.peek(0) == "as" {
            self.peek(1).clone_into(&mut name);
            self.at += 2;
        }
        self.imports.push(Import { name, path, reexported });
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Splits code into words, `::` and other characters; leaves out comments, literals and the test module at the end.
fn tokens(text: &str) -> Vec<String> {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string_len(rest),
            'r' if rest.starts_with("r\"") || rest.starts_with("r#") => raw_len(rest),
            'b' if rest.starts_with("br\"") || rest.starts_with("br#") => 1 + raw_len(&rest[1..]),
            '\'' => char_len(rest),
            ':' if rest.starts_with("::") => {
                tokens.push("::".to_owned());
                2
            }
            _ if c.is_alphanumeric() || c == '_' => {
                let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(rest[..len].to_owned());
                len
            }
            _ => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                c.len_utf8()
            }
        };
        rest = &rest[len..];
    }
    tokens
}

/// The length of a string literal that begins with its quote.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a raw string literal that begins with its `r`; 1 for a raw identifier.
fn raw_len(text: &str) -> usize {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 1 + hashes;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    text[2 + hashes..].find(&end).map_or(text.len(), |at| 2 + hashes + at + end.len())
}

/// The length of a character literal, or of the quote of a lifetime.
fn char_len(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => text[2..].find('\'').map_or(1, |at| if at == 0 { 4 } else { 2 + at + 1 }),
        (_, Some((at, '\''))) => at + 1,
        _ => 1,
    }
}
