//! Error codes: how often, when first and last, an example, and what the code means.

use super::{
    assets::clock,
    theme::{Role, StyledText, part, thousands},
};
use crate::{
    app::{
        App,
        codes::{CodeRow, meaning},
    },
    event::Time,
    text::Safe,
};

/// What the columns are.
pub(super) const LEGEND: &str = "  assets, code, first – last, the newest asset, meaning";

/// Lines below the table.
const FOOT: usize = 3;

/// What a code means and what can be done, or what the newest asset with it was told, in lines of `width` cells. As many
/// lines for each code, so that the box stays where it is.
pub(super) fn foot(codes: &[CodeRow], at: usize, width: usize) -> Vec<Vec<StyledText>> {
    let Some(row) = codes.get(at) else { return Vec::new() };
    let meaning = meaning(row.code.as_str());
    let said = meaning.map_or_else(|| row.message.fit(width * FOOT), |meaning| meaning.what.into());
    let advice = meaning.map_or_else(Safe::default, |meaning| meaning.advice.into());
    let lines = |text: &Safe, role| text.wrap(width).into_iter().map(move |line| (line, role));
    let told = lines(&said, Role::Plain).chain(lines(&advice, Role::Dim));
    let mut rows: Vec<Vec<StyledText>> = vec![Vec::new()];
    rows.extend(told.map(|line| vec![part(" ", Role::Plain), line]));
    rows.resize(1 + FOOT, Vec::new());
    rows
}

/// One row a code.
pub(super) fn rows(app: &App, codes: &[CodeRow]) -> Vec<Vec<StyledText>> {
    if codes.is_empty() {
        return vec![vec![part(" no asset failed ", Role::Dim)]];
    }
    let time = |time: Option<Time>| time.map_or_else(|| Safe::new("–"), |time| clock(time, app));
    let first = codes.iter().map(|row| time(row.first).width()).max().unwrap_or(0);
    let last = codes.iter().map(|row| time(row.last).width()).max().unwrap_or(0);
    let code_width = codes.iter().map(|row| row.code.width()).max().unwrap_or(0).max(4);
    codes
        .iter()
        .map(|row| {
            let code = if row.code.is_empty() { Safe::new("none") } else { row.code.clone() };
            let means = meaning(row.code.as_str()).map_or_else(|| row.message.clone(), |meaning| meaning.what.into());
            let example = app.catalog().asset(row.example).map(|asset| Safe::new(&asset.id().to_string()));
            let example = example.unwrap_or_default().fit_middle(12);
            vec![
                part(format!(" {:>6}  ", thousands(row.count as u64)), Role::Strong),
                part(format!("{:<code_width$}  ", code.as_str()), Role::Bad),
                part(format!("{:>first$} – {:<last$}  ", time(row.first), time(row.last)), Role::Dim),
                part(format!("{example}  "), Role::Dim),
                part(format!("{means} "), Role::Plain),
            ]
        })
        .collect()
}
