//! The line that is typed into a prompt, and its editing as in a shell.
//!
//! It knows its purpose, its history and its proposals as data, but not what follows from the text.

use crate::text::Safe;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The bytes that a line holds at most.
const MAX_BYTES: usize = 1024;

/// The purpose of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A search.
    Search,
    /// A filter.
    Filter,
    /// A destination.
    GoTo,
    /// The name of a file to write.
    Write,
    /// The question whether an existing file may be replaced.
    Replace,
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its purpose.
    pub purpose: Purpose,
    before: String,
    after: String,
    /// The initial text.
    initial: String,
    /// The lines that were entered earlier, the latest last.
    history: Vec<String>,
    /// The number of lines that were gone back in the history.
    depth: usize,
    /// The text before going back in the history.
    draft: String,
    /// The texts that Tab proposes.
    proposals: Vec<String>,
}

/// The effect of a key on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptOutcome {
    /// The line was edited, or the cursor moved.
    Edited,
    /// Enter was pressed.
    Done,
    /// Esc was pressed, or Backspace on an empty line.
    Cancelled,
    /// There was none.
    Ignored,
}

impl Prompt {
    /// Creates a line with an initial text.
    pub fn new(purpose: Purpose, text: String) -> Self {
        let (after, draft, initial) = (String::new(), String::new(), text.clone());
        let (history, proposals) = (Vec::new(), Vec::new());
        Self { purpose, before: text, after, initial, history, depth: 0, draft, proposals }
    }

    /// The same with a history, the latest line last, for the keys up and down.
    #[must_use]
    pub fn with_history(self, history: Vec<String>) -> Self {
        Self { history, ..self }
    }

    /// The same with proposals for Tab.
    #[must_use]
    pub fn with_proposals(self, proposals: Vec<String>) -> Self {
        Self { proposals, ..self }
    }

    /// The initial text.
    pub fn initial(&self) -> &str {
        &self.initial
    }

    /// The text.
    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// The text before and after the cursor.
    pub fn parts(&self) -> (Safe, Safe) {
        (Safe::new(&self.before), Safe::new(&self.after))
    }

    /// Applies a key.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other keys edit nothing")]
    pub fn key(&mut self, key: KeyEvent) -> PromptOutcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return PromptOutcome::Done,
            KeyCode::Esc => return PromptOutcome::Cancelled,
            KeyCode::Char('u') if control => self.before.clear(),
            KeyCode::Char('w') if control => self.delete_word(),
            KeyCode::Char('a') if control => self.home(),
            KeyCode::Char('e') if control => self.end(),
            KeyCode::Char('p') if control => self.recall(self.depth + 1),
            KeyCode::Char('n') if control => self.recall(self.depth.saturating_sub(1)),
            KeyCode::Tab if !self.proposals.is_empty() => self.propose_next(),
            KeyCode::Up => self.recall(self.depth + 1),
            KeyCode::Down => self.recall(self.depth.saturating_sub(1)),
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

    /// Inserts text at the cursor, with line ends as spaces.
    pub fn insert(&mut self, text: &str) {
        for c in text.trim_end_matches(['\r', '\n']).chars() {
            if self.before.len() + self.after.len() < MAX_BYTES {
                self.before.push(if c.is_control() { ' ' } else { c });
            }
        }
    }

    /// Goes back in the history to a depth; 0 is the draft.
    fn recall(&mut self, depth: usize) {
        if self.depth == 0 {
            self.draft = self.text();
        }
        self.depth = depth.min(self.history.len());
        let earlier = self.history.len().checked_sub(self.depth).and_then(|at| self.history.get(at));
        self.before = earlier.unwrap_or(&self.draft).clone();
        self.after.clear();
    }

    /// Replaces the text by the proposal after it, or by the first.
    fn propose_next(&mut self) {
        let text = self.text();
        let next = self.proposals.iter().position(|proposal| *proposal == text).map_or(0, |at| at + 1);
        self.before.clone_from(&self.proposals[next % self.proposals.len()]);
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
    fn keys_edit_as_in_a_shell() {
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
    fn the_history_is_recalled() {
        let mut prompt =
            Prompt::new(Purpose::Filter, "now".to_owned()).with_history(["a", "b"].map(str::to_owned).to_vec());
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
        assert_eq!(prompt.initial(), "now");
    }
}
