//! The overlay of events over time: a chart for each status over one axis, and below it what the selected bar holds.

use crate::{
    app::{
        App,
        overlay::histogram::{HistogramBar, HistogramOverlay, STEPS},
    },
    event::Time,
    text::{
        Safe,
        number::{counted, thousands},
    },
    ui::{
        theme::{Glyph, Role, StyledText, Theme, part},
        time::{clock, moment},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The most cells from one bar to the next.
const MAX_PITCH: usize = 10;
/// The most rows of one chart.
const MAX_CHART: u16 = 8;
/// The rows of the axis and its labels.
const AXIS_ROWS: u16 = 2;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The columns of the bars: all of the width, so that some bars are a cell wider than others.
#[derive(Clone, Copy)]
struct BarColumns {
    bars: usize,
    width: usize,
}

impl BarColumns {
    fn new(bars: usize, width: u16) -> Self {
        Self { bars, width: usize::from(width).min(bars * MAX_PITCH) }
    }

    /// The first column of a bar.
    fn start(self, bar: usize) -> usize {
        bar * self.width / self.bars.max(1)
    }

    /// The number of columns of a bar with the gap behind it.
    fn cells(self, bar: usize) -> usize {
        self.start(bar + 1) - self.start(bar)
    }
}

/// One chart: the name of a status, the role of its bars, and their values.
struct Chart {
    name: &'static str,
    role: Role,
    total: u64,
    values: Vec<u64>,
}

/// Returns the part of `space` that the overlay takes.
pub(super) fn area(histogram: &HistogramOverlay, space: Rect) -> Rect {
    let charts = u16::try_from(charts(histogram).len()).unwrap_or(1);
    let height = charts * (MAX_CHART + 1) + AXIS_ROWS + foot_rows(space.width, space.height) + 2;
    Rect { height: height.min(space.height), ..space }
}

/// Draws the overlay.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    histogram: &HistogramOverlay,
    position: usize,
    app: &App,
    theme: Theme,
) {
    let mut title = vec![part("Events over time", Role::Strong)];
    if let (Some(first), Some(last)) = (histogram.bars.first(), histogram.bars.last()) {
        let range = range(first.from, last.until, histogram.step, app);
        let facts = [format!("  {} a bar", length(histogram.step)), format!("  {range}")];
        let mut room = usize::from(area.width.saturating_sub(4)).saturating_sub(title[0].0.width());
        for fact in facts.map(|fact| part(fact, Role::Dim)) {
            // A fact is shown whole or not at all.
            if fact.0.width() <= room {
                room -= fact.0.width();
                title.push(fact);
            }
        }
    }
    let inner = theme.border(buffer, area, &title);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let foot = foot(histogram, position, usize::from(inner.width), app);
    if histogram.bars.is_empty() {
        print_lines(buffer, inner, &foot, theme);
        return;
    }
    let foot_rows = foot_rows(area.width, area.height).min(inner.height.saturating_sub(AXIS_ROWS + 1));
    let above = inner.height.saturating_sub(foot_rows + AXIS_ROWS);
    let columns = BarColumns::new(histogram.bars.len(), inner.width);
    let charts = charts(histogram);
    // A chart needs a row for its name and one for its bars; the last ones give way.
    let count = charts.len().min(usize::from(above / 2)).max(1);
    let mut y = inner.y;
    for (nth, chart) in charts.iter().take(count).enumerate() {
        let end = inner.y + above * u16::try_from(nth + 1).unwrap_or(1) / u16::try_from(count).unwrap_or(1);
        draw_chart(buffer, Rect { y, height: end - y, ..inner }, chart, (position, columns), theme);
        y = end;
    }
    draw_axis(buffer, Rect { y, height: 1, ..inner }, histogram, (position, columns), theme);
    draw_labels(buffer, Rect { y: y + 1, height: 1, ..inner }, histogram, columns, app, theme);
    print_lines(buffer, Rect { y: y + AXIS_ROWS, height: foot_rows, ..inner }, &foot, theme);
}

/// Returns a chart for each status that there is, failures first.
fn charts(histogram: &HistogramOverlay) -> Vec<Chart> {
    let chart = |name, role, value: fn(&HistogramBar) -> u64| {
        let values: Vec<u64> = histogram.bars.iter().map(value).collect();
        Chart { name, role, total: values.iter().sum(), values }
    };
    let charts = [
        chart("FAILED", Role::Bad, |bar| bar.counts.failed),
        chart("SUCCEED", Role::Good, |bar| bar.counts.succeed),
        chart("other", Role::Plain, |bar| bar.counts.other),
    ];
    charts.into_iter().filter(|chart| chart.total > 0).collect()
}

fn draw_chart(buffer: &mut Buffer, area: Rect, chart: &Chart, (position, columns): (usize, BarColumns), theme: Theme) {
    let highest = chart.values.iter().max().copied().unwrap_or(0);
    let heading = [
        part(format!("{} ", chart.name), Role::Strong),
        (counted(chart.total, "event"), Role::Plain),
        part(format!("  up to {} a bar", thousands(highest)), Role::Dim),
    ];
    theme.print(buffer, Rect { height: 1, ..area }, &heading);
    let role = |at: usize| if at == position { Role::Accent } else { chart.role };
    let bar = |(at, value): (usize, &u64)| {
        let cells = columns.cells(at);
        // A bar of three cells or more leaves the last one blank.
        let filled = if cells > 2 { cells - 1 } else { cells };
        (0..cells).map(move |cell| (if cell < filled { *value } else { 0 }, role(at))).collect::<Vec<_>>()
    };
    let bars: Vec<(u64, Role)> = chart.values.iter().enumerate().flat_map(bar).collect();
    theme.columns(buffer, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, &bars);
}

/// Draws a rule with the stretches without an event, and the place of the selected bar.
fn draw_axis(
    buffer: &mut Buffer,
    area: Rect,
    histogram: &HistogramOverlay,
    (position, columns): (usize, BarColumns),
    theme: Theme,
) {
    let parts: Vec<StyledText> = histogram
        .bars
        .iter()
        .enumerate()
        .flat_map(|(at, bar)| {
            let (glyph, role) = if bar.counts.sum() == 0 { (Glyph::Gap, Role::Warn) } else { (Glyph::Rule, Role::Dim) };
            let line = theme.glyph(glyph);
            let cells = columns.cells(at);
            if at != position {
                return vec![part(line.as_str().repeat(cells), role)];
            }
            let before = cells.saturating_sub(1) / 2;
            let after = cells.saturating_sub(before + 1);
            let marker = (theme.glyph(Glyph::Cursor), Role::Accent);
            vec![part(line.as_str().repeat(before), role), marker, part(line.as_str().repeat(after), role)]
        })
        .collect();
    theme.print(buffer, area, &parts);
}

/// Draws the times below bars that begin at a round time, as many as have room.
fn draw_labels(
    buffer: &mut Buffer,
    area: Rect,
    histogram: &HistogramOverlay,
    columns: BarColumns,
    app: &App,
    theme: Theme,
) {
    let zone = app.options().zone();
    let bars = &histogram.bars;
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
    let span = (last.from.as_micros() - first.from.as_micros()) / 1_000_000;
    let format = match histogram.step {
        ..60 => "%H:%M:%S",
        step if step < DAY && span < DAY => "%H:%M",
        step if step < DAY => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    let label = |bar: &HistogramBar| bar.from.timestamp().to_zoned(zone.clone()).strftime(format).to_string();
    let cells = label(first).len() + 2;
    let fits = |step: &i64| {
        let bars = usize::try_from(step / histogram.step.max(1)).unwrap_or(0);
        step % histogram.step.max(1) == 0 && bars * columns.width / histogram.bars.len().max(1) >= cells
    };
    let Some(step) = STEPS.into_iter().find(fits) else {
        theme.print(buffer, area, &[part(label(first), Role::Dim)]);
        return;
    };
    for (at, bar) in bars.iter().enumerate() {
        let local = bar.from.as_micros() / 1_000_000 + i64::from(zone.to_offset(bar.from.timestamp()).seconds());
        let x = area.x + u16::try_from(columns.start(at)).unwrap_or(u16::MAX);
        let text = label(bar);
        // A label that would be cut is left out.
        if local.rem_euclid(step) == 0 && usize::from(area.right().saturating_sub(x)) >= text.len() {
            theme.print(buffer, Rect { x, width: area.right() - x, ..area }, &[part(text, Role::Dim)]);
        }
    }
}

/// Returns the lines below the chart, most important first.
fn foot(histogram: &HistogramOverlay, position: usize, width: usize, app: &App) -> Vec<StyledText> {
    let mut lines = Vec::new();
    let step = histogram.step;
    if let Some(bar) = histogram.bars.get(position) {
        let counts = bar.counts;
        let statuses = [(counts.failed, "FAILED"), (counts.succeed, "SUCCEED"), (counts.other, "other")];
        let statuses: Vec<String> = statuses
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{} {name}", thousands(count)))
            .collect();
        let what = if statuses.is_empty() { "no event".to_owned() } else { statuses.join(", ") };
        let whole = format!("{}  {what}", range(bar.from, bar.until, step, app));
        let whole = part(whole, Role::Accent);
        let short = part(format!("{}  {what}", shown(bar.from, step, app)), Role::Accent);
        lines.push(if whole.0.width() <= width { whole } else { short });
        lines.push(match bar.assets {
            _ if counts.sum() == 0 => part("", Role::Plain),
            0 => part("its assets have newer events: no asset to list", Role::Dim),
            1 => part("Enter lists the asset whose newest event this is", Role::Dim),
            assets => {
                part(format!("Enter lists the {} assets whose newest event is here", thousands(assets)), Role::Dim)
            }
        });
    } else if histogram.untimed == 0 {
        lines.push(part("no event passes the filter", Role::Dim));
    }
    let mut last = Vec::new();
    let silence = histogram.longest_silence().filter(|(from, until)| until - from > 1);
    let ends = silence.and_then(|(from, until)| Some((histogram.bars.get(from)?, histogram.bars.get(until)?)));
    if let Some((from, until)) = ends {
        last.push(format!("longest silence {}", range(from.from, until.from, step, app)));
    }
    match histogram.untimed {
        0 => {}
        1 => last.push("1 event without a time is not shown".to_owned()),
        untimed => last.push(format!("{} events without a time are not shown", thousands(untimed))),
    }
    lines.push(part(last.join(" · "), Role::Dim));
    lines
}

/// Prints lines, each wrapped, as far as there are rows.
fn print_lines(buffer: &mut Buffer, area: Rect, lines: &[StyledText], theme: Theme) {
    let width = usize::from(area.width).max(8);
    let wrapped = lines.iter().flat_map(|(text, role)| text.wrap(width).into_iter().map(|line| (line, *role)));
    for (y, line) in (area.y..area.bottom()).zip(wrapped) {
        theme.print(buffer, Rect { y, height: 1, ..area }, &[line]);
    }
}

/// Returns the rows of the lines below the chart: the same for each bar, so that nothing moves.
fn foot_rows(width: u16, height: u16) -> u16 {
    match (width, height) {
        (_, ..14) => 2,
        (100.., _) => 3,
        (80.., _) => 4,
        (_, _) => 5,
    }
}

/// Formats a time as exactly as bars of `step` seconds need it.
fn shown(time: Time, step: i64, app: &App) -> Safe {
    match step {
        ..60 => moment(time, app),
        60..DAY => clock(time, app),
        _ => Safe::new(&time.timestamp().to_zoned(app.options().zone()).strftime("%Y-%m-%d").to_string()),
    }
}

/// Formats two times, with the day of the second only if it is another one: `03-14 12:05 – 12:10`.
fn range(from: Time, until: Time, step: i64, app: &App) -> String {
    let zone = app.options().zone();
    let local = |time: Time| time.timestamp().to_zoned(zone.clone());
    let end = match step {
        ..60 if local(from).date() == local(until).date() => local(until).strftime("%H:%M:%S").to_string(),
        60..DAY if local(from).date() == local(until).date() => local(until).strftime("%H:%M").to_string(),
        _ => shown(until, step, app).to_string(),
    };
    format!("{} – {end}", shown(from, step, app))
}

/// Formats a length of time: `30 s`, `5 min`, `2 h`, `1 d`.
fn length(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..DAY => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / DAY),
    }
}
