//! The colours, glyphs and styles of the screen. No other module makes any of them.
//!
//! All but pictures uses the terminal's own sixteen colours without a background, so that it is legible on dark and on
//! light terminals. Selection, failure and success are marked by a glyph or by bold too, never by colour alone.

mod charts;

use crate::{
    app::{App, Glyphs, ThemeChoice},
    picture::{BlockCell, ColourDepth, xterm_index},
    text::Safe,
};
use ratatui::{
    buffer::{Buffer, Cell, CellDiffOption},
    layout::Rect,
    style::{Color, Modifier, Style},
    widgets::{Block, BorderType, Clear, Widget as _},
};

/// The role of a piece of text, which determines its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Ordinary text.
    Plain,
    /// Borders, units, secondary text.
    Dim,
    /// Headings and important text.
    Strong,
    /// The selected row.
    Selected,
    /// Keys, and text that belongs to the selection.
    Accent,
    /// The name of a value in an event's text.
    Name,
    /// The glyph of a success.
    Good,
    /// The glyph and the code of a failure.
    Bad,
    /// Something that needs attention.
    Warn,
}

/// A piece of text and its role.
pub(super) type StyledText = (Safe, Role);

/// Makes a [`StyledText`].
pub(super) fn part(text: impl Into<Safe>, role: Role) -> StyledText {
    (text.into(), role)
}

/// The appearance of the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    choice: ThemeChoice,
    glyphs: Glyphs,
    colours: ColourDepth,
}

/// A symbol that is drawn in Unicode or in ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glyph {
    Succeed,
    Failed,
    Other,
    Selected,
    SampleReady,
    SampleAbsent,
    DotReady,
    DotAbsent,
    Cover,
    Loading,
    Broken,
    Suspect,
    Rule,
    Gap,
    Cursor,
    Live,
    Warning,
    Below,
    Above,
    Separator,
}

impl Theme {
    /// The theme of a session.
    pub(super) fn of(app: &App) -> Self {
        let options = app.options();
        let light = app.screen().canvas.light == Some(true);
        let choice = match options.theme {
            ThemeChoice::Auto if light => ThemeChoice::Light,
            ThemeChoice::Auto => ThemeChoice::Dark,
            ThemeChoice::Dark | ThemeChoice::Light | ThemeChoice::Mono => options.theme,
        };
        Self { choice, glyphs: options.glyphs, colours: app.screen().canvas.colours }
    }

    fn style(self, role: Role) -> Style {
        // A title stands on a border, which is dim; the title is not.
        let plain = Style::new().remove_modifier(Modifier::DIM);
        let colour = |colour| if self.choice == ThemeChoice::Mono { plain } else { plain.fg(colour) };
        let light = self.choice == ThemeChoice::Light;
        match role {
            Role::Plain => plain,
            Role::Dim => plain.add_modifier(Modifier::DIM),
            Role::Strong => plain.add_modifier(Modifier::BOLD),
            // Not every font has bold Chinese.
            Role::Selected if self.choice == ThemeChoice::Mono => {
                plain.add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED))
            }
            Role::Selected | Role::Accent => {
                colour(if light { Color::Blue } else { Color::Cyan }).add_modifier(Modifier::BOLD)
            }
            Role::Name => colour(if light { Color::Blue } else { Color::Cyan }),
            // The green of most terminals is too light on white; the glyph tells as much.
            Role::Good if light => plain,
            Role::Good => colour(Color::Green),
            // The plain red of many terminals is too dark on black.
            Role::Bad => colour(if light { Color::Red } else { Color::LightRed }).add_modifier(Modifier::BOLD),
            Role::Warn => colour(if light { Color::Magenta } else { Color::Yellow }).add_modifier(Modifier::BOLD),
        }
    }

    /// Returns a glyph as text.
    pub(super) fn glyph(self, glyph: Glyph) -> Safe {
        let (unicode, ascii) = match glyph {
            Glyph::Succeed => ("✓", "+"),
            Glyph::Failed | Glyph::Broken => ("✗", "x"),
            Glyph::Other => ("○", "?"),
            Glyph::Selected => ("▶", ">"),
            Glyph::SampleReady => ("●", "O"),
            Glyph::SampleAbsent => ("○", "o"),
            Glyph::DotReady => ("◆", "D"),
            Glyph::DotAbsent => ("◇", "d"),
            Glyph::Cover => ("▣", "C"),
            Glyph::Loading => ("◐", "~"),
            Glyph::Suspect => ("■", "B"),
            Glyph::Rule => ("─", "-"),
            Glyph::Gap => ("╌", "."),
            Glyph::Cursor | Glyph::Above => ("▲", "^"),
            Glyph::Live => ("●", "*"),
            Glyph::Warning => ("⚠", "!"),
            Glyph::Below => ("▼", "v"),
            Glyph::Separator => ("│", "|"),
        };
        Safe::new(if self.glyphs == Glyphs::Ascii { ascii } else { unicode })
    }

    /// Prints parts from the left; text that does not fit ends in `…`. Returns the cells used.
    pub(super) fn print(self, buffer: &mut Buffer, area: Rect, parts: &[StyledText]) -> u16 {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return 0;
        }
        let mut x = area.x;
        for (text, role) in parts {
            let room = area.right() - x;
            let fits = text.width() <= usize::from(room);
            let text = text.fit(usize::from(room));
            (x, _) = buffer.set_stringn(x, area.y, text.as_str(), usize::from(room), self.style(*role));
            // A wide character that had no room leaves a cell, which is not for what comes next.
            if x >= area.right() || !fits {
                break;
            }
        }
        x - area.x
    }

    /// Prints parts so that they end at the right; nothing if they do not fit. Returns the cells used.
    pub(super) fn print_right(self, buffer: &mut Buffer, area: Rect, parts: &[StyledText]) -> u16 {
        let width = u16::try_from(parts.iter().map(|(text, _)| text.width()).sum::<usize>()).unwrap_or(u16::MAX);
        if width > area.width {
            return 0;
        }
        self.print(buffer, Rect { x: area.right() - width, width, ..area }, parts)
    }

    /// Prints parts on the left and on the right of one row; the left gives way.
    pub(super) fn print_both(self, buffer: &mut Buffer, area: Rect, left: &[StyledText], right: &[StyledText]) {
        let used = self.print_right(buffer, area, right);
        let gap = u16::from(used > 0);
        self.print(buffer, Rect { width: area.width.saturating_sub(used + gap), ..area }, left);
    }

    /// Prints parts in the middle of a row.
    pub(super) fn print_centred(self, buffer: &mut Buffer, area: Rect, parts: &[StyledText]) {
        let width = u16::try_from(parts.iter().map(|(text, _)| text.width()).sum::<usize>()).unwrap_or(u16::MAX);
        let x = area.x + area.width.saturating_sub(width) / 2;
        self.print(buffer, Rect { x, width: area.right() - x, ..area }, parts);
    }

    /// Draws a border with a title; returns the area within.
    pub(super) fn border(self, buffer: &mut Buffer, area: Rect, title: &[StyledText]) -> Rect {
        let set = match self.glyphs {
            Glyphs::Unicode => BorderType::Plain.to_border_set(),
            Glyphs::Ascii => ratatui::symbols::border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            },
        };
        let block = Block::bordered().border_set(set).border_style(self.style(Role::Dim));
        let inner = block.inner(area);
        block.render(area, buffer);
        if area.width > 4 && !title.is_empty() {
            let room = Rect { x: area.x + 1, width: area.width - 2, height: 1, ..area };
            let mut padded = vec![part(" ", Role::Plain)];
            padded.extend_from_slice(title);
            padded.push(part(" ", Role::Plain));
            self.print(buffer, room, &padded);
        }
        inner
    }

    /// Draws a rule across a bordered area.
    pub(super) fn rule(self, buffer: &mut Buffer, frame: Rect, y: u16) {
        let (left, right) = if self.glyphs == Glyphs::Ascii { ("+", "+") } else { ("├", "┤") };
        let middle = self.glyph(Glyph::Rule).as_str().repeat(usize::from(frame.width.saturating_sub(2)));
        let row = Rect { y, height: 1, ..frame };
        self.print(buffer, row, &[part(format!("{left}{middle}{right}"), Role::Dim)]);
    }

    /// Clears an area.
    pub(super) fn blank(buffer: &mut Buffer, area: Rect) {
        Clear.render(area, buffer);
    }

    /// Draws a cell of a picture: a block in two colours, or their mean without block characters.
    pub(super) fn paint(self, cell: &mut Cell, block: BlockCell) {
        if self.glyphs == Glyphs::Ascii {
            let [ink, ground] = [block.foreground, block.background];
            let mean = [0, 1, 2].map(|channel| ink[channel].midpoint(ground[channel]));
            let one = match block.glyph {
                ' ' => ground,
                '█' => ink,
                _ => mean,
            };
            cell.set_char(' ').set_style(Style::new().bg(self.colour(one)));
            return;
        }
        cell.set_char(block.glyph);
        cell.set_style(Style::new().fg(self.colour(block.foreground)).bg(self.colour(block.background)));
    }

    /// Replaces all other characters in the buffer where only ASCII is wanted. This is the last step of drawing.
    pub(super) fn restrict_to_glyphs(self, buffer: &mut Buffer) {
        if self.glyphs == Glyphs::Unicode {
            return;
        }
        for cell in buffer.content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
            cell.set_char(match cell.symbol() {
                "…" => '~',
                "·" | "–" | "─" => '-',
                "×" | "✗" => 'x',
                "≠" => '#',
                _ => '?',
            });
        }
    }

    /// Leaves a cell to a picture that the painter draws.
    pub(super) fn leave(cell: &mut Cell) {
        cell.set_diff_option(CellDiffOption::Skip);
    }

    fn colour(self, [r, g, b]: [u8; 3]) -> Color {
        match self.colours {
            ColourDepth::True => Color::Rgb(r, g, b),
            ColourDepth::Indexed => Color::Indexed(xterm_index([r, g, b])),
        }
    }
}
