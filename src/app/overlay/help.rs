//! The overlay of the keys and of the words of a filter: made from the table of keys, in two columns where there is room.

use super::content::{OverlayContent, OverlayContext};
use crate::{
    app::{
        keymap::SECTIONS,
        list::grammar::{FILTER_RULE, FILTER_WORDS},
    },
    text::Safe,
};

/// The cells across from which on there are two columns.
const TWO_COLUMNS: usize = 92;
/// The cells of the keys, where there is room for those beside what they do.
const KEYS: usize = 13;
/// The same in a narrow column.
const NARROW_KEYS: usize = 8;
/// A column of fewer cells is narrow.
const WIDE_COLUMN: usize = 40;
/// The cells between keys and text, and between two columns.
const GAP: usize = 2;

/// The keys and the words of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelpOverlay;

/// A line of one column of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpLine {
    /// An empty line.
    Blank,
    /// The heading of a section.
    Heading(Safe),
    /// Keys or words, empty on a second line, and the text beside them.
    Entry {
        /// The keys.
        keys: Safe,
        /// The cells of the keys with the gap behind them.
        keys_width: usize,
        /// The text.
        text: Safe,
    },
}

/// The help, laid out for a width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpPage {
    /// The lines of each row, one for each column.
    pub rows: Vec<Vec<HelpLine>>,
    /// The cells of one column, without the gap behind it.
    pub column: usize,
}

impl HelpPage {
    /// Lays the help out in `columns` cells.
    pub fn new(columns: usize) -> Self {
        if columns < TWO_COLUMNS {
            let lines = sections(columns).concat();
            return Self { rows: lines.into_iter().map(|line| vec![line]).collect(), column: columns };
        }
        let column = (columns - GAP) / 2;
        let sections = sections(column);
        // The sections stay in their order; they are parted where the longer column is shortest.
        let height = |sections: &[Vec<HelpLine>]| sections.iter().map(Vec::len).sum::<usize>();
        let higher = |at: &usize| height(&sections[..*at]).max(height(&sections[*at..]));
        let split = (0..=sections.len()).min_by_key(higher).unwrap_or(0);
        let (left, right) = (sections[..split].concat(), sections[split..].concat());
        let line = |lines: &[HelpLine], at: usize| lines.get(at).cloned().unwrap_or(HelpLine::Blank);
        let rows = (0..left.len().max(right.len())).map(|at| vec![line(&left, at), line(&right, at)]).collect();
        Self { rows, column }
    }
}

/// Returns the lines of each section in a column of `width` cells, the last of them blank.
fn sections(width: usize) -> Vec<Vec<HelpLine>> {
    let keys = |title: &str, entries: Vec<(String, &str)>| {
        let mut lines: Vec<HelpLine> = Safe::new(title).wrap(width).into_iter().map(HelpLine::Heading).collect();
        lines.extend(entries.iter().flat_map(|(keys, text)| entry(keys, text, width)));
        lines
    };
    let mut sections: Vec<Vec<HelpLine>> = SECTIONS
        .iter()
        .map(|section| {
            let entries = section.bindings.iter().map(|binding| (binding.spelling(), binding.help)).collect();
            let mut lines = keys(section.title, entries);
            lines.push(HelpLine::Blank);
            lines
        })
        .collect();
    let words = FILTER_WORDS.iter().map(|word| (word.examples.to_owned(), word.passes)).collect();
    let mut words = keys("Filter: an asset passes if", words);
    words.extend(entry("", FILTER_RULE, width));
    sections.push(words);
    sections
}

/// Returns the lines of one entry; keys that are too wide have a line of their own.
fn entry(keys: &str, text: &str, width: usize) -> Vec<HelpLine> {
    let keys_width = if width >= WIDE_COLUMN { KEYS } else { NARROW_KEYS } + GAP;
    let keys = Safe::new(keys);
    let fits = keys.width() + GAP <= keys_width;
    let line = |keys: Safe, text: Safe| HelpLine::Entry { keys, keys_width, text };
    let mut lines = Vec::new();
    if !fits {
        lines.extend(keys.wrap(width).into_iter().map(|keys| line(keys, Safe::default())));
    }
    for (nth, text) in Safe::new(text).wrap(width.saturating_sub(keys_width).max(8)).into_iter().enumerate() {
        lines.push(line(if fits && nth == 0 { keys.clone() } else { Safe::default() }, text));
    }
    lines
}

impl OverlayContent for HelpOverlay {
    fn row_count(&self, context: &OverlayContext<'_>) -> usize {
        HelpPage::new(context.space(self).columns()).rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_cut_at_any_width() {
        for columns in 20..200 {
            let page = HelpPage::new(columns);
            let mut words = String::new();
            for line in page.rows.iter().flatten() {
                let (used, text) = match line {
                    HelpLine::Blank => (0, String::new()),
                    HelpLine::Heading(title) => (0, title.to_string()),
                    HelpLine::Entry { keys, text, .. } if text.is_empty() => (keys.width(), keys.to_string()),
                    HelpLine::Entry { keys, keys_width, text } => {
                        assert!(keys.width() < *keys_width, "{columns}: {keys}");
                        (keys_width + text.width(), format!("{keys} {text}"))
                    }
                };
                assert!(used <= page.column.max(28), "{columns}: {line:?}");
                words.push_str(&text);
                words.push(' ');
            }
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            for binding in SECTIONS.iter().flat_map(|section| section.bindings) {
                let has = |text: &str| page.column < 40 || squeezed(&words).contains(&squeezed(text));
                assert!(page.rows[0].len() == 2 || has(binding.help), "{columns}: {}", binding.help);
            }
        }
    }

    #[test]
    fn two_columns_are_about_equally_long() {
        let page = HelpPage::new(120);
        let filled = |column: usize| page.rows.iter().filter(|row| row[column] != HelpLine::Blank).count();
        assert!(filled(0).abs_diff(filled(1)) <= 12, "{} and {}", filled(0), filled(1));
    }
}
