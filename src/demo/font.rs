//! The bitmap font of the text in the demo's pictures.
//!
//! It has the characters of ids and timecodes; others are blank. `assets/font.txt` has for each glyph a line with its
//! character and seven rows of five dots.

use std::{collections::HashMap, sync::LazyLock};

/// The size of a glyph and the distance from one to the next, in dots.
const WIDTH: usize = 5;
const HEIGHT: usize = 7;
const ADVANCE: usize = 6;

/// The rows of a glyph from top to bottom, each with its leftmost dot in bit 0.
type FontGlyph = [u8; HEIGHT];

static GLYPHS: LazyLock<HashMap<char, FontGlyph>> = LazyLock::new(|| parse(include_str!("../../assets/font.txt")));

/// Returns the dots of `text` as (column, row) from its top left corner.
pub(super) fn dots(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.chars().enumerate().flat_map(|(at, c)| {
        let glyph = GLYPHS.get(&c).copied().unwrap_or_default();
        (0..HEIGHT * WIDTH)
            .map(|dot| (dot % WIDTH, dot / WIDTH))
            .filter(move |(x, y)| glyph[*y] >> x & 1 == 1)
            .map(move |(x, y)| (at * ADVANCE + x, y))
    })
}

fn parse(font: &str) -> HashMap<char, FontGlyph> {
    let mut lines = font.lines();
    let mut glyphs = HashMap::new();
    while let Some(c) = lines.next().and_then(|line| line.chars().next()) {
        let rows = std::array::from_fn(|_| {
            let row = lines.next().unwrap_or_default();
            row.bytes().rev().fold(0, |bits, dot| bits << 1 | u8::from(dot == b'#'))
        });
        glyphs.insert(c, rows);
    }
    glyphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_every_character_of_ids_and_timecodes() {
        for c in "0123456789abcdef:".chars() {
            let dots = dots(&c.to_string()).count();
            assert!((4..=20).contains(&dots), "{c:?} has {dots} dots");
        }
        assert_eq!(dots("x").count(), 0);
    }

    #[test]
    fn glyphs_are_distinct() {
        let mut glyphs: Vec<_> = GLYPHS.values().collect();
        glyphs.sort();
        glyphs.dedup();
        assert_eq!(glyphs.len(), 17);
    }

    #[test]
    fn glyphs_run_from_left_to_right() {
        let one: Vec<_> = dots("1").filter(|(_, y)| *y == 1).collect();
        assert_eq!(one, [(1, 1), (2, 1)]);
        assert!(dots("11").any(|(x, _)| x >= ADVANCE));
    }
}
