//! The words of a filter as they are explained: in the help, in `--help`, in the manual page and in the README.
//!
//! [`Filter::parse`](super::filter::Filter::parse) is what reads them; a test parses each example here.

/// A word of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterWord {
    /// Examples of it, separated by two spaces.
    pub examples: &'static str,
    /// The condition under which an asset passes.
    pub passes: &'static str,
}

/// All words.
pub const FILTER_WORDS: [FilterWord; 9] = [
    word("disk  \"two words\"", "id, title, code or message contains it; capitals count only if the word has any"),
    word("status:failed", "the newest event has this status: succeed, failed, other, unknown or one of the log"),
    word("code:VOD.101", "this regular expression is found in the error code"),
    word("samples<5", "the number of samples; also > <= >= ="),
    word("since:10m  until:2026-03-14T12:00:00Z", "the newest event lies in this time, or has none"),
    word("host:cdn.example  host:cdn.*:8080", "the host of the first picture, with or without its port"),
    word("source:web1  source:vod.*", "the name of the source of the newest event; * and ? stand for any characters"),
    word("picture:black  picture:bad", "a check found this in one of its pictures; only in full screen"),
    word("!status:failed", "! before a word: the word does not hold"),
];

/// The sentence below the words.
pub const FILTER_RULE: &str = "All words must hold: status:failed since:2h !code:VOD.10104";

const fn word(examples: &'static str, passes: &'static str) -> FilterWord {
    FilterWord { examples, passes }
}

/// Returns the words as an indented list.
pub fn filter_words() -> String {
    let lines = FILTER_WORDS.map(|FilterWord { examples, passes }| format!("  {examples}\n      {passes}\n"));
    format!("{}\n{FILTER_RULE}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Filter;

    #[test]
    fn every_example_parses() {
        let rule = FILTER_RULE.split_once(": ").map(|(_, example)| example);
        for example in FILTER_WORDS.iter().flat_map(|word| word.examples.split("  ")).chain(rule) {
            assert!(Filter::parse(example).is_ok(), "{example}");
        }
    }
}
