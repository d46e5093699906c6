//! The line that is typed into: a search, a filter, a place to go to.

use crate::text::Safe;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The most characters that are taken.
const MAX: usize = 1024;

/// What the line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `/`.
    Search,
    /// `f`.
    Filter,
    /// `:`.
    GoTo,
    /// `w`: the name of a file.
    Write,
    /// Whether the file of this name may be replaced.
    Replace,
}

/// A line being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    before: String,
    after: String,
    /// What it began with.
    first: String,
    /// What was entered earlier, the latest last, and how far back in it the line is.
    earlier: Vec<String>,
    back: usize,
    /// What was typed before going back.
    draft: String,
}

/// What a key did to the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptOutcome {
    /// It was edited, or the cursor moved.
    Edited,
    /// Enter.
    Done,
    /// Esc, or backspace on an empty line.
    Cancelled,
    /// Nothing.
    Ignored,
}

impl Prompt {
    /// A line that begins with `text`.
    pub fn new(purpose: Purpose, text: String) -> Self {
        let (after, draft) = (String::new(), String::new());
        Self { purpose, first: text.clone(), before: text, after, earlier: Vec::new(), back: 0, draft }
    }

    /// With lines that were entered earlier, the latest last, for the keys up and down.
    #[must_use]
    pub fn recalling(self, earlier: Vec<String>) -> Self {
        Self { earlier, ..self }
    }

    /// What it began with.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// All of the line.
    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// What stands before and after the cursor.
    pub fn parts(&self) -> (Safe, Safe) {
        (Safe::new(&self.before), Safe::new(&self.after))
    }

    /// Takes a key.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other key edits nothing")]
    pub fn key(&mut self, key: KeyEvent) -> PromptOutcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return PromptOutcome::Done,
            KeyCode::Esc => return PromptOutcome::Cancelled,
            KeyCode::Char('c') if control => return PromptOutcome::Cancelled,
            KeyCode::Char('u') if control => self.before.clear(),
            KeyCode::Char('w') if control => self.delete_word(),
            KeyCode::Char('a') if control => self.home(),
            KeyCode::Char('e') if control => self.end(),
            KeyCode::Char('p') if control => self.recall(self.back + 1),
            KeyCode::Char('n') if control => self.recall(self.back.saturating_sub(1)),
            KeyCode::Up => self.recall(self.back + 1),
            KeyCode::Down => self.recall(self.back.saturating_sub(1)),
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace if self.before.is_empty() && self.after.is_empty() => return PromptOutcome::Cancelled,
            KeyCode::Backspace => drop(self.before.pop()),
            KeyCode::Delete => self.after = self.after.chars().skip(1).collect(),
            KeyCode::Left => {
                if let Some(c) = self.before.pop() {
                    self.after.insert(0, c);
                }
            }
            KeyCode::Right => {
                let mut rest = self.after.chars();
                self.before.extend(rest.next());
                self.after = rest.collect();
            }
            KeyCode::Home => self.home(),
            KeyCode::End => self.end(),
            _ => return PromptOutcome::Ignored,
        }
        PromptOutcome::Edited
    }

    /// Takes pasted text, its line ends as spaces.
    pub fn insert(&mut self, text: &str) {
        for c in text.trim_end_matches(['\r', '\n']).chars() {
            if self.before.len() + self.after.len() < MAX {
                self.before.push(if c.is_control() { ' ' } else { c });
            }
        }
    }

    /// Goes to the line entered so many before; 0 is what is being typed.
    fn recall(&mut self, back: usize) {
        if self.back == 0 {
            self.draft = self.text();
        }
        self.back = back.min(self.earlier.len());
        let earlier = self.earlier.len().checked_sub(self.back).and_then(|at| self.earlier.get(at));
        self.before = earlier.unwrap_or(&self.draft).clone();
        self.after.clear();
    }

    fn home(&mut self) {
        self.after.insert_str(0, &std::mem::take(&mut self.before));
    }

    fn end(&mut self) {
        self.before.push_str(&std::mem::take(&mut self.after));
    }

    fn delete_word(&mut self) {
        let kept = self.before.trim_end().rfind(' ').map_or(0, |at| at + 1);
        self.before.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_as_a_shell_does() {
        let mut prompt = Prompt::new(Purpose::Search, String::new());
        prompt.insert("abc def\n");
        let mut press = |code, modifiers| prompt.key(KeyEvent::new(code, modifiers));
        press(KeyCode::Left, KeyModifiers::NONE);
        press(KeyCode::Backspace, KeyModifiers::NONE);
        press(KeyCode::Char('x'), KeyModifiers::NONE);
        press(KeyCode::Home, KeyModifiers::NONE);
        press(KeyCode::Delete, KeyModifiers::NONE);
        press(KeyCode::End, KeyModifiers::NONE);
        assert_eq!(prompt.text(), "bc dxf");
        prompt.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(prompt.text(), "bc ");
    }

    #[test]
    fn recalls_what_was_entered_earlier() {
        let mut prompt =
            Prompt::new(Purpose::Filter, "now".to_owned()).recalling(["a", "b"].map(str::to_owned).to_vec());
        let mut press = |code, expected: &str| {
            prompt.key(KeyEvent::new(code, KeyModifiers::NONE));
            assert_eq!(prompt.text(), expected);
        };
        press(KeyCode::Down, "now");
        press(KeyCode::Up, "b");
        press(KeyCode::Up, "a");
        press(KeyCode::Up, "a");
        press(KeyCode::Down, "b");
        press(KeyCode::Down, "now");
        assert_eq!(prompt.first(), "now");
    }
}
