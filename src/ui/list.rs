//! The list pane: a row for each asset, its columns chosen by the width.

use super::{
    asset::{fitted_name, name, status_glyph},
    theme::{Glyph, Role, StyledText, Theme, part},
    time::{clock, hour},
};
use crate::{
    app::{
        App,
        list::{lines::ListLine, order::Criterion},
    },
    catalog::{Asset, AssetKey},
    event::{PictureKind, Pictures, Status},
    judge::Grade,
    text::{Safe, number::thousands},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::fmt::Write as _;

/// The cells that other columns take; a narrower list has no messages.
const OTHER_COLUMNS: usize = 40;
/// The cells that a message needs at least.
const MESSAGE: usize = 24;
/// The cells that a name needs before other columns get theirs, and beside marks.
const NAME: usize = 12;
const NAME_BESIDE_MARKS: usize = 7;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let list = app.list();
    let rows = list.rows().len();
    let position = if rows == 0 {
        String::new()
    } else {
        format!(" {}/{}", thousands(list.selected_row() as u64 + 1), thousands(rows as u64))
    };
    let title = [part("Assets", Role::Strong), part(position, Role::Dim)];
    let inner = theme.border(buffer, area, &title);
    draw_incomplete(buffer, area, app, theme);
    let is_wide = usize::from(inner.width) >= NAME + MESSAGE + OTHER_COLUMNS;
    let lines = app.list_lines();
    let row = |line: &ListLine| match line {
        ListLine::Day(_) => None,
        ListLine::Asset(key) => Some(RowText::new(&app.catalog().asset(*key)?, app, is_wide)),
    };
    let rows: Vec<Option<RowText>> = lines.iter().map(row).collect();
    let columns = Columns::new(usize::from(inner.width), &rows.iter().flatten().collect::<Vec<_>>());
    if let Some(headings) = app.panes().list_headings() {
        theme.print(buffer, headings, &columns.headings());
    }
    let area = app.panes().list_lines().unwrap_or_default();
    for (y, (line, row)) in (area.y..area.bottom()).zip(lines.iter().zip(&rows)) {
        let area = Rect { y, height: 1, ..area };
        match (line, row) {
            (ListLine::Day(date), _) => {
                let rule = theme.glyph(Glyph::Rule).as_str().repeat(2);
                let day = date.strftime("%m-%d").to_string();
                theme.print(buffer, area, &[part(format!("   {rule} {day} {rule}"), Role::Dim)]);
            }
            (ListLine::Asset(key), Some(row)) => {
                let is_selected = list.selected() == Some(*key);
                theme.print(buffer, area, &row.parts(&columns, is_selected, app, theme));
            }
            (ListLine::Asset(_), None) => {}
        }
    }
}

/// Draws the last line or event of a source that is incomplete, on the lower border.
fn draw_incomplete(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    if let Some(head) = app.sources().incomplete() {
        let row = Rect::new(area.x + 1, area.bottom().saturating_sub(1), area.width.saturating_sub(2), 1);
        theme.print(buffer, row, &[part(format!(" unfinished: {head}"), Role::Dim)]);
    }
}

/// The texts of one row.
struct RowText {
    status: Status,
    key: AssetKey,
    /// The cells of the uncut name.
    name_width: usize,
    pictures: Safe,
    length: Safe,
    time: Safe,
    /// The same in fewer cells: the hour if all rows are of one day, else the day.
    short_time: Safe,
    code: Option<Safe>,
    /// The number of events, and marks of troubles.
    marks: Vec<StyledText>,
    /// The id, if the name is a title.
    id: Safe,
    /// The message of a failure.
    message: Safe,
    /// The search matches it.
    is_hit: bool,
}

impl RowText {
    fn new(asset: &Asset<'_>, app: &App, is_wide: bool) -> Self {
        let pictures = asset.pictures();
        let count = |kind| pictures.map_or(0, |pictures| pictures.count(kind));
        let (samples, dots) = (count(PictureKind::Sample), count(PictureKind::Dot));
        let length = pictures.and_then(Pictures::last_offset).or_else(|| asset.duration());
        let failed = *asset.status() == Status::Failed;
        let by_time = app.list().order().by == Criterion::Time;
        let time = asset.newest().time;
        let hour = time.map(|time| hour(time, app)).unwrap_or_default();
        // Lines of their own tell the days while the list is sorted by time.
        let time = if by_time { hour.clone() } else { time.map(|time| clock(time, app)).unwrap_or_default() };
        let (id, name) = (Safe::new(&asset.id().shown(app.options().reveal)), name(asset, app));
        let fault = asset.fault().filter(|_| failed);
        Self {
            status: asset.status().clone(),
            id: if id == name { Safe::default() } else { id },
            key: asset.key(),
            name_width: name.width(),
            message: fault.filter(|_| is_wide).map(|fault| fault.shown(app.options().reveal)).unwrap_or_default(),
            is_hit: app.list().search().is_some_and(|search| search.pattern.matches(asset)),
            pictures: match (samples, dots) {
                (0, 0) => Safe::new("–"),
                (samples, 0) => thousands(samples as u64),
                (samples, dots) => Safe::new(&format!("{samples}+{dots}")),
            },
            length: length.map(|offset| Safe::new(&offset.to_string())).unwrap_or_default(),
            short_time: if by_time { hour } else { time.pieces(5, 5).swap_remove(0) },
            time,
            code: failed.then(|| fault.map(|fault| fault.shown_code(app.options().reveal)).unwrap_or_default()),
            marks: marks(asset, app),
        }
    }

    fn parts(&self, columns: &Columns, is_selected: bool, app: &App, theme: Theme) -> Vec<StyledText> {
        let (glyph, glyph_role) = status_glyph(&self.status);
        let marker = if is_selected { (theme.glyph(Glyph::Selected), Role::Accent) } else { part(" ", Role::Plain) };
        let name_role = match (is_selected, self.is_hit) {
            (true, _) => Role::Selected,
            (false, true) => Role::Strong,
            (false, false) => Role::Plain,
        };
        let marks = self.fitted_marks(columns.name.saturating_sub(NAME_BESIDE_MARKS));
        let marks_width: usize = marks.iter().map(|(text, _)| text.width()).sum();
        let room = columns.name.saturating_sub(marks_width);
        let name = app.catalog().asset(self.key).map(|asset| fitted_name(&asset, app, room)).unwrap_or_default();
        let pad = columns.name.saturating_sub(name.width() + marks_width);
        let mut parts = vec![marker, (theme.glyph(glyph), glyph_role), part(" ", Role::Plain), (name, name_role)];
        parts.extend(marks);
        parts.push(part(" ".repeat(pad), Role::Plain));
        if columns.id > 0 {
            parts.push(part(format!(" {:<width$}", self.id, width = columns.id - 1), Role::Dim));
        }
        let middle = columns.middle();
        if let Some(code) = self.code.as_ref().filter(|_| middle > 0) {
            let code = code.fit(middle - 1);
            parts.push(part(format!("{:>middle$}", code.as_str()), Role::Bad));
        } else {
            for (text, width) in [(&self.pictures, columns.pictures), (&self.length, columns.length)] {
                if width > 0 {
                    parts.push(part(format!("{:>width$}", text.as_str()), Role::Plain));
                }
            }
        }
        if columns.time > 0 {
            let time = if self.time.width() < columns.time { &self.time } else { &self.short_time };
            parts.push(part(format!("{:>width$}", time.as_str(), width = columns.time), Role::Dim));
        }
        if columns.message > 0 {
            parts.push(part(format!("  {}", self.message), Role::Plain));
        }
        parts
    }

    /// Returns the marks, the last ones cut, in at most so many cells.
    fn fitted_marks(&self, mut room: usize) -> Vec<StyledText> {
        let mut marks = Vec::new();
        for (text, role) in &self.marks {
            let text = text.fit(room);
            room = room.saturating_sub(text.width());
            marks.push((text, *role));
        }
        marks
    }
}

/// Returns the number of events of an asset that has several, and marks of pictures of another asset and of pictures that
/// are not available, or the worst of what was found in them: ` ×2 ≠ 403`, ` 2 black`.
fn marks(asset: &Asset<'_>, app: &App) -> Vec<StyledText> {
    let mut marks = Vec::new();
    if asset.thumbnail_events() > 1 {
        marks.push(part(format!(" ×{}", asset.thumbnail_events()), Role::Dim));
    }
    if asset.foreign() > 0 {
        marks.push(part(" ≠", Role::Warn));
    }
    if let Some(failure) = asset.picture_event().and_then(|event| app.album().failure_of(event.key)) {
        let status = failure.what.as_str().strip_prefix("HTTP ").and_then(|rest| rest.split(' ').next());
        marks.push(part(format!(" {}", status.unwrap_or("✗")), Role::Warn));
    } else if let Some((verdict, count)) = app.list().checked(asset).and_then(|tally| tally.verdicts.iter().next()) {
        let role = if app.check().grading().of(verdict) == Grade::Bad { Role::Bad } else { Role::Warn };
        marks.push(part(format!(" {count} {verdict}"), role));
    }
    marks
}

/// The width of each column with the blank before it; a column of 0 cells is not shown. Columns give way in the order
/// time, length, pictures; a time is shortened first.
struct Columns {
    name: usize,
    id: usize,
    pictures: usize,
    length: usize,
    time: usize,
    message: usize,
}

impl Columns {
    fn new(width: usize, rows: &[&RowText]) -> Self {
        let widest = |text: fn(&RowText) -> &Safe| rows.iter().map(|row| text(row).width() + 1).max().unwrap_or(0);
        let mut columns = Self {
            name: 0,
            id: 0,
            message: 0,
            pictures: widest(|row| &row.pictures).max(5),
            length: widest(|row| &row.length).max(6),
            time: widest(|row| &row.time),
        };
        // The code of a failure takes the columns of pictures and length.
        let code = rows.iter().filter_map(|row| row.code.as_ref()).map(|code| code.width() + 1).max().unwrap_or(0);
        columns.pictures += code.min(16).saturating_sub(columns.middle());
        let room = width.saturating_sub(3);
        for time in [widest(|row| &row.short_time), 0] {
            if room < NAME + columns.middle() + columns.time {
                columns.time = time;
            }
        }
        if room < NAME + columns.middle() {
            columns.length = 0;
        }
        if room < NAME + columns.middle() {
            columns.pictures = 0;
        }
        columns.name = room.saturating_sub(columns.middle() + columns.time);
        // A list as wide as the screen has ids beside titles, and the messages of failures.
        let names = rows.iter().map(|row| row.name_width + 4).max().unwrap_or(0).max(NAME);
        let ids = widest(|row| &row.id);
        if ids > 1 && columns.name >= names + ids {
            columns.name -= ids;
            columns.id = ids;
        }
        if widest(|row| &row.message) > 1 && columns.name >= names + MESSAGE {
            columns.message = columns.name - names;
            columns.name = names;
        }
        columns
    }

    /// The names of the columns, each in the longest form that fits.
    fn headings(&self) -> Vec<StyledText> {
        // Writing into a String cannot fail.
        let mut text = format!("   {:<width$}", "asset", width = self.name);
        if self.id > 0 {
            let _ = write!(text, " {:<width$}", "id", width = self.id - 1);
        }
        for (forms, width) in
            [(["pictures", "pics"], self.pictures), (["length", "len"], self.length), (["time", ""], self.time)]
        {
            let form = forms.into_iter().find(|form| form.len() < width).unwrap_or_default();
            let _ = write!(text, "{form:>width$}");
        }
        if self.message > 0 {
            text += "  message";
        }
        vec![part(text, Role::Dim)]
    }

    fn middle(&self) -> usize {
        self.pictures + self.length
    }
}
