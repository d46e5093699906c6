//! The overlay of facts about the picture under the cursor.

use crate::{
    app::overlay::info::{FACT_NAME, Fact, fact_rows},
    ui::theme::{Role, StyledText, part},
};

/// Returns the rows of all facts in `columns` cells.
pub(super) fn rows(facts: &[Fact], columns: usize) -> Vec<Vec<StyledText>> {
    if facts.is_empty() {
        return vec![vec![part(" no picture is selected ", Role::Dim)]];
    }
    let rows = fact_rows(facts, columns).into_iter();
    rows.map(|(name, value)| vec![part(format!(" {name:<FACT_NAME$}"), Role::Dim), (value, Role::Plain)]).collect()
}
