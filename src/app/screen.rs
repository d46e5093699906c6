//! The screen: its size, its layout, and the abilities of the terminal.

use super::{
    message::Effect,
    outcome::ActionOutcome,
    panes::{Layout, Panes, View},
};
use crate::picture::{Canvas, Link, Protocol};
use ratatui::layout::Size;

/// The screen and its terminal.
#[derive(Clone, Debug)]
pub struct ScreenState {
    /// The size in cells.
    pub size: Size,
    /// The abilities of the terminal.
    pub canvas: Canvas,
    /// The bytes sent to the terminal, and their rate.
    pub link: Link,
    /// The panes that the operator chose.
    pub layout: Layout,
    /// The content of the body.
    pub view: View,
}

impl ScreenState {
    /// A screen in the default layout.
    pub fn new(size: Size, canvas: Canvas) -> Self {
        Self { size, canvas, link: Link::default(), layout: Layout::default(), view: View::default() }
    }

    /// The areas of the screen.
    pub fn panes(&self) -> Panes {
        Panes::new(self.size, self.layout, self.view)
    }

    /// Changes to the next layout. Where one pane fills the screen, the layouts are the list and the picture.
    pub(super) fn next_layout(&mut self) {
        let is_small = self.panes().picture.is_none() && self.layout == Layout::Both;
        self.layout = if is_small { Layout::Picture } else { self.layout.next() };
        self.view = View::Panes;
    }

    /// The view that a key for `view` leads to: that view, or the panes if it is shown already.
    pub(super) fn toggled(&self, view: View) -> View {
        if self.view == view { View::Panes } else { view }
    }

    /// Draws by the protocol after the current one among those that the terminal offers.
    pub(super) fn next_protocol(&self) -> ActionOutcome {
        let mut offered = self.canvas.offered.clone();
        for always in [Protocol::Blocks, Protocol::None] {
            if !offered.contains(&always) {
                offered.push(always);
            }
        }
        let next = offered.iter().position(|protocol| *protocol == self.canvas.protocol).map_or(0, |at| at + 1);
        let protocol = offered[next % offered.len()];
        ActionOutcome::say(format!("pictures: {}", protocol.as_str())).with(Effect::SetProtocol(protocol))
    }
}
