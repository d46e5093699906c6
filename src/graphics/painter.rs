//! What stands on the glass, and how it becomes what is wanted.
//!
//! The painter knows which pictures it drew where and which the terminal keeps, and appends the bytes that lead from
//! there to what is wanted: none where nothing changed. It never writes itself. Its invariant: what it believes to be
//! on the glass was in bytes that it handed out, in that order, and every picture that it gave to the terminal is known
//! by its number until it was freed.

use super::{kitty, put};
use crate::picture::{Fit, Multiplexer, PictureKey, Placement, Prepared, Protocol, Quality};
use ratatui::layout::{Rect, Size};
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    iter, process,
    sync::Arc,
};

/// Bytes of decoded pictures that the terminal may keep for us; kitty itself throws away above 320 MiB.
const MOST_HELD: usize = 64 * 1024 * 1024;

/// The lowest byte of a picture's number counts from 1; the highest is the process's.
const NUMBERS: u32 = 255;

/// Keeps the pictures on the glass as they are wanted.
#[derive(Debug)]
pub struct Painter {
    /// The process's part of the numbers of pictures.
    base: u32,
    /// What stands on the glass.
    shown: Vec<Shown>,
    /// What the terminal keeps, the longest unused first.
    held: Vec<Held>,
    /// The picture that is half sent.
    sending: Option<Sending>,
    /// Whether pictures were left for the next frame.
    is_behind: bool,
    /// About the most bytes of new pictures in one frame.
    pace: usize,
    size: Size,
    sent: u64,
}

/// A picture on the glass.
#[derive(Clone, Debug)]
struct Shown {
    key: PictureKey,
    area: Rect,
    /// How good it is, to be compared with others of the same picture.
    worth: (Quality, u32),
    protocol: Protocol,
    multiplexer: Multiplexer,
    /// Hash of the bytes; see [`content`].
    content: u64,
    bytes: Arc<[u8]>,
    /// What the terminal holds when it is decoded.
    weight: usize,
}

impl Shown {
    /// Whether what stands on the glass is what is wanted, or better: nobody is sent a poorer form of what he sees.
    fn suffices(&self, wanted: &Self) -> bool {
        let is_better = self.key == wanted.key && self.covers(wanted) && self.worth > wanted.worth;
        is_better || self.area == wanted.area && self.is_same_picture(wanted)
    }

    fn is_same_picture(&self, other: &Self) -> bool {
        self.content == other.content && self.protocol == other.protocol && self.multiplexer == other.multiplexer
    }

    /// Whether both are drawn in the same way into the same cells, so that one covers the other entirely.
    fn covers(&self, other: &Self) -> bool {
        self.area == other.area && self.protocol == other.protocol && self.multiplexer == other.multiplexer
    }
}

/// Which form of a picture is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SentForm {
    Sooner,
    Best,
}

/// A picture that the terminal keeps.
#[derive(Clone, Copy, Debug)]
struct Held {
    id: u32,
    content: u64,
    multiplexer: Multiplexer,
    weight: usize,
}

#[derive(Clone, Debug)]
struct Sending {
    held: Held,
    picture: Shown,
    from: usize,
}

impl Default for Painter {
    fn default() -> Self {
        Self::new()
    }
}

impl Painter {
    /// Starts with nothing on the glass. The numbers of pictures come from the process's own range.
    pub fn new() -> Self {
        Self {
            base: number_base(process::id()),
            shown: Vec::new(),
            held: Vec::new(),
            sending: None,
            is_behind: false,
            pace: usize::MAX,
            size: Size::ZERO,
            sent: 0,
        }
    }

    /// Sets about how many bytes of new pictures one frame may take, so that text stays live on a slow link. Only
    /// kitty's pictures can be sent in slices; of the others there is one in each frame, whatever it takes.
    pub fn pace(&mut self, bytes: usize) {
        self.pace = bytes.max(kitty::LEAST_CHUNK);
    }

    /// Whether a picture is half sent or left over: another frame is due even if nothing changes.
    pub fn is_sending(&self) -> bool {
        self.sending.is_some() || self.is_behind
    }

    /// Appends to `out` the bytes that turn what is shown into what is wanted; nothing when nothing changed.
    ///
    /// They belong behind the frame's text, and leave the cursor anywhere. `size` is the screen in cells: what does not
    /// lie within it is not drawn.
    pub fn reconcile(&mut self, wanted: &[Placement], size: Size, out: &mut Vec<u8>) {
        if self.size != size {
            self.size = size;
            self.forget();
        }
        let before = out.len();
        let chosen: Vec<(Shown, SentForm)> = wanted.iter().filter_map(|placement| self.choose(placement)).collect();
        let is_better_to_come = chosen.iter().any(|(_, form)| *form == SentForm::Sooner);
        let mut wanted: Vec<Shown> = chosen.into_iter().map(|(picture, _)| picture).collect();
        let leaving = self.leaving(&wanted);
        self.give_up(&mut wanted, !leaving.is_empty(), out);
        self.hide(&leaving, out);
        // What is half sent goes first: nothing else can be placed before it is whole.
        let half_sent = self.sending.as_ref().map(|sending| sending.held.content);
        wanted.sort_by_key(|picture| Some(picture.content) != half_sent);
        let mut left = self.pace;
        self.is_behind = is_better_to_come;
        for picture in &wanted {
            if self.shown.iter().any(|shown| shown.suffices(picture)) {
                continue;
            }
            let done = match picture.protocol {
                Protocol::Kitty => self.show_by_number(picture, &mut left, out),
                Protocol::Iterm2 | Protocol::Sixel => self.draw(picture, &mut left, out),
                Protocol::Blocks | Protocol::None => true,
            };
            if !done {
                self.is_behind = true;
                break;
            }
        }
        self.evict(out);
        self.sent += (out.len() - before) as u64;
    }

    /// The screen was cleared (ED 2, a new size): nothing of ours stands on it any longer.
    ///
    /// kitty throws away all pictures then, even those that were not shown (seen with 0.26 and 0.41), so they are sent
    /// anew when they are wanted; terminals that keep them are told to free them first, as every number is freed before
    /// it is used again.
    pub fn forget(&mut self) {
        self.shown.clear();
        for held in &mut self.held {
            held.content = 0;
        }
        if let Some(sending) = &mut self.sending {
            sending.held.content = 0;
        }
    }

    /// Deletes all that we own: at the end, before a suspend, before the protocol changes.
    pub fn clear(&mut self, out: &mut Vec<u8>) {
        let bytes = self.cleanup();
        self.sent += bytes.len() as u64;
        out.extend(bytes);
        self.shown.clear();
        self.held.clear();
        self.sending = None;
    }

    /// What a handler of panics or signals has to send, so that no picture stays in the terminal.
    pub fn cleanup(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(sending) = &self.sending {
            kitty::abort(sending.held.id, sending.held.multiplexer, &mut out);
        }
        for held in &self.held {
            kitty::free(held.id, held.multiplexer, &mut out);
        }
        out
    }

    /// Bytes sent for pictures so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// The form of a picture that is to be sent: the cheaper one where there is one and the terminal has neither.
    fn choose(&self, placement: &Placement) -> Option<(Shown, SentForm)> {
        let best = self.seen(placement, placement.fit, &placement.prepared)?;
        let is_on_glass = self.shown.iter().any(|shown| shown.key == best.key && shown.covers(&best));
        let is_held = self.held.iter().any(|held| held.content == best.content);
        let sooner = placement.sooner.as_ref();
        let sooner = sooner.filter(|_| best.protocol == Protocol::Kitty && !is_on_glass && !is_held);
        match sooner.and_then(|(fit, prepared)| self.seen(placement, *fit, prepared)) {
            Some(sooner) => Some((sooner, SentForm::Sooner)),
            None => Some((best, SentForm::Best)),
        }
    }

    /// What a placement looks like on the glass; `None` for cells, and for what does not lie on the screen.
    fn seen(&self, placement: &Placement, fit: Fit, prepared: &Prepared) -> Option<Shown> {
        let Prepared::Bytes { bytes, size } = prepared else { return None };
        let area = placement.area;
        let inside = area.right() <= self.size.width && area.bottom() <= self.size.height && !area.is_empty();
        let before = self.shown.iter().find(|shown| Arc::ptr_eq(&shown.bytes, bytes));
        inside.then(|| Shown {
            key: placement.key,
            area,
            worth: (fit.quality, fit.most),
            protocol: fit.protocol,
            multiplexer: fit.multiplexer,
            content: before.map_or_else(|| content(bytes), |shown| shown.content),
            bytes: Arc::clone(bytes),
            weight: size.width as usize * size.height as usize * 4,
        })
    }

    /// What has to go before anything else is drawn. What another picture will cover stays until then, so that the
    /// place is never empty.
    fn leaving(&self, wanted: &[Shown]) -> Vec<Shown> {
        let stays = |shown: &Shown| wanted.iter().any(|picture| shown.suffices(picture) || picture.covers(shown));
        self.shown.iter().filter(|shown| !stays(shown)).cloned().collect()
    }

    /// Ends the slices of a picture that is not wanted any longer, or that something urgent cannot wait for: between
    /// two slices no other command is allowed. A preview is sent to its end, since it is short and something should
    /// move while a key is held.
    fn give_up(&mut self, wanted: &mut Vec<Shown>, urgent: bool, out: &mut Vec<u8>) {
        let Some(sending) = self
            .sending
            .take_if(|sending| urgent || !wanted.iter().any(|picture| picture.content == sending.held.content))
        else {
            return;
        };
        let picture = &sending.picture;
        let is_short = picture.worth.0 == Quality::Preview && sending.held.content != 0;
        if is_short && !urgent && wanted.iter().any(|other| other.covers(picture)) {
            wanted.push(picture.clone());
            self.sending = Some(sending);
        } else {
            kitty::abort(sending.held.id, sending.held.multiplexer, out);
        }
    }

    fn hide(&mut self, leaving: &[Shown], out: &mut Vec<u8>) {
        for old in leaving {
            if let Some(held) = self.held.iter().find(|held| held.content == old.content) {
                kitty::hide(held.id, old.area, held.multiplexer, out);
            }
        }
        self.shown.retain(|shown| !leaving.iter().any(|old| old.area == shown.area && old.is_same_picture(shown)));
    }

    /// Makes the terminal keep a picture and shows it; `false` if more of it has to be sent first.
    fn show_by_number(&mut self, picture: &Shown, left: &mut usize, out: &mut Vec<u8>) -> bool {
        let Some(held) = self.hold(picture, left, out) else { return false };
        kitty::place(held.id, picture.area, held.multiplexer, out);
        let covered: Vec<Shown> = self.shown.iter().filter(|shown| picture.covers(shown)).cloned().collect();
        self.hide(&covered, out);
        self.shown.push(picture.clone());
        true
    }

    /// The number under which the terminal keeps a picture, after sending what is missing of it.
    fn hold(&mut self, picture: &Shown, left: &mut usize, out: &mut Vec<u8>) -> Option<Held> {
        let same = |held: &Held| held.content == picture.content && held.multiplexer == picture.multiplexer;
        if let Some(at) = self.held.iter().position(same) {
            let held = self.held.remove(at);
            self.held.push(held);
            // While another picture is half sent, nothing may be placed.
            return self.sending.is_none().then_some(held);
        }
        let mut sending = match self.sending.take() {
            Some(sending) if same(&sending.held) => sending,
            Some(other) => {
                self.sending = Some(other);
                return None;
            }
            None if *left == 0 => return None,
            None => self.begin(picture, out),
        };
        while sending.from < sending.picture.bytes.len() {
            if *left == 0 {
                self.sending = Some(sending);
                return None;
            }
            let Held { id, multiplexer, .. } = sending.held;
            let to = kitty::transmit(id, &sending.picture.bytes, sending.from, *left, multiplexer, out);
            *left = left.saturating_sub(to - sending.from);
            sending.from = to;
        }
        self.held.push(sending.held);
        Some(sending.held)
    }

    /// Takes the next free number, or that of the longest unused picture.
    fn begin(&mut self, picture: &Shown, out: &mut Vec<u8>) -> Sending {
        let is_free = |id: &u32| !self.held.iter().any(|held| held.id == *id);
        let free = (1..=NUMBERS).map(|number| self.base | number).find(is_free);
        let id = free.unwrap_or_else(|| {
            let oldest = self.held.remove(0);
            kitty::free(oldest.id, oldest.multiplexer, out);
            oldest.id
        });
        let held = Held { id, content: picture.content, multiplexer: picture.multiplexer, weight: picture.weight };
        Sending { held, picture: picture.clone(), from: 0 }
    }

    /// Draws a picture whose bytes are the drawing; `false` if the frame has no room left.
    fn draw(&mut self, picture: &Shown, left: &mut usize, out: &mut Vec<u8>) -> bool {
        if *left == 0 {
            return false;
        }
        *left = left.saturating_sub(picture.bytes.len());
        if !self.shown.iter().any(|shown| picture.covers(shown)) {
            erase(picture.area, picture.multiplexer, out);
        }
        self.shown.retain(|shown| shown.area.intersection(picture.area).is_empty());
        put(out, format_args!("\x1b[{};{}H", picture.area.y + 1, picture.area.x + 1));
        out.extend_from_slice(&picture.bytes);
        self.shown.push(picture.clone());
        true
    }

    /// Frees what has not been used for longest, and what a cleared screen left behind.
    fn evict(&mut self, out: &mut Vec<u8>) {
        if self.sending.is_some() {
            return;
        }
        let mut total: usize = self.held.iter().map(|held| held.weight).sum();
        let shown: Vec<u64> = self.shown.iter().map(|shown| shown.content).collect();
        self.held.retain(|held| {
            let stays = held.content != 0 && (total <= MOST_HELD || shown.contains(&held.content));
            if !stays {
                total -= held.weight;
                kitty::free(held.id, held.multiplexer, out);
            }
            stays
        });
    }
}

/// A process's part of the numbers of pictures. Never 0, and below 2^31: konsole 22.12 shows nothing under a larger
/// number, and says nothing.
pub fn number_base(process: u32) -> u32 {
    (process % 127 + 1) << 24
}

/// Tells pictures apart by what is sent, so that the same bytes are sent once wherever they are shown. Never 0, which
/// marks what a cleared screen left behind.
fn content(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Blanks the cells below a picture, so that no text looks out under its lower edge. With spaces in tmux, which throws
/// away all pictures of a row when characters are erased in it (seen with 3.5a).
fn erase(area: Rect, multiplexer: Multiplexer, out: &mut Vec<u8>) {
    out.extend(b"\x1b[m");
    for row in area.y..area.bottom() {
        put(out, format_args!("\x1b[{};{}H", row + 1, area.x + 1));
        match multiplexer {
            Multiplexer::Tmux => out.extend(iter::repeat_n(b' ', area.width.into())),
            Multiplexer::None | Multiplexer::Screen => put(out, format_args!("\x1b[{}X", area.width)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_positive_in_31_bits() {
        for process in [0, 1, 126, 127, 128, 4_194_303, u32::MAX] {
            let most = number_base(process) + NUMBERS;
            assert!((1 << 24..1 << 31).contains(&most), "{process}");
        }
    }
}
