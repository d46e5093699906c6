//! Changed cells, as the bytes that put them on the screen.
//!
//! crossterm's backend names both colours at each change, in a form for 256 of them, and places the cursor again after
//! each wide character: over a slow link that is half of what a key costs. Here a change of style names what changes,
//! the cursor moves only where cells do not follow each other, and a few cells in between are written again where that
//! is shorter than to move. The style is the default one before and after. Colours are written whatever `NO_COLOR`
//! says: the theme minds it, and pictures keep theirs.

use ratatui::{
    buffer::{Buffer, Cell, CellDiffOption},
    style::{Color, Modifier},
};
use std::{fmt, io::Write as _};
use unicode_width::UnicodeWidthStr as _;

/// What characters look like until something else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CellStyle {
    front: Color,
    back: Color,
    modifier: Modifier,
}

const PLAIN: CellStyle = CellStyle { front: Color::Reset, back: Color::Reset, modifier: Modifier::empty() };

/// SGR's numbers of the attributes.
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

/// Attributes that show where there is no character.
const SHOWN_ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

/// Where the terminal's cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CursorPosition {
    x: u16,
    y: u16,
    /// Whether it surely does: since it was last placed, nothing was written whose width terminals may differ about.
    sure: bool,
}

/// Appends what makes a terminal that shows the cells of one buffer show those of another of the same size.
pub fn write_cells(shown: &Buffer, next: &Buffer, out: &mut Vec<u8>) {
    let (mut look, mut cursor) = (PLAIN, None);
    for (x, y, cell) in shown.diff_iter(next) {
        let CursorPosition { sure, .. } = go(cursor, (x, y), next, look, out);
        let wanted = wanted_look(cell, look);
        change(look, wanted, out);
        look = wanted;
        out.extend_from_slice(cell.symbol().as_bytes());
        let x = match (width(cell.symbol()), cell.symbol().width()) {
            (Some(width), _) => x + width,
            (None, 1) => x + 1,
            // Where it stands now is anybody's guess.
            (None, _) => u16::MAX,
        };
        cursor = Some(CursorPosition { x, y, sure: sure && width(cell.symbol()).is_some() });
    }
    change(look, PLAIN, out);
}

/// How a cell has to look. A blank shows nothing but what is behind it, so that the look before mostly serves.
fn wanted_look(cell: &Cell, look: CellStyle) -> CellStyle {
    let serves = |modifier: Modifier| !modifier.intersects(SHOWN_ON_BLANKS);
    if cell.symbol() == " " && cell.bg == look.back && serves(cell.modifier) && serves(look.modifier) {
        return look;
    }
    CellStyle { front: cell.fg, back: cell.bg, modifier: cell.modifier }
}

/// How far a character surely moves the cursor. About many terminals differ; about what is written in China, Japan and
/// Korea they do not, and one that took boxes and marks for wide would spoil every border too. ratatui must be of the
/// same opinion, since it is what says which cell comes next.
fn width(symbol: &str) -> Option<u16> {
    let mut chars = symbol.chars();
    let width = match (chars.next()?, chars.next()) {
        (' '..='~' | '\u{2500}'..='\u{25ff}', None) => 1,
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

/// Brings the cursor to a cell in the shortest way: by nothing, by writing again what lies between, by so many columns,
/// to the column, to the place.
fn go(
    cursor: Option<CursorPosition>,
    (x, y): (u16, u16),
    next: &Buffer,
    look: CellStyle,
    out: &mut Vec<u8>,
) -> CursorPosition {
    let there = CursorPosition { x, y, sure: true };
    let Some(cursor) = cursor.filter(|cursor| cursor.y == y) else {
        put(out, format_args!("\x1b[{};{}H", y + 1, x + 1));
        return there;
    };
    if cursor.x == x {
        return cursor;
    }
    let mut way = format!("\x1b[{}G", x + 1);
    if cursor.sure && cursor.x < x {
        let forward = match x - cursor.x {
            1 => "\x1b[C".to_owned(),
            columns => format!("\x1b[{columns}C"),
        };
        let between = (cursor.x..x).take(way.len() + 1).map(|x| &next[(x, y)]);
        let again = written_again(between, look).filter(|again| again.len() <= way.len().min(forward.len()));
        let shorter = if forward.len() < way.len() { forward } else { way };
        way = again.unwrap_or(shorter);
    }
    out.extend_from_slice(way.as_bytes());
    there
}

/// The characters of cells, where writing them changes nothing: no picture is there, and they look as is written now.
fn written_again<'a>(mut cells: impl Iterator<Item = &'a Cell>, look: CellStyle) -> Option<String> {
    cells.try_fold(String::new(), |text, cell| {
        let same = cell.diff_option == CellDiffOption::None && wanted_look(cell, look) == look;
        (same && width(cell.symbol()) == Some(1)).then(|| text + cell.symbol())
    })
}

/// Goes from one look to another. What is taken away needs a reset, since BOLD and DIM have one end in common.
fn change(from: CellStyle, to: CellStyle, out: &mut Vec<u8>) {
    if from == to {
        return;
    }
    if to == PLAIN {
        return out.extend_from_slice(b"\x1b[m");
    }
    let taken = !from.modifier.difference(to.modifier).is_empty();
    let from = if taken { PLAIN } else { from };
    out.extend_from_slice(if taken { b"\x1b[0;" } else { b"\x1b[" });
    for (attribute, number) in ATTRIBUTES {
        if to.modifier.contains(attribute) && !from.modifier.contains(attribute) {
            put(out, format_args!("{number};"));
        }
    }
    if from.front != to.front {
        colour(to.front, 30, out);
    }
    if from.back != to.back {
        colour(to.back, 40, out);
    }
    // Each number is followed by a semicolon, and the last one by the end.
    out.pop();
    out.push(b'm');
}

/// The numbers of a colour; `base` is 30 for the front, 40 for the back.
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
        Color::Indexed(index) => return put(out, format_args!("{};5;{index};", base + 8)),
        Color::Rgb(r, g, b) => return put(out, format_args!("{};2;{r};{g};{b};", base + 8)),
    };
    put(out, format_args!("{};", base + number));
}

fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::{layout::Rect, style::Style};
    use std::num::NonZeroU16;

    fn text(buffer: &Buffer) -> String {
        let mut out = Vec::new();
        write_cells(&Buffer::empty(buffer.area), buffer, &mut out);
        String::from_utf8(out).unwrap().replace('\x1b', "␛")
    }

    #[test]
    fn only_what_changes_is_said() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(0, 0, "ab", Style::new().cyan());
        buffer.set_string(2, 0, "c", Style::new().cyan().bold());
        buffer.set_string(3, 0, "d", Style::new().cyan());
        buffer.set_string(6, 0, "e", Style::new());
        buffer.set_string(8, 0, "f", Style::new().light_red().on_gray());
        assert_eq!(text(&buffer), "␛[1;1H␛[36mab␛[1mc␛[0;36md  ␛[me ␛[91;47mf␛[m");
    }

    #[test]
    fn the_shortest_way_is_gone() {
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
        // Where widths are not sure, the cursor is placed.
        check("🎬ae", "🎥af", "␛[1;1H🎥␛[4Gf");
        check("🎬axxxe", "🎥bxxxf", "␛[1;1H🎥␛[3Gbxxxf");
        check("a❤️b", "c❤️d", "␛[1;1Hc␛[4Gd");
        check("hello", "❤️llo", "␛[1;1H❤️␛[2G ");
        check("               🎬aayyyyyye", "               🎥abyyyyyyf", "␛[1;16H🎥␛[19Gb␛[6Cf");
    }

    #[test]
    fn what_lies_between_is_left_where_it_is_a_picture_or_looks_otherwise() {
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
    fn blanks_need_no_look_of_their_own() {
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
        assert_eq!(text(&buffer), "␛[2;1H发布会🎬␛[9Gx", "its width is not relied on");
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

    /// A gap, then a character and how it looks.
    type CellWrite = (u16, &'static str, Color, Color, u16);

    fn any_row() -> impl Strategy<Value = Vec<CellWrite>> {
        let symbol = prop::sample::select(vec!["a", " ", "              ", "▀", "─", "发", "한", "！", "㉈", "◽", "✓"]);
        prop::collection::vec((0..3u16, symbol, any_colour(), any_colour(), 0..512u16), 0..9)
    }

    fn draw(rows: &[Vec<CellWrite>]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 3));
        for (y, row) in (0..).zip(rows) {
            let mut x = 0;
            for (gap, symbol, front, back, modifier) in row {
                let mut modifier = Modifier::from_bits_truncate(*modifier);
                if modifier.contains(Modifier::BOLD) {
                    // vt100 knows one of the two at a time.
                    modifier.remove(Modifier::DIM);
                }
                let style = Style::new().fg(*front).bg(*back).add_modifier(modifier);
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

    /// The numbers that vt100 gives colours.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are not made here")]
    fn seen(colour: Color) -> vt100::Color {
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
        /// A terminal that was given the differences of some frames shows the last.
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
                    let glass = terminal.screen().cell(y, x).unwrap();
                    let contents = if glass.contents().is_empty() { " " } else { glass.contents() };
                    prop_assert_eq!(contents, cell.symbol(), "at {},{}", x, y);
                    if cell.symbol() == " " {
                        // Where half a wide character was written over, vt100 gives the other half a look of its own.
                        prop_assert!(frame > 0 || glass.bgcolor() == seen(cell.bg), "behind {x},{y}");
                        continue;
                    }
                    prop_assert_eq!((glass.fgcolor(), glass.bgcolor()), (seen(cell.fg), seen(cell.bg)));
                    prop_assert_eq!(glass.bold(), cell.modifier.contains(Modifier::BOLD));
                    prop_assert_eq!(glass.inverse(), cell.modifier.contains(Modifier::REVERSED));
                    prop_assert_eq!(glass.underline(), cell.modifier.contains(Modifier::UNDERLINED));
                }
            }
        }
    }
}
