//! The overlay of error codes: the number of assets, the times, an example and the meaning of each code.

use crate::{
    app::{
        App,
        error_code::meaning,
        overlay::codes::{CodeRow, CodesOverlay},
    },
    event::Time,
    text::{Safe, number::thousands},
    ui::{
        theme::{Role, StyledText, part},
        time::clock,
    },
};

/// The cells from which on a row has an example and the meaning, which also stand below the rows.
const WIDE: usize = 56;

/// Returns the names of the columns in a table of `columns` cells.
pub(super) fn legend(columns: usize) -> &'static str {
    if columns >= WIDE { "  assets, code, first – last, newest, meaning" } else { "" }
}

/// Returns the number of lines below a table of `width` cells.
fn foot_lines(width: usize) -> usize {
    if width < WIDE { 5 } else { 3 }
}

/// Returns the meaning and the remedy of a code, or the message of the newest asset with it, in lines of `width` cells.
/// Their number is the same for each code, so that the overlay does not move.
pub(super) fn foot(codes: &[CodeRow], at: usize, width: usize) -> Vec<Vec<StyledText>> {
    let Some(row) = codes.get(at) else { return Vec::new() };
    let meaning = meaning(row.code.as_str());
    let cause = meaning.map_or_else(|| row.message.fit(width * foot_lines(width)), |meaning| meaning.what.into());
    let advice = meaning.map_or_else(Safe::default, |meaning| meaning.advice.into());
    let lines = |text: &Safe, role| text.wrap(width).into_iter().map(move |line| (line, role));
    let text = lines(&cause, Role::Plain).chain(lines(&advice, Role::Dim));
    let mut rows: Vec<Vec<StyledText>> = vec![Vec::new()];
    rows.extend(text.map(|line| vec![part(" ", Role::Plain), line]));
    rows.resize(1 + foot_lines(width), Vec::new());
    rows
}

/// Returns the number of failed assets: `  54 of 302 FAILED assets`.
pub(super) fn count(codes: &CodesOverlay) -> String {
    let of = if codes.failed == codes.failed_in_all {
        String::new()
    } else {
        format!(" of {}", thousands(codes.failed_in_all))
    };
    let assets = if codes.failed_in_all == 1 { "asset" } else { "assets" };
    format!("  {}{of} FAILED {assets}", thousands(codes.failed))
}

/// Returns a row for each code, of those columns that `columns` cells have room for.
pub(super) fn rows(app: &App, codes: &[CodeRow], columns: usize) -> Vec<Vec<StyledText>> {
    if codes.is_empty() {
        return vec![vec![part(" no listed asset has failed ", Role::Dim)]];
    }
    let time = |time: Option<Time>| time.map_or_else(|| Safe::new("–"), |time| clock(time, app));
    let first = codes.iter().map(|row| time(row.first).width()).max().unwrap_or(0);
    let last = codes.iter().map(|row| time(row.last).width()).max().unwrap_or(0);
    let code_width = codes.iter().map(|row| row.code.width()).max().unwrap_or(0).max(4);
    let digits = if columns < WIDE { 3 } else { 6 };
    let counts = codes.iter().map(|row| thousands(row.count as u64).width());
    let count_width = counts.max().unwrap_or(0).max(digits);
    let has_times = columns >= 1 + count_width + 2 + code_width + 2 + first + 3 + last;
    codes
        .iter()
        .map(|row| {
            let code = if row.code.is_empty() { Safe::new("none") } else { row.code.clone() };
            let means = meaning(row.code.as_str()).map_or_else(|| row.message.clone(), |meaning| meaning.what.into());
            let example =
                app.catalog().asset(row.example).map(|asset| Safe::new(&asset.id().shown(app.options().reveal)));
            let example = example.unwrap_or_default().fit_middle(12);
            let mut parts = vec![
                part(format!(" {:>count_width$}  ", thousands(row.count as u64)), Role::Strong),
                part(format!("{:<code_width$}  ", code.as_str()), Role::Bad),
            ];
            if has_times {
                parts.push(part(format!("{:>first$} – {:<last$}  ", time(row.first), time(row.last)), Role::Dim));
            }
            if columns >= WIDE {
                parts.extend([part(format!("{example}  "), Role::Dim), part(format!("{means} "), Role::Plain)]);
            }
            parts
        })
        .collect()
}
