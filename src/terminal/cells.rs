//! The bytes that change the cells on the screen, as few as possible.
//!
//! crossterm's backend writes both colours at each change, in the form for 256 of them, and places the cursor again after
//! each wide character: over a slow link that is half of the bytes of a key. Here a style change contains what differs, the
//! cursor moves only between cells that do not follow each other, and cells in between are written again where that is
//! shorter than a move. The style is the default one before and after. `NO_COLOR` is the theme's concern; pictures keep
//! their colours.

use super::hyperlink::{self, Hyperlink};
use ratatui::{
    buffer::{Buffer, Cell, CellDiffOption},
    layout::Position,
    style::{Color, Modifier},
};
use std::{fmt, io::Write as _};
use unicode_width::UnicodeWidthStr as _;

/// The style of the characters that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CellStyle {
    foreground: Color,
    background: Color,
    modifier: Modifier,
}

const PLAIN: CellStyle = CellStyle { foreground: Color::Reset, background: Color::Reset, modifier: Modifier::empty() };

/// The SGR parameters of the attributes.
const ATTRIBUTES: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// Attributes that are visible on blanks.
const VISIBLE_ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

/// The position of the terminal's cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CursorPosition {
    x: u16,
    y: u16,
    certainty: Certainty,
}

/// The cells between two that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    /// They may be written again instead of moving the cursor.
    Rewritable,
    /// They are left as they are: some have hyperlinks.
    Kept,
}

/// The certainty of the cursor's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certainty {
    Exact,
    /// Since the cursor was last placed, a character was written whose width differs between terminals.
    Assumed,
}

/// Appends the bytes that turn a terminal's cells from those of one buffer into those of another of the same size.
pub fn write_cells(shown: &Buffer, next: &Buffer, out: &mut Vec<u8>) {
    write_linked_cells(shown, next, &[], out);
}

/// Does the same where cells of `next` have hyperlinks. Cells of which only the hyperlink changes are to differ; see
/// [`hyperlink::invalidate`].
pub(super) fn write_linked_cells(shown: &Buffer, next: &Buffer, links: &[Hyperlink], out: &mut Vec<u8>) {
    let (mut style, mut cursor, mut link) = (PLAIN, None, None);
    for (x, y, cell) in shown.diff_iter(next) {
        let wanted = hyperlink::at(links, Position { x, y });
        // The cells between, which a move may write again, are in no hyperlink then.
        if link != wanted {
            hyperlink::change(link, None, out);
        }
        let between = if links.is_empty() { Between::Rewritable } else { Between::Kept };
        let CursorPosition { certainty, .. } = move_cursor(cursor, (x, y), next, style, between, out);
        if link != wanted {
            hyperlink::change(None, wanted, out);
            link = wanted;
        }
        let wanted = cell_style(cell, style);
        change_style(style, wanted, out);
        style = wanted;
        out.extend_from_slice(cell.symbol().as_bytes());
        let x = match (width(cell.symbol()), cell.symbol().width()) {
            (Some(width), _) => x + width,
            (None, 1) => x + 1,
            // The position is unknown; no cell is there, so the cursor will be placed.
            (None, _) => u16::MAX,
        };
        let certainty = if width(cell.symbol()).is_some() { certainty } else { Certainty::Assumed };
        cursor = Some(CursorPosition { x, y, certainty });
    }
    hyperlink::change(link, None, out);
    change_style(style, PLAIN, out);
}

/// Returns the style to write a cell in: for a blank the current one if the blank looks the same in it.
fn cell_style(cell: &Cell, current: CellStyle) -> CellStyle {
    let is_invisible = |modifier: Modifier| !modifier.intersects(VISIBLE_ON_BLANKS);
    if cell.symbol() == " "
        && cell.bg == current.background
        && is_invisible(cell.modifier)
        && is_invisible(current.modifier)
    {
        return current;
    }
    CellStyle { foreground: cell.fg, background: cell.bg, modifier: cell.modifier }
}

/// Returns the columns by which a character moves the cursor, if all terminals and ratatui agree on them. They do for
/// Chinese, Japanese and Korean; a terminal that took box drawings and blocks for wide would break every border too.
fn width(symbol: &str) -> Option<u16> {
    let mut chars = symbol.chars();
    let width = match (chars.next()?, chars.next()) {
        // The last two are sextants and octants.
        (' '..='~' | '\u{2500}'..='\u{25ff}' | '\u{1fb00}'..='\u{1fb3b}' | '\u{1cd00}'..='\u{1cde5}', None) => 1,
        (
            '\u{3001}'..='\u{3029}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a0}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{ff01}'..='\u{ff60}',
            None,
        ) => 2,
        _ => return None,
    };
    (symbol.width() == usize::from(width)).then_some(width)
}

/// Moves the cursor to a cell in the fewest bytes: not at all, by writing the cells between again, by a number of columns,
/// to a column, or to a position.
fn move_cursor(
    cursor: Option<CursorPosition>,
    (x, y): (u16, u16),
    next: &Buffer,
    style: CellStyle,
    between: Between,
    out: &mut Vec<u8>,
) -> CursorPosition {
    let target = CursorPosition { x, y, certainty: Certainty::Exact };
    let Some(cursor) = cursor.filter(|cursor| cursor.y == y) else {
        append(out, format_args!("\x1b[{};{}H", y + 1, x + 1));
        return target;
    };
    if cursor.x == x {
        return cursor;
    }
    let mut shortest = format!("\x1b[{}G", x + 1);
    if cursor.certainty == Certainty::Exact && cursor.x < x {
        let forward = match x - cursor.x {
            1 => "\x1b[C".to_owned(),
            columns => format!("\x1b[{columns}C"),
        };
        let cells = (cursor.x..x).take(shortest.len() + 1).map(|x| &next[(x, y)]);
        if forward.len() < shortest.len() {
            shortest = forward;
        }
        let text = match between {
            Between::Rewritable => rewritten(cells, style),
            Between::Kept => None,
        };
        shortest = text.filter(|text| text.len() <= shortest.len()).unwrap_or(shortest);
    }
    out.extend_from_slice(shortest.as_bytes());
    target
}

/// Returns the text of cells if writing it again changes nothing: no picture is there and the style is the current one.
fn rewritten<'a>(mut cells: impl Iterator<Item = &'a Cell>, style: CellStyle) -> Option<String> {
    cells.try_fold(String::new(), |text, cell| {
        let is_same = cell.diff_option == CellDiffOption::None && cell_style(cell, style) == style;
        (is_same && width(cell.symbol()) == Some(1)).then(|| text + cell.symbol())
    })
}

/// Appends the change from one style to another. Removing an attribute needs a reset, since BOLD and DIM share one end.
fn change_style(from: CellStyle, to: CellStyle, out: &mut Vec<u8>) {
    if from == to {
        return;
    }
    if to == PLAIN {
        return out.extend_from_slice(b"\x1b[m");
    }
    let removes = !from.modifier.difference(to.modifier).is_empty();
    let from = if removes { PLAIN } else { from };
    out.extend_from_slice(if removes { b"\x1b[0;" } else { b"\x1b[" });
    for (attribute, number) in ATTRIBUTES {
        if to.modifier.contains(attribute) && !from.modifier.contains(attribute) {
            append(out, format_args!("{number};"));
        }
    }
    if from.foreground != to.foreground {
        colour(to.foreground, 30, out);
    }
    if from.background != to.background {
        colour(to.background, 40, out);
    }
    // The semicolon after the last parameter.
    out.pop();
    out.push(b'm');
}

/// Appends the parameters of a colour; `base` is 30 for the foreground, 40 for the background.
fn colour(colour: Color, base: u8, out: &mut Vec<u8>) {
    let number = match colour {
        Color::Reset => 9,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Indexed(index) => return append(out, format_args!("{};5;{index};", base + 8)),
        Color::Rgb(r, g, b) => return append(out, format_args!("{};2;{r};{g};{b};", base + 8)),
    };
    append(out, format_args!("{};", base + number));
}

fn append(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing into a Vec cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Safe;
    use proptest::prelude::*;
    use ratatui::{layout::Rect, style::Style};
    use std::num::NonZeroU16;

    fn text(buffer: &Buffer) -> String {
        let mut out = Vec::new();
        write_cells(&Buffer::empty(buffer.area), buffer, &mut out);
        String::from_utf8(out).unwrap().replace('\x1b', "␛")
    }

    #[test]
    fn a_style_change_contains_what_differs() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(0, 0, "ab", Style::new().cyan());
        buffer.set_string(2, 0, "c", Style::new().cyan().bold());
        buffer.set_string(3, 0, "d", Style::new().cyan());
        buffer.set_string(6, 0, "e", Style::new());
        buffer.set_string(8, 0, "f", Style::new().light_red().on_gray());
        assert_eq!(text(&buffer), "␛[1;1H␛[36mab␛[1mc␛[0;36md  ␛[me ␛[91;47mf␛[m");
    }

    #[test]
    fn a_hyperlink_is_around_its_cells_only() {
        let link = |x, width, target| Hyperlink { area: Rect::new(x, 0, width, 1), target: Safe::new(target) };
        let check = |(shown, before): (&str, &[Hyperlink]), (next, after): (&str, &[Hyperlink]), expected: &str| {
            let [mut shown, next] = [shown, next].map(|text| Buffer::with_lines([text]));
            hyperlink::invalidate(&mut shown, before, after);
            let mut out = Vec::new();
            write_linked_cells(&shown, &next, after, &mut out);
            let out = String::from_utf8(out).unwrap().replace('\x1b', "␛");
            assert_eq!(out, expected, "{next:?}");
        };
        let (a, b) = (link(1, 3, "https://a"), link(1, 3, "https://b"));
        let (one, other) = (std::slice::from_ref(&a), std::slice::from_ref(&b));
        let begin = "␛[1;2H␛]8;;https://a␛\\";
        check(("      ", &[]), (" abc  ", one), &format!("{begin}abc␛]8;;␛\\"));
        check((" abc  ", one), (" abc  ", one), "");
        check((" abc  ", one), (" abd  ", one), "␛[1;4H␛]8;;https://a␛\\d␛]8;;␛\\");
        check((" abc  ", one), (" abc x", one), "␛[1;6Hx");
        check((" abc  ", one), (" abc  ", other), "␛[1;2H␛]8;;https://b␛\\abc␛]8;;␛\\");
        check((" abc  ", one), (" abc  ", &[]), "␛[1;2Habc");
        check(("      ", &[]), (" abcxy", one), &format!("{begin}abc␛]8;;␛\\xy"));
    }

    #[test]
    fn the_cursor_moves_in_the_fewest_bytes() {
        let check = |shown: &str, next: &str, expected: &str| {
            let [shown, next] = [shown, next].map(|text| Buffer::with_lines([text]));
            let mut out = Vec::new();
            write_cells(&shown, &next, &mut out);
            let out = String::from_utf8(out).unwrap().replace('\x1b', "␛");
            assert_eq!(out, expected, "{next:?}");
        };
        check("axxxxe", "bxxxxf", "␛[1;1Hbxxxxf");
        check("axxxxxe", "bxxxxxf", "␛[1;1Hb␛[7Gf");
        check("               ayyyyye", "               byyyyyf", "␛[1;16Hb␛[5Cf");
        check("a─e", "b─f", "␛[1;1Hb─f");
        check("a──e", "b──f", "␛[1;1Hb␛[4Gf");
        check("a✓e", "b✓f", "␛[1;1Hb␛[Cf");
        // Where widths differ between terminals, the cursor is placed.
        check("🎬ae", "🎥af", "␛[1;1H🎥␛[4Gf");
        check("🎬axxxe", "🎥bxxxf", "␛[1;1H🎥␛[3Gbxxxf");
        check("a❤️b", "c❤️d", "␛[1;1Hc␛[4Gd");
        check("hello", "❤️llo", "␛[1;1H❤️␛[2G ");
        check("               🎬aayyyyyye", "               🎥abyyyyyyf", "␛[1;16H🎥␛[19Gb␛[6Cf");
    }

    #[test]
    fn cells_of_pictures_and_of_other_styles_are_not_rewritten() {
        let [shown, mut next] = ["a12e", "b12f"].map(|text| Buffer::with_lines([text]));
        let bytes = |next: &Buffer| {
            let mut out = Vec::new();
            write_cells(&shown, next, &mut out);
            String::from_utf8(out).unwrap().replace('\x1b', "␛")
        };
        assert_eq!(bytes(&next), "␛[1;1Hb12f");
        next[(0, 0)].set_fg(Color::Red);
        assert_eq!(bytes(&next), "␛[1;1H␛[31mb␛[4G␛[mf");
        next[(0, 0)].set_fg(Color::Reset);
        next[(2, 0)].set_diff_option(CellDiffOption::Skip);
        assert_eq!(bytes(&next), "␛[1;1Hb␛[4Gf");
    }

    #[test]
    fn blanks_keep_the_current_style() {
        let mut shown = Buffer::empty(Rect::new(0, 0, 9, 1));
        shown.set_string(0, 0, "xxxxxxxxx", Style::new());
        let mut next = shown.clone();
        next.set_string(0, 0, "a", Style::new().red());
        next.set_string(1, 0, "  ", Style::new());
        next.set_string(3, 0, "b", Style::new().red().underlined());
        next.set_string(4, 0, "  ", Style::new());
        next.set_string(6, 0, " ", Style::new().on_red());
        let mut out = Vec::new();
        write_cells(&shown, &next, &mut out);
        let out = String::from_utf8(out).unwrap().replace('\x1b', "␛");
        assert_eq!(out, "␛[1;1H␛[31ma  ␛[4mb␛[m  ␛[41m ␛[m");
    }

    #[test]
    fn wide_characters_follow_each_other() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(0, 1, "发布会", Style::new());
        assert_eq!(text(&buffer), "␛[2;1H发布会");
        buffer.set_string(6, 1, "🎬x", Style::new());
        assert_eq!(text(&buffer), "␛[2;1H发布会🎬␛[9Gx", "its width differs between terminals");
    }

    fn size(cells: u16) -> NonZeroU16 {
        NonZeroU16::new(cells).unwrap()
    }

    fn any_colour() -> impl Strategy<Value = Color> {
        prop_oneof![
            Just(Color::Reset),
            (0..16u8).prop_map(Color::Indexed),
            any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
            prop::sample::select(vec![Color::Black, Color::Red, Color::Gray, Color::DarkGray, Color::White]),
        ]
    }

    /// A gap, a character, its colours and attributes.
    type CellWrite = (u16, &'static str, Color, Color, u16);

    fn any_row() -> impl Strategy<Value = Vec<CellWrite>> {
        let symbol = prop::sample::select(vec!["a", " ", "              ", "▀", "─", "发", "한", "！", "㉈", "◽", "✓"]);
        prop::collection::vec((0..3u16, symbol, any_colour(), any_colour(), 0..512u16), 0..9)
    }

    fn draw(rows: &[Vec<CellWrite>]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 3));
        for (y, row) in (0..).zip(rows) {
            let mut x = 0;
            for (gap, symbol, foreground, background, modifier) in row {
                let mut modifier = Modifier::from_bits_truncate(*modifier);
                if modifier.contains(Modifier::BOLD) {
                    // vt100 has one of the two at a time.
                    modifier.remove(Modifier::DIM);
                }
                let style = Style::new().fg(*foreground).bg(*background).add_modifier(modifier);
                (x, _) = buffer.set_stringn(x + gap, y, symbol, 14, style);
                if x >= 27 {
                    break;
                }
            }
        }
        buffer
    }

    fn is_wide(symbol: &str) -> bool {
        matches!(symbol, "发" | "한" | "！" | "◽")
    }

    /// Returns a colour as vt100 reports it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are not made here")]
    fn vt100_colour(colour: Color) -> vt100::Color {
        match colour {
            Color::Reset => vt100::Color::Default,
            Color::Black => vt100::Color::Idx(0),
            Color::Red => vt100::Color::Idx(1),
            Color::Gray => vt100::Color::Idx(7),
            Color::DarkGray => vt100::Color::Idx(8),
            Color::White => vt100::Color::Idx(15),
            Color::Indexed(index) => vt100::Color::Idx(index),
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            other => panic!("{other} is not made here"),
        }
    }

    proptest! {
        /// A terminal that received the differences of some frames shows the last.
        #[test]
        fn a_terminal_shows_the_cells(
            frames in prop::collection::vec(prop::collection::vec(any_row(), 3), 1..4),
        ) {
            let mut terminal = vt100::Parser::new(size(3), size(30), 0);
            let mut shown = Buffer::empty(Rect::new(0, 0, 30, 3));
            for (frame, rows) in frames.iter().enumerate() {
                let next = draw(rows);
                let mut out = Vec::new();
                write_cells(&shown, &next, &mut out);
                terminal.process(&out);
                shown = next;
                let mut hidden = 0;
                for (at, cell) in shown.content().iter().enumerate() {
                    let (x, y) = shown.pos_of(at);
                    if x > 0 && hidden > 0 {
                        hidden -= 1;
                        continue;
                    }
                    hidden = usize::from(is_wide(cell.symbol()));
                    let shown_cell = terminal.screen().cell(y, x).unwrap();
                    let contents = if shown_cell.contents().is_empty() { " " } else { shown_cell.contents() };
                    prop_assert_eq!(contents, cell.symbol(), "at {},{}", x, y);
                    if cell.symbol() == " " {
                        // vt100 gives the other half of an overwritten wide character a style of its own.
                        prop_assert!(frame > 0 || shown_cell.bgcolor() == vt100_colour(cell.bg), "background of {x},{y}");
                        continue;
                    }
                    prop_assert_eq!((shown_cell.fgcolor(), shown_cell.bgcolor()), (vt100_colour(cell.fg), vt100_colour(cell.bg)));
                    prop_assert_eq!(shown_cell.bold(), cell.modifier.contains(Modifier::BOLD));
                    prop_assert_eq!(shown_cell.inverse(), cell.modifier.contains(Modifier::REVERSED));
                    prop_assert_eq!(shown_cell.underline(), cell.modifier.contains(Modifier::UNDERLINED));
                }
            }
        }
    }
}
