//! A terminal with kitty's graphics protocol, as far as the painter uses it; it panics where kitty would misbehave.

use std::collections::BTreeMap;

/// The images that the terminal keeps and shows.
#[derive(Default)]
pub(crate) struct KittyTerminal {
    /// Images by id.
    pub(crate) images: BTreeMap<u32, String>,
    /// Columns by (image id, placement id).
    placements: BTreeMap<(u32, u32), u16>,
    /// The image of which a part has arrived.
    pub(crate) incomplete: Option<(u32, String)>,
    column: u16,
}

impl KittyTerminal {
    /// Executes the commands in these bytes.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        let text = String::from_utf8(bytes.to_vec()).unwrap().replace("\x1bPtmux;", "").replace("\x1b\x1b", "\x1b");
        for part in text.split('\x1b').filter(|part| !part.is_empty()) {
            if let Some(command) = part.strip_prefix("_G") {
                self.execute(command);
            } else if let Some(place) = part.strip_prefix('[').and_then(|part| part.split('H').next()) {
                let column = place.split(';').nth(1).and_then(|column| column.parse().ok());
                self.column = column.unwrap_or(self.column);
            }
        }
    }

    /// Clears the screen, as ED 2 does in kitty.
    pub(crate) fn clear_screen(&mut self) {
        self.images.clear();
        self.placements.clear();
    }

    /// Returns column and data of each visible picture.
    pub(crate) fn placed(&self) -> Vec<(u16, String)> {
        let mut all: Vec<_> =
            self.placements.iter().map(|((image, _), column)| (column - 1, self.images[image].clone())).collect();
        all.sort();
        all
    }

    fn execute(&mut self, command: &str) {
        let (keys, data) = command.split_once(';').unwrap_or((command, ""));
        let key = |name: &str| keys.split(',').find_map(|key| key.strip_prefix(name)?.strip_prefix('='));
        let number = |name: &str| key(name).map_or(0, |value| value.parse::<u32>().unwrap());
        assert_eq!(key("q"), Some("2"), "answers are off: {keys}");
        assert!(data.len() <= 4096, "a chunk of {} bytes", data.len());
        if self.incomplete.is_some() {
            assert!(key("a").is_none() && key("m").is_some(), "a command between two chunks: {keys}");
        }
        match (key("a"), key("d")) {
            (Some("t"), _) => self.receive(number("i"), String::new(), data, number("m")),
            (None, _) => {
                let (id, before) = self.incomplete.take().expect("a chunk that belongs to nothing");
                self.receive(id, before, data, number("m"));
            }
            (Some("p"), _) => {
                assert!(self.images.contains_key(&number("i")), "an image that was never transmitted: {keys}");
                self.placements.insert((number("i"), number("p")), self.column);
            }
            (Some("d"), Some("i")) => {
                assert!(self.placements.remove(&(number("i"), number("p"))).is_some(), "nothing to hide: {keys}");
            }
            (Some("d"), Some("I")) => {
                self.images.remove(&number("i"));
                self.placements.retain(|(image, _), _| *image != number("i"));
            }
            other => panic!("{other:?}"),
        }
    }

    fn receive(&mut self, id: u32, mut before: String, data: &str, more: u32) {
        before.push_str(data);
        if more == 1 {
            self.incomplete = Some((id, before));
        } else {
            self.placements.retain(|(image, _), _| *image != id);
            self.images.insert(id, before);
        }
    }
}
