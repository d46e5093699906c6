//! The actions that keys and the mouse cause, by the part of the screen that carries them out.

use super::{direction::Direction, prompt::line::Purpose};

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Move in the open overlay, else in the sheet, else in the list.
    Move(Move),
    /// Change the list.
    List(ListAction),
    /// Change the picture.
    Picture(PictureAction),
    /// Show or hide an overlay.
    Overlay(OverlayAction),
    /// Open a prompt.
    Prompt(Purpose),
    /// Hand the asset or the picture on.
    Share(ShareAction),
    /// Change an option.
    Setting(Setting),
    /// Show the next layout.
    Layout,
    /// Show or hide the contact sheet.
    Sheet,
    /// Act on the selected row of the overlay, or show the picture in full.
    Enter,
    /// Close or clear the topmost thing: overlay, view, search, filter, tab.
    Back,
    /// Start or stop the check of the listed assets' pictures.
    Check,
    /// Redraw the screen.
    Redraw,
    /// Suspend the program.
    Suspend,
    /// Close the overlay, or quit.
    Quit,
    /// Quit at once.
    QuitNow,
}

/// A change of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListAction {
    /// Select the next failed asset.
    FindFailure(Direction),
    /// Select the next hit of the search.
    FindHit(Direction),
    /// Show the next status tab.
    NextTab,
    /// Sort by the next criterion.
    NextOrder,
    /// Reverse the order.
    Reverse,
}

/// A change of the picture or of its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureAction {
    /// Move the cursor on the timeline.
    Scrub(Scrub),
    /// Start or stop playing.
    Play,
    /// Halve the number of pictures a second.
    Slower,
    /// Double the number of pictures a second.
    Faster,
    /// Allow the picture's host for this session.
    AllowHost,
    /// Fetch the picture again.
    Retry,
    /// Fetch all failed pictures again.
    RetryAll,
    /// Mark the picture, to compare others with it.
    Mark,
    /// Show the marked picture beside this one, then their difference, then this one alone.
    Compare,
    /// Magnify the picture in full.
    Nearer,
    /// Reduce the picture in full.
    Farther,
}

/// An overlay to show or to hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayAction {
    /// The keys.
    Help,
    /// The facts about the picture.
    Info,
    /// The error codes.
    Codes,
    /// The events over time.
    Histogram,
    /// The events of the asset.
    History,
    /// The event as logged.
    Event,
    /// Unparsed lines and notices.
    Notices,
}

/// Something to copy or to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareAction {
    /// Copy the asset's id.
    CopyId,
    /// Copy the picture's URL.
    CopyUrl,
    /// Copy the event as logged.
    CopyEvent,
    /// Open the picture's URL.
    Open,
}

/// An option to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Start or stop following the files.
    Follow,
    /// Draw by the next protocol.
    Protocol,
    /// Show the next theme.
    Theme,
    /// Turn the mouse on or off.
    Mouse,
}

/// A step in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// One down.
    Down,
    /// One up.
    Up,
    /// To the next picture, or to the right in a magnified picture.
    Right,
    /// To the previous picture, or to the left in a magnified picture.
    Left,
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
    /// To a picture, counted from 0.
    Picture(usize),
}

/// A share of the timeline: `at` of `of` equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The parts before the place.
    pub at: u16,
    /// All parts.
    pub of: u16,
}

impl Action {
    /// Returns whether it acts on the selected asset or its pictures, so that the selection is held on it.
    pub(super) fn holds(self) -> bool {
        match self {
            Self::Picture(action) => action != PictureAction::RetryAll,
            Self::Overlay(overlay) => {
                matches!(overlay, OverlayAction::Info | OverlayAction::Event | OverlayAction::History)
            }
            Self::Prompt(purpose) => purpose == Purpose::Write,
            Self::Share(_) | Self::Sheet | Self::Move(Move::Left | Move::Right) => true,
            Self::Move(_)
            | Self::List(_)
            | Self::Setting(_)
            | Self::Layout
            | Self::Check
            | Self::Enter
            | Self::Back
            | Self::Redraw
            | Self::Suspend
            | Self::Quit
            | Self::QuitNow => false,
        }
    }

    /// Returns whether it changes the list or the layout, which an overlay gives way to.
    pub(super) fn closes_overlays(self) -> bool {
        match self {
            Self::Prompt(purpose) => purpose != Purpose::Write,
            Self::List(ListAction::NextTab | ListAction::NextOrder | ListAction::Reverse)
            | Self::Layout
            | Self::Sheet => true,
            Self::Move(_)
            | Self::List(ListAction::FindFailure(_) | ListAction::FindHit(_))
            | Self::Picture(_)
            | Self::Overlay(_)
            | Self::Share(_)
            | Self::Setting(_)
            | Self::Check
            | Self::Enter
            | Self::Back
            | Self::Redraw
            | Self::Suspend
            | Self::Quit
            | Self::QuitNow => false,
        }
    }
}

impl Move {
    /// Returns the pictures of a step sideways; `None` for a step up or down.
    pub(super) fn pictures(self) -> Option<i32> {
        match self {
            Self::Left => Some(-1),
            Self::Right => Some(1),
            Self::Up
            | Self::Down
            | Self::HalfUp
            | Self::HalfDown
            | Self::PageUp
            | Self::PageDown
            | Self::Top
            | Self::Bottom => None,
        }
    }

    /// The number of rows that it moves, where a page has so many.
    pub(super) fn rows(self, page: usize) -> isize {
        let page = isize::try_from(page).unwrap_or(isize::MAX).max(1);
        match self {
            Self::Down => 1,
            Self::Left | Self::Right => 0,
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
