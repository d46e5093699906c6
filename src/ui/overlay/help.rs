//! The overlay of the keys and of the words of a filter.

use crate::{
    app::overlay::help::{HelpLine, HelpPage},
    ui::theme::{Role, StyledText, part},
};

/// Returns the rows in `columns` cells.
pub(super) fn rows(columns: usize) -> Vec<Vec<StyledText>> {
    let page = HelpPage::new(columns);
    let row = |lines: &Vec<HelpLine>| {
        let mut parts = vec![part(" ", Role::Plain)];
        for (nth, line) in lines.iter().enumerate() {
            let (left, text, role) = match line {
                HelpLine::Blank => (String::new(), "", Role::Plain),
                HelpLine::Heading(title) => (String::new(), title.as_str(), Role::Strong),
                HelpLine::Entry { keys, text, .. } if text.is_empty() => (keys.to_string(), "", Role::Plain),
                HelpLine::Entry { keys, keys_width, text } => {
                    (format!("{keys:<keys_width$}"), text.as_str(), Role::Plain)
                }
            };
            let (left, right) = (part(left, Role::Accent), part(text, role));
            let blank = page.column.saturating_sub(left.0.width() + right.0.width()) + 2;
            parts.extend([left, right]);
            if nth + 1 < lines.len() {
                parts.push(part(" ".repeat(blank), Role::Plain));
            }
        }
        parts
    };
    page.rows.iter().map(row).collect()
}
