//! The two rows on top: the state of the sources, and the status tabs with the filter.

use super::theme::{Glyph, Role, StyledText, Theme, part};
use crate::{
    app::{
        App, CallbackOrigin, Listening,
        asset_limit::AssetLimit,
        list::{Stick, order::SortOrder, tab::StatusTab},
    },
    event::{Health, ReadMode},
    text::{
        Safe,
        number::{bytes, counted, thousands},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let mut left = vec![part(" thumbview  ", Role::Strong)];
    if let Some(badge) = &app.options().badge {
        left.push(part(format!("{badge}  "), Role::Warn));
    }
    left.extend(listening(app));
    left.extend(source(app, theme, usize::from(area.width / 4).clamp(16, 40)));
    // A stream is live although nothing is followed.
    let is_live = matches!(app.sources().worst(), Some((_, Health::Live | Health::Marked(_))));
    if (is_live || app.options().read_mode == ReadMode::Follow) && area.width >= 90 {
        let stick = match app.list().stick() {
            Stick::Sticking => "  sticking to newest",
            Stick::Holding => "  holding",
        };
        left.push(part(stick, Role::Dim));
    }
    if let Some(progress) = app.check().progress() {
        let (done, total) = (thousands(progress.done), thousands(progress.total));
        left.push(part(format!("  checking {done} of {total}"), Role::Accent));
        if progress.bad > 0 {
            left.push(part(format!("  {} bad", thousands(progress.bad)), Role::Bad));
        }
    }
    let dropped = app.catalog().tally().dropped;
    if dropped > 0 {
        let reason = match app.list().asset_limit {
            AssetLimit::ByMemory { .. } => " to save memory",
            AssetLimit::All | AssetLimit::Chosen(_) => "",
        };
        left.push(part(format!("  {} dropped{reason}", counted(dropped, "oldest asset")), Role::Warn));
    }
    let right = warnings(app, theme);
    theme.print_both(buffer, area, &left, &right);
    let cells = |parts: &[StyledText]| parts.iter().map(|(text, _)| text.width()).sum::<usize>();
    let free = usize::from(area.width).saturating_sub(cells(&left) + cells(&right) + 2);
    let end = area.right().saturating_sub(u16::try_from(cells(&right)).unwrap_or(u16::MAX));
    draw_failures(buffer, Rect { x: 0, width: end, ..area }, free, app, theme);
}

/// Draws the failures over time at the right end of `area`, if they take at most `free` cells: `FAILED ▁▂▁▇▂ over 6 h`.
fn draw_failures(buffer: &mut Buffer, area: Rect, free: usize, app: &App, theme: Theme) {
    let failures = app.sources().failed_events();
    let bins = failures.bins();
    let (before, behind) = ("FAILED ", format!(" over {}  ", span(failures.seconds())));
    let width = before.len() + bins.len() + behind.len();
    // A few bins say nothing yet.
    if bins.len() < 8 || bins.iter().all(|count| *count == 0) || width > free {
        return;
    }
    let cells = |text: usize| u16::try_from(text).unwrap_or(u16::MAX);
    let x = area.right().saturating_sub(cells(width));
    theme.print(buffer, Rect { x, width: cells(before.len()), ..area }, &[part(before, Role::Dim)]);
    let chart = Rect { x: x + cells(before.len()), width: cells(bins.len()), ..area };
    theme.sparkline(buffer, chart, bins, Role::Bad);
    let rest = Rect { x: chart.right(), width: cells(behind.len()), ..area };
    theme.print(buffer, rest, &[part(behind, Role::Dim)]);
}

/// Formats a length of time in its largest whole unit: `40 s`, `12 min`, `6 h`, `3 d`.
fn span(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `127.0.0.1:8080 unsigned  3 refused  `.
fn listening(app: &App) -> Vec<StyledText> {
    let Some(Listening { address, origin, refused }) = &app.options().listening else { return Vec::new() };
    let mut parts = vec![part(format!("{address} "), Role::Plain)];
    parts.push(match origin {
        CallbackOrigin::Signed => part("signed  ", Role::Dim),
        CallbackOrigin::Unsigned => part("unsigned  ", Role::Warn),
    });
    if *refused > 0 {
        parts.push(part(format!("{} refused  ", thousands(*refused)), Role::Warn));
    }
    parts
}

/// `vod.log  ● live 10 s  220/min`, the name in `room` cells.
fn source(app: &App, theme: Theme, room: usize) -> Vec<StyledText> {
    let sources = app.sources();
    let names = sources.names();
    let name = match names {
        [] => Safe::new("no source"),
        // The folder of a journal is known to whoever named it, and the server's state needs the room.
        [one] if app.options().listening.is_some() => {
            Safe::new(one.as_str().rsplit('/').next().unwrap_or_default()).fit_middle(room)
        }
        [one] => one.fit_middle(room),
        [first, ..] => Safe::new(&format!("{} +{}", first.fit_middle(room), names.len() - 1)),
    };
    let mut parts = vec![(name, Role::Plain), part("  ", Role::Plain)];
    let Some((worst, health)) = sources.worst() else {
        parts.push(part("opening…", Role::Dim));
        return parts;
    };
    let which = if names.len() > 1 { format!("{}: ", worst.fit_middle(20)) } else { String::new() };
    match health {
        Health::Loading { read, total } => {
            let of = total.map_or_else(String::new, |total| format!(" of {}", bytes(total)));
            let percent = sources.progress().unwrap_or(0);
            parts.push(part(format!("reading {percent} %  {}{of}", bytes(*read)), Role::Accent));
        }
        Health::Live => {
            parts.push((theme.glyph(Glyph::Live), Role::Good));
            parts.push(part(format!(" live{}", sources.activity()), Role::Plain));
        }
        Health::Marked(word) => {
            parts.push((theme.glyph(Glyph::Live), Role::Good));
            parts.push(part(format!(" live{}", sources.activity()), Role::Plain));
            parts.push(part(format!("  {which}{word}"), Role::Plain));
        }
        Health::Loaded => parts.push(part("loaded", Role::Dim)),
        Health::Ended => parts.push(part("stream ended", Role::Dim)),
        Health::Waiting(why) => parts.push(part(format!("{which}waiting: {why}"), Role::Warn)),
        Health::Failed(why) => parts.push(part(format!("{which}{why}"), Role::Bad)),
    }
    parts
}

/// `⚠ 3 unparsed  !`.
fn warnings(app: &App, theme: Theme) -> Vec<StyledText> {
    let unparsed = app.catalog().tally().counts.unparsed;
    let notices = app.notices().warnings();
    let mut words = Vec::new();
    if unparsed > 0 {
        words.push(format!("{} unparsed", thousands(unparsed)));
    }
    if notices > 0 {
        words.push(format!("{notices} {}", if notices == 1 { "notice" } else { "notices" }));
    }
    if words.is_empty() {
        return Vec::new();
    }
    vec![
        (theme.glyph(Glyph::Warning), Role::Warn),
        part(format!(" {}  ", words.join(", ")), Role::Plain),
        part("! ", Role::Accent),
    ]
}

/// Draws the status tabs and the filter; returns the places of the tabs.
pub(super) fn draw_tabs(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> Vec<(Rect, StatusTab)> {
    let width = |parts: &[StyledText]| parts.iter().map(|(text, _)| text.width()).sum::<usize>();
    let mut right = filters(app);
    // Both numbers where there is room for them.
    let whole = tabs(app, theme, Counting::FilteredOfAll);
    let left = if width(&whole) + width(&right) < usize::from(area.width) {
        whole
    } else {
        tabs(app, theme, Counting::Filtered)
    };
    if width(&right) + 8 > usize::from(area.width) && !app.list().filter().is_empty() {
        // Without room for the terms, at least their effect is shown.
        right = vec![part("[filtered] ", Role::Accent), part(shown(app), Role::Dim)];
    }
    theme.print_both(buffer, area, &left, &right);
    places(area, &left)
}

/// Returns the places of tabs that were printed: each is a part after a separator.
fn places(area: Rect, parts: &[StyledText]) -> Vec<(Rect, StatusTab)> {
    let mut x = area.x;
    let mut tabs = StatusTab::ALL.into_iter();
    let mut places = Vec::new();
    for (at, (text, _)) in parts.iter().enumerate() {
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        if let Some(tab) = (at % 2 == 1).then(|| tabs.next()).flatten() {
            places.push((Rect { x, width, height: 1, ..area }.intersection(area), tab));
        }
        x = x.saturating_add(width);
    }
    places
}

/// The numbers on the tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    /// The assets that pass the filter, of all assets.
    FilteredOfAll,
    /// The assets that pass the filter.
    Filtered,
}

/// `All 1 284 │ FAILED 54 of 302 │ …`.
fn tabs(app: &App, theme: Theme, counting: Counting) -> Vec<StyledText> {
    let tally = app.catalog().tally();
    let mut parts = vec![part(" ", Role::Plain)];
    for tab in StatusTab::ALL {
        let (name, all) = match tab {
            StatusTab::All => ("All", tally.assets),
            StatusTab::Failed => ("FAILED", tally.failed),
            StatusTab::Succeed => ("SUCCEED", tally.succeed),
            StatusTab::Other => ("other", tally.other),
        };
        let passing = app.list().filtered_counts().map_or(all, |counts| counts.of(tab));
        let of = if passing == all || counting == Counting::Filtered {
            String::new()
        } else {
            format!(" of {}", thousands(all))
        };
        if tab != StatusTab::All {
            parts.push(part(format!(" {} ", theme.glyph(Glyph::Separator)), Role::Dim));
        }
        let role = if app.list().tab() == tab { Role::Selected } else { Role::Plain };
        parts.push(part(format!("{name} {}{of}", thousands(passing)), role));
    }
    parts
}

/// The search, the order, and the terms of the filter.
fn filters(app: &App) -> Vec<StyledText> {
    let list = app.list();
    let mut parts = Vec::new();
    if let Some(search) = list.search() {
        parts.push(part(format!("/{}", search.pattern.pattern().fit(24)), Role::Accent));
        let word = if search.hits == 1 { "hit" } else { "hits" };
        parts.push(part(format!(" {} {word}  ", thousands(search.hits as u64)), Role::Dim));
    }
    if list.order() != SortOrder::default() {
        parts.push(part(format!("{}  ", list.order()), Role::Dim));
    }
    if !list.filter().is_empty() {
        parts.push(part("filter ", Role::Dim));
        for term in list.filter().terms() {
            parts.push(part(format!("[{}] ", term.fit(24)), Role::Accent));
        }
        parts.push(part(shown(app), Role::Dim));
    }
    parts
}

fn shown(app: &App) -> Safe {
    Safe::new(&format!("{} shown ", thousands(app.list().rows().len() as u64)))
}
