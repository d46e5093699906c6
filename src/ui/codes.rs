//! Error codes: how often, when first and last, an example, and what the code means.

use super::{
    assets::clock,
    theme::{Part, Role, part, thousands},
};
use crate::{
    app::{
        App,
        codes::{CodeRow, meaning},
    },
    text::Safe,
};

/// What the columns are.
pub(super) const TITLE: &str = "Error codes: assets, code, first – last, the newest asset, meaning";

/// One row a code.
pub(super) fn rows(app: &App, codes: &[CodeRow]) -> Vec<Vec<Part>> {
    if codes.is_empty() {
        return vec![vec![part(" no asset failed ", Role::Dim)]];
    }
    let code_width = codes.iter().map(|row| row.code.width()).max().unwrap_or(0).max(4);
    codes
        .iter()
        .map(|row| {
            let time = |time: Option<_>| time.map_or_else(|| Safe::new("–"), |time| clock(time, app));
            let code = if row.code.is_empty() { Safe::new("none") } else { row.code.clone() };
            let means = meaning(row.code.as_str()).map_or_else(|| row.message.clone(), |meaning| meaning.what.into());
            let example = app.catalog().asset(row.example).map(|asset| Safe::new(&asset.id().to_string()));
            let example = example.unwrap_or_default().fit_middle(12);
            vec![
                part(format!(" {:>6}  ", thousands(row.count as u64)), Role::Strong),
                part(format!("{:<code_width$}  ", code.as_str()), Role::Bad),
                part(format!("{:>11} – {:<11}  ", time(row.first), time(row.last)), Role::Dim),
                part(format!("{example}  "), Role::Dim),
                part(format!("{means} "), Role::Plain),
            ]
        })
        .collect()
}
