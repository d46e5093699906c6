//! The title of the terminal's window, which is seen while another window is in front.

use super::{choices::Glyphs, message::Message};
use crate::text::{Safe, number::thousands};

/// The cells that the name of a source takes at most.
const NAME: usize = 60;

/// The news of the title: failures that the operator has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct WindowTitle {
    /// The FAILED events that arrived since the last key, click or paste.
    failed: u64,
}

impl WindowTitle {
    /// Counts a FAILED event.
    pub(super) fn count_failure(&mut self) {
        self.failed += 1;
    }

    /// Forgets the failures at any input: the operator is there and sees the screen.
    pub(super) fn observe(&mut self, message: &Message) {
        if matches!(message, Message::Key(_) | Message::Mouse(_) | Message::Tab(_) | Message::Paste(_)) {
            self.failed = 0;
        }
    }

    /// Returns the text: the number of new failures, else the names of the sources.
    fn text(self, sources: &[Safe]) -> Safe {
        let what = match (self.failed, sources) {
            (1.., _) => format!("{} new FAILED", thousands(self.failed)),
            (0, []) => return Safe::new("thumbview"),
            (0, [one]) => one.fit_middle(NAME).to_string(),
            (0, [first, rest @ ..]) => format!("{} +{}", first.fit_middle(NAME), rest.len()),
        };
        Safe::new(&format!("thumbview · {what}"))
    }

    /// Returns the text in the characters that the terminal shows.
    pub(super) fn shown(self, sources: &[Safe], glyphs: Glyphs) -> Safe {
        let text = self.text(sources);
        match glyphs {
            Glyphs::Unicode => text,
            Glyphs::Ascii => {
                let ascii = |c: char| {
                    if c == '·' {
                        '-'
                    } else if c.is_ascii() {
                        c
                    } else {
                        '?'
                    }
                };
                Safe::new(&text.as_str().chars().map(ascii).collect::<String>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_news_until_the_operator_is_there() {
        let mut title = WindowTitle::default();
        let names = [Safe::new("vod.log"), Safe::new("b.log"), Safe::new("c.log")];
        assert_eq!(title.text(&[]).as_str(), "thumbview");
        assert_eq!(title.text(&names[..1]).as_str(), "thumbview · vod.log");
        assert_eq!(title.shown(&["新.log".into()], Glyphs::Ascii).as_str(), "thumbview - ?.log");
        assert_eq!(title.text(&names).as_str(), "thumbview · vod.log +2");
        (0..1234).for_each(|_| title.count_failure());
        assert_eq!(title.text(&names).as_str(), "thumbview · 1 234 new FAILED");
        title.observe(&Message::Toast(Safe::default()));
        assert_eq!(title.text(&names).as_str(), "thumbview · 1 234 new FAILED");
        title.observe(&Message::Paste(String::new()));
        assert_eq!(title.text(&names).as_str(), "thumbview · vod.log +2");
    }
}
