//! A terminal with kitty's graphics protocol, as far as the painter uses it: it fails where kitty would be confused.

use std::collections::BTreeMap;

/// What the terminal keeps and shows.
#[derive(Default)]
pub(crate) struct Glass {
    /// Pictures by number.
    pub(crate) images: BTreeMap<u32, String>,
    /// Picture and column by (picture, placement).
    placements: BTreeMap<(u32, u32), u16>,
    /// The picture whose chunks are coming.
    pub(crate) half_sent: Option<(u32, String)>,
    column: u16,
}

impl Glass {
    /// Obeys what was written.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        let text = String::from_utf8(bytes.to_vec()).unwrap().replace("\x1bPtmux;", "").replace("\x1b\x1b", "\x1b");
        for part in text.split('\x1b').filter(|part| !part.is_empty()) {
            if let Some(command) = part.strip_prefix("_G") {
                self.obey(command);
            } else if let Some(place) = part.strip_prefix('[').and_then(|part| part.split('H').next()) {
                let column = place.split(';').nth(1).and_then(|column| column.parse().ok());
                self.column = column.unwrap_or(self.column);
            }
        }
    }

    /// What ED 2 does in kitty.
    pub(crate) fn clear_screen(&mut self) {
        self.images.clear();
        self.placements.clear();
    }

    /// Column and data of each picture that can be seen.
    pub(crate) fn placed(&self) -> Vec<(u16, String)> {
        let mut all: Vec<_> =
            self.placements.iter().map(|((image, _), column)| (column - 1, self.images[image].clone())).collect();
        all.sort();
        all
    }

    fn obey(&mut self, command: &str) {
        let (keys, data) = command.split_once(';').unwrap_or((command, ""));
        let key = |name: &str| keys.split(',').find_map(|key| key.strip_prefix(name)?.strip_prefix('='));
        let number = |name: &str| key(name).map_or(0, |value| value.parse::<u32>().unwrap());
        assert_eq!(key("q"), Some("2"), "no answers: {keys}");
        assert!(data.len() <= 4096, "a chunk of {} bytes", data.len());
        if self.half_sent.is_some() {
            assert!(key("a").is_none() && key("m").is_some(), "a command between two chunks: {keys}");
        }
        match (key("a"), key("d")) {
            (Some("t"), _) => self.take(number("i"), String::new(), data, number("m")),
            (None, _) => {
                let (id, before) = self.half_sent.take().expect("a chunk that belongs to nothing");
                self.take(id, before, data, number("m"));
            }
            (Some("p"), _) => {
                assert!(self.images.contains_key(&number("i")), "a picture that was never sent: {keys}");
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

    fn take(&mut self, id: u32, mut before: String, data: &str, more: u32) {
        before.push_str(data);
        if more == 1 {
            self.half_sent = Some((id, before));
        } else {
            self.placements.retain(|(image, _), _| *image != id);
            self.images.insert(id, before);
        }
    }
}
