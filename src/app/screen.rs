//! The screen: its size, its layout, and the abilities of the terminal.

use super::{
    choices::TitleUse,
    message::Effect,
    options::AppOptions,
    outcome::ActionOutcome,
    panes::{DragSource, Layout, Panes, View},
    sources::Sources,
    title::WindowTitle,
};
use crate::{
    picture::{Canvas, DrawingChoice, Link, Protocol, Symbols},
    text::Safe,
};
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
    /// The part that the mouse drags.
    pub(super) drag: DragSource,
    /// The title of the terminal's window.
    pub(super) title: WindowTitle,
}

impl ScreenState {
    /// A screen in the default layout.
    pub fn new(size: Size, canvas: Canvas) -> Self {
        Self {
            size,
            canvas,
            link: Link::default(),
            layout: Layout::default(),
            view: View::default(),
            drag: DragSource::default(),
            title: WindowTitle::default(),
        }
    }

    /// The title of the terminal's window; `None` if it is to be left alone.
    pub fn title(&self, options: &AppOptions, sources: &Sources) -> Option<Safe> {
        (options.title == TitleUse::Set).then(|| self.title.shown(sources.names(), options.glyphs))
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

    /// Draws in the way after the current one: the protocols that the terminal offers, each set of block characters, and
    /// no pictures.
    pub(super) fn next_drawing(&self) -> ActionOutcome {
        let has_no_symbols = |protocol: &Protocol| !matches!(protocol, Protocol::Blocks | Protocol::None);
        let offered = self.canvas.offered.iter().copied().filter(has_no_symbols);
        let mut drawings: Vec<(Protocol, Symbols)> = offered.map(|protocol| (protocol, self.canvas.symbols)).collect();
        drawings.extend(Symbols::ALL.map(|symbols| (Protocol::Blocks, symbols)));
        drawings.push((Protocol::None, self.canvas.symbols));
        let current = (self.canvas.protocol, self.canvas.symbols);
        let next = drawings.iter().position(|drawing| *drawing == current).map_or(0, |at| at + 1);
        let (protocol, symbols) = drawings[next % drawings.len()];
        let name = match protocol {
            Protocol::Blocks => format!("{} ({})", protocol.as_str(), symbols.as_str()),
            Protocol::Kitty | Protocol::Iterm2 | Protocol::Sixel | Protocol::None => protocol.as_str().to_owned(),
        };
        let choice = DrawingChoice { protocol: Some(protocol), symbols: Some(symbols) };
        ActionOutcome::say(format!("pictures: {name}")).with(Effect::SetDrawing(choice))
    }
}
