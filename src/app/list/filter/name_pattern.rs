//! Names that a filter asks for: a part of a name, or a glob that the whole name matches.

use regex::{Regex, RegexBuilder};

/// A pattern of names, in any case. Without `*` (any text) and `?` (any character) it is found anywhere in a name.
#[derive(Clone, Debug)]
pub(super) struct NamePattern(Regex);

impl NamePattern {
    /// Returns the pattern that is spelled as `text`; `None` for one that is too long.
    pub(super) fn new(text: &str) -> Option<Self> {
        let escaped = regex::escape(text);
        let pattern = if text.contains(['*', '?']) {
            format!("^(?s:{})$", escaped.replace(r"\*", ".*").replace(r"\?", "."))
        } else {
            escaped
        };
        RegexBuilder::new(&pattern).case_insensitive(true).size_limit(1 << 20).build().ok().map(Self)
    }

    /// Returns whether one of the spellings of a name matches.
    pub(super) fn matches<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        names.into_iter().any(|name| self.0.is_match(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_or_a_glob_is_found() {
        let check = |pattern, names: &[&str], expected| {
            let pattern = NamePattern::new(pattern).unwrap();
            assert_eq!(pattern.matches(names.iter().copied()), expected, "{pattern:?} {names:?}");
        };
        check("web1", &["/var/log/WEB1.log"], true);
        check("web1", &["web2.log"], false);
        check("web?.log", &["/var/log/web1.log"], false);
        check("web?.log", &["/var/log/web1.log", "web1.log"], true);
        check("WEB*", &["web1:/var/log/vod.log"], true);
        check("*.example:8080", &["cdn.example", "cdn.example:8080"], true);
        check("*.example", &["example.com"], false);
    }
}
