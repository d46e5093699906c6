//! The keys and their actions.
//!
//! One table serves [`action`], the help, the manual page and the test of the README. Keys that are typed into a prompt never come here.
//! Nothing here knows any state: what an action does is decided in `app.rs`.

use super::{
    action::{Action, ListAction, Move, OverlayAction, PictureAction, Scrub, Setting, Share, ShareAction},
    direction::Direction,
    prompt::line::Purpose,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A row of the table: keys and their actions.
#[derive(Debug)]
pub struct Binding {
    /// The keys as they are written in the help: `j`, `Ctrl-d`, `PgDn`, `↓`.
    pub keys: &'static [&'static str],
    /// The action of each key, or one for all.
    pub actions: &'static [Action],
    /// The description in the help.
    pub help: &'static str,
}

impl Binding {
    /// Returns the keys as `j k ↓ ↑`, the ten digits as `0…9`.
    pub fn spelling(&self) -> String {
        match self.keys {
            [first, .., last] if self.keys.len() == 10 => format!("{first}…{last}"),
            keys => keys.join(" "),
        }
    }
}

/// The keys for one intention of the operator.
#[derive(Debug)]
pub struct KeySection {
    /// The heading in the help.
    pub title: &'static str,
    /// The rows below it.
    pub bindings: &'static [Binding],
}

use Action as A;
use Direction::{Backward, Forward};
use ListAction as L;
use OverlayAction as O;
use PictureAction as P;

/// All keys but those of prompts, in the order of the help.
pub const SECTIONS: [KeySection; 6] = [
    section(
        "Choose an asset",
        &[
            bind(&["j", "k", "↓", "↑"], &[DOWN, UP, DOWN, UP], "next, previous asset"),
            bind(&["Ctrl-d", "Ctrl-u"], &[A::Move(Move::HalfDown), A::Move(Move::HalfUp)], "half a page down, up"),
            bind(&["PgDn", "PgUp"], &[A::Move(Move::PageDown), A::Move(Move::PageUp)], "page down, up"),
            bind(&["g", "Home"], &[A::Move(Move::Top)], "first row (the oldest asset)"),
            bind(&["G", "End"], &[A::Move(Move::Bottom)], "last row (the newest asset), and stick to the newest"),
            bind(
                &["e", "E"],
                &[A::List(L::FindFailure(Forward)), A::List(L::FindFailure(Backward))],
                "next, previous FAILED asset",
            ),
        ],
    ),
    section(
        "Look at its pictures",
        &[
            bind(
                &["h", "l", "←", "→", ",", "."],
                &[LEFT, RIGHT, LEFT, RIGHT, EARLIER, LATER],
                "previous, next picture",
            ),
            bind(
                &["H", "L", "Shift-←", "Shift-→"],
                &[EARLIER10, LATER10, EARLIER10, LATER10],
                "ten pictures back, forward",
            ),
            bind(
                &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
                &[tenth(0), tenth(1), tenth(2), tenth(3), tenth(4), tenth(5), tenth(6), tenth(7), tenth(8), tenth(9)],
                "go to 0 %, 10 %, … 90 % of the timeline",
            ),
            bind(
                &["^", "$"],
                &[A::Picture(P::Scrub(Scrub::First)), A::Picture(P::Scrub(Scrub::Last))],
                "first, last picture",
            ),
            bind(&[":"], &[A::Prompt(Purpose::GoTo)], "go to a time (1:30), picture (#12) or asset (@id, @title)"),
            bind(&["Space"], &[A::Picture(P::Play)], "play, pause"),
            bind(&["[", "]"], &[A::Picture(P::Slower), A::Picture(P::Faster)], "slower, faster"),
            bind(&["t"], &[A::Sheet], "contact sheet"),
            bind(&["z", "Enter"], &[A::Enter], "full picture; in an overlay: choose the row"),
            bind(
                &["+", "=", "-"],
                &[NEARER, NEARER, FARTHER],
                "in the full picture: zoom in, out; h j k l pan, z fits",
            ),
            bind(
                &["m", "d"],
                &[A::Picture(P::Mark), A::Picture(P::Compare)],
                "mark this picture, compare with the marked one",
            ),
        ],
    ),
    section(
        "Narrow the list",
        &[
            bind(&["f"], &[A::Prompt(Purpose::Filter)], "filter by the words below"),
            bind(&["/"], &[A::Prompt(Purpose::Search)], "search id, title, code and message (regex)"),
            bind(&["n", "N"], &[A::List(L::FindHit(Forward)), A::List(L::FindHit(Backward))], "next, previous hit"),
            bind(
                &["s", "S", "I"],
                &[A::List(L::NextTab), A::List(L::NextOrder), A::List(L::Reverse)],
                "next status tab, next sort order, reverse the order",
            ),
            bind(&["c"], &[A::Overlay(O::Codes)], "error codes; Enter adds one to the filter"),
            bind(&["b"], &[A::Overlay(O::Histogram)], "events over time; h l pick a bar, Enter filters to its time"),
        ],
    ),
    section(
        "Find out why",
        &[
            bind(&["i", "J"], &[A::Overlay(O::Info), A::Overlay(O::Event)], "picture details, the event as logged"),
            bind(&["v"], &[A::Overlay(O::History)], "the asset's history; Enter shows an event's pictures"),
            bind(&["!"], &[A::Overlay(O::Notices)], "unparsed lines and notices; Enter shows the whole text"),
            bind(&["C"], &[A::Check], "check the pictures of the listed assets, or stop"),
            bind(
                &["r", "R"],
                &[A::Picture(P::Retry), A::Picture(P::RetryAll)],
                "retry this picture, all failed pictures",
            ),
            bind(&["a"], &[A::Picture(P::AllowHost)], "allow this picture's host for this session"),
        ],
    ),
    section(
        "Copy and write",
        &[
            bind(
                &["y", "u", "Y"],
                &[A::Share(ShareAction::CopyId), A::Share(ShareAction::CopyUrl), A::Share(ShareAction::CopyEvent)],
                "copy id, URL, event",
            ),
            bind(&["o"], &[A::Share(ShareAction::Open)], "open the picture's URL"),
            bind(&["w"], &[A::Prompt(Purpose::Write)], "write this picture, or the listed assets, to a file"),
        ],
    ),
    section(
        "The screen",
        &[
            bind(&["?", "F1"], &[A::Overlay(O::Help)], "help"),
            bind(&["Esc"], &[A::Back], "close or clear the last thing opened"),
            bind(&["Tab"], &[A::Layout], "next layout: list and picture, picture, list"),
            bind(&["F"], &[A::Setting(Setting::Follow)], "start or stop following the files"),
            bind(
                &["P", "T", "M"],
                &[A::Setting(Setting::Protocol), A::Setting(Setting::Theme), A::Setting(Setting::Mouse)],
                "next graphics protocol, next theme, mouse on or off",
            ),
            bind(&["Ctrl-l", "Ctrl-z"], &[A::Redraw, A::Suspend], "redraw, suspend"),
            bind(&["q"], &[A::Quit], "close the overlay, or quit"),
            bind(&["Ctrl-c"], &[A::QuitNow], "quit at once"),
        ],
    ),
];

const DOWN: Action = A::Move(Move::Down);
const UP: Action = A::Move(Move::Up);
const NEARER: Action = A::Picture(P::Nearer);
const FARTHER: Action = A::Picture(P::Farther);
const LEFT: Action = A::Move(Move::Left);
const RIGHT: Action = A::Move(Move::Right);
const EARLIER: Action = A::Picture(P::Scrub(Scrub::Step(-1)));
const LATER: Action = A::Picture(P::Scrub(Scrub::Step(1)));
const EARLIER10: Action = A::Picture(P::Scrub(Scrub::Step(-10)));
const LATER10: Action = A::Picture(P::Scrub(Scrub::Step(10)));

const fn tenth(at: u16) -> Action {
    A::Picture(P::Scrub(Scrub::Share(Share { at, of: 10 })))
}

const fn bind(keys: &'static [&'static str], actions: &'static [Action], help: &'static str) -> Binding {
    Binding { keys, actions, help }
}

const fn section(title: &'static str, bindings: &'static [Binding]) -> KeySection {
    KeySection { title, bindings }
}

/// Returns the rows of all sections.
pub fn bindings() -> impl Iterator<Item = &'static Binding> {
    SECTIONS.iter().flat_map(|section| section.bindings)
}

/// Returns the action of a key. A binding with one action has it for all its keys.
pub fn action(key: KeyEvent) -> Option<Action> {
    bindings().find_map(|binding| {
        let at = binding.keys.iter().position(|name| is_named(key, name))?;
        binding.actions.get(at).or(binding.actions.first()).copied()
    })
}

/// Returns whether a key is written as `name` in the table.
pub fn is_key(name: &str) -> bool {
    bindings().any(|binding| binding.keys.contains(&name))
}

/// Returns whether `key` is the one that is written as `name`.
fn is_named(key: KeyEvent, name: &str) -> bool {
    let (modifiers, name) = match (name.strip_prefix("Ctrl-"), name.strip_prefix("Shift-")) {
        (Some(name), _) => (KeyModifiers::CONTROL, name),
        (_, Some(name)) => (KeyModifiers::SHIFT, name),
        (None, None) => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "↓" => KeyCode::Down,
        "↑" => KeyCode::Up,
        "←" => KeyCode::Left,
        "→" => KeyCode::Right,
        "PgDn" => KeyCode::PageDown,
        "PgUp" => KeyCode::PageUp,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "Space" => KeyCode::Char(' '),
        "Tab" => KeyCode::Tab,
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "F1" => KeyCode::F(1),
        _ => KeyCode::Char(name.chars().next().unwrap_or_default()),
    };
    // Terminals report Shift with capitals and signs, or they do not; the character itself already tells.
    let typed = matches!(key.code, KeyCode::Char(_));
    let held = if typed { key.modifiers.difference(KeyModifiers::SHIFT) } else { key.modifiers };
    key.code == code && held == modifiers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_actions_of_the_table() {
        for binding in bindings() {
            assert!(binding.actions.len() == 1 || binding.actions.len() == binding.keys.len(), "{}", binding.help);
        }
        let key = |code, modifiers| action(KeyEvent::new(code, modifiers));
        assert_eq!(key(KeyCode::Char('j'), KeyModifiers::NONE), Some(DOWN));
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(A::Move(Move::Bottom)));
        assert_eq!(key(KeyCode::Char('7'), KeyModifiers::NONE), Some(tenth(7)));
        assert_eq!(key(KeyCode::Left, KeyModifiers::SHIFT), Some(EARLIER10));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(A::QuitNow));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), Some(A::Overlay(O::Codes)));
        assert_eq!(key(KeyCode::Char('j'), KeyModifiers::ALT), None);
    }

    #[test]
    fn no_key_is_bound_twice() {
        let mut keys: Vec<&str> = bindings().flat_map(|binding| binding.keys).copied().collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
