//! Which key does what.
//!
//! One table, read by [`action`], by the help and by the README's test. A key that types into a prompt never comes
//! here. What an action does is decided in `app.rs`; nothing here knows any state.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Another asset, or another line of the overlay that is open.
    Move(Move),
    /// Another picture of the asset.
    Scrub(Scrub),
    /// Play or pause.
    Play,
    /// Half the pace.
    Slower,
    /// Twice the pace.
    Faster,
    /// Follow the files, or stop following.
    Follow,
    /// The next failed asset below.
    NextFailure,
    /// The next failed asset above.
    PreviousFailure,
    /// Types a search.
    Search,
    /// The next hit below.
    NextHit,
    /// The next hit above.
    PreviousHit,
    /// Types a filter.
    Filter,
    /// The next status tab.
    StatusTab,
    /// The next order of the list.
    Sort,
    /// The list the other way round.
    Invert,
    /// Closes or clears one thing.
    Back,
    /// Takes what is selected; opens the picture in full where nothing is.
    Enter,
    /// Error codes.
    Codes,
    /// List and picture, picture, list.
    Layout,
    /// The contact sheet.
    Sheet,
    /// What is known of the picture.
    Info,
    /// The event as it stands in the log.
    Raw,
    /// All events of the asset.
    History,
    /// Lines that could not be read, and notices.
    Journal,
    /// The keys.
    Help,
    /// Types a place to go to.
    GoTo,
    /// Copies the asset's id.
    CopyId,
    /// Copies the picture's URL.
    CopyUrl,
    /// Copies the event.
    CopyEvent,
    /// Opens the picture's URL.
    Open,
    /// Types the name of a file to write.
    Write,
    /// Allows the picture's host for this session.
    Allow,
    /// Fetches the picture again.
    Retry,
    /// Fetches all failed pictures again.
    RetryAll,
    /// The next protocol.
    Protocol,
    /// The next theme.
    Theme,
    /// Mouse on or off.
    Mouse,
    /// Draws everything anew.
    Redraw,
    /// Gives the terminal back for a while.
    Suspend,
    /// Closes the overlay, or quits.
    Quit,
    /// Quits.
    QuitNow,
}

/// A step in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// One down.
    Down,
    /// One up.
    Up,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// To the top: the oldest.
    Top,
    /// To the bottom: the newest.
    Bottom,
}

/// A step on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrub {
    /// So many pictures on, or back.
    Step(i32),
    /// To so many tenths of the timeline.
    Tenth(u8),
    /// To the first picture.
    First,
    /// To the last picture.
    Last,
}

/// One line of the table.
#[derive(Debug)]
pub struct Binding {
    /// Keys as they are written in the help: `j`, `Ctrl-d`, `PgDn`, `↓`.
    pub keys: &'static [&'static str],
    /// What they ask for, key by key.
    pub actions: &'static [Action],
    /// In words, for the help.
    pub help: &'static str,
}

use Action as A;

/// All keys but those of prompts, in the order of the help.
pub const TABLE: &[Binding] = &[
    bind(&["j", "k", "↓", "↑"], &[DOWN, UP, DOWN, UP], "asset down, up"),
    bind(&["Ctrl-d", "Ctrl-u"], &[A::Move(Move::HalfDown), A::Move(Move::HalfUp)], "half a page down, up"),
    bind(&["PgDn", "PgUp"], &[A::Move(Move::PageDown), A::Move(Move::PageUp)], "page down, up"),
    bind(&["g", "Home"], &[A::Move(Move::Top)], "first row: the oldest asset"),
    bind(&["G", "End"], &[A::Move(Move::Bottom)], "last row: the newest asset, and stick to the newest"),
    bind(&["h", "l", "←", "→", ",", "."], &[BACK, ON, BACK, ON, BACK, ON], "picture back, on"),
    bind(&["H", "L", "Shift-←", "Shift-→"], &[BACK10, ON10, BACK10, ON10], "ten pictures back, on"),
    bind(
        &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        &[T[0], T[1], T[2], T[3], T[4], T[5], T[6], T[7], T[8], T[9]],
        "to 0 to 90 % of the timeline",
    ),
    bind(&["^", "$"], &[A::Scrub(Scrub::First), A::Scrub(Scrub::Last)], "first, last picture"),
    bind(&[":"], &[A::GoTo], "go to 1:30, 90, #12, or @ and an id's beginning"),
    bind(&["Space"], &[A::Play], "play, pause"),
    bind(&["[", "]"], &[A::Slower, A::Faster], "slower, faster"),
    bind(&["F"], &[A::Follow], "follow the files, or stop"),
    bind(&["e", "E"], &[A::NextFailure, A::PreviousFailure], "next, previous FAILED"),
    bind(&["/"], &[A::Search], "search id, title, code and message by regex"),
    bind(&["n", "N"], &[A::NextHit, A::PreviousHit], "next, previous hit"),
    bind(&["f"], &[A::Filter], "filter: words status: code: samples< since: host: !not"),
    bind(&["s", "S", "I"], &[A::StatusTab, A::Sort, A::Invert], "next status tab, next order, the other way round"),
    bind(&["c"], &[A::Codes], "error codes; Enter filters"),
    bind(&["Tab"], &[A::Layout], "next layout: list and picture, picture, list"),
    bind(&["z", "Enter"], &[A::Enter], "picture in full; in an overlay: take"),
    bind(&["t"], &[A::Sheet], "contact sheet"),
    bind(&["i", "J"], &[A::Info, A::Raw], "about the picture, the event as logged"),
    bind(&["v"], &[A::History], "the asset's history; Enter shows a run"),
    bind(&["!"], &[A::Journal], "unparsed lines and notices; Enter shows a line"),
    bind(&["y", "u", "Y"], &[A::CopyId, A::CopyUrl, A::CopyEvent], "copy id, URL, event"),
    bind(&["o"], &[A::Open], "open the URL"),
    bind(&["w"], &[A::Write], "write this picture, or the listed assets, to a file"),
    bind(&["a"], &[A::Allow], "allow this picture's host for this session"),
    bind(&["r", "R"], &[A::Retry, A::RetryAll], "retry this picture, all failed ones"),
    bind(&["P", "T", "M"], &[A::Protocol, A::Theme, A::Mouse], "next protocol, next theme, mouse on or off"),
    bind(&["Esc"], &[A::Back], "close or clear, one step"),
    bind(&["?", "F1"], &[A::Help], "help"),
    bind(&["Ctrl-l", "Ctrl-z"], &[A::Redraw, A::Suspend], "redraw, suspend"),
    bind(&["q"], &[A::Quit], "close the overlay, or quit"),
    bind(&["Ctrl-c"], &[A::QuitNow], "quit at once"),
];

const DOWN: Action = A::Move(Move::Down);
const UP: Action = A::Move(Move::Up);
const BACK: Action = A::Scrub(Scrub::Step(-1));
const ON: Action = A::Scrub(Scrub::Step(1));
const BACK10: Action = A::Scrub(Scrub::Step(-10));
const ON10: Action = A::Scrub(Scrub::Step(10));
const T: [Action; 10] = [
    A::Scrub(Scrub::Tenth(0)),
    A::Scrub(Scrub::Tenth(1)),
    A::Scrub(Scrub::Tenth(2)),
    A::Scrub(Scrub::Tenth(3)),
    A::Scrub(Scrub::Tenth(4)),
    A::Scrub(Scrub::Tenth(5)),
    A::Scrub(Scrub::Tenth(6)),
    A::Scrub(Scrub::Tenth(7)),
    A::Scrub(Scrub::Tenth(8)),
    A::Scrub(Scrub::Tenth(9)),
];

const fn bind(keys: &'static [&'static str], actions: &'static [Action], help: &'static str) -> Binding {
    Binding { keys, actions, help }
}

/// What a key asks for; a binding with one action has it for all its keys.
pub fn action(key: KeyEvent) -> Option<Action> {
    TABLE.iter().find_map(|binding| {
        let at = binding.keys.iter().position(|name| is(key, name))?;
        binding.actions.get(at).or(binding.actions.first()).copied()
    })
}

/// Whether `key` is the one written `name`.
fn is(key: KeyEvent, name: &str) -> bool {
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
    fn every_key_of_the_table_does_what_the_table_says() {
        for binding in TABLE {
            assert!(binding.actions.len() == 1 || binding.actions.len() == binding.keys.len(), "{}", binding.help);
        }
        let key = |code, modifiers| action(KeyEvent::new(code, modifiers));
        assert_eq!(key(KeyCode::Char('j'), KeyModifiers::NONE), Some(DOWN));
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(A::Move(Move::Bottom)));
        assert_eq!(key(KeyCode::Char('7'), KeyModifiers::NONE), Some(A::Scrub(Scrub::Tenth(7))));
        assert_eq!(key(KeyCode::Left, KeyModifiers::SHIFT), Some(BACK10));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(A::QuitNow));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), Some(A::Codes));
        assert_eq!(key(KeyCode::Char('j'), KeyModifiers::ALT), None);
    }

    #[test]
    fn no_key_stands_twice() {
        let mut keys: Vec<&str> = TABLE.iter().flat_map(|binding| binding.keys).copied().collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
