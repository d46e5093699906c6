//! The prompt in the footer: its label, the line that is being typed, and a hint.

use crate::{
    app::{
        App, Filter, FilterError,
        list::search::TextSearch,
        prompt::line::{Prompt, Purpose},
    },
    text::{Safe, number::thousands},
    ui::theme::{Role, StyledText, Theme, part},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// Draws the prompt; returns the place of the cursor.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, prompt: &Prompt, theme: Theme) -> Position {
    let label = match prompt.purpose {
        Purpose::Search => " /",
        Purpose::Filter => " filter ",
        Purpose::GoTo => " go to ",
        Purpose::Write => " write ",
        Purpose::Replace => " replace ",
    };
    let (before, after) = prompt.parts();
    // Of a long line the end is shown, where the cursor is.
    let room = usize::from(area.width).saturating_sub(label.len() + 1);
    let hidden = before.width().saturating_sub(room);
    let shown: String = before.as_str().chars().skip(hidden).collect();
    let shown = Safe::new(&shown);
    let x = area.x + u16::try_from(label.len() + shown.width()).unwrap_or(0);
    let typed = [part(label, Role::Accent), (shown, Role::Plain), (after, Role::Plain)];
    theme.print_both(buffer, area, &typed, &hint(app, prompt, area));
    Position { x: x.min(area.right().saturating_sub(1)), y: area.y }
}

/// Returns the possible input, or the reason why the text is invalid, in the longest form that has room beside the text.
fn hint(app: &App, prompt: &Prompt, area: Rect) -> Vec<StyledText> {
    let key = |key: &str| part(key, Role::Accent);
    let dim = |text: &str| part(text, Role::Dim);
    let invalid = |error: FilterError| {
        let why = Safe::new(&error.to_string());
        vec![vec![(why, Role::Warn), dim(" ")], vec![part("not valid ", Role::Warn)]]
    };
    let text = prompt.text();
    let forms = match prompt.purpose {
        Purpose::Search => TextSearch::new(&text).map_or_else(invalid, |_valid| hits(app)),
        Purpose::Filter if text.is_empty() => {
            let keys = "status: code: samples< since: until: host: source: picture:";
            vec![
                vec![dim("words  "), key(keys), dim("  "), key("!"), dim(" negates ")],
                vec![key(keys), dim(" ")],
                vec![dim("words, status: code: … ")],
            ]
        }
        Purpose::Filter => Filter::parse(&text).map_or_else(invalid, |valid| {
            let unknown = valid.unknown_status_in(app.catalog());
            unknown.map(|word| vec![part(format!("no asset has status {word} "), Role::Warn)]).into_iter().collect()
        }),
        Purpose::GoTo => vec![vec![dim("1:30, 90, #12, @id or @title ")]],
        Purpose::Write => {
            let listed = thousands(app.list().rows().len() as u64);
            let tab = [key("Tab"), dim(" next ")];
            let names = [key(".jpg"), dim(" this picture   "), key(".json .jsonl .csv")];
            let whole = [&names[..], &[dim(&format!(" the {listed} listed assets   "))], &tab].concat();
            let short = vec![key("Tab"), dim(&format!(" jpg, or the {listed} listed assets as json, jsonl, csv "))];
            vec![whole, short, vec![key("Tab"), dim(" jpg json jsonl csv ")], tab.to_vec()]
        }
        Purpose::Replace => {
            vec![vec![key("y"), dim(" replaces the file, any other key keeps it ")], vec![key("y"), dim("/n ")]]
        }
    };
    let room = usize::from(area.width).saturating_sub(Safe::new(&text).width() + 12);
    let fits = |parts: &Vec<StyledText>| parts.iter().map(|(text, _)| text.width()).sum::<usize>() <= room;
    forms.into_iter().find(fits).unwrap_or_default()
}

/// Returns the number of hits of the search that is being typed, with `~` while they are being counted.
fn hits(app: &App) -> Vec<Vec<StyledText>> {
    let Some(count) = app.typed_hits() else { return Vec::new() };
    let about = if count.is_complete() { "" } else { "~" };
    let number = format!("{about}{}", thousands(count.hits() as u64));
    let word = if count.hits() == 1 { "hit" } else { "hits" };
    vec![vec![part(format!("{number} {word} "), Role::Dim)], vec![part(format!("{number} "), Role::Dim)]]
}
