//! The prompts: the open one, and the history of each purpose.
//!
//! A key goes into the open prompt and comes out as a `PromptEvent`. Invalid filters and searches keep their prompt
//! open, so that they can be corrected.

pub mod destination;
pub mod line;

use super::list::{
    AssetList,
    filter::Filter,
    search::{HitCount, TextSearch},
};
use crate::catalog::Catalog;
use crossterm::event::{KeyCode, KeyEvent};
use line::{Prompt, PromptOutcome, Purpose};
use std::collections::HashMap;

/// The lines of each purpose that are kept.
const HISTORY: usize = 50;

/// The open prompt and what was entered before.
#[derive(Clone, Debug, Default)]
pub struct Prompts {
    open: Option<Prompt>,
    /// The hits of the search that is being typed.
    hits: Option<HitCount>,
    /// The lines that were entered, the latest last.
    history: HashMap<Purpose, Vec<String>>,
}

/// The result of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PromptEvent {
    /// Nothing but the prompt itself changed.
    None,
    /// A filter was edited, which applies while it is typed.
    FilterEdited(String),
    /// A search was edited or cancelled; it is empty then.
    SearchEdited(String),
    /// A filter was cancelled; this is the one before.
    FilterCancelled(String),
    /// A line was entered.
    Submitted(Purpose, String),
    /// A question was answered.
    Answered(PromptAnswer),
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PromptAnswer {
    /// `y`.
    Yes,
    /// Any other key.
    No,
}

impl Prompts {
    /// The open prompt.
    pub fn open(&self) -> Option<&Prompt> {
        self.open.as_ref()
    }

    /// The hits of the search that is being typed.
    pub fn hits(&self) -> Option<&HitCount> {
        self.hits.as_ref()
    }

    /// Begins to count the hits of a pattern in the list; none for one that is empty or invalid.
    pub(super) fn count_hits(&mut self, pattern: &str, list: &AssetList, catalog: &Catalog) {
        let search = TextSearch::new(pattern).ok().filter(|_| !pattern.is_empty());
        self.hits = search.map(|search| list.count_hits(search, catalog));
        self.count_more_hits(catalog);
    }

    /// Takes the hits of the search that was entered.
    pub(super) fn take_hits(&mut self) -> Option<HitCount> {
        self.hits.take()
    }

    /// Goes on with the count; returns whether it went on.
    pub(super) fn count_more_hits(&mut self, catalog: &Catalog) -> bool {
        let is_open = self.is_counting();
        self.hits.iter_mut().filter(|_| is_open).for_each(|hits| hits.advance(catalog));
        is_open
    }

    /// Returns whether hits are still being counted.
    pub(super) fn is_counting(&self) -> bool {
        self.hits.as_ref().is_some_and(|hits| !hits.is_complete())
    }

    /// Opens a prompt with an initial text.
    pub(super) fn ask(&mut self, purpose: Purpose, text: String) {
        let mut history = self.history.get(&purpose).cloned().unwrap_or_default();
        history.retain(|line| *line != text);
        // The next word is another term.
        let text = if purpose == Purpose::Filter && !text.is_empty() { text + " " } else { text };
        self.open = Some(Prompt::new(purpose, text).with_history(history));
    }

    /// Opens a prompt with the first of `proposals`, which Tab goes through.
    pub(super) fn propose(&mut self, purpose: Purpose, proposals: Vec<String>) {
        let history = self.history.get(&purpose).cloned().unwrap_or_default();
        let first = proposals.first().cloned().unwrap_or_default();
        self.open = Some(Prompt::new(purpose, first).with_history(history).with_proposals(proposals));
    }

    /// Applies a key to the open prompt.
    pub(super) fn key(&mut self, key: KeyEvent) -> PromptEvent {
        let Some(prompt) = &mut self.open else { return PromptEvent::None };
        if prompt.purpose == Purpose::Replace {
            self.open = None;
            let is_yes = matches!(key.code, KeyCode::Char('y' | 'Y'));
            return PromptEvent::Answered(if is_yes { PromptAnswer::Yes } else { PromptAnswer::No });
        }
        match prompt.key(key) {
            PromptOutcome::Edited => edited(prompt),
            PromptOutcome::Ignored => PromptEvent::None,
            PromptOutcome::Cancelled => {
                let (purpose, initial) = (prompt.purpose, prompt.initial().to_owned());
                self.open = None;
                // Filters apply while they are typed. One that was deleted to its end stays deleted.
                match purpose {
                    Purpose::Filter if key.code != KeyCode::Backspace => PromptEvent::FilterCancelled(initial),
                    Purpose::Search => PromptEvent::SearchEdited(String::new()),
                    Purpose::Filter | Purpose::GoTo | Purpose::Write | Purpose::Replace => PromptEvent::None,
                }
            }
            PromptOutcome::Done => {
                let (purpose, text) = (prompt.purpose, prompt.text());
                if !is_valid(purpose, &text) {
                    return PromptEvent::None;
                }
                self.open = None;
                self.remember(purpose, &text);
                PromptEvent::Submitted(purpose, text)
            }
        }
    }

    /// Inserts pasted text into the open prompt.
    pub(super) fn paste(&mut self, text: &str) -> PromptEvent {
        let Some(prompt) = &mut self.open else { return PromptEvent::None };
        prompt.insert(text);
        edited(prompt)
    }

    /// Adds a line to the history of its purpose.
    pub(super) fn remember(&mut self, purpose: Purpose, text: &str) {
        let history = self.history.entry(purpose).or_default();
        if !text.trim().is_empty() {
            history.retain(|line| line != text);
            history.push(text.to_owned());
            history.drain(..history.len().saturating_sub(HISTORY));
        }
    }
}

fn edited(prompt: &Prompt) -> PromptEvent {
    match prompt.purpose {
        Purpose::Filter => PromptEvent::FilterEdited(prompt.text()),
        Purpose::Search => PromptEvent::SearchEdited(prompt.text()),
        Purpose::GoTo | Purpose::Write | Purpose::Replace => PromptEvent::None,
    }
}

/// Returns whether a line can be entered.
fn is_valid(purpose: Purpose, text: &str) -> bool {
    match purpose {
        Purpose::Filter => Filter::parse(text).is_ok(),
        Purpose::Search => TextSearch::new(text).is_ok(),
        Purpose::GoTo | Purpose::Write | Purpose::Replace => true,
    }
}
