//! The timeline pane: facts about the picture under the cursor, a bar scaled by seconds with a glyph for each picture,
//! and its labels.

use super::{
    asset::{fitted_name, status_glyph},
    theme::{Glyph, Role, StyledText, Theme, part},
};
use crate::{
    app::{
        App,
        panes::View,
        viewer::{
            album::PictureState,
            comparison::{ComparisonMode, ComputedDifference},
        },
    },
    event::{Offset, PictureKind},
    judge::{Grade, Verdict},
    picture::{PictureKey, PictureRequest, Protocol},
    text::{Safe, number::bytes},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The distances that labels may have, in seconds.
const STEPS: [i64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 36_000];

/// The number of steps between labels; each label that moves costs a dozen bytes with every asset that is passed.
const MAX_STEPS: u16 = 5;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let Some(bar) = app.panes().timeline_bar() else { return };
    draw_bar(buffer, bar, app, theme);
    if bar.y > area.y {
        draw_info(buffer, Rect { height: 1, ..area }, app, theme);
    }
    if bar.bottom() < area.bottom() {
        draw_labels(buffer, Rect { y: bar.bottom(), ..bar }, app, theme);
    }
}

/// `0:15  #5 of 7   480x270   38 KB   fetched 41 ms   kitty`.
fn draw_info(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let mut right = asset_label(app, area, theme);
    let timeline = app.timeline();
    let Some(mark) = timeline.current() else {
        theme.print_right(buffer, area, &right);
        return;
    };
    let mut parts = vec![
        part(format!(" {}", mark.offset), Role::Accent),
        part(format!("  #{} of {}", timeline.cursor() + 1, timeline.marks().len()), Role::Plain),
    ];
    if mark.key.kind != PictureKind::Sample {
        parts.push(part(format!("  {}", mark.key.kind.as_str()), Role::Plain));
    }
    if timeline.is_playing() {
        parts.push(part(format!("  playing {}/s", timeline.fps()), Role::Accent));
    }
    parts.extend(app.pane().zoom_percent().map(|percent| part(format!("  {percent} %"), Role::Accent)));
    parts.extend(difference(app, mark.key).map(|text| part(format!("   {text}"), Role::Accent)));
    // Faults come before facts, since the end gives way where room is scarce.
    let looks = app.check().findings(mark.key).filter(|(verdict, _)| *verdict >= Verdict::Black);
    parts.extend(looks.map(|(verdict, _)| part(format!("   {verdict}"), Role::Warn)));
    if let PictureState::Ready(picture) = app.album().state(mark.key) {
        if mark.url.is_foreign(&mark.asset) {
            parts.push(part("   of another asset", Role::Warn));
        }
        if let Some(other) = app.pane().lookalike(timeline.cursor()) {
            parts.push(part(format!("   same as #{}", other + 1), Role::Warn));
        }
        parts.extend(facts(picture, app.screen().canvas.protocol));
    }
    let cells = usize::from(area.width.saturating_sub(2)).max(1);
    let crowd = timeline.marks().len().div_ceil(cells);
    let gaps = timeline.gaps().len();
    if gaps > 0 {
        right.push(part(format!("{gaps} {} ", if gaps == 1 { "gap" } else { "gaps" }), Role::Warn));
    }
    if crowd > 1 {
        right.push(part(format!("{crowd} pictures per mark "), Role::Dim));
    }
    // Facts are shown whole or not at all.
    let mut room = usize::from(area.width) - right.iter().map(|(text, _)| text.width()).sum::<usize>().min(cells);
    let fits = |(text, _): &StyledText| {
        let fits = text.width() < room;
        room = if fits { room - text.width() } else { 0 };
        fits
    };
    let parts: Vec<StyledText> = parts.into_iter().filter(fits).collect();
    theme.print_both(buffer, area, &parts, &right);
}

/// The measure of the difference that is shown: `PSNR 34.1 dB  3.2 % differ`.
fn difference(app: &App, current: PictureKey) -> Option<String> {
    let pane = app.pane();
    let comparison = pane.comparison().filter(|comparison| comparison.mode() == ComparisonMode::Difference)?;
    comparison.other(current)?;
    Some(match comparison.difference(current)? {
        ComputedDifference { psnr: None, .. } => "no difference".to_owned(),
        ComputedDifference { psnr: Some(psnr), share, .. } => {
            format!("PSNR {psnr:.1} dB  {:.1} % differ", share * 100.0)
        }
    })
}

/// The status and the name of the asset, in the full view, which has no title.
fn asset_label(app: &App, area: Rect, theme: Theme) -> Vec<StyledText> {
    let Some(asset) = app.selected().filter(|_| app.screen().view == View::Full) else { return Vec::new() };
    let (glyph, role) = status_glyph(asset.status());
    let name = fitted_name(&asset, app, usize::from(area.width / 3));
    vec![(theme.glyph(glyph), role), part(" ", Role::Plain), (name, Role::Strong), part(" ", Role::Plain)]
}

fn facts(picture: &crate::picture::Picture, protocol: Protocol) -> Vec<StyledText> {
    let origin = match (picture.fetched.from_cache, picture.fetched.took.as_millis()) {
        (true, _) => "from cache".to_owned(),
        (false, millis) => format!("fetched {millis} ms"),
    };
    let dim = |text: &str| part(format!("   {text}"), Role::Dim);
    let damage = picture.damage.as_ref().map(|damage| part(format!("   {damage}"), Role::Bad));
    let plain = [
        dim(&picture.size.to_string()),
        dim(bytes(picture.jpeg.len() as u64).as_str()),
        dim(&origin),
        dim(protocol.as_str()),
    ];
    damage.into_iter().chain(plain).collect()
}

/// Returns the cell of an offset on a bar of `width` cells.
fn cell_of(offset: Offset, span: (Offset, Offset), width: u16) -> u16 {
    let (from, to) = (span.0.as_millis(), span.1.as_millis());
    let last = i64::from(width.saturating_sub(1));
    let at = (offset.as_millis() - from) * last;
    let length = (to - from).max(1);
    u16::try_from((at + length / 2) / length).unwrap_or(0).min(width.saturating_sub(1))
}

fn draw_bar(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    if app.selected().is_none() || area.is_empty() {
        return;
    }
    let timeline = app.timeline();
    let span = timeline.span();
    let width = usize::from(area.width);
    // Without pictures the rule is still drawn, so that the next asset changes few cells.
    let mut glyphs = vec![(Glyph::Rule, Role::Dim); width];
    for (from, to) in timeline.gaps() {
        let cells = usize::from(cell_of(from, span, area.width))..=usize::from(cell_of(to, span, area.width));
        glyphs[cells].fill((Glyph::Gap, Role::Warn));
    }
    let mut severities = vec![0; width];
    for (index, mark) in timeline.marks().iter().enumerate() {
        let at = usize::from(cell_of(mark.offset, span, area.width));
        let (severity, glyph, role) = state_glyph(app, index, mark);
        // Of several pictures in one cell the worst is shown.
        if severity >= severities[at] {
            severities[at] = severity;
            glyphs[at] = (glyph, role);
        }
    }
    if let Some(mark) = timeline.current() {
        let at = usize::from(cell_of(mark.offset, span, area.width));
        glyphs[at].1 = Role::Accent;
    }
    let parts: Vec<StyledText> = glyphs.iter().map(|(glyph, role)| (theme.glyph(*glyph), *role)).collect();
    theme.print(buffer, area, &parts);
}

/// The severity of a picture's state, its glyph and its role.
fn state_glyph(app: &App, index: usize, mark: &PictureRequest) -> (u8, Glyph, Role) {
    let (ready, absent) = match mark.key.kind {
        PictureKind::Sample => (Glyph::SampleReady, Glyph::SampleAbsent),
        PictureKind::Dot => (Glyph::DotReady, Glyph::DotAbsent),
        PictureKind::Cover => (Glyph::Cover, Glyph::Cover),
    };
    let verdicts = app.check().findings(mark.key).map(|(verdict, _)| verdict);
    let grade = app.check().grading().worst(verdicts);
    match app.album().state(mark.key) {
        PictureState::Ready(picture) if picture.damage.is_some() => (4, Glyph::Broken, Role::Bad),
        PictureState::Ready(_) | PictureState::Absent if grade == Grade::Bad => (5, Glyph::Broken, Role::Bad),
        PictureState::Ready(_) | PictureState::Absent if grade == Grade::Warning => (3, Glyph::Suspect, Role::Warn),
        PictureState::Ready(_) if app.pane().lookalike(index).is_some() => (3, Glyph::Suspect, Role::Warn),
        PictureState::Ready(_) => (1, ready, Role::Plain),
        PictureState::Loading => (3, Glyph::Loading, Role::Plain),
        PictureState::Absent => (2, absent, Role::Dim),
        PictureState::Failed(_) => (5, Glyph::Broken, Role::Bad),
    }
}

/// `0:00      0:05      0:10      ▲0:15`: the cursor's offset, then both ends, then round steps where there is room.
fn draw_labels(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let timeline = app.timeline();
    let Some(mark) = timeline.current() else { return };
    let span = timeline.span();
    let mut labels: Vec<(u16, Safe, Role)> = Vec::new();
    let cursor = Safe::new(&format!("{}{}", theme.glyph(Glyph::Cursor), mark.offset));
    place(&mut labels, area.width, cell_of(mark.offset, span, area.width), cursor, Role::Accent);
    for end in [span.0, span.1] {
        let text = Safe::new(&end.to_string());
        place(&mut labels, area.width, cell_of(end, span, area.width), text, Role::Dim);
    }
    let length = (span.1.as_millis() - span.0.as_millis()) / 1000;
    let most = i64::from((area.width / 10).clamp(1, MAX_STEPS));
    if let Some(step) = STEPS.iter().find(|step| length / **step <= most) {
        let first = span.0.as_millis().div_euclid(step * 1000) * step * 1000;
        for nth in 1..=length / step {
            let offset = Offset::from_millis(first + nth * step * 1000);
            let text = Safe::new(&offset.to_string());
            place(&mut labels, area.width, cell_of(offset, span, area.width), text, Role::Dim);
        }
    }
    for (x, text, role) in labels {
        let width = u16::try_from(text.width()).unwrap_or(0);
        theme.print(buffer, Rect { x: area.x + x, width, ..area }, &[(text, role)]);
    }
}

/// Adds a label that begins under its cell or ends at the edge, unless it would touch another.
fn place(labels: &mut Vec<(u16, Safe, Role)>, width: u16, at: u16, text: Safe, role: Role) {
    let length = u16::try_from(text.width()).unwrap_or(u16::MAX);
    if length > width {
        return;
    }
    let x = at.min(width - length);
    let clear = labels.iter().all(|(other, label, _)| {
        let end = other + u16::try_from(label.width()).unwrap_or(0);
        x + length < *other || x > end
    });
    if clear {
        labels.push((x, text, role));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_proportional_to_seconds() {
        let offset = |s: i64| Offset::from_millis(s * 1000);
        let check = |at, to, width, expected| {
            assert_eq!(cell_of(offset(at), (offset(0), offset(to)), width), expected, "{at} of {to} in {width}");
        };
        check(0, 25, 51, 0);
        check(25, 25, 51, 50);
        check(5, 25, 51, 10);
        check(0, 0, 10, 0);
        check(7, 7, 1, 0);
        check(0, 0, 0, 0);
    }

    #[test]
    fn labels_do_not_touch() {
        let mut labels = Vec::new();
        place(&mut labels, 20, 10, "▲0:15".into(), Role::Accent);
        place(&mut labels, 20, 14, "0:20".into(), Role::Dim);
        place(&mut labels, 20, 19, "0:25".into(), Role::Dim);
        place(&mut labels, 20, 0, "0:00".into(), Role::Dim);
        let at: Vec<u16> = labels.iter().map(|(x, ..)| *x).collect();
        assert_eq!(at, [10, 16, 0]);
    }
}
