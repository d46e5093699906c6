//! Sentences in which keys are highlighted.

use super::theme::{Role, StyledText, part};
use crate::{app::keymap, text::Safe};

/// Returns a sentence as styled text. Keys stand in it between backquotes: they are printed without those, as keys. Text
/// between backquotes that names no key is left as it is.
pub(super) fn sentence(text: &Safe, role: Role) -> Vec<StyledText> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('`') {
        plain.push_str(before);
        match after.split_once('`') {
            Some((key, tail)) if keymap::is_key(key) => {
                parts.push(part(std::mem::take(&mut plain), role));
                parts.push(part(key, Role::Accent));
                rest = tail;
            }
            Some(_) | None => {
                plain.push('`');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    parts.push(part(plain, role));
    parts.retain(|(text, _)| !text.is_empty());
    parts
}

/// Returns a sentence in lines of at most `width` cells.
pub(super) fn sentence_lines(text: &Safe, role: Role, width: usize) -> Vec<Vec<StyledText>> {
    let parts = sentence(text, role);
    let plain: String = parts.iter().map(|(text, _)| text.as_str()).collect();
    let mut styled = parts.iter().flat_map(|(text, role)| text.as_str().chars().map(move |c| (c, *role)));
    let mut lines = Vec::new();
    for line in Safe::new(&plain).wrap(width) {
        let mut parts: Vec<(String, Role)> = Vec::new();
        for c in line.as_str().chars() {
            // Blanks at the end of a line were dropped.
            let Some((_, role)) = styled.by_ref().find(|(other, _)| *other == c) else { break };
            match parts.last_mut().filter(|(_, last)| *last == role) {
                Some((text, _)) => text.push(c),
                None => parts.push((c.to_string(), role)),
            }
        }
        lines.push(parts.into_iter().map(|(text, role)| part(text, role)).collect());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_highlighted_in_every_line() {
        let lines = sentence_lines(&"0:15 is marked · press `d` to compare".into(), Role::Plain, 22);
        let expected = [
            vec![part("0:15 is marked · press", Role::Plain)],
            vec![part("d", Role::Accent), part(" to compare", Role::Plain)],
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn keys_are_highlighted() {
        let check = |text: &str, expected: &[(&str, Role)]| {
            let parts = sentence(&text.into(), Role::Dim);
            let parts: Vec<(&str, Role)> = parts.iter().map(|(text, role)| (text.as_str(), *role)).collect();
            assert_eq!(parts, expected, "{text}");
        };
        let (dim, key) = (Role::Dim, Role::Accent);
        check("", &[]);
        check("no key", &[("no key", dim)]);
        check("marked · `d` compares", &[("marked · ", dim), ("d", key), (" compares", dim)]);
        check("`Ctrl-c` quits, `q` too", &[("Ctrl-c", key), (" quits, ", dim), ("q", key), (" too", dim)]);
        check("run `ssh HOST` or `q", &[("run `ssh HOST` or `q", dim)]);
        check("`not one` `d`", &[("`not one` ", dim), ("d", key)]);
    }
}
