//! The pictures on the screen, and the bytes that change them into those that are wanted.
//!
//! The painter tracks which pictures it drew where and which the terminal keeps, and appends the bytes that lead from
//! there to what is wanted: none where nothing changed. It never writes itself. Its invariant: what it believes to be on
//! the screen was in bytes that it handed out, in that order, and every image that the terminal keeps is known by its id
//! until it is deleted.

mod drawn;

use super::{bytes::append, kitty};
use crate::picture::{Multiplexer, Placement, Protocol, Quality};
use drawn::{DrawnPicture, LOST};
use ratatui::layout::{Rect, Size};
use std::{iter, process};

/// The most bytes of decoded images that the terminal may keep for us; kitty itself evicts above 320 MiB.
const MAX_STORED_BYTES: usize = 64 * 1024 * 1024;

/// The number of ids of a process: the lowest byte of an id counts from 1, the highest is the process's.
const IDS_PER_PROCESS: u32 = 255;

/// Keeps the pictures on the screen as they are wanted.
#[derive(Debug)]
pub struct Painter {
    /// The process's part of image ids.
    id_base: u32,
    /// The pictures on the screen.
    drawn: Vec<DrawnPicture>,
    /// The images that the terminal keeps, the least recently used first.
    stored: Vec<StoredImage>,
    transmission: Option<Transmission>,
    backlog: Backlog,
    /// About the most bytes of new pictures in one frame.
    frame_bytes: usize,
    screen: Size,
    total_bytes: u64,
}

/// Pictures that the last frame had no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backlog {
    Empty,
    Pending,
}

/// The form of a picture that is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Preview,
    Full,
}

/// An image that the terminal keeps.
#[derive(Clone, Copy, Debug)]
struct StoredImage {
    id: u32,
    /// The hash of its bytes, or [`LOST`].
    hash: u64,
    multiplexer: Multiplexer,
    decoded_bytes: usize,
}

/// A picture of which a part was sent.
#[derive(Clone, Debug)]
struct Transmission {
    image: StoredImage,
    picture: DrawnPicture,
    sent_bytes: usize,
}

impl Default for Painter {
    fn default() -> Self {
        Self::new()
    }
}

impl Painter {
    /// Returns a painter of an empty screen, with image ids from the process's own range.
    pub fn new() -> Self {
        Self {
            id_base: image_id_base(process::id()),
            drawn: Vec::new(),
            stored: Vec::new(),
            transmission: None,
            backlog: Backlog::Empty,
            frame_bytes: usize::MAX,
            screen: Size::ZERO,
            total_bytes: 0,
        }
    }

    /// Sets about how many bytes of new pictures one frame may take, so that text stays responsive on a slow link. Only
    /// kitty's pictures are sent in slices; of the others each frame has at least one, whatever it takes.
    pub fn limit_frame_bytes(&mut self, bytes: usize) {
        self.frame_bytes = bytes.max(kitty::MIN_CHUNK_BYTES);
    }

    /// Returns true if a picture is partly sent or still to be sent: another frame is due even if nothing changes.
    pub fn is_sending(&self) -> bool {
        self.transmission.is_some() || self.backlog == Backlog::Pending
    }

    /// Appends the bytes that turn the pictures on the screen into those that are wanted; nothing if nothing changed.
    ///
    /// They belong after the frame's text and leave the cursor anywhere. `screen` is in cells; what does not lie within it
    /// is not drawn.
    pub fn reconcile(&mut self, wanted: &[Placement], screen: Size, out: &mut Vec<u8>) {
        if self.screen != screen {
            self.screen = screen;
            self.forget();
        }
        let before = out.len();
        let chosen: Vec<(DrawnPicture, Form)> = wanted.iter().filter_map(|placement| self.choose(placement)).collect();
        let has_previews = chosen.iter().any(|(_, form)| *form == Form::Preview);
        let mut wanted: Vec<DrawnPicture> = chosen.into_iter().map(|(picture, _)| picture).collect();
        let obsolete = self.obsolete(&wanted);
        self.cancel_transmission(&mut wanted, &obsolete, out);
        self.hide(&obsolete, out);
        // The unfinished one goes first: nothing else can be placed before it is whole.
        let unfinished = self.transmission.as_ref().map(|transmission| transmission.image.hash);
        wanted.sort_by_key(|picture| Some(picture.hash) != unfinished);
        let mut left = self.frame_bytes;
        self.backlog = if has_previews { Backlog::Pending } else { Backlog::Empty };
        for picture in &wanted {
            if self.drawn.iter().any(|drawn| drawn.satisfies(picture)) {
                continue;
            }
            let is_done = match picture.protocol {
                Protocol::Kitty => self.place(picture, &mut left, out),
                Protocol::Iterm2 | Protocol::Sixel => self.draw(picture, &mut left, out),
                Protocol::Blocks | Protocol::None => true,
            };
            if !is_done {
                self.backlog = Backlog::Pending;
                break;
            }
        }
        self.evict(out);
        self.total_bytes += (out.len() - before) as u64;
    }

    /// Notes that the screen was cleared (ED 2, a new size), which removed all pictures.
    ///
    /// kitty deletes all images then, even those that were not shown (seen with 0.26 and 0.41), so they are transmitted
    /// again when they are wanted. Terminals that keep them are told to delete them first, as every id is deleted before
    /// it is used again.
    pub fn forget(&mut self) {
        self.drawn.clear();
        for image in &mut self.stored {
            image.hash = LOST;
        }
        if let Some(transmission) = &mut self.transmission {
            transmission.image.hash = LOST;
        }
    }

    /// Appends the deletion of all that is ours: at the end, before a suspension, before the protocol changes.
    pub fn clear(&mut self, out: &mut Vec<u8>) {
        let bytes = self.cleanup();
        self.total_bytes += bytes.len() as u64;
        out.extend(bytes);
        self.drawn.clear();
        self.stored.clear();
        self.transmission = None;
    }

    /// Returns the bytes with which a handler of panics or signals deletes all our images from the terminal.
    pub fn cleanup(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(Transmission { image, .. }) = &self.transmission {
            kitty::abort(image.id, image.multiplexer, &mut out);
        }
        for image in &self.stored {
            kitty::free(image.id, image.multiplexer, &mut out);
        }
        out
    }

    /// Returns the bytes of pictures so far.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Returns the form of a picture that is to be sent: the preview where there is one and the terminal has neither.
    fn choose(&self, placement: &Placement) -> Option<(DrawnPicture, Form)> {
        let drawing = |fit, prepared| DrawnPicture::new(placement, fit, prepared, self.screen, &self.drawn);
        let full = drawing(placement.fit, &placement.prepared)?;
        let is_drawn = self.drawn.iter().any(|drawn| drawn.key == full.key && drawn.covers(&full));
        let is_stored = self.stored.iter().any(|image| image.hash == full.hash);
        let preview = placement.preview.as_ref();
        let preview = preview.filter(|_| full.protocol == Protocol::Kitty && !is_drawn && !is_stored);
        match preview.and_then(|(fit, prepared)| drawing(*fit, prepared)) {
            Some(preview) => Some((preview, Form::Preview)),
            None => Some((full, Form::Full)),
        }
    }

    /// Returns the pictures that must go before anything else is drawn. One that another will cover stays until then, so
    /// that its place is never empty.
    fn obsolete(&self, wanted: &[DrawnPicture]) -> Vec<DrawnPicture> {
        let stays =
            |drawn: &DrawnPicture| wanted.iter().any(|picture| drawn.satisfies(picture) || picture.covers(drawn));
        self.drawn.iter().filter(|drawn| !stays(drawn)).cloned().collect()
    }

    /// Ends the transmission of a picture that is not wanted any longer, or any at all if obsolete pictures must be hidden
    /// at once: no other command is allowed between two chunks. A preview is sent to its end, because it is short and the
    /// screen should move while a key is held.
    fn cancel_transmission(&mut self, wanted: &mut Vec<DrawnPicture>, obsolete: &[DrawnPicture], out: &mut Vec<u8>) {
        let is_urgent = !obsolete.is_empty();
        let is_unwanted =
            |transmission: &Transmission| !wanted.iter().any(|picture| picture.hash == transmission.image.hash);
        let Some(transmission) = self.transmission.take_if(|transmission| is_urgent || is_unwanted(transmission))
        else {
            return;
        };
        let picture = &transmission.picture;
        let is_short = picture.detail.0 == Quality::Preview && transmission.image.hash != LOST;
        if is_short && !is_urgent && wanted.iter().any(|other| other.covers(picture)) {
            wanted.push(picture.clone());
            self.transmission = Some(transmission);
        } else {
            kitty::abort(transmission.image.id, transmission.image.multiplexer, out);
        }
    }

    fn hide(&mut self, obsolete: &[DrawnPicture], out: &mut Vec<u8>) {
        for old in obsolete {
            if let Some(image) = self.stored.iter().find(|image| image.hash == old.hash) {
                kitty::hide(image.id, old.area, image.multiplexer, out);
            }
        }
        self.drawn.retain(|drawn| !obsolete.iter().any(|old| old.area == drawn.area && old.is_same_drawing(drawn)));
    }

    /// Has the terminal store a picture and places it; returns false if more of it has to be sent first.
    fn place(&mut self, picture: &DrawnPicture, left: &mut usize, out: &mut Vec<u8>) -> bool {
        let Some(image) = self.store(picture, left, out) else { return false };
        kitty::place(image.id, picture.area, image.multiplexer, out);
        let covered: Vec<DrawnPicture> = self.drawn.iter().filter(|drawn| picture.covers(drawn)).cloned().collect();
        self.hide(&covered, out);
        self.drawn.push(picture.clone());
        true
    }

    /// Returns the stored image of a picture, after transmitting what is missing of it; `None` if the frame has no room.
    fn store(&mut self, picture: &DrawnPicture, left: &mut usize, out: &mut Vec<u8>) -> Option<StoredImage> {
        let is_same = |image: &StoredImage| image.hash == picture.hash && image.multiplexer == picture.multiplexer;
        if let Some(at) = self.stored.iter().position(is_same) {
            let image = self.stored.remove(at);
            self.stored.push(image);
            // While another picture is partly sent, nothing may be placed.
            return self.transmission.is_none().then_some(image);
        }
        let mut transmission = match self.transmission.take() {
            Some(transmission) if is_same(&transmission.image) => transmission,
            Some(other) => {
                self.transmission = Some(other);
                return None;
            }
            None if *left == 0 => return None,
            None => self.begin_transmission(picture, out),
        };
        while transmission.sent_bytes < transmission.picture.bytes.len() {
            if *left == 0 {
                self.transmission = Some(transmission);
                return None;
            }
            let StoredImage { id, multiplexer, .. } = transmission.image;
            let bytes = &transmission.picture.bytes;
            let sent_bytes = kitty::transmit(id, bytes, transmission.sent_bytes, *left, multiplexer, out);
            *left = left.saturating_sub(sent_bytes - transmission.sent_bytes);
            transmission.sent_bytes = sent_bytes;
        }
        self.stored.push(transmission.image);
        Some(transmission.image)
    }

    /// Takes the next free id, or that of the least recently used image.
    fn begin_transmission(&mut self, picture: &DrawnPicture, out: &mut Vec<u8>) -> Transmission {
        let is_free = |id: &u32| !self.stored.iter().any(|image| image.id == *id);
        let free = (1..=IDS_PER_PROCESS).map(|number| self.id_base | number).find(is_free);
        let id = free.unwrap_or_else(|| {
            let oldest = self.stored.remove(0);
            kitty::free(oldest.id, oldest.multiplexer, out);
            oldest.id
        });
        let DrawnPicture { hash, multiplexer, decoded_bytes, .. } = *picture;
        let image = StoredImage { id, hash, multiplexer, decoded_bytes };
        Transmission { image, picture: picture.clone(), sent_bytes: 0 }
    }

    /// Draws a picture whose bytes are the drawing; returns false if the frame has no room left.
    fn draw(&mut self, picture: &DrawnPicture, left: &mut usize, out: &mut Vec<u8>) -> bool {
        if *left == 0 {
            return false;
        }
        *left = left.saturating_sub(picture.bytes.len());
        if !self.drawn.iter().any(|drawn| picture.covers(drawn)) {
            erase(picture.area, picture.multiplexer, out);
        }
        self.drawn.retain(|drawn| drawn.area.intersection(picture.area).is_empty());
        append(out, format_args!("\x1b[{};{}H", picture.area.y + 1, picture.area.x + 1));
        out.extend_from_slice(&picture.bytes);
        self.drawn.push(picture.clone());
        true
    }

    /// Deletes lost images, and the least recently used ones that are not shown while the terminal keeps too many bytes.
    fn evict(&mut self, out: &mut Vec<u8>) {
        if self.transmission.is_some() {
            return;
        }
        let mut total: usize = self.stored.iter().map(|image| image.decoded_bytes).sum();
        let drawn: Vec<u64> = self.drawn.iter().map(|drawn| drawn.hash).collect();
        self.stored.retain(|image| {
            let stays = image.hash != LOST && (total <= MAX_STORED_BYTES || drawn.contains(&image.hash));
            if !stays {
                total -= image.decoded_bytes;
                kitty::free(image.id, image.multiplexer, out);
            }
            stays
        });
    }
}

/// Returns a process's part of image ids. Never 0, and ids stay below 2^31: konsole 22.12 shows nothing under a larger id
/// and reports no error.
pub fn image_id_base(process: u32) -> u32 {
    (process % 127 + 1) << 24
}

/// Blanks the cells below a picture, so that no text shows under its lower edge. In tmux with spaces, because it drops all
/// pictures of a row when characters are erased in it (seen with 3.5a).
fn erase(area: Rect, multiplexer: Multiplexer, out: &mut Vec<u8>) {
    out.extend(b"\x1b[m");
    for row in area.y..area.bottom() {
        append(out, format_args!("\x1b[{};{}H", row + 1, area.x + 1));
        match multiplexer {
            Multiplexer::Tmux => out.extend(iter::repeat_n(b' ', area.width.into())),
            Multiplexer::None | Multiplexer::Screen => append(out, format_args!("\x1b[{}X", area.width)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_ids_are_positive_in_31_bits() {
        for process in [0, 1, 126, 127, 128, 4_194_303, u32::MAX] {
            let greatest = image_id_base(process) + IDS_PER_PROCESS;
            assert!((1 << 24..1 << 31).contains(&greatest), "{process}");
        }
    }
}
