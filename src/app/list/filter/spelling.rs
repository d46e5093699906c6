//! The spelling of filters: terms between spaces, and quotes that keep spaces within a term.
//!
//! A quote counts at the beginning of a term, after `!`, and after the colon of a key: `"two words"`, `!"two words"`,
//! `source:"web 1"`. Anywhere else it is a character like others. A quote that is not closed reaches to the end of the
//! text, as it does while a filter is typed.

/// A term as it was typed, and the quoted part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpelledTerm<'a> {
    /// The term with its quotes.
    pub(super) text: &'a str,
    /// The byte of the opening quote.
    quote: Option<usize>,
}

impl<'a> SpelledTerm<'a> {
    /// Splits a filter into its terms.
    pub(super) fn all(text: &'a str) -> impl Iterator<Item = Self> {
        let mut rest = text.trim_start();
        std::iter::from_fn(move || {
            (!rest.is_empty()).then_some(())?;
            let quote = opening_quote(rest);
            let closed = quote.map_or(Some(0), |at| rest.get(at + 1..)?.find('"').map(|end| at + end + 2));
            let tail = closed.and_then(|from| rest.get(from..)?.find(char::is_whitespace).map(|end| from + end));
            let (term, after) = rest.split_at(tail.unwrap_or(rest.len()));
            rest = after.trim_start();
            Some(Self { text: term, quote })
        })
    }

    /// Returns the term with both of its quotes, also where the second one is missing.
    pub(super) fn closed(self) -> String {
        let is_open = self.quote.is_some_and(|at| !self.text.get(at + 1..).unwrap_or_default().contains('"'));
        format!("{}{}", self.text, if is_open { "\"" } else { "" })
    }

    /// Returns the term without `!` and without its quotes, and whether the quotes are around the whole of it: then it
    /// has no key.
    pub(super) fn bare(self) -> (String, Quotes) {
        let (text, skipped) = self.text.strip_prefix('!').map_or((self.text, 0), |rest| (rest, 1));
        let Some(at) = self.quote.map(|at| at - skipped) else { return (text.to_owned(), Quotes::None) };
        let (before, value) = text.split_at(at);
        let quotes = if at == 0 { Quotes::Whole } else { Quotes::Value };
        (before.to_owned() + &value.replacen('"', "", 2), quotes)
    }
}

/// The part of a term that stands in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// None of it.
    None,
    /// The value of a key.
    Value,
    /// All of it.
    Whole,
}

/// Returns the byte of the quote that opens in the first term of a text.
fn opening_quote(text: &str) -> Option<usize> {
    let start = usize::from(text.starts_with('!'));
    let bare = text.get(start..)?;
    if bare.starts_with('"') {
        return Some(start);
    }
    let key = bare.bytes().take_while(u8::is_ascii_lowercase).count();
    (key > 0 && bare.get(key..)?.starts_with(":\"")).then_some(start + key + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        let check = |text: &str, expected: &[&str]| {
            let terms: Vec<&str> = SpelledTerm::all(text).map(|term| term.text).collect();
            assert_eq!(terms, expected, "{text:?}");
        };
        check("", &[]);
        check("  a  !b ", &["a", "!b"]);
        check(r#"a "two words" b"#, &["a", r#""two words""#, "b"]);
        check(r#"!"two words" source:"web 1" x"#, &[r#"!"two words""#, r#"source:"web 1""#, "x"]);
        check(r#"say"hi there"#, &[r#"say"hi"#, "there"]);
        check(r#""not closed yet"#, &[r#""not closed yet"#]);
        check(r#"" "#, &[r#"" "#]);
        check(r#""新品 发布会"尾 b"#, &[r#""新品 发布会"尾"#, "b"]);
    }

    #[test]
    fn quotes_are_no_part_of_a_term() {
        let check = |text: &str, expected: &str, quotes: Quotes, closed: &str| {
            let term = SpelledTerm::all(text).next().unwrap();
            assert_eq!((term.bare(), term.closed()), ((expected.to_owned(), quotes), closed.to_owned()), "{text:?}");
        };
        check("a", "a", Quotes::None, "a");
        check("!a", "a", Quotes::None, "!a");
        check(r#""two words""#, "two words", Quotes::Whole, r#""two words""#);
        check(r#"!"two words"#, "two words", Quotes::Whole, r#"!"two words""#);
        check(r#"source:"web 1""#, "source:web 1", Quotes::Value, r#"source:"web 1""#);
        check(r#""a"b"c"#, r#"ab"c"#, Quotes::Whole, r#""a"b"c"#);
        check(r#"say"hi"#, r#"say"hi"#, Quotes::None, r#"say"hi"#);
    }
}
