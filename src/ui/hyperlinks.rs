//! The addresses in an overlay that a terminal can open.
//!
//! The target of a link is what the screen shows, so no link tells more than the screen does. An address with a hidden
//! secret is no link: it would open nothing.

use crate::{app::App, text::Safe};
use ratatui::{buffer::Buffer, layout::Rect};

/// The longest address in bytes that terminals take.
const MAX_BYTES: usize = 2000;

/// Stands for a hidden secret.
const HIDDEN: &str = "***";

/// Returns the cells of addresses within the border of an overlay, and their targets.
pub(super) fn find(buffer: &Buffer, overlay: Rect, app: &App) -> Vec<(Rect, Safe)> {
    let inner = Rect::new(
        overlay.x.saturating_add(1),
        overlay.y.saturating_add(1),
        overlay.width.saturating_sub(2),
        overlay.height.saturating_sub(2),
    );
    let current = app.timeline().url().map(|url| url.shown(app.options().reveal));
    let mut links = Vec::new();
    for row in inner.intersection(buffer.area).rows() {
        let symbols: Vec<&str> = row.positions().map(|at| buffer[at].symbol()).collect();
        for address in addresses(&symbols) {
            let (start, end) = (address.start, address.end);
            let text: String = symbols[start..end].concat();
            let target = if address.is_whole(&symbols) {
                Some(text)
            } else {
                current.clone().filter(|url| url.starts_with(&text))
            };
            let (x, width) = (row.x + count(start), count(end - start));
            links.extend(target.filter(|url| is_target(url)).map(|url| (Rect { x, width, ..row }, Safe::new(&url))));
        }
    }
    links
}

fn count(cells: usize) -> u16 {
    u16::try_from(cells).unwrap_or(u16::MAX)
}

/// Returns whether an address can be a target: whole, absolute, in printable ASCII.
fn is_target(url: &str) -> bool {
    url.len() <= MAX_BYTES && !url.contains(HIDDEN) && url.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The cells of an address in a row.
#[derive(Debug)]
struct Address {
    start: usize,
    /// The cell after the last one, without punctuation at the end.
    end: usize,
    /// The cell after the last one, with such punctuation, which belongs to the address where that goes on.
    reach: usize,
}

impl Address {
    /// Returns whether the row shows all of the address. One that reaches the last columns may go on in the next row, and
    /// one before an ellipsis is cut; in ASCII the ellipsis is a tilde.
    fn is_whole(&self, symbols: &[&str]) -> bool {
        let next = symbols.get(self.reach).filter(|_| self.reach + 1 < symbols.len());
        next.is_some_and(|next| *next != "…") && symbols.get(self.reach - 1).is_some_and(|last| *last != "~")
    }
}

/// Returns the addresses in a row.
fn addresses(symbols: &[&str]) -> Vec<Address> {
    let begins = |at: usize, scheme: &str| {
        let cells = symbols.get(at..at + scheme.len());
        cells.is_some_and(|cells| cells.iter().copied().eq(scheme.split("").filter(|part| !part.is_empty())))
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < symbols.len() {
        if !begins(at, "https://") && !begins(at, "http://") {
            at += 1;
            continue;
        }
        let length = symbols[at..].iter().take_while(|symbol| is_part(symbol)).count();
        let trailing = symbols[at..at + length].iter().rev().take_while(|symbol| ".,;:!?".contains(**symbol)).count();
        found.push(Address { start: at, end: at + length - trailing, reach: at + length });
        at += length;
    }
    found
}

/// Returns whether a character can be part of an address.
fn is_part(symbol: &str) -> bool {
    match symbol.as_bytes() {
        [byte] => byte.is_ascii_graphic() && !b"\"'<>()[]{}\\^`|".contains(byte),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_where_text_does() {
        let check = |text: &str, expected: &[&str]| {
            let symbols: Vec<&str> = text.split("").filter(|part| !part.is_empty()).collect();
            let found: Vec<String> =
                addresses(&symbols).into_iter().map(|found| symbols[found.start..found.end].concat()).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("", &[]);
        check("http:/", &[]);
        check("no address", &[]);
        check(r#""url": "https://cdn.example/a/0.jpg","#, &["https://cdn.example/a/0.jpg"]);
        check(
            "see http://a.example/?b=c&d=%20, and (https://b.example).",
            &["http://a.example/?b=c&d=%20", "https://b.example"],
        );
        check("https://例.example/", &["https://"]);
        check("题https://a.example/题", &["https://a.example/"]);
    }

    #[test]
    fn an_address_that_may_go_on_is_not_whole() {
        let check = |text: &str, expected: bool| {
            let symbols: Vec<&str> = text.split("").filter(|part| !part.is_empty()).collect();
            let whole: Vec<bool> = addresses(&symbols).iter().map(|address| address.is_whole(&symbols)).collect();
            assert_eq!(whole, [expected], "{text:?}");
        };
        check("http://a.example/0.jpg  ", true);
        check("http://a.example/0.jpg, ", false);
        check("http://a.example/0.jpg,  ", true);
        check("http://a.example/0.jpg ", false);
        check("http://a.example/0.jpg", false);
        check("http://a.example/0…    ", false);
        check("http://a.example/0~    ", false);
    }

    #[test]
    fn a_target_is_whole_and_tells_no_secret() {
        assert!(is_target("https://cdn.example/a/0.jpg"));
        assert!(!is_target("https://cdn.example/a/0.jpg?auth_key=***"));
        assert!(!is_target("https://cdn.example/\u{e9}.jpg"));
        assert!(!is_target(&format!("https://cdn.example/{}", "a".repeat(2000))));
    }
}
