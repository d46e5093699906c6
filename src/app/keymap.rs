//! The keys and their actions.
//!
//! One table serves [`action`], the help and the test of the README. Keys that are typed into a prompt never come here.
//! Nothing here knows any state: what an action does is decided in `app.rs`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The action of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Move in the list, in the sheet or in the open overlay.
    Move(Move),
    /// Move the cursor on the timeline.
    Scrub(Scrub),
    /// Start or stop playing.
    Play,
    /// Halve the number of pictures a second.
    Slower,
    /// Double the number of pictures a second.
    Faster,
    /// Start or stop following the files.
    Follow,
    /// Select the next failed asset below.
    NextFailure,
    /// Select the next failed asset above.
    PreviousFailure,
    /// Open the prompt for a search.
    Search,
    /// Select the next hit below.
    NextHit,
    /// Select the next hit above.
    PreviousHit,
    /// Open the prompt for a filter.
    Filter,
    /// Show the next status tab.
    StatusTab,
    /// Sort by the next criterion.
    Sort,
    /// Reverse the list.
    Invert,
    /// Close or clear the topmost thing: overlay, view, search, filter, tab.
    Back,
    /// Act on the selected row of the overlay, or show the picture in full.
    Enter,
    /// Show the error codes.
    Codes,
    /// Show the next layout.
    Layout,
    /// Show the contact sheet.
    Sheet,
    /// Show the facts about the picture.
    Info,
    /// Show the event as logged.
    Raw,
    /// Show all events of the asset.
    History,
    /// Show unparsed lines and notices.
    Notices,
    /// Show the keys.
    Help,
    /// Open the prompt for a destination.
    GoTo,
    /// Copy the asset's id.
    CopyId,
    /// Copy the picture's URL.
    CopyUrl,
    /// Copy the event as logged.
    CopyEvent,
    /// Open the picture's URL.
    Open,
    /// Open the prompt for the name of a file to write.
    Write,
    /// Allow the picture's host for this session.
    Allow,
    /// Fetch the picture again.
    Retry,
    /// Fetch all failed pictures again.
    RetryAll,
    /// Draw by the next protocol.
    Protocol,
    /// Show the next theme.
    Theme,
    /// Turn the mouse on or off.
    Mouse,
    /// Redraw the screen.
    Redraw,
    /// Suspend the program.
    Suspend,
    /// Close the overlay, or quit.
    Quit,
    /// Quit at once.
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
    /// To a picture that is so many later, or earlier if negative.
    Step(i32),
    /// To a share of the timeline.
    Share(Share),
    /// To the first picture.
    First,
    /// To the last picture.
    Last,
}

/// A share of the timeline: `at` of `of` equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The parts before the place.
    pub at: u16,
    /// All parts.
    pub of: u16,
}

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

impl Action {
    /// Returns whether it changes the picture that is shown.
    pub(super) fn is_of_picture(self) -> bool {
        matches!(
            self,
            Self::Scrub(_) | Self::Play | Self::Slower | Self::Faster | Self::Allow | Self::Retry | Self::RetryAll
        )
    }

    /// Returns whether it selects an asset that it looks for.
    pub(super) fn finds(self) -> bool {
        matches!(self, Self::NextFailure | Self::PreviousFailure | Self::NextHit | Self::PreviousHit)
    }

    /// Returns whether it changes the list or the layout.
    pub(super) fn is_of_list(self) -> bool {
        matches!(
            self,
            Self::Search
                | Self::Filter
                | Self::GoTo
                | Self::StatusTab
                | Self::Sort
                | Self::Invert
                | Self::Layout
                | Self::Sheet
        )
    }
}

impl Move {
    /// The number of rows that it moves, where a page has so many.
    pub(super) fn rows(self, page: usize) -> isize {
        let page = isize::try_from(page).unwrap_or(isize::MAX).max(1);
        match self {
            Self::Down => 1,
            Self::Up => -1,
            Self::HalfDown => (page / 2).max(1),
            Self::HalfUp => -(page / 2).max(1),
            Self::PageDown => page,
            Self::PageUp => -page,
            Self::Top => isize::MIN,
            Self::Bottom => isize::MAX,
        }
    }
}

use Action as A;

/// All keys but those of prompts, in the order of the help.
pub const TABLE: &[Binding] = &[
    bind(&["j", "k", "↓", "↑"], &[DOWN, UP, DOWN, UP], "asset down, up"),
    bind(&["Ctrl-d", "Ctrl-u"], &[A::Move(Move::HalfDown), A::Move(Move::HalfUp)], "half a page down, up"),
    bind(&["PgDn", "PgUp"], &[A::Move(Move::PageDown), A::Move(Move::PageUp)], "page down, up"),
    bind(&["g", "Home"], &[A::Move(Move::Top)], "first row: the oldest asset"),
    bind(&["G", "End"], &[A::Move(Move::Bottom)], "last row: the newest asset, and stick to the newest"),
    bind(&["h", "l", "←", "→", ",", "."], &[EARLIER, LATER, EARLIER, LATER, EARLIER, LATER], "picture back, on"),
    bind(&["H", "L", "Shift-←", "Shift-→"], &[EARLIER10, LATER10, EARLIER10, LATER10], "ten pictures back, on"),
    bind(
        &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        &[tenth(0), tenth(1), tenth(2), tenth(3), tenth(4), tenth(5), tenth(6), tenth(7), tenth(8), tenth(9)],
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
    bind(&["!"], &[A::Notices], "unparsed lines and notices; Enter shows a line"),
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
const EARLIER: Action = A::Scrub(Scrub::Step(-1));
const LATER: Action = A::Scrub(Scrub::Step(1));
const EARLIER10: Action = A::Scrub(Scrub::Step(-10));
const LATER10: Action = A::Scrub(Scrub::Step(10));

const fn tenth(at: u16) -> Action {
    A::Scrub(Scrub::Share(Share { at, of: 10 }))
}

const fn bind(keys: &'static [&'static str], actions: &'static [Action], help: &'static str) -> Binding {
    Binding { keys, actions, help }
}

/// Returns the action of a key. A binding with one action has it for all its keys.
pub fn action(key: KeyEvent) -> Option<Action> {
    TABLE.iter().find_map(|binding| {
        let at = binding.keys.iter().position(|name| is_named(key, name))?;
        binding.actions.get(at).or(binding.actions.first()).copied()
    })
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
        for binding in TABLE {
            assert!(binding.actions.len() == 1 || binding.actions.len() == binding.keys.len(), "{}", binding.help);
        }
        let key = |code, modifiers| action(KeyEvent::new(code, modifiers));
        assert_eq!(key(KeyCode::Char('j'), KeyModifiers::NONE), Some(DOWN));
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(A::Move(Move::Bottom)));
        assert_eq!(key(KeyCode::Char('7'), KeyModifiers::NONE), Some(tenth(7)));
        assert_eq!(key(KeyCode::Left, KeyModifiers::SHIFT), Some(EARLIER10));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(A::QuitNow));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), Some(A::Codes));
        assert_eq!(key(KeyCode::Char('j'), KeyModifiers::ALT), None);
    }

    #[test]
    fn no_key_is_bound_twice() {
        let mut keys: Vec<&str> = TABLE.iter().flat_map(|binding| binding.keys).copied().collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
